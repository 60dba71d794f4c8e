use std::time::Duration;

use super::{ParamType, in_range, quoted};
use crate::config::Spec;

/// A number with a unit (`500ms`, `10s`, `5m`, `2h`, `1d`); a plain number has the declared one.
impl ParamType for Duration {
    fn type_name() -> String {
        "duration".into()
    }

    fn parse(text: &str, spec: &Spec) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "" => spec.unit,
            unit => unit,
        };
        let wrong = || format!("{} is not a duration such as 500ms, 10s, 5m, 2h or 1d", quoted(text));
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = digits.trim_end().parse().map_err(|_| wrong())?;
        let total = number.checked_mul(millis).ok_or_else(|| format!("{} is too large", quoted(text)))?;
        Ok(Self::from_millis(total))
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        in_range(self, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_has_the_declared_unit() {
        let parse = |text, unit| Duration::parse(text, &Spec::of::<Duration>("x").unit(unit));
        assert_eq!(parse("30", "s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse("30", "ms"), Ok(Duration::from_millis(30)));
        assert_eq!(parse("2h", "ms"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "s", "-1", "1.5s", "5 weeks", "99999999999999999d", "1\u{e9}"] {
            assert!(parse(wrong, "ms").is_err(), "{wrong}");
        }
    }
}
