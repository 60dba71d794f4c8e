//! `bkjs db copy`.

use bkjs_core::db::line_of;
use bkjs_core::schema::{ColumnType, Table};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::progress::{Progress, Unit};
use super::read::{Source, count};
use super::scope;
use super::tally::{Fate, Tally, number};
use super::write::{Existing, Writer};
use crate::db::{Args, Tools, print};

/// How far a copy is.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    source: Source,
    op: String,
    position: String,
    tally: Tally,
}

/// Copies the records of tables from one pool to another.
pub(in crate::db) async fn run(tools: &Tools, args: Args) -> Result<()> {
    let needed = |option| Error::invalid(format!("-{option} POOL is needed"));
    let from = scope::pool(&tools.db, &args, "from")?.ok_or_else(|| needed("from"))?;
    let to = scope::pool(&tools.db, &args, "to")?.ok_or_else(|| needed("to"))?;
    if from == to {
        return Err(Error::invalid(format!("{from} cannot be copied to itself")));
    }
    let mut verified = Ok(());
    for table in scope::tables(&tools.db, &args)? {
        tools.prepare(&table, Some(&to)).await?;
        let source = Source::new(&table, Some(from.clone()), &scope::filter(&args)?);
        let verify = !args.flag("no-verify")?;
        let total = if verify { Some(count(&tools.db, &source).await?) } else { None };
        let mut copy = Copy {
            writer: Writer {
                db: &tools.db,
                table: &table,
                pool: Some(to.clone()),
                existing: Existing::of(&args)?,
                convert: false,
            },
            source,
            batch: scope::batch(&args)?,
            most_errors: scope::max_errors(&args)?,
            checkpoint: Checkpoint::at(tools.folder.join(format!("copy-{}-{from}-{to}.json", table.name))),
            progress: Progress::new(format!("copy {}", table.name), total, Unit::Records),
        };
        let tally = copy.records(args.flag("resume")?).await?;
        let missing = if verify { copy.look_for_all().await? } else { 0 };
        copy.checkpoint.remove()?;
        drop(copy);
        let report =
            Row::new().with("table", &*table.name).with("from", from.as_str()).with("to", to.as_str());
        print(&line_of(tally.report(report).with("missing", number(missing))))?;
        verified = verified.and(tally.verify(&table.name, missing));
    }
    verified
}

struct Copy<'a> {
    writer: Writer<'a>,
    source: Source,
    batch: usize,
    most_errors: u64,
    checkpoint: Checkpoint,
    progress: Progress,
}

impl Copy<'_> {
    fn table(&self) -> &Table {
        self.writer.table
    }

    /// Copies all records, or those behind where an earlier run was.
    async fn records(&mut self, resume: bool) -> Result<Tally> {
        let (mut tally, start) = self.start(resume)?;
        let op = self.writer.existing.name();
        let mut reader = self.source.read(self.writer.db, self.batch, start, Vec::new())?;
        let mut next = reader.next().await?;
        while let Some(records) = next {
            let position = reader.position();
            // The next batch is read while this one is written.
            let (ended, following) = tokio::join!(self.writer.write(&records), reader.next());
            for (record, (fate, _)) in records.iter().zip(ended?) {
                tally.count(&fate);
                if let Fate::Failed(error) = fate {
                    let key = line_of(self.writer.key_of(record));
                    let reason = error.message().replace('\n', ", ");
                    self.progress.say(&format!("{} {key}: {reason}", self.table().name));
                    if tally.failed > self.most_errors {
                        let text = format!(
                            "stopped at {} {key}: -max-errors allows more, -continue any",
                            self.table().name
                        );
                        return Err(Error::invalid(text));
                    }
                }
            }
            if let Some(position) = position {
                let state = State { source: self.source.clone(), op: op.clone(), position, tally };
                self.checkpoint.save(&state)?;
            }
            self.progress.at(tally.records);
            next = following?;
        }
        Ok(tally)
    }

    /// What is done, and where to begin.
    fn start(&self, resume: bool) -> Result<(Tally, Option<String>)> {
        if !resume {
            self.checkpoint.remove()?;
            return Ok((Tally::default(), None));
        }
        let Some(state) = self.checkpoint.load::<State>()? else {
            self.progress.say(&format!("{}: nothing to resume", self.table().name));
            return Ok((Tally::default(), None));
        };
        if state.source != self.source || state.op != self.writer.existing.name() {
            return Err(Error::invalid(format!(
                "{} was copied in another way before: start without -resume",
                self.table().name
            )));
        }
        self.progress.say(&format!("{}: going on after {} records", self.table().name, state.tally.records));
        Ok((state.tally, Some(state.position)))
    }

    /// How many records of the source are not in the other pool.
    async fn look_for_all(&self) -> Result<u64> {
        let keys = self.table().keys();
        let ttl = self.table().columns().iter().filter(|column| column.column_type() == ColumnType::Ttl);
        let select = keys.chain(ttl).map(|column| column.name.clone()).collect();
        let mut reader = self.source.read(self.writer.db, self.batch, None, select)?;
        let mut missing = 0;
        while let Some(records) = reader.next().await? {
            missing += self.writer.missing(&records).await?;
        }
        Ok(missing)
    }
}
