//! Arrows between crates only run down the list in ARCHITECTURE.md.

use serde_json::Value;

use super::Finding;
use crate::workspace::{cargo, output};

/// A member of the workspace: its name, its folder, and the crates its manifest names.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) dependencies: Vec<String>,
}

/// Crates that nothing in the tree may pull in, each with the reason.
const BANNED: [(&str, &str); 4] = [
    ("ring", "rustls cannot choose between it and aws-lc-rs"),
    ("openssl", "use rustls with aws-lc-rs"),
    ("openssl-sys", "use rustls with aws-lc-rs"),
    ("native-tls", "use rustls with aws-lc-rs"),
];

/// Crates of HTTP, which `bkjs-core` does not know.
const HTTP: [&str; 6] = ["axum", "axum-core", "hyper", "hyper-util", "http", "tower-http"];

/// Takes the members out of what `cargo metadata` prints.
pub(super) fn packages(metadata: &Value) -> Vec<Package> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let members = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    members
        .iter()
        .map(|package| {
            let manifest = text(&package["manifest_path"]);
            let folder =
                manifest.trim_end_matches("/Cargo.toml").trim_start_matches(root).trim_start_matches('/');
            let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
            Package {
                name: text(&package["name"]),
                folder: folder.to_owned(),
                dependencies: dependencies.iter().map(|dependency| text(&dependency["name"])).collect(),
            }
        })
        .collect()
}

/// Refuses an arrow that does not run down, and HTTP in the core.
pub(super) fn check(packages: &[Package]) -> Finding {
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for from in packages {
        for name in &from.dependencies {
            if from.folder == "crates/core" && HTTP.contains(&name.as_str()) {
                wrong.push(format!("{} knows HTTP through {name}", from.name));
            }
            // A crate's tests may ask it for more features than others do.
            if *name == from.name {
                continue;
            }
            let Some(to) = packages.iter().find(|package| package.name == *name) else { continue };
            arrows += 1;
            if !allowed(&from.folder, &to.folder) {
                wrong.push(format!("{} must not depend on {}", from.name, to.name));
            }
        }
    }
    if wrong.is_empty() {
        Ok(format!("{arrows} arrows between {} crates", packages.len()))
    } else {
        Err(wrong.join(", "))
    }
}

/// Whether the crate in folder `from` may depend on the one in folder `to`.
fn allowed(from: &str, to: &str) -> bool {
    let (from, to) = (layer(from), layer(to));
    match from {
        Layer::Macros => false,
        Layer::Core => to == Layer::Macros,
        Layer::Api | Layer::Runtime | Layer::Aws => matches!(to, Layer::Core | Layer::Macros),
        Layer::Shell => matches!(to, Layer::Core | Layer::Macros | Layer::Runtime),
        Layer::Images => matches!(to, Layer::Api | Layer::Core | Layer::Macros),
        Layer::Module => matches!(to, Layer::Images | Layer::Api | Layer::Core | Layer::Macros),
        Layer::Facade => !matches!(to, Layer::Facade | Layer::Cli | Layer::Chores),
        Layer::Cli => !matches!(to, Layer::Cli | Layer::Chores),
        Layer::Chores => true,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Macros,
    Core,
    Api,
    Runtime,
    Shell,
    Aws,
    /// What modules with images share.
    Images,
    Module,
    Facade,
    Cli,
    /// Tests and chores: nothing depends on them, they may see everything.
    Chores,
}

fn layer(folder: &str) -> Layer {
    match folder {
        "crates/macros" => Layer::Macros,
        "crates/core" => Layer::Core,
        "crates/api" => Layer::Api,
        "crates/runtime" => Layer::Runtime,
        "crates/shell" => Layer::Shell,
        "crates/aws" => Layer::Aws,
        "crates/images" => Layer::Images,
        "crates/bkjs" => Layer::Facade,
        "bkjs-cli" => Layer::Cli,
        _ if folder.starts_with("modules/") => Layer::Module,
        _ => Layer::Chores,
    }
}

/// Refuses crates that must not be compiled in by anybody, however deep.
pub(super) fn check_tree() -> Finding {
    let tree = ["tree", "--workspace", "--all-features", "--prefix", "none", "--format", "{p}"];
    let out = output(&mut cargo(tree)).map_err(|error| format!("{error:#}"))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    banned(&String::from_utf8_lossy(&out.stdout))
}

fn banned(tree: &str) -> Finding {
    let names: std::collections::BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let found: Vec<String> = BANNED
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, reason)| format!("{name} ({reason}; see cargo tree -i {name})"))
        .collect();
    if found.is_empty() { Ok(format!("{} crates in the tree", names.len())) } else { Err(found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{Package, allowed, banned, check, packages};

    fn package(name: &str, folder: &str, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(ToString::to_string).collect();
        Package { name: name.into(), folder: folder.into(), dependencies }
    }

    #[test]
    fn arrows_run_down() {
        for (from, to) in [
            ("crates/core", "crates/macros"),
            ("crates/api", "crates/core"),
            ("crates/runtime", "crates/core"),
            ("modules/accounts", "crates/api"),
            ("crates/bkjs", "modules/accounts"),
            ("crates/bkjs", "crates/runtime"),
            ("bkjs-cli", "crates/bkjs"),
            ("tests", "bkjs-cli"),
        ] {
            assert!(allowed(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn arrows_never_run_up_or_across() {
        for (from, to) in [
            ("crates/macros", "crates/core"),
            ("crates/core", "crates/api"),
            ("crates/api", "crates/runtime"),
            ("crates/runtime", "crates/api"),
            ("modules/accounts", "modules/icons"),
            ("modules/accounts", "crates/runtime"),
            ("modules/accounts", "crates/bkjs"),
            ("crates/bkjs", "bkjs-cli"),
            ("crates/core", "tests"),
        ] {
            assert!(!allowed(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn a_forbidden_arrow_is_named() {
        let reason = check(&[
            package("bkjs-core", "crates/core", &["serde", "hyper"]),
            package("bkjs-icons", "modules/icons", &["bkjs-accounts"]),
            package("bkjs-accounts", "modules/accounts", &["bkjs-core"]),
        ])
        .unwrap_err();
        assert_eq!(reason, "bkjs-core knows HTTP through hyper, bkjs-icons must not depend on bkjs-accounts");
    }

    #[test]
    fn a_crate_may_ask_itself_for_a_feature_in_its_tests() {
        assert!(check(&[package("bkjs-api", "crates/api", &["bkjs-api"])]).is_ok());
    }

    #[test]
    fn members_are_read_from_metadata() {
        let metadata = serde_json::json!({"workspace_root": "/w", "packages": [
            {"name": "bkjs-api", "manifest_path": "/w/crates/api/Cargo.toml", "dependencies": [{"name": "bkjs-core"}]},
        ]});
        let found = packages(&metadata);
        assert_eq!((found[0].name.as_str(), found[0].folder.as_str()), ("bkjs-api", "crates/api"));
        assert_eq!(found[0].dependencies, ["bkjs-core"]);
    }

    #[test]
    fn a_banned_crate_is_found_however_deep() {
        assert!(banned("serde v1.0.0\nringbuffer v0.1.0\n").is_ok());
        assert!(banned("serde v1.0.0\nring v0.17.0\n").unwrap_err().starts_with("ring ("));
    }
}
