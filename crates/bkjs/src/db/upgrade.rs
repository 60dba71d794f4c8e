//! `bkjs db diff` and `apply`: in what the pools differ from the descriptions of their tables, and making them alike.
//!
//! Both ask the driver for the same list, which one shows and the other has carried out.

use std::sync::Arc;

use bkjs_core::db::{Difference, Gravity};
use bkjs_core::schema::Table;
use bkjs_core::{Error, Result};
use serde_json::{Map, Value as Json};

use super::{Args, Tools, scope};
use crate::answer;

/// The exit status when there is something to do.
const TO_DO: u8 = 1;
/// The exit status when a person has to decide, and when the tool fails.
pub(super) const FOR_PEOPLE: u8 = 2;

/// Shows what [`apply`] would do; changes nothing.
pub(super) async fn diff(tools: &Tools, args: Args) -> Result<u8> {
    let found = run(tools, &args, Mode::Diff).await?;
    Ok(if found.problems > 0 {
        FOR_PEOPLE
    } else if found.changes > 0 {
        TO_DO
    } else {
        0
    })
}

/// Creates and adds what is missing, and shows what was done and what is left to people.
pub(super) async fn apply(tools: &Tools, args: Args) -> Result<u8> {
    let found = run(tools, &args, Mode::Apply).await?;
    Ok(if found.problems > 0 { FOR_PEOPLE } else { 0 })
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Diff,
    Apply,
}

async fn run(tools: &Tools, args: &Args, mode: Mode) -> Result<Counts> {
    tools.refuse_lost_pools()?;
    let json = args.flag("json")?;
    let mut all = Counts::default();
    for (pool, tables) in pools(tools, args)? {
        let driver = tools.db.pool(&pool);
        let found = match mode {
            Mode::Diff => driver.plan(tables).await,
            Mode::Apply => driver.create(tables).await,
        };
        let named = |e: Error| Error::new(e.kind(), format!("pool {pool}: {}", e.message())).source(e);
        let found = found.map_err(named)?;
        let counts = Counts::of(&found);
        all.add(counts);
        let text = match json {
            true => found.iter().map(|one| json_line(&pool, one, mode)).collect::<Result<String>>()?,
            false => page(&pool, &found, counts, mode),
        };
        answer::write(&text)?;
    }
    Ok(all)
}

/// The pools that are meant, each with its tables: all of them, or the named ones where they are; with `-pool` the
/// named ones in that pool, or all that are there.
fn pools(tools: &Tools, args: &Args) -> Result<Vec<(String, Vec<Arc<Table>>)>> {
    let tables = scope::tables(&tools.db, args)?;
    let pool = scope::pool(&tools.db, args, "pool")?;
    if let Some(pool) = pool.clone().filter(|_| scope::is_named(args)) {
        return Ok(vec![(pool, tables)]);
    }
    let mut pools = Vec::new();
    for (name, mut own) in tools.db.tables_by_pool() {
        own.retain(|table| tables.iter().any(|meant| meant.name == table.name));
        if !own.is_empty() && pool.as_deref().is_none_or(|pool| pool == name) {
            pools.push((name.to_owned(), own));
        }
    }
    match pool {
        Some(pool) if pools.is_empty() => {
            Err(Error::invalid(format!("no table is in pool {pool:.40}: name those to have in it")))
        }
        _ => Ok(pools),
    }
}

/// How many differences call for what.
#[derive(Clone, Copy, Default)]
struct Counts {
    changes: usize,
    problems: usize,
    notes: usize,
}

impl Counts {
    fn of(found: &[Difference]) -> Self {
        let count = |gravity| found.iter().filter(|one| one.gravity() == gravity).count();
        let [changes, problems, notes] = [Gravity::Change, Gravity::Problem, Gravity::Note].map(count);
        Self { changes, problems, notes }
    }

    fn add(&mut self, other: Self) {
        self.changes += other.changes;
        self.problems += other.problems;
        self.notes += other.notes;
    }

    /// `2 changes, 1 problem`.
    fn told(self) -> String {
        let of = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let changes = of(self.changes, "change").unwrap_or_else(|| "nothing to do".into());
        let all = [Some(changes), of(self.problems, "problem"), of(self.notes, "note")];
        all.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What a person reads.
fn page(pool: &str, found: &[Difference], counts: Counts, mode: Mode) -> String {
    let mut text = format!("pool {pool}: {}\n", counts.told());
    for one in found {
        let sign = match one.gravity() {
            Gravity::Change => '+',
            Gravity::Problem => '!',
            Gravity::Note => '?',
        };
        text.push_str(&format!("  {sign} {}\n", sentence(one, mode)));
        if let Some(advice) = one.advice() {
            text.push_str(&format!("    {advice}\n"));
        }
    }
    text
}

/// What a program reads.
fn json_line(pool: &str, one: &Difference, mode: Mode) -> Result<String> {
    let broken = |e| Error::internal("a difference cannot be shown").source(e);
    let mut line = Map::from_iter([
        ("pool".to_owned(), Json::from(pool)),
        ("gravity".to_owned(), serde_json::to_value(one.gravity()).map_err(broken)?),
        ("text".to_owned(), Json::from(sentence(one, mode))),
    ]);
    line.extend(one.advice().map(|advice| ("advice".to_owned(), Json::from(advice))));
    if let Json::Object(own) = serde_json::to_value(one).map_err(broken)? {
        line.extend(own);
    }
    Ok(format!("{}\n", Json::Object(line)))
}

fn sentence(one: &Difference, mode: Mode) -> String {
    match mode {
        Mode::Diff => one.intent().to_string(),
        Mode::Apply => one.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::db::Differs;

    use super::*;

    fn found() -> Vec<Difference> {
        let of = |what| Difference::of(&"t".into(), what);
        vec![
            of(Differs::Column { column: "new".into(), kind: "TEXT".into() }),
            of(Differs::Type { column: "num".into(), stored: "TEXT".into(), wanted: "INTEGER".into() }),
            of(Differs::UnknownColumn { column: "old".into(), kind: "TEXT".into() }),
        ]
    }

    #[test]
    fn a_person_reads_counts_signs_and_advice() {
        let text = page("sqlite", &found(), Counts::of(&found()), Mode::Diff);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "pool sqlite: 1 change, 1 problem, 1 note");
        assert_eq!(lines[1], "  + table t column new is missing: add as TEXT");
        assert!(lines[2].starts_with("  ! table t column num is TEXT in the database"), "{text}");
        assert!(lines[3].starts_with("    give the column another name"), "{text}");
        assert!(lines[4].starts_with("  ? table t column old"), "{text}");
        assert_eq!(page("none", &[], Counts::default(), Mode::Apply), "pool none: nothing to do\n");
    }

    #[test]
    fn a_program_reads_a_line_of_json_for_each() {
        let line = json_line("sqlite", &found()[1], Mode::Apply).expect("a line");
        let line: Json = serde_json::from_str(&line).expect("json");
        for (name, value) in [
            ("pool", "sqlite"),
            ("table", "t"),
            ("gravity", "problem"),
            ("what", "type"),
            ("column", "num"),
            ("stored", "TEXT"),
            ("wanted", "INTEGER"),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
        assert!(line["text"].is_string() && line["advice"].is_string(), "{line}");
    }
}
