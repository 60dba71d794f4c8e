#![cfg(feature = "sqlite")]

use std::path::Path;

use super::*;
use crate::config::{CommandLine, Inputs, Params, RegexpList, Registry, Size, Unknown};
use crate::db::{Db, Options, open};
use crate::schema::SchemaBuilder;
use crate::value::Row;

/// Parameters of these tests.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api")]
struct TestParams {
    /// Changes while running.
    #[param(default = "10m", min = "1k", max = "100m", live)]
    upload_limit: Size,
    /// Changes at a start.
    #[param(default = 30000, max = "1h")]
    timeout: Duration,
    /// Adds up.
    #[param(live)]
    allow_path: RegexpList,
    /// Does not add up.
    #[param(live)]
    names: Vec<String>,
    /// A secret.
    #[param(secret, live)]
    #[allow(dead_code)] // only its text matters
    session_age: i64,
}

/// A home whose pool sqlite1 has the table.
struct Subject {
    home: tempfile::TempDir,
    db: Db,
}

/// A process of that home.
struct Process {
    sources: RemoteSources,
    params: Handle<TestParams>,
}

impl Subject {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("var")).unwrap();
        let db = database(home.path());
        db.create_tables().await.unwrap();
        Self { home, db }
    }

    /// Puts a record: `name type value`, and `status=` and `ttl=` where wanted.
    async fn put(&self, record: &str) {
        let mut words = record.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let mut row = Row::new().with("name", next()).with("type", next()).with("value", next());
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            row.set(name, value);
        }
        self.db.put(CONFIG_TABLE, row, &Options::new()).await.unwrap();
    }

    fn process(&self, role: &str, words: &str) -> Process {
        let mut registry = Registry::new();
        registry.register::<DbParams>().unwrap();
        let params = registry.register::<TestParams>().unwrap();
        let words = format!("-db-config sqlite1 -run-mode prod -app-name shop {words}");
        let line = CommandLine::parse(words.split_whitespace(), &registry, Unknown::Refuse);
        let inputs = Inputs { home: Some(self.home.path().into()), ..Inputs::new(line) };
        let config = Arc::new(Config::load(registry, inputs).unwrap());
        Process { sources: RemoteSources::new(config, role).unwrap(), params }
    }

    async fn started(&self, role: &str, words: &str) -> Process {
        let mut process = self.process(role, words);
        process.sources.start().await.unwrap();
        process
    }
}

impl Process {
    fn limit(&self) -> String {
        self.params.load().upload_limit.to_string()
    }

    fn warnings(&self) -> Vec<&str> {
        self.sources.told.warnings.iter().map(String::as_str).collect()
    }

    fn complaints(&self) -> Vec<&str> {
        self.sources.told.complaints.iter().map(String::as_str).collect()
    }
}

/// The table in the file of the pool sqlite1.
fn database(home: &Path) -> Db {
    let params = DbParams { pool: "sqlite1".into(), name: "sqlite1".into(), ..DbParams::default() };
    let mut schema = SchemaBuilder::new();
    schema.add(config_table());
    open(Db::builder(Arc::new(schema.build())), &params, &home.join("var")).unwrap()
}

#[tokio::test]
async fn a_record_of_a_narrower_type_goes_before_a_wider_one() {
    let subject = Subject::new().await;
    for record in
        ["api-upload-limit prod 1m", "api-upload-limit prod-web 2m", "api-upload-limit prod-blue 3m"]
    {
        subject.put(record).await;
    }
    subject.put("api-upload-limit test 4m").await;
    subject.put("api-upload-limit prod-shop-web 5m status=off").await;
    let limit = async |role: &str, words: &str| subject.started(role, words).await.limit();
    assert_eq!(limit("worker", "").await, "1m");
    assert_eq!(limit("web", "").await, "2m");
    assert_eq!(limit("web", "-instance-tag blue").await, "3m");
    assert_eq!(limit("web", "-instance-tag green").await, "2m");
    assert_eq!(limit("web", "-run-mode other").await, "10m");
    assert_eq!(limit("web", "-api-upload-limit 6m").await, "6m");
    assert_eq!(limit("web", "-db-config none").await, "10m");
}

#[tokio::test]
async fn expressions_of_all_types_add_up_and_lists_do_not() {
    let subject = Subject::new().await;
    for record in
        ["api-allow-path prod ^/a", "api-allow-path prod-web ^/b", "api-names prod 1,2", "api-names shop 3"]
    {
        subject.put(record).await;
    }
    let process = subject.started("web", "").await;
    assert_eq!(process.params.load().allow_path.patterns(), ["^/a", "^/b"]);
    assert_eq!(process.params.load().names, ["3"]);
    subject.put("api-allow-path prod-web ~").await;
    let process = subject.started("web", "").await;
    assert!(process.params.load().allow_path.is_empty());
}

#[tokio::test]
async fn a_start_takes_everything_and_a_running_process_what_is_live() {
    let subject = Subject::new().await;
    subject.put("api-timeout prod 5").await;
    let mut process = subject.started("web", "").await;
    assert_eq!(process.params.load().timeout, Duration::from_millis(5));
    subject.put("api-timeout prod 6").await;
    subject.put("api-upload-limit prod 1m").await;
    let reload = process.sources.refresh().await.unwrap();
    assert_eq!(reload.changed, ["api-timeout", "api-upload-limit"]);
    assert_eq!(reload.restart, ["api-timeout"]);
    assert_eq!((process.limit(), process.params.load().timeout), ("1m".into(), Duration::from_millis(5)));
    assert_eq!(process.sources.refresh().await.unwrap(), Reload::default());
    let record = Row::new().with("name", "api-upload-limit").with("type", "prod");
    subject.db.del(CONFIG_TABLE, record, &Options::new()).await.unwrap();
    assert_eq!(process.sources.refresh().await.unwrap().changed, ["api-upload-limit"]);
    assert_eq!(process.limit(), "10m");
}

#[tokio::test]
async fn a_wrong_value_is_named_and_changes_nothing_until_it_is_right() {
    let subject = Subject::new().await;
    subject.put("api-upload-limit prod 1m").await;
    let mut process = subject.started("web", "").await;
    subject.put("api-upload-limit prod 2m").await;
    subject.put("api-timeout prod-web soon").await;
    subject.put("api-session-age prod Hidden").await;
    assert!(process.sources.refresh().await.is_none());
    assert_eq!(process.limit(), "1m");
    assert_eq!(
        process.complaints(),
        [
            "nothing is changed: api-session-age in bk_config of type prod: the value is not a valid int",
            "nothing is changed: api-timeout in bk_config of type prod-web: \"soon\" is not a duration such as 500ms, \
             10s, 5m, 2h or 1d",
        ]
    );
    assert_eq!(process.sources.pause(), Some(FIRST_RETRY));
    assert!(process.sources.refresh().await.is_none());
    assert_eq!(process.sources.pause(), Some(FIRST_RETRY * 2));
    subject.put("api-timeout prod-web 7").await;
    subject.put("api-session-age prod 8").await;
    assert!(process.sources.refresh().await.is_some());
    assert_eq!((process.limit().as_str(), process.complaints().len()), ("2m", 0));
    assert!(process.sources.pause() > Some(LAST_RETRY));
}

#[tokio::test]
async fn records_that_may_not_say_their_parameter_are_named_and_passed_over() {
    let subject = Subject::new().await;
    for record in [
        "db-sqlite1-pool prod sqlite:///elsewhere.db",
        "db-sqlite1-pool-max prod 1",
        "db-config prod sqlite",
        "run-mode prod test",
        "spool-dir prod /elsewhere",
        "home prod /elsewhere",
        "api-uplod-limit prod 3m",
        "db-sqlite2-pool-tables prod bk_queue",
        "api-upload-limit prod 1m",
    ] {
        subject.put(record).await;
    }
    let process = subject.started("web", "").await;
    assert_eq!(process.limit(), "1m");
    let refused = "is not used: it says where the database is or which of its records count: give it in a file or on \
                   the command line";
    assert_eq!(
        process.warnings(),
        [
            &format!("db-config in bk_config of type prod {refused}"),
            "db-sqlite1-pool in bk_config of type prod is not used: it says where the pool of bk_config itself is",
            "db-sqlite1-pool-max in bk_config of type prod is not used: it says where the pool of bk_config itself is",
            "home in bk_config of type prod is not used: it is needed before files load: give it on the command line \
             or in the environment",
            &format!("run-mode in bk_config of type prod {refused}"),
            "spool-dir in bk_config of type prod is not used: it is needed before other hosts are asked: give it in a \
             file or on the command line",
            "unknown parameter api-uplod-limit in bk_config of type prod; did you mean api-upload-limit?",
        ]
    );
    let db = process.sources.db.load_full();
    assert_eq!(db.tables["sqlite2"], ["bk_queue"]);
    assert!(db.url.is_empty());
}

#[tokio::test]
async fn a_first_start_is_refused_and_a_later_one_has_what_was_right_before() {
    let subject = Subject::new().await;
    subject.put("api-upload-limit prod 1g").await;
    subject.put("api-timeout prod 5").await;
    let refused = subject.process("web", "").sources.start().await.unwrap_err();
    assert_eq!(
        refused.message(),
        "api-upload-limit in bk_config of type prod: must be at most 100m\n-db-config '' does without"
    );
    subject.put("api-upload-limit prod 1m").await;
    subject.started("web", "").await;
    subject.put("api-upload-limit prod 1g").await;
    let process = subject.started("web", "").await;
    assert_eq!((process.limit(), process.params.load().timeout), ("1m".into(), Duration::from_millis(5)));
    assert_eq!(process.complaints(), ["api-upload-limit in bk_config of type prod: must be at most 100m"]);
    assert_eq!(process.sources.pause(), Some(FIRST_RETRY));
    // What another kind of process read is not meant for this one.
    assert!(subject.process("worker", "").sources.start().await.is_err());
    assert!(subject.process("web", "-instance-tag blue").sources.start().await.is_err());
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_no_obstacle_once_it_was_read() {
    let subject = Subject::new().await;
    subject.put("api-upload-limit prod 1m").await;
    let mut process = subject.started("web", "").await;
    subject.db.close().await;
    let file = subject.home.path().join("var/sqlite1.db");
    let healthy = std::fs::read(&file).unwrap();
    for extra in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{extra}", file.display())).ok();
    }
    std::fs::write(&file, vec![b'x'; 8192]).unwrap();
    assert!(process.sources.refresh().await.is_none());
    assert!(process.complaints()[0].starts_with("the configuration in bk_config cannot be read: "));
    assert_eq!(process.limit(), "1m");
    assert_eq!(subject.started("web", "").await.limit(), "1m");
    assert!(subject.process("worker", "").sources.start().await.is_err());
    std::fs::write(&file, healthy).unwrap();
    assert!(process.sources.refresh().await.is_some());
    assert!(process.complaints().is_empty());
}

#[tokio::test]
async fn a_database_or_table_that_is_not_there_yet_says_nothing() {
    let subject = Subject::new().await;
    let process = subject.started("web", "-db-config sqlite7").await;
    assert_eq!(process.limit(), "10m");
    assert!(!subject.home.path().join("var/sqlite7.db").exists());
    subject.db.drop_table(CONFIG_TABLE, &Options::new()).await.unwrap();
    assert_eq!(subject.started("web", "").await.limit(), "10m");
}

#[tokio::test]
async fn the_interval_or_the_shortest_time_of_a_record_says_when_to_read_again() {
    let subject = Subject::new().await;
    let pause = async |words: &str| subject.started("web", words).await.sources.pause();
    assert!(pause("").await >= Some(Duration::from_secs(24 * 3600)));
    assert!(pause("").await <= Some(Duration::from_secs(24 * 3600 * 11 / 10)));
    assert_eq!(pause("-db-config-interval 0").await, None);
    subject.put("api-upload-limit prod 1m ttl=30").await;
    subject.put("api-timeout prod 5 ttl=20").await;
    subject.put("api-names prod a ttl=10 status=off").await;
    assert_eq!(pause("-db-config-interval 0").await, Some(Duration::from_secs(20)));
    assert!(pause("-db-config-interval 10s").await < Some(Duration::from_secs(12)));
    assert_eq!(subject.process("web", "-db-config ''").sources.pause(), None);
}

#[tokio::test]
async fn changes_are_told_while_the_sources_are_followed() {
    let subject = Subject::new().await;
    let process = subject.started("web", "-db-config-interval 20ms").await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let followed = crate::task::spawn("sources", async move {
        let tell = move |reload: &crate::config::Reload| drop(tell.send(reload.changed.clone()));
        process.sources.follow(&tokio::sync::Notify::new(), tell).await;
    });
    subject.put("api-upload-limit prod 1m").await;
    assert_eq!(told.recv().await.unwrap(), ["api-upload-limit"]);
    assert_eq!(process.params.load().upload_limit.to_string(), "1m");
    followed.abort();
}

#[tokio::test]
async fn the_sources_are_read_before_their_time_when_somebody_says_so() {
    let subject = Subject::new().await;
    let process = subject.started("web", "-db-config-interval 1h").await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let again = std::sync::Arc::new(tokio::sync::Notify::new());
    let wanted = again.clone();
    let followed = crate::task::spawn("sources", async move {
        let tell = move |reload: &crate::config::Reload| drop(tell.send(reload.changed.clone()));
        process.sources.follow(&wanted, tell).await;
    });
    subject.put("api-upload-limit prod 1m").await;
    again.notify_one();
    assert_eq!(told.recv().await.unwrap(), ["api-upload-limit"]);
    followed.abort();
}
