//! What a queue product can do, as a record and as data for documentation.

/// Defines [`Capabilities`], whose fields and their comments [`Capabilities::each`] gives as data too.
macro_rules! capabilities {
    ($($(#[doc = $text:literal])+ $name:ident,)+) => {
        /// What a driver can do. A caller that needs more is refused before the driver is asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Capabilities {
            $($(#[doc = $text])+ pub $name: bool,)+
        }

        impl Capabilities {
            /// Each of them: its name, whether it is there, what it means; in the order of the fields.
            pub fn each(&self) -> Vec<(&'static str, bool, &'static str)> {
                vec![$((stringify!($name), self.$name, concat!($($text),+).trim())),+]
            }

            /// All of them: a driver names what it lacks.
            pub const ALL: Self = Self { $($name: true),+ };
        }
    };
}

capabilities! {
    /// Messages of a greater priority come first. Without: priorities are stored and have no effect.
    priorities,
    /// Unique keys are kept by the product, in one step with the put. Without: by the database of the application,
    /// in a step before it.
    unique,
    /// A message can be found by its id, listed by its state, and cancelled. Without: these calls are refused.
    inspect,
    /// The number of attempts includes those whose taker died. Without: only failures that were reported are counted.
    counts_deaths,
    /// A taker's time can be extended. Without: a message is its taker's as long as his connection lasts.
    extend,
    /// Who settles a message after his time changes nothing. Without: it is settled, though another one may have it.
    fenced,
    /// Messages can be put in one transaction with records of a database. Without: it is refused.
    transactional,
}

#[cfg(test)]
mod tests {
    use super::Capabilities;

    #[test]
    fn every_capability_says_what_it_means_in_sentences() {
        for (name, has, meaning) in Capabilities::ALL.each() {
            assert!(has && meaning.ends_with('.') && !meaning.contains("  "), "{name}: {meaning}");
        }
    }
}
