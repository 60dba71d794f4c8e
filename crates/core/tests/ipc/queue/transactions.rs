//! Messages and records in one transaction.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Action, Operation, Options};
use bkjs_core::queue::{Bell, Message, Unique};
use bkjs_core::value::Row;

use super::{Bench, Queues, TODO};
use super::{none_comes, take_one};
use crate::check::{Checked, equal};
use crate::trial::trials;

trials![
    Queues:
    a_message_and_a_record_are_stored_together if transactional,
    neither_is_stored_when_one_cannot_be if transactional,
];

fn add(id: &str) -> Operation {
    Operation::new(Action::Add, TODO, Row::new().with("id", id).with("name", "n"))
}

async fn a_message_and_a_record_are_stored_together(bench: Bench) -> Checked {
    let (queue, Some(db)) = bench.open("", "", Bell::default()).await? else {
        let queue = bench.queue("").await?;
        // That the tables are elsewhere is all that can be tried.
        return queue.put_with(Vec::new(), vec![Message::new("x")]).await.map(drop).map_err(Into::into);
    };
    let written = queue.put_with(vec![add("1")], vec![Message::new("a"), Message::new("b")]).await?;
    equal(written.len(), 1)?;
    equal(db.get::<Row>(TODO, "1", &Options::new()).await?.is_some(), true)?;
    let (one, two) = (take_one(&queue).await?, take_one(&queue).await?);
    let mut bodies = [one.body, two.body];
    bodies.sort();
    equal(bodies, ["a".to_owned(), "b".to_owned()])
}

async fn neither_is_stored_when_one_cannot_be(bench: Bench) -> Checked {
    let (queue, Some(db)) = bench.open("", "", Bell::default()).await? else {
        let queue = bench.queue("").await?;
        return queue.put_with(Vec::new(), vec![Message::new("x")]).await.map(drop).map_err(Into::into);
    };
    queue.put_with(vec![add("1")], Vec::new()).await?;
    let exists = queue.put_with(vec![add("1")], vec![Message::new("a")]).await;
    equal(exists.map_err(|e| e.kind()), Err(ErrorKind::AlreadyExists))?;
    none_comes(&queue).await?;
    let unique = || Message::new("u").unique(Unique::queued("k"));
    queue.put(unique()).await?;
    let taken = queue.put_with(vec![add("2")], vec![unique()]).await;
    equal(taken.map_err(|e| e.kind()), Err(ErrorKind::AlreadyExists))?;
    equal(db.get::<Row>(TODO, "2", &Options::new()).await?, None)
}
