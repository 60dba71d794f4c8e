//! The client libraries alone: each does the least that keeps a job until it is done, whoever dies.

mod amqp;
mod nats;
mod postgres;
mod redis;
mod sqlite;

pub(crate) use amqp::Amqp;
pub(crate) use nats::Nats;
pub(crate) use postgres::Postgres;
pub(crate) use redis::Redis;
pub(crate) use sqlite::Sqlite;

/// What a job says.
const BODY: &str = r#"{"calls":[[["bench.nothing",null]]]}"#;
