//! The server that is measured: every module of `bkjs`, and the baseline's table with the same three requests.

use bkjs::prelude::*;

const TABLE: &str = "person";

/// The twelve columns of the baseline; everybody may see them.
fn person() -> Table {
    let texts = ["login", "name", "email", "phone", "gender", "street", "city", "state", "country"];
    let table = Table::new(TABLE).column(Column::text("id").primary().public());
    let table = texts.into_iter().fold(table, |table, name| table.column(Column::text(name).public()));
    table.column(Column::int("ctime").public()).column(Column::int("mtime").public())
}

async fn row(db: Db, context: Arc<Context>) -> Result {
    let found = db.get::<Row>(TABLE, context.params.required("id")?, &Options::new()).await?;
    Ok(Reply::row(TABLE, found.ok_or_else(|| Error::not_found("no such record"))?))
}

async fn list(db: Db, context: Arc<Context>) -> Result {
    let from = Query::new().op("id", Op::Ge, context.params.required("id")?);
    let options = Options { count: Some(20), ..Options::new() };
    Ok(Reply::page(TABLE, db.select::<Row>(TABLE, from, &options).await?))
}

async fn insert(db: Db, context: Arc<Context>) -> Result {
    let record = context.params.record();
    let reply = Row::new().with("id", record.text("id"));
    db.add(TABLE, record, &Options::new()).await?;
    Ok(Reply::row(TABLE, reply))
}

fn main() -> ExitCode {
    let routes =
        Router::new().route("/row", any(row)).route("/list", any(list)).route("/insert", any(insert));
    App::new("bench").describe(person()).routes(routes).run()
}
