//! `bkjs db import`.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bkjs_core::db::{BadLine, LineReader, line_of};
use bkjs_core::schema::Table;
use bkjs_core::value::{Name, Row};
use bkjs_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::file::failed;
use super::lines::Lines;
use super::progress::{Progress, Unit};
use super::scope::{self, Place};
use super::tally::{Fate, Tally, number};
use super::write::{Existing, Writer};
use crate::db::{Args, Tools, print};

/// Bytes of lines in a batch, however few they are.
const BATCH_BYTES: usize = 8 << 20;

/// What is imported, and how.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    file: PathBuf,
    length: u64,
    /// Nanoseconds since 1970.
    modified: u128,
    op: String,
    convert: bool,
    mapping: String,
}

/// How far an import is.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    subject: Subject,
    /// Bytes and lines read.
    offset: u64,
    line: u64,
    tally: Tally,
}

/// Stores the records of files, or of standard input, in tables.
pub(in crate::db) async fn run(tools: &Tools, args: Args) -> Result<()> {
    let mut tables = scope::tables(&tools.db, &args)?;
    let several = tables.len() > 1;
    if !scope::is_named(&args) {
        if args.text("path").is_none() {
            return Err(Error::invalid("name a table, or with -path the folder with the files of several"));
        }
        tables = with_file(tables, &args, several)?;
    }
    let mut verified = Ok(());
    for table in &tables {
        let place = Place::of(&args, table, several)?;
        let one = import(tools, &args, table, &place).await?;
        verified = verified.and(one);
    }
    verified
}

/// Those of the tables that there is a file for.
fn with_file(tables: Vec<Arc<Table>>, args: &Args, several: bool) -> Result<Vec<Arc<Table>>> {
    let mut found = Vec::new();
    for table in tables {
        if matches!(Place::of(args, &table, several)?, Place::File(path) if path.exists()) {
            found.push(table);
        }
    }
    if found.is_empty() { Err(Error::not_found("there is no file TABLE.json of a table")) } else { Ok(found) }
}

/// Imports one table; the second result says whether all of it is there.
async fn import(tools: &Tools, args: &Args, table: &Arc<Table>, place: &Place) -> Result<Result<()>> {
    let pool = scope::pool(&tools.db, args, "pool")?;
    let writer = Writer {
        db: &tools.db,
        table,
        pool: pool.clone(),
        existing: Existing::of(args)?,
        convert: args.flag("convert")?,
    };
    let mapping = args.text("mapping").unwrap_or_default().to_owned();
    let reader = tools.db.line_reader(&table.name, renamed(&args.list("mapping"))?)?;
    let (file, subject) = match place {
        Place::Standard => (None, None),
        Place::File(path) => {
            let (file, subject) = open(path, &writer, mapping)?;
            (Some(file), Some(subject))
        }
    };
    let total = subject.as_ref().map(|subject| subject.length);
    let mut import = Import {
        writer,
        reader,
        place,
        most_errors: scope::max_errors(args)?,
        batch: scope::batch(args)?,
        verify: !args.flag("no-verify")?,
        tally: Tally::default(),
        missing: 0,
        progress: Progress::new(format!("import {}", table.name), total, Unit::Bytes),
    };
    let name = format!("import-{}-{}.json", table.name, pool.as_deref().unwrap_or("own"));
    let checkpoint = Checkpoint::at(tools.folder.join(name));
    tools.prepare(table, pool.as_deref()).await?;
    match (file, subject) {
        (Some(file), Some(subject)) => {
            let state = if args.flag("resume")? { checkpoint.load::<State>()? } else { None };
            import.file(file, subject, state, args.flag("resume")?, &checkpoint).await?;
        }
        _ if args.flag("resume")? => {
            return Err(Error::invalid("what comes through standard input cannot be resumed: import a file"));
        }
        _ => {
            let mut lines = Lines::new(BufReader::new(std::io::stdin()), 0, 0);
            while import.batch(&mut lines).await? {}
        }
    }
    Ok(import.conclude())
}

/// The pairs of `-mapping old,new,old,new`.
fn renamed(names: &[&str]) -> Result<Vec<(Name, Name)>> {
    if !names.len().is_multiple_of(2) {
        return Err(Error::invalid("-mapping must be a list of old,new"));
    }
    Ok(names.chunks_exact(2).map(|pair| (pair[0].into(), pair[1].into())).collect())
}

/// The file, and what tells it from another one.
fn open(path: &Path, writer: &Writer<'_>, mapping: String) -> Result<(File, Subject)> {
    let io = |e: std::io::Error| failed(path, &e);
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    let modified = metadata.modified().map_err(io)?.duration_since(std::time::UNIX_EPOCH);
    let subject = Subject {
        file: path.canonicalize().map_err(io)?,
        length: metadata.len(),
        modified: modified.map_or(0, |since| since.as_nanos()),
        op: writer.existing.name(),
        convert: writer.convert,
        mapping,
    };
    Ok((file, subject))
}

struct Import<'a> {
    writer: Writer<'a>,
    reader: LineReader,
    place: &'a Place,
    most_errors: u64,
    batch: usize,
    verify: bool,
    tally: Tally,
    /// Records that are not there in the end.
    missing: u64,
    progress: Progress,
}

/// A line that was not imported: its number, where in it and why.
type Problem = (u64, Option<usize>, String);

/// Lines of a file that belong together.
#[derive(Default)]
struct Batch {
    /// Numbers and records of good lines.
    numbers: Vec<u64>,
    records: Vec<Row>,
    problems: Vec<Problem>,
}

impl Import<'_> {
    async fn file(
        &mut self,
        mut file: File,
        subject: Subject,
        state: Option<State>,
        resume: bool,
        checkpoint: &Checkpoint,
    ) -> Result<()> {
        let (mut offset, mut line) = (0, 0);
        let table = &self.writer.table.name;
        match state {
            Some(state) if state.subject != subject => {
                let text =
                    format!("{} or the way to import it has changed: start without -resume", self.place);
                return Err(Error::invalid(text));
            }
            Some(state) => {
                (offset, line, self.tally) = (state.offset, state.line, state.tally);
                self.progress.say(&format!("{table}: going on after {} records", self.tally.records));
            }
            None if resume => self.progress.say(&format!("{table}: nothing to resume")),
            None => checkpoint.remove()?,
        }
        file.seek(SeekFrom::Start(offset)).map_err(|e| self.unreadable(&e))?;
        let mut lines = Lines::new(BufReader::new(&mut file), line, offset);
        let mut state = State { subject, offset, line, tally: self.tally };
        while self.batch(&mut lines).await? {
            (state.offset, state.line, state.tally) = (lines.offset, lines.number, self.tally);
            checkpoint.save(&state)?;
            self.progress.at(lines.offset);
        }
        if self.verify && !self.writer.convert {
            file.seek(SeekFrom::Start(0)).map_err(|e| self.unreadable(&e))?;
            self.look_for_all(file).await?;
        }
        checkpoint.remove()
    }

    /// Imports the next lines; false at the end.
    async fn batch(&mut self, lines: &mut Lines<impl BufRead>) -> Result<bool> {
        let Batch { numbers, records, mut problems } = self.gather(lines)?;
        if records.is_empty() && problems.is_empty() {
            return Ok(false);
        }
        problems.iter().for_each(|_| self.tally.count_bad());
        let ended = self.writer.write(&records).await?;
        // What comes only once is looked for at once, and so is what gets its key here.
        let at_once = self.verify && (self.writer.convert || *self.place == Place::Standard);
        let mut there = Vec::new();
        for ((record, (fate, made)), number) in records.into_iter().zip(ended).zip(numbers) {
            self.tally.count(&fate);
            match fate {
                Fate::Failed(error) => problems.push((number, None, error.message().to_owned())),
                Fate::Stored if at_once => there.push(made.unwrap_or(record)),
                _ => {}
            }
        }
        self.missing += if there.is_empty() { 0 } else { self.writer.missing(&there).await? };
        problems.sort_by_key(|(line, ..)| *line);
        self.tell(&problems)?;
        Ok(true)
    }

    fn gather(&self, lines: &mut Lines<impl BufRead>) -> Result<Batch> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while batch.records.len() + batch.problems.len() < self.batch && bytes < BATCH_BYTES {
            let Some(line) = lines.next().map_err(|e| self.unreadable(&e))? else { break };
            let read = line.text.and_then(|text| {
                bytes += text.len();
                if self.writer.convert { self.reader.any(&text) } else { self.reader.stored(&text) }
            });
            match read {
                Ok(record) => {
                    batch.numbers.push(line.number);
                    batch.records.push(record);
                }
                Err(BadLine { column, reason }) => batch.problems.push((line.number, Some(column), reason)),
            }
        }
        Ok(batch)
    }

    /// Tells what is wrong with lines, until that is too much.
    fn tell(&self, problems: &[Problem]) -> Result<()> {
        let before = self.tally.failed - problems.len() as u64;
        for (at, (line, column, reason)) in problems.iter().enumerate() {
            let place = column.map_or_else(|| line.to_string(), |column| format!("{line}:{column}"));
            self.progress.say(&format!("{}:{place}: {}", self.place, reason.replace('\n', ", ")));
            if before + at as u64 >= self.most_errors {
                let text = format!(
                    "stopped at line {line} of {}: -max-errors allows more, -continue any",
                    self.place
                );
                return Err(Error::invalid(text));
            }
        }
        Ok(())
    }

    /// Reads the file again and looks for every record of it.
    async fn look_for_all(&mut self, file: File) -> Result<()> {
        let mut lines = Lines::new(BufReader::new(file), 0, 0);
        loop {
            let Batch { records, problems, .. } = self.gather(&mut lines)?;
            if records.is_empty() && problems.is_empty() {
                return Ok(());
            }
            let records: Vec<Row> =
                records.into_iter().filter(|record| !self.writer.key_of(record).is_empty()).collect();
            self.missing += self.writer.missing(&records).await?;
        }
    }

    /// Says what was done, and whether all of it is there.
    fn conclude(self) -> Result<()> {
        let (table, file) = (&*self.writer.table.name, self.place.to_string());
        let report = self.tally.report(Row::new().with("table", table).with("file", file.as_str()));
        print(&line_of(report.with("missing", number(self.missing))))?;
        self.tally.verify(&file, self.missing)
    }

    fn unreadable(&self, error: &std::io::Error) -> Error {
        failed(Path::new(&self.place.to_string()), error)
    }
}
