use std::borrow::Cow;

use super::Plan;
use super::convert;
use super::exact::exact_value;
use super::types::typed;
use crate::db::driver::Capabilities;
use crate::db::{Op, Options};
use crate::schema::{Column, ColumnType};
use crate::value::Value;
use crate::{Error, ErrorKind, Result};

/// What a record is prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Purpose {
    /// To be stored as new.
    Add,
    /// To be stored, new or into the record with its key.
    Put,
    /// To change a record, or many.
    Update,
    /// To change a record; counters are added to.
    Incr,
}

/// What preparation looks at beside the data: the table, what its driver can do, the caller's options.
#[derive(Clone, Copy)]
pub(in crate::db) struct Context<'a> {
    /// The table.
    pub(in crate::db) plan: &'a Plan,
    /// What the driver can do.
    pub(in crate::db) can: &'a Capabilities,
    /// The caller's wishes.
    pub(in crate::db) options: &'a Options,
}

impl<'a> Context<'a> {
    /// A declared column, or one that a pattern of the table admits.
    ///
    /// # Errors
    /// `Unsupported` when the pattern admits it but the driver has no columns beside the declared.
    pub(super) fn column(&self, name: &str) -> Result<Option<Cow<'a, Column>>> {
        if let Some(column) = self.plan.table.find(name) {
            return Ok(Some(Cow::Borrowed(column)));
        }
        match self.plan.custom_column(name) {
            Some(_) if !self.can.custom_columns => Err(Error::new(
                ErrorKind::Unsupported,
                format!("column {name:.40} is not declared, and this database stores declared columns only"),
            )),
            found => Ok(found.map(Cow::Owned)),
        }
    }

    /// The value as it is stored in the column: converted and changed as the column says.
    ///
    /// # Errors
    /// `Invalid`, naming the column, for a value that has no meaning for its type; with the option `strict` also
    /// for an address or number that would be stored empty.
    pub(super) fn stored_value(&self, column: &Column, value: Value) -> Result<Value> {
        if self.options.as_stored {
            return exact_value(column, value);
        }
        if self.options.strict {
            misfit_address(column, &value)?;
        }
        if column.convert.is_empty() {
            return typed(column, value);
        }
        // Numbers first take the arithmetic, whose result must fit the type; texts first become texts.
        match column.column_type() {
            ColumnType::Int | ColumnType::Counter | ColumnType::Real | ColumnType::Decimal => {
                typed(column, convert::apply(self.plan, column, value))
            }
            _ => Ok(convert::apply(self.plan, column, typed(column, value)?)),
        }
    }

    /// The operator that the options give a column whose name carries none.
    pub(super) fn option_op(&self, column: &str) -> Option<Op> {
        self.options.ops.iter().find(|(name, _)| &**name == column).map(|&(_, op)| op)
    }

    /// Whether the caller may write the column for this purpose. Key columns name the record, so they
    /// always may.
    pub(super) fn writable(&self, column: &Column, purpose: Purpose) -> bool {
        if column.primary.is_some() {
            return true;
        }
        let insert = matches!(purpose, Purpose::Add | Purpose::Put);
        !column.hidden
            && if insert { !column.write_only } else { !column.read_only }
            && (column.admin != Some(true) || self.options.admin)
            && !self.skips(column)
    }

    /// Whether the caller asked to leave the column alone.
    pub(super) fn skips(&self, column: &Column) -> bool {
        column.primary.is_none() && self.options.skip_columns.contains(&column.name)
    }
}

/// Refuses what an e-mail address or a phone number is typed as empty for, unless it is empty itself.
fn misfit_address(column: &Column, value: &Value) -> Result<()> {
    let wanted = match column.column_type() {
        ColumnType::Email => "must be an e-mail address, as in ann@mail.com",
        ColumnType::Phone => "must be a phone number of 3 to 15 digits",
        _ => return Ok(()),
    };
    if value.is_null()
        || value.as_str().is_some_and(str::is_empty)
        || !typed(column, value.clone())?.is_empty()
    {
        return Ok(());
    }
    Err(Error::invalid(format!("{} {wanted}", column.name)))
}
