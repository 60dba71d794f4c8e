use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use crate::schema::{Column, ColumnType, Convert, Table};
use crate::value::{Name, Value};
use crate::{Error, ErrorKind, Result};

/// A table and what preparation derives from its columns once.
pub(in crate::db) struct Plan {
    /// The table.
    pub(in crate::db) table: Arc<Table>,
    /// The column that says when a record expires.
    pub(in crate::db) ttl: Option<Name>,
    /// The columns that have a value to return in place of null.
    pub(in crate::db) read_defaults: Vec<(Name, Value)>,
    /// The compiled patterns of converters, by their source.
    patterns: HashMap<String, Regex>,
    /// Columns that need no declaration.
    custom: Vec<(Regex, Column)>,
}

impl Plan {
    /// # Errors
    /// `Config` when a pattern of the table does not parse.
    pub(in crate::db) fn new(table: Arc<Table>) -> Result<Self> {
        let mut patterns = HashMap::new();
        let mut custom = Vec::new();
        for column in table.columns() {
            collect_patterns(&table, column, &mut patterns)?;
        }
        for (pattern, column) in &table.custom {
            collect_patterns(&table, column, &mut patterns)?;
            custom.push((compile(&table, &format!("^(?:{pattern})$"))?, column.clone()));
        }
        let ttl = table.columns().iter().find(|c| c.column_type() == ColumnType::Ttl).map(|c| c.name.clone());
        let read_defaults = table
            .columns()
            .iter()
            .filter_map(|c| Some((c.name.clone(), c.default.on_read.clone()?)))
            .collect();
        Ok(Self { ttl, read_defaults, patterns, custom, table })
    }

    /// A compiled pattern of a converter.
    pub(super) fn pattern(&self, source: &str) -> Option<&Regex> {
        self.patterns.get(source)
    }

    /// The column that an undeclared name stands for, if a pattern of the table admits the name.
    pub(in crate::db) fn custom_column(&self, name: &str) -> Option<Column> {
        let plain = |n: &str| n.len() <= 64 && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let (_, column) = self.custom.iter().find(|(pattern, _)| plain(name) && pattern.is_match(name))?;
        Some(Column { name: name.into(), ..column.clone() })
    }
}

fn collect_patterns(table: &Table, column: &Column, into: &mut HashMap<String, Regex>) -> Result<()> {
    for convert in &column.convert {
        if let Convert::Strip(pattern) | Convert::Replace(pattern, _) = convert {
            into.insert(pattern.clone(), compile(table, pattern)?);
        }
    }
    Ok(())
}

fn compile(table: &Table, pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|e| {
        let text = format!("table {}: the pattern {pattern:.80} is not a regular expression", table.name);
        Error::new(ErrorKind::Config, text).source(e)
    })
}
