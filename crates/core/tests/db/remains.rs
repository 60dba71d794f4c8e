//! Takes what a trial has left away from servers without a language of statements.

#[allow(unused_imports)] // for products that are servers
use crate::check::{Checked, Problem};

/// Removes all keys that start with the name of a trial.
#[cfg(feature = "redis")]
pub(crate) async fn redis(name: String, url: String) -> Checked {
    use bkjs_core::connect::redis::{RedisClient, RedisOptions, cmd};

    let client = RedisClient::new(&RedisOptions { max: 1, ..RedisOptions::default() }.at(&url)?)?;
    let mut cursor = 0_u64;
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{name}:*")).arg("COUNT").arg(1000);
        let (next, keys): (u64, Vec<Vec<u8>>) = client.read(&scan).await?;
        if !keys.is_empty() {
            client.call::<u64>(cmd("UNLINK").arg(keys)).await?;
        }
        if next == 0 {
            break;
        }
        cursor = next;
    }
    client.close();
    Ok(())
}

/// Removes all tables whose names start with that of a trial.
#[cfg(feature = "dynamodb")]
pub(crate) async fn dynamodb(name: String, url: String) -> Checked {
    use bkjs_core::db::drivers::dynamodb::{DynamoDbDriver, DynamoDbOptions};

    let client = DynamoDbDriver::new(DynamoDbOptions::default().at(&url)?).client().await?;
    let mut tables = client.list_tables().into_paginator().items().send();
    while let Some(table) = tables.next().await {
        let table = table.map_err(|error| Problem::new(format!("{error:?}")))?;
        if table.starts_with(&name) {
            let removed = client.delete_table().table_name(table).send().await;
            removed.map_err(|error| Problem::new(format!("{error:?}")))?;
        }
    }
    Ok(())
}
