//! sqlx's connections, in a pool that asks the server nothing: sqlx's own asks before and after each statement.

use anyhow::{Result, ensure};
use deadpool::managed::{Manager, Metrics, Pool, RecycleResult};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};

use crate::product::{CONNECTIONS, Place};
use crate::record::{BATCH, GROUP, GROUPED, MTIME, Record, SINGLE, group, id};
use crate::side::Side;

/// Both products, which differ in their types and in how they number the values of a statement.
macro_rules! side {
    ($(#[$doc:meta])* $name:ident, $connector:ident, $options:ty, $connection:ty, $row:ty, $values:expr) => {
        $(#[$doc])*
        pub(crate) struct $name {
            pool: Pool<$connector>,
            get: String,
            insert: String,
            update: String,
            select: String,
        }

        /// Opens connections.
        struct $connector($options);

        impl Manager for $connector {
            type Type = $connection;
            type Error = sqlx::Error;

            async fn create(&self) -> sqlx::Result<$connection> {
                self.0.connect().await
            }

            async fn recycle(&self, _: &mut $connection, _: &Metrics) -> RecycleResult<sqlx::Error> {
                Ok(())
            }
        }

        impl $name {
            /// Connections to the server of the other side, for its tables.
            ///
            /// # Errors
            /// When the address is none.
            pub(crate) fn open(place: &Place) -> Result<Self> {
                let options: $options = place.url.parse()?;
                let connector = $connector(options.disable_statement_logging());
                let pool = Pool::builder(connector).max_size(CONNECTIONS).build()?;
                let [one, two, three, four] = $values;
                let table = |name: &str| format!("{}.{name}", place.room);
                let (single, grouped) = (table(SINGLE), table(GROUPED));
                Ok(Self {
                    pool,
                    get: format!("SELECT id, name, num, mtime FROM {single} WHERE id = {one}"),
                    insert: format!(
                        "INSERT INTO {single} (id, name, num, mtime) VALUES ({one}, {two}, {three}, {four})"
                    ),
                    update: format!("UPDATE {single} SET num = {one} WHERE id = {two}"),
                    select: format!(
                        "SELECT id, name, num, mtime FROM {grouped} WHERE grp = {one} ORDER BY id LIMIT {two}"
                    ),
                })
            }

            async fn add(&self, connection: &mut $connection, record: Record) -> Result<()> {
                let insert = sqlx::query(AssertSqlSafe(self.insert.clone()));
                let insert = insert.bind(record.id).bind(record.name).bind(record.num).bind(record.mtime);
                ensure!(connection.execute(insert).await?.rows_affected() == 1, "not inserted");
                Ok(())
            }

            async fn connection(&self) -> Result<deadpool::managed::Object<$connector>> {
                self.pool.get().await.map_err(|error| anyhow::anyhow!("{error}"))
            }

            fn record(row: &$row) -> sqlx::Result<Record> {
                Ok(Record {
                    id: row.try_get(0)?,
                    name: row.try_get(1)?,
                    num: row.try_get(2)?,
                    mtime: row.try_get(3)?,
                })
            }
        }

        impl Side for $name {
            async fn get(&self, number: u64) -> Result<()> {
                let mut connection = self.connection().await?;
                let get = sqlx::query(AssertSqlSafe(self.get.clone())).bind(id(number));
                let row = connection.fetch_one(get).await?;
                ensure!(Self::record(&row)?.mtime == MTIME, "another record");
                Ok(())
            }

            async fn insert(&self, number: u64) -> Result<()> {
                let mut connection = self.connection().await?;
                self.add(&mut connection, Record::numbered(number)).await
            }

            async fn update(&self, number: u64) -> Result<()> {
                let mut connection = self.connection().await?;
                let update = sqlx::query(AssertSqlSafe(self.update.clone())).bind(8_i64).bind(id(number));
                // A product may count only those that are changed by it.
                ensure!(connection.execute(update).await?.rows_affected() <= 1, "more updated");
                Ok(())
            }

            async fn select(&self, number: u64) -> Result<()> {
                let mut connection = self.connection().await?;
                let select = sqlx::query(AssertSqlSafe(self.select.clone()));
                let rows = connection.fetch_all(select.bind(group(number)).bind(GROUP as i64)).await?;
                let found = rows.iter().map(Self::record).collect::<sqlx::Result<Vec<Record>>>()?;
                ensure!(found.len() as u64 == GROUP, "{} records", found.len());
                Ok(())
            }

            async fn batch(&self, first: u64) -> Result<()> {
                let mut connection = self.connection().await?;
                let mut transaction = connection.begin().await?;
                for number in first..first + BATCH {
                    self.add(&mut transaction, Record::numbered(number)).await?;
                }
                Ok(transaction.commit().await?)
            }
        }
    };
}

side!(
    /// PostgreSQL.
    Postgres,
    PostgresConnector,
    sqlx::postgres::PgConnectOptions,
    sqlx::PgConnection,
    sqlx::postgres::PgRow,
    ["$1", "$2", "$3", "$4"]
);
side!(
    /// MySQL and MariaDB.
    MySql,
    MySqlConnector,
    sqlx::mysql::MySqlConnectOptions,
    sqlx::MySqlConnection,
    sqlx::mysql::MySqlRow,
    ["?", "?", "?", "?"]
);
