use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::config::{CoreParams, Handle, Params, RegexpList, Secret, Size, Unknown};

/// Parameters of these tests.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api", validate = check_pair)]
struct TestParams {
    /// Largest request body.
    #[param(default = "10m", min = "1k", max = "100m", live)]
    upload_limit: Size,
    /// Longest wait; a plain number is milliseconds.
    #[param(default = 30000, min = 0, max = "1h")]
    timeout: Duration,
    /// Paths open without a login.
    #[param(default = "^/ping$", alias = "api-open", live)]
    allow_path: RegexpList,
    /// Paths open to accounts of a type.
    #[param(pattern = "allow-account-([a-z]+)", live)]
    allow_account: BTreeMap<String, RegexpList>,
    /// Options of a pool.
    #[param(pattern = "pool-([a-z]+)-options-(.+)")]
    options: BTreeMap<(String, String), String>,
    /// Names.
    #[param(default = "x,y", live)]
    names: Vec<String>,
    /// Signs cookies.
    #[param(live)]
    session_secret: Secret,
}

fn check_pair(params: &TestParams) -> Result<(), String> {
    match params.names.contains(&"forbidden".to_owned()) {
        true => Err("api-names must not have forbidden".into()),
        false => Ok(()),
    }
}

struct Subject {
    home: tempfile::TempDir,
    config: crate::Result<Config>,
    params: Handle<TestParams>,
}

impl Subject {
    fn new(file: &str, local: &str, environment: &[(&str, &str)], words: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("etc")).unwrap();
        std::fs::write(home.path().join("etc/config"), file).unwrap();
        std::fs::write(home.path().join("etc/config.local"), local).unwrap();
        let mut registry = Registry::new();
        registry.register::<crate::db::DbParams>().unwrap();
        let params = registry.register::<TestParams>().unwrap();
        let command_line = CommandLine::parse(words, &registry, Unknown::Refuse);
        let environment = environment.iter().map(|(n, v)| (n.into(), v.into())).collect();
        let inputs = Inputs { command_line, environment, home: Some(home.path().into()) };
        Self { config: Config::load(registry, inputs), home, params }
    }

    fn rewrite(&self, file: &str) -> crate::Result<Reload> {
        std::fs::write(self.home.path().join("etc/config"), file).unwrap();
        self.config.as_ref().unwrap().reload_files()
    }

    fn error(&self) -> String {
        self.config.as_ref().unwrap_err().message().to_owned()
    }
}

#[test]
fn later_sources_win_and_defaults_stand_otherwise() {
    let limit = |file: &str, local: &str, environment: &[(&str, &str)], words: &[&str]| {
        Subject::new(file, local, environment, words).params.load().upload_limit.to_string()
    };
    let (file, local) = ("api-upload-limit=1m", "api-upload-limit=2m");
    let environment = [("BKJS_API_UPLOAD_LIMIT", "3m")];
    assert_eq!(limit("", "", &[], &[]), "10m");
    assert_eq!(limit(file, "", &[], &[]), "1m");
    assert_eq!(limit(file, local, &[], &[]), "2m");
    assert_eq!(limit(file, local, &environment, &[]), "3m");
    assert_eq!(limit(file, local, &environment, &["-api-upload-limit", "4m"]), "4m");
    assert_eq!(limit("api-upload-limit=1m\napi-upload-limit=5m", "", &[], &[]), "5m");
    assert_eq!(limit(file, "api-upload-limit=~", &[], &[]), "10m");
}

#[test]
fn expressions_add_up_across_sources_and_lists_within_one() {
    let subject = Subject::new(
        "api-allow-path=^/a\napi-open=^/b\napi-names=1\napi-names=2",
        "api-names=3\napi-names=4,5",
        &[],
        &["-api-allow-path", "^/c"],
    );
    let params = subject.params.load_full();
    assert_eq!(params.allow_path.patterns(), ["^/ping$", "^/a", "^/b", "^/c"]);
    assert_eq!(params.names, ["3", "4", "5"]);
    let cleared = Subject::new("api-allow-path=^/a", "api-allow-path=~", &[], &["-api-names", "~"]);
    assert!(cleared.params.load().allow_path.is_empty());
    assert!(cleared.params.load().names.is_empty());
}

#[test]
fn families_are_maps_from_the_captured_part() {
    let file = "api-allow-account-admin=^/a\napi-allow-account-admin=^/b\napi-pool-pg-options-max.size=3";
    let params = Subject::new(file, "", &[("BKJS_API_ALLOW_ACCOUNT_USER", "^/u")], &[]).params.load_full();
    assert_eq!(params.allow_account["admin"].patterns(), ["^/a", "^/b"]);
    assert_eq!(params.allow_account["user"].patterns(), ["^/u"]);
    assert_eq!(params.options[&("pg".to_owned(), "max.size".to_owned())], "3");
}

#[test]
fn every_problem_of_every_source_is_in_one_error() {
    let subject = Subject::new(
        "# comment\n\napi-uplod-limit=1m\napi-timeout=banana\napi-alow-account-admin=x",
        "api-allow-path=^/a(\nno sense",
        &[("BKJS_API_UPLOAD_LIMIT", "1g")],
        &["-no-such-parameter-xyz", "1", "-api-timeout"],
    );
    let expected = [
        "unknown parameter no-such-parameter-xyz in the command line; bkjs help params lists all",
        "etc/config.local line 2: expected name=value, or # before a comment",
        "unknown parameter api-uplod-limit in etc/config line 3; did you mean api-upload-limit?",
        "api-timeout in etc/config line 4: \"banana\" is not a duration such as 500ms, 10s, 5m, 2h or 1d",
        "unknown parameter api-alow-account-admin in etc/config line 5; did you mean api-allow-account-admin?",
        "api-allow-path in etc/config.local line 1: \"^/a(\" is not a regular expression: unclosed group",
        "api-upload-limit in environment variable BKJS_API_UPLOAD_LIMIT: must be at most 100m",
        "api-timeout in the command line: a value is required",
    ];
    assert_eq!(subject.error().lines().collect::<Vec<_>>(), expected);
    assert_eq!(subject.params.load().timeout, Duration::from_secs(30));
}

#[test]
fn parameters_without_effect_and_unknown_variables_are_warnings() {
    let environment = [("BKJS_NO_SUCH", "1")];
    let subject = Subject::new("jobs-schedule=[]\nipc-queue=redis://x", "", &environment, &[]);
    assert_eq!(
        subject.config.as_ref().unwrap().warnings(),
        [
            "environment variable BKJS_NO_SUCH is no parameter and is not used",
            "jobs-schedule in etc/config line 1 has no effect yet",
            "ipc-queue in etc/config line 2 has no effect yet",
        ]
    );
    assert!(
        Subject::new("jobs-schedule=[", "", &[], &[]).error().contains("jobs-schedule in etc/config line 1")
    );
}

#[test]
fn live_values_change_and_others_wait_for_a_restart() {
    let subject = Subject::new("", "", &[], &["-api-names", "n"]);
    let reload = subject.rewrite("api-upload-limit=1m\napi-timeout=5\napi-names=m").unwrap();
    assert_eq!(reload.changed, ["api-timeout", "api-upload-limit"]);
    assert_eq!(reload.restart, ["api-timeout"]);
    let params = subject.params.load_full();
    assert_eq!(params.upload_limit, Size::new(1 << 20));
    assert_eq!(params.timeout, Duration::from_secs(30));
    assert_eq!(params.names, ["n"]);
    assert_eq!(
        subject.rewrite("\n\napi-upload-limit=1m\napi-timeout=5\napi-names=m").unwrap(),
        Reload::default()
    );
    assert_eq!(subject.rewrite("").unwrap().changed.len(), 2);
    assert_eq!(subject.params.load().upload_limit, Size::new(10 << 20));
}

#[test]
fn a_broken_file_changes_nothing_until_it_is_right_again() {
    let subject = Subject::new("api-upload-limit=1m", "", &[], &[]);
    for broken in [
        "api-upload-limit=2m\nno-such-parameter-xyz=1",
        "api-upload-limit=2m\napi-timeout=x",
        "api-names=forbidden",
    ] {
        subject.rewrite(broken).unwrap_err();
        assert_eq!(subject.params.load().upload_limit, Size::new(1 << 20), "{broken}");
    }
    assert_eq!(subject.rewrite("api-upload-limit=2m").unwrap().changed, ["api-upload-limit"]);
    assert_eq!(subject.params.load().upload_limit, Size::new(2 << 20));
}

#[test]
fn a_fetched_source_has_its_place_between_files_and_environment() {
    let subject = Subject::new("api-upload-limit=1m", "", &[("BKJS_API_NAMES", "e")], &[]);
    let pairs = [("api-upload-limit", "2m"), ("api-names", "d")];
    let database = SourceValues::new(Rank::Database, "database", pairs);
    let reload = subject.config.as_ref().unwrap().reload(vec![database]).unwrap();
    assert_eq!(reload.changed, ["api-upload-limit"]);
    assert_eq!(subject.params.load().upload_limit, Size::new(2 << 20));
    assert_eq!(subject.params.load().names, ["e"]);
}

#[test]
fn the_home_decides_where_files_are_and_files_cannot_say_the_home() {
    let subject = Subject::new("home=/elsewhere", "", &[], &[]);
    assert!(subject.error().starts_with("home in etc/config line 1: is needed before files load"));
    let subject = Subject::new("", "", &[], &["-conf-file", "other"]);
    let config = subject.config.as_ref().unwrap();
    let files: Vec<_> = config.files().collect();
    assert_eq!(files, [config.home().join("etc/other"), config.home().join("etc/other.local")]);
    let core = config.registry().handle::<CoreParams>().unwrap().load_full();
    assert_eq!(core.home, config.home());
    assert_eq!(core.var(), config.home().join("var"));
}

#[test]
fn listings_and_errors_hide_secrets() {
    let subject = Subject::new(
        "api-session-secret=Hidden1\naws-secret=Hidden2\nsmtp-password=Hidden3\ndb-pg-pool=pg://u:Hidden4@h\n\
         db-pg-pool-options-password=Hidden5",
        "",
        &[],
        &[],
    );
    let config = subject.config.as_ref().unwrap();
    let list = config.list();
    let secret = list.iter().find(|p| p.name == "api-session-secret").unwrap();
    assert_eq!(secret.value.as_deref(), Some("***"));
    assert_eq!(subject.params.load().session_secret.expose(), "Hidden1");
    assert_eq!(secret.source.as_deref(), Some("etc/config line 1"));
    let debug = format!("{:?} {config:?}", subject.params.load().session_secret);
    let all = [serde_json::to_string(&list).unwrap(), config.help_text(""), debug];
    assert!(all.iter().all(|text| !text.contains("Hidden")));
}

#[test]
fn help_shows_name_type_default_bounds_change_and_meaning() {
    let subject = Subject::new("api-upload-limit=2m", "", &[], &[]);
    let text = subject.config.as_ref().unwrap().help_text("^api-(upload|timeout|allow-account)");
    let expected = "\
Parameters of these tests.

api-upload-limit                     size             10m [1k to 100m] (live)
    Largest request body.
    now 2m from etc/config line 1
api-timeout                          duration         30000 [0 to 1h] (restart)
    Longest wait; a plain number is milliseconds.
api-allow-account-([a-z]+)           regexp list      - (live)
    Paths open to accounts of a type.
";
    assert_eq!(text, expected);
    let all = subject.config.as_ref().unwrap().help_text("");
    assert!(all.lines().all(|line| line.chars().count() <= 100));
    assert!(subject.config.as_ref().unwrap().help_text("(").contains("api-allow-account"));
}

#[test]
fn the_reference_page_has_a_table_for_each_component() {
    let mut registry = Registry::new();
    registry.register::<TestParams>().unwrap();
    let page = registry.reference_markdown();
    assert!(page.contains("\n## Parameters of these tests\n"));
    assert!(
        page.contains("\n| `api-upload-limit` | size | 10m [1k to 100m] | live | Largest request body. |\n")
    );
    assert!(page.contains("| `jobs-workers` | int |  | no effect yet |"));
    for declared in ["`api-allow-account-([a-z]+)`", "`api-upload-limit`"] {
        assert_eq!(page.matches(declared).count(), 1, "a declared parameter is not listed as planned");
    }
}
