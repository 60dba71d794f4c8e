//! What a client says about itself: its application, its version, its time zone, its language.

use bkjs_core::{Error, Result};
use http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::config::ApiParams;

/// The longest value of each.
const MAX_TEXT: usize = 256;
/// Time zones reach from 12 hours behind to 14 hours ahead.
const ZONES: std::ops::RangeInclusive<i16> = -720..=840;

/// What a client says about itself, in headers or parameters. Nothing of it is verified.
///
/// | header | is |
/// |---|---|
/// | `bk-app` | the application: `name`, `name/version` or `name/version/platform`; without it the first product of `User-Agent` |
/// | `bk-version` | the version of the interface that it expects |
/// | `bk-tz` | minutes that its clock is ahead of UTC |
/// | `bk-lang` | its language |
#[derive(Clone, Debug, Default)]
pub struct Agent {
    app: Option<Box<str>>,
    version: Option<Box<str>>,
    tz: Option<i16>,
    lang: Option<Box<str>>,
    user_agent: Option<HeaderValue>,
}

/// The names under which a client says it.
#[derive(Debug)]
pub(crate) struct AgentNames([Name; 4]);

#[derive(Debug)]
struct Name {
    header: Option<HeaderName>,
    param: String,
}

impl AgentNames {
    pub(crate) fn new(params: &ApiParams) -> Self {
        let names = [&params.app_name, &params.version_name, &params.tz_name, &params.lang_name];
        Self(names.map(|name| Name { header: name.parse().ok(), param: name.clone() }))
    }

    /// The name of the parameter for the language.
    pub(crate) fn lang(&self) -> &str {
        &self.0[3].param
    }
}

impl Agent {
    /// Reads what a client says; `taken` takes a parameter out of those of the request.
    ///
    /// # Errors
    /// `Invalid` naming what is too long or no number of minutes.
    pub(crate) fn find(
        names: &AgentNames,
        headers: &HeaderMap,
        mut taken: impl FnMut(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut said = |at: usize| {
            let Name { header, param } = &names.0[at];
            let by_header = || headers.get(header.as_ref()?)?.to_str().ok().map(str::to_owned);
            let Some(text) = taken(param).or_else(by_header).filter(|text| !text.is_empty()) else {
                return Ok(None);
            };
            if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
                return Err(Error::invalid(format!(
                    "{param} must be at most {MAX_TEXT} bytes without control characters"
                )));
            }
            Ok(Some(text.into_boxed_str()))
        };
        let (app, version, tz, lang) = (said(0)?, said(1)?, said(2)?, said(3)?);
        let minutes = |text: &str| text.trim().parse().ok().filter(|minutes| ZONES.contains(minutes));
        let tz = tz.map(|text| {
            minutes(&text).ok_or_else(|| {
                let name = &names.0[2].param;
                Error::invalid(format!("{name} must be minutes from {} to {}", ZONES.start(), ZONES.end()))
            })
        });
        Ok(Self { app, version, tz: tz.transpose()?, lang, user_agent: headers.get(USER_AGENT).cloned() })
    }

    /// Puts it into the headers that requests over a WebSocket have.
    pub(crate) fn write(&self, names: &AgentNames, headers: &mut HeaderMap) {
        let tz = self.tz.map(|minutes| minutes.to_string());
        let said = [self.app.as_deref(), self.version.as_deref(), tz.as_deref(), self.lang.as_deref()];
        for (Name { header, .. }, text) in names.0.iter().zip(said) {
            let value = text.and_then(|text| HeaderValue::from_str(text).ok());
            if let (Some(header), Some(value)) = (header, value) {
                headers.insert(header.clone(), value);
            }
        }
    }

    /// The parts of `bk-app`, or of the first product of `User-Agent`.
    fn app(&self, part: usize) -> &str {
        let by_agent = || {
            let text = self.user_agent.as_ref()?.to_str().ok()?;
            text.split_whitespace().next()
        };
        let text = self.app.as_deref().or_else(by_agent).unwrap_or_default();
        text.split('/').nth(part).unwrap_or_default().trim()
    }

    /// The application's name; empty when it says none.
    pub fn app_name(&self) -> &str {
        self.app(0)
    }

    /// The application's version as it says it; empty when it says none.
    pub fn app_version(&self) -> &str {
        self.app(1)
    }

    /// The application's version as numbers, to be compared: `1.2.5` is `[1, 2, 5]`, and so is `v1.2.5-beta`. What is
    /// missing is 0.
    ///
    /// ```
    /// # fn old(agent: &bkjs_api::Agent) -> bool {
    /// agent.app_numbers() < [1, 2, 5]
    /// # }
    /// ```
    pub fn app_numbers(&self) -> [u32; 3] {
        let mut numbers = [0; 3];
        let text = self.app_version().trim_start_matches(['v', 'V']);
        for (number, piece) in numbers.iter_mut().zip(text.split('.')) {
            let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
            *number = piece[..digits].parse().unwrap_or(if digits == 0 { 0 } else { u32::MAX });
            if digits < piece.len() {
                break;
            }
        }
        numbers
    }

    /// The application's platform as it says it; empty when it says none.
    pub fn platform(&self) -> &str {
        self.app.as_deref().map_or("", |_| self.app(2))
    }

    /// The version of the interface that it expects; empty when it says none.
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }

    /// How many minutes its clock is ahead of UTC.
    pub fn tz(&self) -> Option<i16> {
        self.tz
    }

    /// Its language; empty when it says none.
    pub fn lang(&self) -> &str {
        self.lang.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(pairs: &[(&'static str, &'static str)]) -> Result<Agent> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        Agent::find(&AgentNames::new(&ApiParams::default()), &headers, |_| None)
    }

    #[test]
    fn the_application_is_named_by_itself_or_by_its_user_agent() {
        let parts = |pairs: &[(&'static str, &'static str)]| {
            let agent = agent(pairs).expect("an agent");
            (agent.app_name().to_owned(), agent.app_numbers(), agent.platform().to_owned())
        };
        let expected = |name: &str, numbers, platform: &str| (name.to_owned(), numbers, platform.to_owned());
        assert_eq!(parts(&[("bk-app", "todo/1.2.5/ios")]), expected("todo", [1, 2, 5], "ios"));
        assert_eq!(parts(&[("bk-app", "todo/v1.10")]), expected("todo", [1, 10, 0], ""));
        assert_eq!(parts(&[("bk-app", "todo")]), expected("todo", [0; 3], ""));
        assert_eq!(parts(&[("bk-app", "todo/2.1-beta.9")]), expected("todo", [2, 1, 0], ""));
        assert_eq!(parts(&[("bk-app", "todo/99999999999999")]), expected("todo", [u32::MAX, 0, 0], ""));
        assert_eq!(parts(&[("user-agent", "Todo/3.0 (iPhone)")]), expected("Todo", [3, 0, 0], ""));
        assert_eq!(parts(&[]), expected("", [0; 3], ""));
    }

    #[test]
    fn a_zone_is_minutes() {
        for (text, minutes) in [("60", 60), ("-720", -720), (" 840", 840), ("+330", 330)] {
            assert_eq!(agent(&[("bk-tz", text)]).expect("minutes").tz(), Some(minutes));
        }
        for text in ["841", "-721", "UTC", "1.5", "99999999999"] {
            let error = agent(&[("bk-tz", text)]).expect_err(text);
            assert!(error.status() == 400 && error.message().contains("bk-tz"), "{error}");
        }
        assert_eq!(agent(&[("bk-tz", "")]).expect("nothing").tz(), None);
    }
}
