//! The sides without the framework: each does what a program that knows its one product and its one table would do,
//! with prepared statements, connections that are kept, and results read into a struct.

mod dynamodb;
mod lmdb;
mod redis;
mod sqlite;
mod sqlx;

pub(crate) use dynamodb::DynamoDb;
pub(crate) use lmdb::Lmdb;
pub(crate) use redis::Redis;
pub(crate) use sqlite::Sqlite;
pub(crate) use sqlx::{MySql, Postgres};
