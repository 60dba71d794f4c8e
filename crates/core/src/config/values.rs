use super::resolve::Setting;
use super::types::{Family, ParamType};
use super::{Problem, Shape, Spec};

/// What the sources say about the parameters of one struct: what `Params::build` reads.
///
/// Parameters are named by their place in `Params::specs`, since only the derive macro calls this.
#[derive(Debug)]
pub struct Values<'a> {
    pub(super) specs: Vec<(&'a Spec, Vec<&'a Setting>)>,
}

impl Values<'_> {
    /// The value of a parameter with a declared default.
    ///
    /// # Errors
    /// When the text does not parse, or the texts together break a limit.
    pub fn get<T: ParamType>(&self, at: usize) -> Result<T, Problem> {
        let (spec, settings) = &self.specs[at];
        let setting = settings.first().copied();
        build(spec.name, spec, setting, &texts(spec, setting))
    }

    /// The value of a parameter whose default is that of its type.
    ///
    /// # Errors
    /// As [`Values::get`].
    pub fn get_or_default<T: ParamType + Default>(&self, at: usize) -> Result<T, Problem> {
        let (spec, settings) = &self.specs[at];
        let setting = settings.first().copied();
        match texts(spec, setting) {
            texts if texts.is_empty() => Ok(T::default()),
            texts => build(spec.name, spec, setting, &texts),
        }
    }

    /// The values of all names of a family.
    ///
    /// # Errors
    /// As [`Values::get`].
    pub fn family<F: Family>(&self, at: usize) -> Result<F, Problem> {
        let (spec, settings) = &self.specs[at];
        let mut family = F::default();
        for setting in settings.iter().filter(|s| !s.occurrences.is_empty()) {
            let value = build(&setting.name, spec, Some(setting), &texts(spec, Some(setting)))?;
            family.insert(&setting.captures, value);
        }
        Ok(family)
    }
}

/// The texts that make a value, lowest precedence first.
fn texts<'a>(spec: &Spec, setting: Option<&'a Setting>) -> Vec<&'a str> {
    let (occurrences, cleared) = setting.map_or((&[][..], false), |s| (&s.occurrences[..], s.cleared));
    let default_stands = occurrences.is_empty() || spec.shape == Shape::Adding;
    let default = spec.default.filter(|_| default_stands && !cleared);
    default.into_iter().chain(occurrences.iter().map(|o| o.text.as_str())).collect()
}

fn build<T: ParamType>(
    name: &str,
    spec: &Spec,
    setting: Option<&Setting>,
    texts: &[&str],
) -> Result<T, Problem> {
    T::parse_all(texts, spec).and_then(|value| value.range(spec).map(|()| value)).map_err(|why| {
        let origin = setting.and_then(|s| s.occurrences.last()).map(|o| &o.origin);
        let why = if spec.secret { format!("the value is not a valid {}", spec.type_name) } else { why };
        Problem::with_value(name, origin, &why)
    })
}
