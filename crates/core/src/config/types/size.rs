use std::fmt;

use super::{ParamType, in_range, quoted};
use crate::config::Spec;

/// A number of bytes; `k`, `m` and `g` are powers of 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length in memory; what cannot be one is the largest that can.
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether it is nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "g"), (20, "m"), (10, "k")] {
            if self.0 != 0 && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl ParamType for Size {
    fn type_name() -> String {
        "size".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let wrong = || format!("{} is not a size such as 4096, 64k, 10m or 1g", quoted(text));
        let factor: u64 = match &lower[digits.len()..] {
            "" | "b" => 1,
            "k" | "kb" => 1 << 10,
            "m" | "mb" => 1 << 20,
            "g" | "gb" => 1 << 30,
            _ => return Err(wrong()),
        };
        let number: u64 = digits.trim_end().parse().map_err(|_| wrong())?;
        number.checked_mul(factor).map(Self).ok_or_else(|| format!("{} is too large", quoted(text)))
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        in_range(self, spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        let parse = |text| Size::parse(text, &Spec::of::<Size>("x"));
        assert_eq!(parse("10m"), Ok(Size::new(10 << 20)));
        assert_eq!(parse("1048576").map(|s| s.to_string()), Ok("1m".into()));
        for wrong in ["", "m", "-1", "1.5m", "10t", "99999999999g"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
