//! `bkjs db export`.

use std::io::{BufWriter, Stdout, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use bkjs_core::db::{Db, line_of};
use bkjs_core::schema::Table;
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, with_suffix};
use super::file::{PartFile, failed};
use super::progress::{Progress, Unit};
use super::read::{Source, count};
use super::scope::{self, Place};
use super::tally::number;
use crate::db::{Args, Tools, print};

/// How far an export is.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    source: Source,
    position: String,
    bytes: u64,
    records: u64,
}

/// Writes the records of tables to files, or of one table to standard output.
pub(in crate::db) async fn run(tools: &Tools, args: Args) -> Result<()> {
    let tables = scope::tables(&tools.db, &args)?;
    let pool = scope::pool(&tools.db, &args, "pool")?;
    if !scope::is_named(&args) && args.text("path").is_none() {
        return Err(Error::invalid("name a table, or with -path the folder for the files of all"));
    }
    let mut verified = Ok(());
    for table in &tables {
        tools.prepare(table, pool.as_deref()).await?;
        let place = Place::of(&args, table, tables.len() > 1)?;
        let source = Source::new(table, pool.clone(), &scope::filter(&args)?);
        let export = Export {
            db: &tools.db,
            table,
            source,
            batch: scope::batch(&args)?,
            resume: args.flag("resume")?,
            verify: !args.flag("no-verify")?,
        };
        // A difference is told when all tables are done: one that is written meanwhile must not hinder the others.
        let one = match place {
            Place::Standard => export.to_standard_output().await?,
            Place::File(path) => export.to_file(&path).await?,
        };
        verified = verified.and(one);
    }
    verified
}

struct Export<'a> {
    db: &'a Db,
    table: &'a Table,
    source: Source,
    batch: usize,
    resume: bool,
    verify: bool,
}

impl Export<'_> {
    async fn to_standard_output(&self) -> Result<Result<()>> {
        let mut sink = Sink::Standard(BufWriter::new(std::io::stdout()));
        let mut progress = self.progress().await?;
        let records = self.write(&mut sink, None, &mut progress, None).await?;
        Ok(self.verify(records, "standard output").await)
    }

    async fn to_file(&self, path: &Path) -> Result<Result<()>> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|e| failed(folder, &e))?;
        }
        let checkpoint = Checkpoint::at(with_suffix(path, ".resume"));
        let state = match self.resume {
            true => checkpoint.load::<State>()?,
            false => None,
        };
        if state.as_ref().is_some_and(|state| state.source != self.source) {
            let text = format!("{} is of another export: start without -resume", path.display());
            return Err(Error::invalid(text));
        }
        let mut progress = self.progress().await?;
        match &state {
            Some(state) => {
                progress.say(&format!("{}: going on after {} records", self.table.name, state.records))
            }
            None if self.resume => progress.say(&format!("{}: nothing to resume", self.table.name)),
            None => {}
        }
        let part = PartFile::open(path, state.as_ref().map_or(0, |state| state.bytes))?;
        if state.is_none() {
            checkpoint.remove()?;
        }
        let mut sink = Sink::File(part);
        let records = self.write(&mut sink, state, &mut progress, Some(&checkpoint)).await?;
        drop(progress);
        let Sink::File(mut part) = sink else { return Ok(Ok(())) };
        let lines = part.count()?;
        if lines != records {
            let text = format!("{} has {lines} lines of {records} records", path.display());
            return Err(Error::new(ErrorKind::Unavailable, text));
        }
        // First this: a part without a note is begun anew, a note without a part would be believed.
        checkpoint.remove()?;
        part.finish()?;
        let file = path.display().to_string();
        let report = Row::new().with("table", &*self.table.name).with("file", file.as_str());
        print(&line_of(report.with("records", number(records))))?;
        Ok(self.verify(records, &file).await)
    }

    async fn progress(&self) -> Result<Progress> {
        let total = if self.verify { Some(count(self.db, &self.source).await?) } else { None };
        Ok(Progress::new(format!("export {}", self.table.name), total, Unit::Records))
    }

    /// Writes all records, or those behind where an earlier run was; how many there are then.
    async fn write(
        &self,
        sink: &mut Sink,
        state: Option<State>,
        progress: &mut Progress,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<u64> {
        let (mut records, start) = state.map_or((0, None), |state| (state.records, Some(state.position)));
        let mut batches = self.source.read(self.db, self.batch, start, Vec::new())?;
        while let Some(rows) = batches.next().await? {
            for row in rows {
                sink.line(&line_of(row))?;
                records += 1;
            }
            progress.at(records);
            if let (Some(checkpoint), Some(position)) = (checkpoint, batches.position()) {
                let bytes = sink.sync()?;
                checkpoint.save(&State { source: self.source.clone(), position, bytes, records })?;
            }
        }
        sink.sync()?;
        Ok(records)
    }

    /// Compares with the number of records that the table has now.
    async fn verify(&self, records: u64, file: &str) -> Result<()> {
        let now = if self.verify { count(self.db, &self.source).await? } else { records };
        if now == records {
            return Ok(());
        }
        let text = format!(
            "{}: {file} has {records} records and the table {now}: it was written meanwhile",
            self.table.name
        );
        Err(Error::new(ErrorKind::ConditionFailed, text))
    }
}

/// Where lines go.
enum Sink {
    Standard(BufWriter<Stdout>),
    File(PartFile),
}

impl Sink {
    fn line(&mut self, line: &str) -> Result<()> {
        match self {
            Self::File(file) => file.line(line),
            Self::Standard(out) => {
                out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(|e| closed(&e))
            }
        }
    }

    fn sync(&mut self) -> Result<u64> {
        match self {
            Self::File(file) => file.sync(),
            Self::Standard(out) => out.flush().map(|()| 0).map_err(|e| closed(&e)),
        }
    }
}

fn closed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("cannot write to standard output: {error}"))
}
