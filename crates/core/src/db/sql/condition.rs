use super::{LikePattern, Operand, Sql};
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
    let operand = Operand::find(table, &condition.column)?;
    let value = &condition.value;
    match condition.op.unwrap_or(Op::Eq) {
        Op::Eq => match value {
            Value::Null => suffix(sql, &operand, " IS NULL"),
            Value::List(values) if !operand.is_list() => member(sql, &operand, values, false),
            _ => compare(sql, &operand, " = ", value),
        },
        Op::Ne => match value {
            Value::Null => suffix(sql, &operand, " IS NOT NULL"),
            _ => compare(sql, &operand, " <> ", value),
        },
        Op::Gt => compare(sql, &operand, " > ", value),
        Op::Ge => compare(sql, &operand, " >= ", value),
        Op::Lt => compare(sql, &operand, " < ", value),
        Op::Le => compare(sql, &operand, " <= ", value),
        Op::Between => between(sql, &operand, " BETWEEN ", value),
        Op::NotBetween => between(sql, &operand, " NOT BETWEEN ", value),
        Op::In => member(sql, &operand, elements(value), false),
        Op::NotIn => member(sql, &operand, elements(value), true),
        Op::Null => suffix(sql, &operand, " IS NULL"),
        Op::NotNull => suffix(sql, &operand, " IS NOT NULL"),
        op => write_text_condition(sql, &operand, op, value),
    }
}

fn write_text_condition<'a>(
    sql: &mut Sql<'a>,
    operand: &Operand<'_>,
    op: Op,
    value: &'a Value,
) -> Result<()> {
    let dialect = sql.dialect();
    let name = &operand.column.name;
    match op {
        Op::BeginsWith => dialect.begins_with(sql, operand, text(name, value)?),
        Op::NotBeginsWith => not(sql, |sql| dialect.begins_with(sql, operand, text(name, value)?)),
        Op::EndsWith => dialect.ends_with(sql, operand, text(name, value)?),
        Op::NotEndsWith => not(sql, |sql| dialect.ends_with(sql, operand, text(name, value)?)),
        Op::Contains | Op::NotContains | Op::AllIn | Op::NotAllIn => {
            let all = matches!(op, Op::AllIn | Op::NotAllIn);
            if matches!(op, Op::NotContains | Op::NotAllIn) {
                operand.write(sql)?;
                sql.push(" IS NOT NULL AND ");
                return not(sql, |sql| contains(sql, operand, elements(value), all));
            }
            contains(sql, operand, elements(value), all)
        }
        Op::IBeginsWith => dialect.like(sql, operand, &LikePattern::prefixed(text(name, value)?), true),
        Op::Like | Op::ILike => {
            dialect.like(sql, operand, &LikePattern::parse(text(name, value)?), op == Op::ILike)
        }
        Op::NotLike | Op::NotILike => not(sql, |sql| {
            dialect.like(sql, operand, &LikePattern::parse(text(name, value)?), op == Op::NotILike)
        }),
        Op::Regexp | Op::IRegexp => dialect.regexp(sql, operand, text(name, value)?, op == Op::IRegexp),
        Op::NotRegexp | Op::NotIRegexp => {
            not(sql, |sql| dialect.regexp(sql, operand, text(name, value)?, op == Op::NotIRegexp))
        }
        _ => Err(Error::invalid(format!("{name} has an operator that is a change, not a condition"))),
    }
}

fn not<'a>(sql: &mut Sql<'a>, condition: impl FnOnce(&mut Sql<'a>) -> Result<()>) -> Result<()> {
    sql.push("NOT (");
    condition(sql)?;
    sql.push(")");
    Ok(())
}

fn suffix(sql: &mut Sql<'_>, operand: &Operand<'_>, text: &str) -> Result<()> {
    operand.write(sql)?;
    sql.push(text);
    Ok(())
}

fn compare<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, op: &str, value: &'a Value) -> Result<()> {
    operand.write(sql)?;
    sql.push(op).bind(value, kind_for(operand, value));
    Ok(())
}

fn between<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, op: &str, value: &'a Value) -> Result<()> {
    let Some([low, high]) = value.as_list() else {
        let name = &operand.column.name;
        return Err(Error::invalid(format!("{name} needs a list of two values for between")));
    };
    compare(sql, operand, op, low)?;
    sql.push(" AND ").bind(high, kind_for(operand, high));
    Ok(())
}

/// One of a list, or none of it. Null is a member by `IS NULL`, as nothing is equal to it.
fn member<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, values: &'a [Value], negated: bool) -> Result<()> {
    if values.is_empty() {
        sql.push(if negated { "TRUE" } else { "FALSE" });
        return Ok(());
    }
    let with_null = values.iter().any(Value::is_null);
    if with_null {
        suffix(sql, operand, if negated { " IS NOT NULL" } else { " IS NULL" })?;
        if values.iter().all(Value::is_null) {
            return Ok(());
        }
        sql.push(if negated { " AND " } else { " OR " });
    }
    suffix(sql, operand, if negated { " NOT IN (" } else { " IN (" })?;
    let kind = operand.kind();
    write_value_list(sql, values, |v| kind.unwrap_or_else(|| kind_of(v)), &operand.column.name)?;
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
        sql.bind(value, kind(value));
        Ok(())
    })
}

/// Any or all of these elements, or of these texts within a text.
fn contains<'a>(sql: &mut Sql<'a>, operand: &Operand<'_>, values: &'a [Value], all: bool) -> Result<()> {
    let dialect = sql.dialect();
    if values.is_empty() {
        if all {
            return suffix(sql, operand, " IS NOT NULL");
        }
        sql.push("FALSE");
        return Ok(());
    }
    let joiner = if all { " AND " } else { " OR " };
    if !operand.is_list() {
        let name = &operand.column.name;
        let values: Vec<&Value> = values.iter().collect();
        return sql.join_balanced(&values, joiner, &mut |sql, v| {
            dialect.contains_text(sql, operand, text(name, v)?)
        });
    }
    if all {
        let each: Vec<&[Value]> = values.chunks(1).collect();
        sql.join_balanced(&each, joiner, &mut |sql, one| dialect.contains_any(sql, operand, one))
    } else {
        dialect.contains_any(sql, operand, values)
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
    operand.kind().unwrap_or_else(|| kind_of(value))
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
