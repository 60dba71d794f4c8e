use super::{Matching, Operand, Sql, like_prefix, write_begins_with};
use crate::db::{Condition, Group, GroupKind, Op, Query};
use crate::schema::{ColumnType, Table};
use crate::value::Value;
use crate::{Error, Result};

/// The most values of one list in a condition: products bound the number of placeholders.
const MAX_LIST: usize = 16_384;

/// Appends the equality of all key columns.
///
/// # Errors
/// `KeyIncomplete` when there are fewer values than key columns.
pub(crate) fn write_key<'a>(sql: &mut Sql<'a>, table: &Table, key: &'a [Value]) -> Result<()> {
    if key.len() != table.keys().len() || key.is_empty() || key.iter().any(Value::is_null) {
        return Err(Error::new(
            crate::ErrorKind::KeyIncomplete,
            format!("the primary key of table {} is not complete", table.name),
        ));
    }
    sql.join(table.keys().zip(key), " AND ", |sql, (column, value)| {
        sql.name(&column.name).push(" = ").bind(value, column.column_type());
        Ok(())
    })
}

/// Appends a condition; an empty one is true.
///
/// # Errors
/// `Invalid` for a name, operator or value that does not fit the table.
pub(crate) fn write_query<'a>(sql: &mut Sql<'a>, table: &'a Table, query: &'a Query) -> Result<()> {
    write_parts(sql, table, query, GroupKind::And)
}

/// What a condition is joined from.
#[derive(Clone, Copy)]
enum Part<'a> {
    Condition(&'a Condition),
    Group(&'a Group),
}

fn write_parts<'a>(sql: &mut Sql<'a>, table: &'a Table, query: &'a Query, kind: GroupKind) -> Result<()> {
    let conditions = query.conditions.iter().filter(|c| c.op != Some(Op::None)).map(Part::Condition);
    let parts: Vec<Part<'_>> = conditions.chain(query.groups.iter().map(Part::Group)).collect();
    if parts.is_empty() {
        // A group of nothing must not widen the condition around it.
        sql.push(if kind == GroupKind::Or { "FALSE" } else { "TRUE" });
        return Ok(());
    }
    let between = if kind == GroupKind::Or { " OR " } else { " AND " };
    sql.join_balanced(&parts, between, &mut |sql, part| {
        sql.push("(");
        match part {
            Part::Condition(condition) => write_condition(sql, table, condition)?,
            Part::Group(group) => {
                sql.push("(");
                write_parts(sql, table, &group.query, group.kind)?;
                // Two-valued: what is unknown because of a null is not true.
                sql.push(if group.kind == GroupKind::Not { ") IS NOT TRUE" } else { ")" });
            }
        }
        sql.push(")");
        Ok(())
    })
}

fn write_condition<'a>(sql: &mut Sql<'a>, table: &'a Table, condition: &'a Condition) -> Result<()> {
    let value = &condition.value;
    let operand = &Operand::find(table, &condition.column, value)?;
    match condition.op.unwrap_or(Op::Eq) {
        Op::Eq if value.is_null() => suffix(sql, operand, " IS NULL"),
        Op::Ne if value.is_null() => suffix(sql, operand, " IS NOT NULL"),
        Op::Eq => compare(sql, operand, " = ", value),
        Op::Ne => compare(sql, operand, " <> ", value),
        Op::Gt => compare(sql, operand, " > ", value),
        Op::Ge => compare(sql, operand, " >= ", value),
        Op::Lt => compare(sql, operand, " < ", value),
        Op::Le => compare(sql, operand, " <= ", value),
        // Nothing is excluded, not even null.
        Op::NotIn if elements(value).is_empty() => {
            sql.push("TRUE");
            Ok(())
        }
        Op::Null => suffix(sql, operand, " IS NULL"),
        Op::NotNull => suffix(sql, operand, " IS NOT NULL"),
        op => match positive(op) {
            Some(op) => {
                suffix(sql, operand, " IS NOT NULL AND (")?;
                write_member_or_text(sql, operand, op, value)?;
                sql.push(") IS NOT TRUE");
                Ok(())
            }
            None => write_member_or_text(sql, operand, op, value),
        },
    }
}

/// What an operator negates.
fn positive(op: Op) -> Option<Op> {
    Some(match op {
        Op::NotBetween => Op::Between,
        Op::NotIn => Op::In,
        Op::NotBeginsWith => Op::BeginsWith,
        Op::NotEndsWith => Op::EndsWith,
        Op::NotContains => Op::Contains,
        Op::NotAllIn => Op::AllIn,
        Op::NotLike => Op::Like,
        Op::NotILike => Op::ILike,
        Op::NotRegexp => Op::Regexp,
        Op::NotIRegexp => Op::IRegexp,
        _ => return None,
    })
}

fn write_member_or_text<'a>(
    sql: &mut Sql<'a>,
    operand: &Operand<'_>,
    op: Op,
    value: &'a Value,
) -> Result<()> {
    let dialect = sql.dialect();
    let name = &operand.column.name;
    let matching = match op {
        Op::Between => return between(sql, operand, value),
        Op::In => return member(sql, operand, elements(value)),
        Op::Contains | Op::AllIn => return contains(sql, operand, elements(value), op == Op::AllIn),
        Op::BeginsWith => return write_begins_with(sql, operand, text(name, value)?),
        Op::EndsWith => return dialect.ends_with(sql, operand, text(name, value)?),
        Op::IBeginsWith => Matching::IBeginsWith,
        Op::Like => Matching::Like,
        Op::ILike => Matching::ILike,
        Op::Regexp => Matching::Regexp,
        Op::IRegexp => Matching::IRegexp,
        _ => return Err(Error::invalid(format!("{name} has an operator that is a change, not a condition"))),
    };
    let pattern = text(name, value)?;
    let prefix = like_prefix(pattern);
    if matching == Matching::Like && !prefix.is_empty() {
        // Lets an index find the few rows that are worth matching.
        write_begins_with(sql, operand, prefix)?;
        sql.push(" AND ");
    }
    dialect.matches(sql, operand, pattern, matching)
}

/// The text holds `part`, letter for letter.
fn contains_text(sql: &mut Sql<'_>, operand: &Operand<'_>, part: &str) -> Result<()> {
    sql.push(sql.dialect().position()).push("(");
    operand.write(sql)?;
    sql.push(", ").bind_owned(part, ColumnType::Text).push(") > 0");
    Ok(())
}

fn suffix(sql: &mut Sql<'_>, operand: &Operand<'_>, text: &str) -> Result<()> {
    operand.write(sql)?;
    sql.push(text);
    Ok(())
}

fn compare<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, op: &str, value: &'a Value) -> Result<()> {
    operand.write(sql)?;
    sql.push(op).bind_compared(value, kind_for(operand, value));
    Ok(())
}

fn between<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, value: &'a Value) -> Result<()> {
    let Some([low, high]) = value.as_list() else {
        let name = &operand.column.name;
        return Err(Error::invalid(format!("{name} needs a list of two values for between")));
    };
    compare(sql, operand, " BETWEEN ", low)?;
    sql.push(" AND ").bind_compared(high, kind_for(operand, high));
    Ok(())
}

/// One of a list.
fn member<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, values: &'a [Value]) -> Result<()> {
    suffix(sql, operand, " IN (")?;
    write_value_list(sql, values, |v| kind_for(operand, v), &operand.column.name)?;
    sql.push(")");
    Ok(())
}

/// Appends placeholders for values other than null, repeating the last one up to the next power of two:
/// lists of different length then share a few prepared statements.
///
/// # Errors
/// `Invalid` when there are too many.
pub(crate) fn write_value_list<'a>(
    sql: &mut Sql<'a>,
    values: &'a [Value],
    kind: impl Fn(&Value) -> ColumnType,
    name: &str,
) -> Result<()> {
    let given = || values.iter().filter(|v| !v.is_null());
    let count = given().count();
    if count > MAX_LIST {
        return Err(Error::invalid(format!(
            "{name} has a list of {count} values, at most {MAX_LIST} are allowed"
        )));
    }
    if count == 0 {
        sql.push("NULL");
        return Ok(());
    }
    let padding =
        given().next_back().into_iter().cycle().take(count.next_power_of_two().saturating_sub(count));
    sql.join(given().chain(padding), ", ", |sql, value| {
        sql.bind_compared(value, kind(value));
        Ok(())
    })
}

/// Any or all of these elements, or of these texts within a text.
fn contains<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, values: &'a [Value], all: bool) -> Result<()> {
    let dialect = sql.dialect();
    let joiner = if all { " AND " } else { " OR " };
    match (operand.is_list(), all) {
        _ if values.is_empty() => {
            sql.push(if all { "TRUE" } else { "FALSE" });
            Ok(())
        }
        (true, false) => dialect.contains_any(sql, operand, values),
        (true, true) => {
            let each: Vec<&[Value]> = values.chunks(1).collect();
            sql.join_balanced(&each, joiner, &mut |sql, one| dialect.contains_any(sql, operand, one))
        }
        (false, _) => {
            let name = &operand.column.name;
            let values: Vec<&Value> = values.iter().collect();
            sql.join_balanced(&values, joiner, &mut |sql, v| contains_text(sql, operand, text(name, v)?))
        }
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_list().unwrap_or(std::slice::from_ref(value))
}

fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str> {
    value
        .as_str()
        .ok_or_else(|| Error::invalid(format!("{name} needs a text to compare with, not {}", value.kind())))
}

fn kind_for(operand: &Operand<'_>, value: &Value) -> ColumnType {
    operand.kind.unwrap_or_else(|| kind_of(value))
}

/// The type of a value that no column declares.
pub(crate) fn kind_of(value: &Value) -> ColumnType {
    match value {
        Value::Null | Value::Text(_) => ColumnType::Text,
        Value::Bool(_) => ColumnType::Bool,
        Value::Int(_) => ColumnType::Int,
        Value::Real(_) => ColumnType::Real,
        Value::Bytes(_) => ColumnType::Bytes,
        Value::List(_) | Value::Set(_) | Value::Map(_) => ColumnType::Json,
    }
}
