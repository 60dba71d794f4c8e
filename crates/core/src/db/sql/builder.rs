use std::borrow::Cow;

use super::Dialect;
use crate::schema::ColumnType;
use crate::value::Value;

/// A value for a placeholder, and the type of the column that it is stored in or compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bind<'a> {
    /// The value.
    pub(crate) value: Cow<'a, Value>,
    /// What it stands for: a text of a JSON column becomes a JSON string, of a text column stays itself.
    pub(crate) kind: ColumnType,
}

/// A statement in the making: text and the values of its placeholders, in order.
pub(crate) struct Sql<'a> {
    text: String,
    binds: Vec<Bind<'a>>,
    scope: Option<&'a str>,
    dialect: &'static dyn Dialect,
}

impl<'a> Sql<'a> {
    /// An empty statement.
    pub(crate) fn new(dialect: &'static dyn Dialect) -> Self {
        Self { text: String::with_capacity(192), binds: Vec::new(), scope: None, dialect }
    }

    /// How the product spells things.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    /// Appends text of the program; never a value or a name.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a quoted name.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.dialect.quote(&mut self.text, name);
        self
    }

    /// Appends the quoted name of a column with that of its table, where other columns are in sight.
    pub(crate) fn qualified(&mut self, table: &str, column: &str) -> &mut Self {
        self.name(table).push(".").name(column)
    }

    /// From now on [`column`](Self::column) names this table too: in an upsert, a bare name could also mean
    /// the row that was to be inserted.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn qualify(&mut self, table: &'a str) {
        self.scope = Some(table);
    }

    /// Appends the quoted name of a column whose stored value is meant.
    pub(crate) fn column(&mut self, column: &str) -> &mut Self {
        match self.scope {
            Some(table) => self.qualified(table, column),
            None => self.name(column),
        }
    }

    /// Appends a text literal, for arguments that must be part of the text.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn literal(&mut self, text: &str) -> &mut Self {
        self.text.push('\'');
        for c in text.chars().filter(|c| *c != '\0') {
            self.text.push(c);
            if c == '\'' {
                self.text.push(c);
            }
        }
        self.text.push('\'');
        self
    }

    /// Appends a placeholder for a value of the request.
    pub(crate) fn bind(&mut self, value: &'a Value, kind: ColumnType) -> &mut Self {
        self.bind_cow(Cow::Borrowed(value), kind)
    }

    /// Appends a placeholder for a value that is compared with a column in its
    /// [comparable](Dialect::comparable) form.
    pub(crate) fn bind_compared(&mut self, value: &'a Value, kind: ColumnType) -> &mut Self {
        self.binds.push(Bind { value: Cow::Borrowed(value), kind });
        self.dialect.compared(&mut self.text, self.binds.len(), kind);
        self
    }

    /// Appends a placeholder for a value made on the way.
    pub(crate) fn bind_owned(&mut self, value: impl Into<Value>, kind: ColumnType) -> &mut Self {
        self.bind_cow(Cow::Owned(value.into()), kind)
    }

    /// Appends a placeholder for the elements of a change, of which there may be one without a list.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn bind_elements(&mut self, elements: &'a Value, kind: ColumnType) -> &mut Self {
        match elements {
            Value::List(_) | Value::Set(_) => self.bind(elements, kind),
            one => self.bind_owned(vec![one.clone()], kind),
        }
    }

    fn bind_cow(&mut self, value: Cow<'a, Value>, kind: ColumnType) -> &mut Self {
        self.binds.push(Bind { value, kind });
        self.dialect.placeholder(&mut self.text, self.binds.len(), kind);
        self
    }

    /// Appends items with `between` between them.
    ///
    /// # Errors
    /// The first error of `each`.
    pub(crate) fn join<T, E>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &str,
        mut each: impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            each(self, item)?;
        }
        Ok(())
    }

    /// As [`join`](Self::join), long lists by halves in parentheses: products bound how deep an expression
    /// may be, and a chain of a thousand is a thousand deep.
    ///
    /// # Errors
    /// The first error of `each`.
    pub(crate) fn join_balanced<T: Copy, E>(
        &mut self,
        items: &[T],
        between: &str,
        each: &mut impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        const CHAIN: usize = 32;
        if items.len() <= CHAIN {
            return self.join(items.iter().copied(), between, each);
        }
        let (left, right) = items.split_at(items.len() / 2);
        self.push("(");
        self.join_balanced(left, between, each)?;
        self.push(")").push(between).push("(");
        self.join_balanced(right, between, each)?;
        self.push(")");
        Ok(())
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The values so far.
    pub(crate) fn binds(&self) -> &[Bind<'a>] {
        &self.binds
    }
}
