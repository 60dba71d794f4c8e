use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::pattern::Pattern;
use super::{CoreParams, DnsParams, Problem, Spec, Values, planned};
use crate::log::LogParams;
use crate::{Error, ErrorKind, Result};

/// A struct of parameters; implemented by `#[derive(Params)]`.
pub trait Params: Sized + Send + Sync + 'static {
    /// The struct's doc comment: the heading in the reference.
    const TITLE: &'static str;
    /// The parameters, in order of declaration.
    fn specs() -> Vec<Spec>;
    /// Makes the struct from what the sources say.
    ///
    /// # Errors
    /// When a value does not fit its type or its bounds.
    fn build(values: &Values<'_>) -> Result<Self, Problem>;
    /// Checks what concerns several parameters together.
    ///
    /// # Errors
    /// What is wrong, naming the parameters.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The struct with all its defaults.
///
/// # Panics
/// When a declared default does not parse, which [`Registry::register`] reports as an error.
#[allow(clippy::panic)] // a wrong declaration in the source, which no input reaches
pub fn defaults<T: Params>() -> T {
    let specs = T::specs();
    let values = Values { specs: specs.iter().map(|spec| (spec, Vec::new())).collect() };
    T::build(&values).unwrap_or_else(|problem| panic!("{}: {problem}", std::any::type_name::<T>()))
}

/// Read access to the current values of one struct of parameters; cheap to clone.
pub struct Handle<T>(Arc<ArcSwap<T>>);

impl<T> Handle<T> {
    /// A handle whose values never change: for tests and for parts that run without configuration.
    pub fn fixed(values: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(values)))
    }

    /// The current values, for a short look: do not hold the guard across an await.
    pub fn load(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// The current values, to keep.
    pub fn load_full(&self) -> Arc<T> {
        self.0.load_full()
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

/// New values of a section, checked, waiting to be swapped in.
pub(super) type Commit = Box<dyn FnOnce() + Send>;

/// Builds and checks the new values of a section.
type Stage = Box<dyn Fn(&Values<'_>) -> Result<Commit, Problem> + Send + Sync>;

/// A registered struct of parameters.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Its parameters among the registry's entries.
    pub(super) entries: Range<usize>,
    pub(super) stage: Stage,
}

pub(super) struct Entry {
    pub(super) spec: Spec,
    /// The pattern of a family.
    pub(super) pattern: Option<Pattern>,
    /// Known, but without effect in this version.
    pub(super) planned: bool,
}

/// What a name stands for.
pub(super) struct Found {
    pub(super) entry: usize,
    /// The parameter's own name, when an alias was used.
    pub(super) name: String,
    /// The captured parts of a family's name.
    pub(super) captures: Vec<String>,
}

/// All parameters that an application knows.
pub struct Registry {
    pub(super) entries: Vec<Entry>,
    pub(super) sections: Vec<Section>,
    by_name: HashMap<&'static str, usize>,
    planned_by_name: HashMap<&'static str, usize>,
    handles: BTreeMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|e| e.spec.name)).finish()
    }
}

impl Registry {
    /// A registry that knows [`CoreParams`], [`LogParams`], [`DnsParams`] and the parameters without effect yet.
    pub fn new() -> Self {
        let mut registry = Self {
            entries: Vec::new(),
            sections: Vec::new(),
            by_name: HashMap::new(),
            planned_by_name: HashMap::new(),
            handles: BTreeMap::new(),
        };
        for spec in planned::specs() {
            registry.planned_by_name.insert(spec.name, registry.entries.len());
            let pattern = Pattern::of(&spec);
            registry.entries.push(Entry { spec, pattern, planned: true });
        }
        // A test makes sure that they are declared right and that planned patterns are patterns.
        let _ = registry.register::<CoreParams>();
        let _ = registry.register::<LogParams>();
        let _ = registry.register::<DnsParams>();
        registry
    }

    /// Adds a struct of parameters. Asked again for the same struct it gives the same handle.
    ///
    /// # Errors
    /// `Config` when a name is declared already, or a declared default or bound does not parse.
    pub fn register<T: Params>(&mut self) -> Result<Handle<T>> {
        if let Some(handle) = self.handle::<T>() {
            return Ok(handle);
        }
        let specs = T::specs();
        self.check_declarations(&specs)?;
        let values = Values { specs: specs.iter().map(|spec| (spec, Vec::new())).collect() };
        let initial = T::build(&values).map_err(|p| declaration(p.to_string()))?;
        let handle = Handle::fixed(initial);
        let start = self.entries.len();
        for spec in specs {
            let pattern = Pattern::of(&spec);
            for name in spec.aliases.iter().chain([&spec.name]) {
                self.by_name.insert(name, self.entries.len());
            }
            self.entries.push(Entry { spec, pattern, planned: false });
        }
        let target = handle.clone();
        self.sections.push(Section {
            title: T::TITLE,
            entries: start..self.entries.len(),
            stage: Box::new(move |values| {
                let staged = T::build(values)?;
                staged.validate().map_err(Problem::new)?;
                let target = target.clone();
                Ok(Box::new(move || target.0.store(Arc::new(staged))))
            }),
        });
        self.handles.insert(TypeId::of::<T>(), Box::new(handle.clone()));
        Ok(handle)
    }

    /// The handle of a registered struct.
    pub fn handle<T: Params>(&self) -> Option<Handle<T>> {
        self.handles.get(&TypeId::of::<T>())?.downcast_ref::<Handle<T>>().cloned()
    }

    fn check_declarations(&self, specs: &[Spec]) -> Result<()> {
        let mut seen: Vec<&str> = Vec::new();
        for spec in specs {
            for name in spec.aliases.iter().chain([&spec.name]) {
                if self.by_name.contains_key(name) || seen.contains(name) {
                    return Err(declaration(format!("parameter {name} is declared twice")));
                }
                seen.push(name);
            }
            if Pattern::of(spec).is_some_and(|pattern| !pattern.is_valid()) {
                return Err(declaration(format!("pattern {} is not a regular expression", spec.name)));
            }
            // A bound that does not parse would bound nothing.
            for (what, text) in [("default", spec.default), ("min", spec.min), ("max", spec.max)] {
                if let Some(Err(why)) = text.map(|text| spec.check(text)) {
                    return Err(declaration(format!("the {what} of parameter {}: {why}", spec.name)));
                }
            }
        }
        Ok(())
    }
}

impl Registry {
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let exact = |entry: usize| Found {
            entry,
            name: self.entries[entry].spec.name.to_owned(),
            captures: Vec::new(),
        };
        let by_exact = |names: &HashMap<&'static str, usize>| {
            names.get(name).copied().filter(|&at| self.entries[at].pattern.is_none()).map(exact)
        };
        by_exact(&self.by_name)
            .or_else(|| self.find_in_families(name, false))
            .or_else(|| by_exact(&self.planned_by_name))
            .or_else(|| self.find_in_families(name, true))
    }

    fn find_in_families(&self, name: &str, planned: bool) -> Option<Found> {
        self.entries.iter().enumerate().filter(|(_, e)| e.planned == planned).find_map(|(entry, e)| {
            let captures = e.pattern.as_ref()?.captures(name)?;
            Some(Found { entry, name: name.to_owned(), captures })
        })
    }

    /// Whether a planned parameter, or a family like it, has been declared by a component in the meantime.
    pub(super) fn is_superseded(&self, entry: &Entry) -> bool {
        let Some(pattern) = &entry.pattern else { return self.by_name.contains_key(entry.spec.name) };
        let declared = self.entries.iter().filter(|e| !e.planned).filter_map(|e| e.pattern.as_ref());
        declared.into_iter().any(|other| other.outline() == pattern.outline())
    }

    /// All exact names, aliases too.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let exact = |names: &HashMap<&'static str, usize>| {
            let names = names.iter().filter(|(_, at)| self.entries[**at].pattern.is_none());
            names.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        exact(&self.by_name).into_iter().chain(exact(&self.planned_by_name))
    }

    /// All patterns of families.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.entries.iter().filter_map(|e| e.pattern.as_ref())
    }
}

/// A mistake of the programmer, found when the program starts.
fn declaration(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Declares a name of the core again.
    #[derive(crate::config::Params, Debug)]
    #[allow(dead_code)] // only the names matter
    struct Twice {
        /// Taken.
        home: String,
    }

    /// A default that is none.
    #[derive(crate::config::Params, Debug)]
    #[allow(dead_code)] // never made
    struct BadDefault {
        /// Wrong.
        #[param(default = "x")]
        number: i64,
    }

    #[test]
    fn a_name_declared_twice_and_a_bad_default_are_refused() {
        let mut registry = Registry::new();
        let twice = registry.register::<Twice>().unwrap_err();
        assert_eq!(twice.message(), "parameter home is declared twice");
        let bad = registry.register::<BadDefault>().unwrap_err();
        assert_eq!(bad.message(), "the default of parameter number: \"x\" is not a whole number");
    }

    #[test]
    fn the_same_struct_may_be_registered_again_and_gives_the_same_values() {
        let mut registry = Registry::new();
        let one = registry.register::<CoreParams>().unwrap();
        let two = registry.register::<CoreParams>().unwrap();
        assert!(Arc::ptr_eq(&one.load_full(), &two.load_full()));
        assert!(registry.handle::<LogParams>().is_some());
    }

    #[test]
    fn every_planned_name_is_found_and_every_planned_pattern_valid() {
        let registry = Registry::new();
        assert!(registry.patterns().all(Pattern::is_valid));
        for name in [
            "jobs-workers",
            "ipc-queue",
            "db-pgsql-pool-connect",
            "api-rlimits-rate-/ping",
            "api-rlimits-rate-ip",
            "smtp-password",
            "allow-modules",
            "allow-modules-web",
            "api-unsecure",
            "bk_status-interval",
        ] {
            assert!(registry.find(name).is_some(), "{name}");
        }
        assert!(registry.find("no-such-parameter-xyz").is_none());
    }
}
