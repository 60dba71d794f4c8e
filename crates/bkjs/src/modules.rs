//! Which of the modules in this build take part.

use std::collections::BTreeMap;

use bkjs_core::config::{Params, RegexpList};

/// Modules.
#[derive(Params, Clone, Debug)]
pub(crate) struct ModuleParams {
    /// The modules that take part, by name; empty means all of this build.
    #[param(local)]
    allow_modules: RegexpList,
    /// The modules that take part in processes of one role: web, worker or shell.
    #[param(pattern = "allow-modules-([a-z]+)", local)]
    allow_modules_role: BTreeMap<String, RegexpList>,
    /// The modules that do not take part, whatever is allowed.
    #[param(local)]
    deny_modules: RegexpList,
    /// The modules that do not take part in processes of one role.
    #[param(pattern = "deny-modules-([a-z]+)", local)]
    deny_modules_role: BTreeMap<String, RegexpList>,
}

impl ModuleParams {
    /// Whether a module takes part in a process of this role.
    pub(crate) fn admits(&self, module: &str, role: &str) -> bool {
        let allow = self.allow_modules_role.get(role).unwrap_or(&self.allow_modules);
        let denied = self.deny_modules.is_match(module)
            || self.deny_modules_role.get(role).is_some_and(|list| list.is_match(module));
        (allow.is_empty() || allow.is_match(module)) && !denied
    }
}
