//! What is registered before it is known whether it takes part.

use super::Setup;

/// What a module or an application registers, set aside: its parameters are declared, all else waits for
/// [`Setup::adopt`].
///
/// The configuration says which modules take part, and may name parameters of those that do not. So all register
/// first, then the configuration is loaded, then those that take part are adopted.
///
/// ```
/// use bkjs_api::Setup;
/// use bkjs_core::schema::{Column, Table};
///
/// let mut setup = Setup::new();
/// let draft = setup.draft(|draft| draft.table(Table::new("todo").column(Column::text("id").primary())));
/// assert!(setup.schema().find("todo").is_none());
/// setup.adopt(draft);
/// assert!(setup.schema().find("todo").is_some());
/// ```
#[must_use = "a draft that is not adopted declares its parameters and nothing else"]
pub struct Draft(Setup);

impl Setup {
    /// Lets a function register into a draft. Its parameters, and its mistakes, are those of this setup at once.
    pub fn draft(&mut self, register: impl FnOnce(&mut Self)) -> Draft {
        let registry = std::mem::take(&mut self.registry);
        let mut draft = Self::empty(registry, self.params.clone(), self.sockets.clone());
        register(&mut draft);
        self.registry = std::mem::take(&mut draft.registry);
        self.mistakes.append(&mut draft.mistakes);
        Draft(draft)
    }

    /// Takes a draft in, as if it had registered now.
    ///
    /// # Panics
    /// When a route is there already, as [`Setup::routes`] does.
    pub fn adopt(&mut self, Draft(draft): Draft) {
        // Taken apart, so that a field that is added cannot be forgotten here.
        let Self {
            registry: _,
            params: _,
            sockets: _,
            schema,
            db_steps,
            job_steps,
            router,
            endpoints,
            undescribed,
            paths,
            documents,
            hooks,
            shared,
            commands,
            modules,
            hasher,
            mistakes,
        } = draft;
        self.schema.extend(schema);
        self.db_steps.extend(db_steps);
        self.job_steps.extend(job_steps);
        self.merge(router);
        self.undescribed += undescribed;
        self.endpoints.extend(endpoints);
        self.paths.allow.extend(paths.allow);
        self.paths.admin.extend(paths.admin);
        self.documents.extend(documents);
        self.hooks.extend(hooks);
        self.shared.extend(shared);
        self.commands.extend(commands);
        self.modules.extend(modules);
        self.hasher = hasher.or(self.hasher.take());
        self.mistakes.extend(mistakes);
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::any;
    use bkjs_core::auth::HasherOptions;
    use bkjs_core::config::{CommandLine, Config, Inputs, Params, Unknown};
    use bkjs_core::schema::{Column, Table};

    use super::*;
    use crate::{Command, Endpoint};

    /// Of a module that may stay away.
    #[derive(Params, Clone, Debug)]
    #[allow(dead_code)] // nobody asks for the value
    struct DraftedParams {
        /// A number.
        #[param(default = 1)]
        drafted_number: i64,
    }

    fn register(setup: &mut Setup) {
        setup.params::<DraftedParams>();
        setup.table(Table::new("drafted").column(Column::text("id").primary()));
        setup.post_row("drafted", |_, _| Ok(bkjs_core::db::RowFate::Keep));
        setup.routes(Router::new().route("/drafted", any(async || "x")));
        setup.endpoint(Endpoint::new("/drafted/too", async || "x"));
        setup.allow("^/drafted$");
        setup.admins("^/drafted/a$");
        setup.documents("^/drafted$");
        setup.account_hook(|_, _, _| Box::pin(async { Ok(()) }));
        setup.share(7_u8);
        setup.command(Command::new("drafted", "", "", |_, _| async { Ok(bkjs_core::value::Value::Null) }));
        setup.hasher(HasherOptions::default());
        setup.job("drafted.job", |_, (): ()| async { Ok(()) });
    }

    /// How much there is of each kind.
    fn sizes(setup: &mut Setup) -> [usize; 12] {
        [
            setup.schema().tables().len(),
            setup.db_steps.len(),
            setup.job_steps.len(),
            usize::from(setup.router.has_routes()),
            setup.endpoints.len(),
            setup.undescribed,
            setup.paths.allow.len() + setup.paths.admin.len(),
            setup.documents.len(),
            setup.shared.len(),
            setup.commands.len(),
            usize::from(setup.hasher.is_some()),
            setup.mistakes.len(),
        ]
    }

    #[test]
    fn a_draft_declares_its_parameters_and_is_whole_once_it_is_adopted() {
        let mut direct = Setup::new();
        register(&mut direct);
        let mut setup = Setup::new();
        let before = sizes(&mut setup);
        let draft = setup.draft(register);
        assert_eq!(sizes(&mut setup), before);
        let line = CommandLine::parse(["-drafted-number", "2"], setup.registry(), Unknown::Refuse);
        let home = tempfile::tempdir().expect("a folder");
        let inputs = Inputs { home: Some(home.path().into()), ..Inputs::new(line) };
        Config::load(setup.take_registry(), inputs).expect("the parameter is known");
        setup.adopt(draft);
        assert_eq!(sizes(&mut setup), sizes(&mut direct));
    }

    #[test]
    fn a_draft_comes_after_what_was_adopted_before_it() {
        let mut setup = Setup::new();
        let command = |name: &'static str| {
            Command::new(name, "", "", |_, _| async { Ok(bkjs_core::value::Value::Null) })
        };
        let first = setup.draft(|draft| draft.command(command("first")));
        let second = setup.draft(|draft| draft.command(command("second")));
        setup.adopt(first);
        setup.adopt(second);
        assert_eq!(setup.commands().iter().map(|c| c.name).collect::<Vec<_>>(), ["first", "second"]);
    }
}
