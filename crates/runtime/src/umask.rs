//! The mask of permissions that new files do not get.

use std::str::FromStr;

use bkjs_core::param_from_str;
use rustix::fs::Mode;

/// Permissions that new files and folders do not get, as the command `umask` takes them: octal digits. Empty leaves the
/// mask that the process was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Umask(Option<u32>);

impl Umask {
    /// Sets the mask of this process and of all that it starts.
    ///
    /// The mask takes permissions away only: what is private in a home stays so under any mask.
    pub fn apply(self) {
        if let Some(mask) = self.0 {
            rustix::process::umask(Mode::from_raw_mode(mask));
        }
    }
}

impl FromStr for Umask {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" => Ok(Self(None)),
            // A sign would be read as part of the number.
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                let mask = u32::from_str_radix(digits, 8).ok().filter(|mask| *mask <= 0o777);
                mask.map(|mask| Self(Some(mask))).ok_or("give octal digits from 0 to 777")
            }
            _ => Err("give octal digits from 0 to 777"),
        }
    }
}

param_from_str!(Umask, "a file mode mask such as 0027");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_octal() {
        for (text, mask) in [("0002", 0o002), ("27", 0o027), ("777", 0o777), ("0", 0), (" 077 ", 0o077)] {
            assert_eq!(text.parse(), Ok(Umask(Some(mask))), "{text}");
        }
        assert_eq!("".parse(), Ok(Umask(None)));
        for wrong in ["8", "1000", "-2", "+2", "0o27", "u=rwx", "99999999999999"] {
            assert!(wrong.parse::<Umask>().is_err(), "{wrong}");
        }
    }
}
