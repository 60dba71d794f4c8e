//! `BKJS_*` variables: `BKJS_API_UPLOAD_LIMIT` is the parameter `api-upload-limit`.

use std::ffi::OsString;

use super::{Assignment, Origin, Problem, Rank, Registry, Scope};

/// What the environment says; unknown names are warnings.
pub(super) struct Environment {
    pub(super) assignments: Vec<Assignment>,
    pub(super) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn read(variables: &[(OsString, OsString)], registry: &Registry) -> Environment {
    let mut read = Environment { assignments: Vec::new(), warnings: Vec::new(), problems: Vec::new() };
    let mut variables: Vec<_> = variables.iter().collect();
    variables.sort(); // the order of an environment means nothing: make it the same every time
    for (variable, text) in variables {
        let Some(variable) = variable.to_str().filter(|v| v.starts_with("BKJS_")) else { continue };
        let Some(name) = parameter(&variable["BKJS_".len()..], registry) else {
            read.warnings.push(format!("environment variable {variable} is no parameter and is not used"));
            continue;
        };
        let Some(text) = text.to_str() else {
            read.problems.push(Problem::new(format!("environment variable {variable} is not valid utf-8")));
            continue;
        };
        let source = format!("environment variable {variable}").into();
        let origin = Origin { rank: Rank::Environment, source, line: None };
        read.assignments.push(Assignment { name, text: Some(text.to_owned()), origin });
    }
    read
}

/// The parameter that a variable's name, prefix removed, stands for.
fn parameter(variable: &str, registry: &Registry) -> Option<String> {
    let name = variable.to_ascii_lowercase().replace('_', "-");
    // Few names have an underscore of their own.
    let underscored = || registry.names().find(|known| known.replace('_', "-") == name).map(str::to_owned);
    let found = registry.find(&name).map(|_| name.clone()).or_else(underscored)?;
    // A flag such as -version is no parameter here: other tools have variables of that name.
    let spec = &registry.entries[registry.find(&found)?.entry].spec;
    (spec.scope != Scope::CommandLine).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mapped_and_unknown_ones_are_warnings() {
        let registry = Registry::new();
        let variables = [
            ("BKJS_RUN_MODE", "x"),
            ("BKJS_BK_STATUS_INTERVAL", "60000"),
            ("BKJS_NO_SUCH", ""),
            ("BKJS_VERSION", "1.2"),
            ("HOME", "/"),
        ];
        let variables = variables.map(|(n, v)| (n.into(), v.into()));
        let read = read(&variables, &registry);
        let names: Vec<_> = read.assignments.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["bk_status-interval", "run-mode"]);
        let warning = |name| format!("environment variable {name} is no parameter and is not used");
        assert_eq!(read.warnings, [warning("BKJS_NO_SUCH"), warning("BKJS_VERSION")]);
    }
}
