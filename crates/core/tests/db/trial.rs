//! A rule of the contract, and trying it on a driver.

use std::pin::Pin;

use bkjs_core::ErrorKind;
use bkjs_core::db::driver::Capabilities;

use crate::backend::Bench;
use crate::check::{Checked, Problem};

/// What a trial does with its empty store.
pub(crate) type Run = fn(Bench) -> Pin<Box<dyn Future<Output = Checked>>>;

/// One rule of the contract.
pub(crate) struct Trial {
    /// What the rule says.
    pub(crate) name: &'static str,
    /// What a driver must be able to do for it; any other driver refuses.
    pub(crate) needs: Option<Need>,
    /// Tries it on a driver that can do it.
    pub(crate) run: Run,
    /// Tries that a driver refuses which cannot; without it, `run` must end with the refusal.
    pub(crate) refusal: Option<Run>,
}

/// Something that a driver can do or cannot.
pub(crate) struct Need {
    /// Its name in [`Capabilities`].
    pub(crate) name: &'static str,
    /// Whether the driver can do it.
    pub(crate) met: fn(&Capabilities) -> bool,
}

impl Trial {
    /// The capability that the driver lacks.
    pub(crate) fn lacks(&self, can: &Capabilities) -> Option<&'static str> {
        self.needs.as_ref().filter(|need| !(need.met)(can)).map(|need| need.name)
    }

    /// The number of its scenario, the 15 of `s015_...`; none of a rule that comes from no scenario.
    pub(crate) fn scenario(&self) -> Option<u16> {
        self.name.strip_prefix('s')?.split_once('_')?.0.parse().ok()
    }

    /// Tries it, or that the driver refuses it.
    pub(crate) async fn attempt(&self, bench: Bench) -> Checked {
        let lacking = self.lacks(&bench.can());
        match (lacking, self.refusal) {
            (None, _) => (self.run)(bench).await,
            (Some(_), Some(refusal)) => refusal(bench).await,
            (Some(lacking), None) => match (self.run)(bench).await {
                Err(problem) if problem.kind() == Some(ErrorKind::Unsupported) => Ok(()),
                Err(problem) => Err(problem),
                Ok(()) => Err(Problem::new(format!("works, though the driver says it lacks {lacking}"))),
            },
        }
    }
}

/// The trials of a section: `name` alone, `name if capability` for one that drivers without that capability must
/// refuse as unsupported, and `name if capability else refusal` where more can be said of how they refuse.
macro_rules! trials {
    ($($name:ident $(if $needed:ident $(else $refusal:ident)?)?),* $(,)?) => {
        pub(crate) const TRIALS: &[crate::trial::Trial] = &[$({
            #[allow(unused_mut)] // few need anything
            let mut trial = crate::trial::Trial {
                name: stringify!($name),
                needs: None,
                run: |bench| Box::pin($name(bench)),
                refusal: None,
            };
            $(
                trial.needs = Some(crate::trial::Need { name: stringify!($needed), met: |can| can.$needed });
                $(trial.refusal = Some(|bench| Box::pin($refusal(bench)));)?
            )?
            trial
        }),*];
    };
}
pub(crate) use trials;
