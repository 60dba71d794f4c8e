use std::num::IntErrorKind;

use super::{ParamType, in_range, quoted};
use crate::config::Spec;

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl ParamType for $type {
            fn type_name() -> String {
                "int".into()
            }

            fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
                text.trim().parse().map_err(|e: std::num::ParseIntError| match e.kind() {
                    IntErrorKind::PosOverflow => format!("{} is too large", quoted(text)),
                    IntErrorKind::NegOverflow => format!("{} is too small", quoted(text)),
                    _ if text.trim().parse::<i64>().is_ok() => format!("{} is too small", quoted(text)),
                    _ => format!("{} is not a whole number", quoted(text)),
                })
            }

            fn range(&self, spec: &Spec) -> Result<(), String> {
                in_range(self, spec)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl ParamType for f64 {
    fn type_name() -> String {
        "real".into()
    }

    fn parse(text: &str, _spec: &Spec) -> Result<Self, String> {
        let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        number.ok_or_else(|| format!("{} is not a number", quoted(text)))
    }

    fn range(&self, spec: &Spec) -> Result<(), String> {
        in_range(self, spec)
    }
}
