use super::{Operand, Sql};
use crate::Result;
use crate::schema::{Column, ColumnType};
use crate::value::Value;

/// What a change does to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListChange {
    /// Elements at the end; an element of a set that is there already is not added.
    Add,
    /// Elements that are equal go.
    Del,
}

/// What a text is matched with; the meaning is that of [`pattern`](crate::db::pattern).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// An SQL pattern.
    Like,
    /// An SQL pattern, whatever the case of the letters.
    ILike,
    /// A regular expression.
    Regexp,
    /// A regular expression, whatever the case of the letters.
    IRegexp,
    /// The start, whatever the case of the letters.
    IBeginsWith,
}

/// How one SQL product spells what products spell differently.
///
/// Every method appends to a statement. Conditions must be null, not true, when the operand is null.
pub(crate) trait Dialect: Sync {
    /// What stands before and after a name.
    fn quote_mark(&self) -> char {
        '"'
    }

    /// A quoted name. Names come from table descriptions; quotes within are doubled all the same.
    fn quote(&self, text: &mut String, name: &str) {
        let mark = self.quote_mark();
        text.push(mark);
        for c in name.chars() {
            text.push(c);
            if c == mark {
                text.push(c);
            }
        }
        text.push(mark);
    }

    /// The placeholder of the value with this number, from 1, that stands for a column of this type.
    fn placeholder(&self, text: &mut String, _number: usize, _kind: ColumnType) {
        text.push('?');
    }

    /// The same, of a value that is compared with [`comparable`](Self::comparable).
    fn compared(&self, text: &mut String, number: usize, kind: ColumnType) {
        self.placeholder(text, number, kind);
    }

    /// The column as it is compared and ordered: bytes for text, numbers for decimals. Stored values are
    /// named by [`Sql::column`], here and wherever a column is part of a condition or of a change.
    fn comparable(&self, sql: &mut Sql<'_>, column: &Column);

    /// A value within a JSON column, null when it has another type than the operand is compared with.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot; `Invalid` for a name it cannot say.
    fn path(&self, sql: &mut Sql<'_>, operand: &Operand<'_>) -> Result<()>;

    /// One column of an order, null the least; `nullable` is false for key columns.
    fn order(&self, sql: &mut Sql<'_>, column: &Column, descending: bool, _nullable: bool) {
        // Null is the least value of most products by itself.
        self.comparable(sql, column);
        if descending {
            sql.push(" DESC");
        }
    }

    /// The text ends with `suffix`, letter for letter.
    ///
    /// # Errors
    /// As [`Dialect::path`].
    fn ends_with(&self, sql: &mut Sql<'_>, operand: &Operand<'_>, suffix: &str) -> Result<()>;

    /// The function that finds the place of a text within another one, from 1, and gives 0 for nowhere.
    fn position(&self) -> &'static str {
        "instr"
    }

    /// The list holds one of these elements; false for null.
    ///
    /// # Errors
    /// As [`Dialect::path`].
    fn contains_any<'a>(&self, sql: &mut Sql<'a>, operand: &Operand<'_>, elements: &'a [Value])
    -> Result<()>;

    /// The text matches. What every match of an SQL pattern starts with has been asked for before this.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot.
    fn matches(
        &self,
        sql: &mut Sql<'_>,
        operand: &Operand<'_>,
        pattern: &str,
        matching: Matching,
    ) -> Result<()>;

    /// The value of a number column plus `by`, null counting as 0; the statement fails when that is out
    /// of range.
    fn incr<'a>(&self, sql: &mut Sql<'a>, column: &Column, by: &'a Value) {
        sql.push("COALESCE(").column(&column.name).push(", 0) + ").bind(by, column.column_type());
    }

    /// The text of a column with `value` at the end, or at the start; null counts as empty.
    fn concat<'a>(&self, sql: &mut Sql<'a>, column: &Column, value: &'a Value, at_start: bool) {
        if at_start {
            sql.bind(value, ColumnType::Text).push(" || ");
        }
        sql.push("COALESCE(").column(&column.name).push(", '')");
        if !at_start {
            sql.push(" || ").bind(value, ColumnType::Text);
        }
    }

    /// A list or set column after a change; null counts as empty for an addition and stays null otherwise.
    fn change_list<'a>(&self, sql: &mut Sql<'a>, column: &Column, change: ListChange, elements: &'a Value);

    /// What makes a row that is read before its change stay as it is until then.
    fn lock(&self) -> &'static str {
        ""
    }

    /// An expression for `RETURNING` that is true when an upsert has inserted a row. Needed where another
    /// writer can insert one after the row before the change was looked for.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    fn inserted(&self) -> Option<&'static str> {
        None
    }
}
