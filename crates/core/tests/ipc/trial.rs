//! A rule of a contract, and trying it on a driver.

use std::pin::Pin;

use bkjs_core::ErrorKind;

use crate::check::{Checked, Problem};
use crate::suite::Family;

/// What a trial does with its empty room.
pub(crate) type Attempt<F> = fn(<F as Family>::Bench) -> Pin<Box<dyn Future<Output = Checked>>>;

/// One rule of the contract.
pub(crate) struct Trial<F: Family> {
    /// What the rule says.
    pub(crate) name: &'static str,
    /// What a driver must be able to do for it; any other driver refuses.
    pub(crate) needs: Option<Need<F>>,
    /// Tries it on a driver that can do it.
    pub(crate) run: Attempt<F>,
    /// Tries that a driver refuses which cannot; without it, `run` must end with the refusal.
    pub(crate) refusal: Option<Attempt<F>>,
}

/// Something that a driver can do or cannot.
pub(crate) struct Need<F: Family> {
    /// Its name among the capabilities.
    pub(crate) name: &'static str,
    /// Whether the driver can do it.
    pub(crate) met: fn(&F::Can) -> bool,
}

impl<F: Family> Trial<F> {
    /// The capability that a driver lacks.
    pub(crate) fn lacks(&self, can: &F::Can) -> Option<&'static str> {
        self.needs.as_ref().filter(|need| !(need.met)(can)).map(|need| need.name)
    }

    /// Tries it, or that the driver refuses it.
    pub(crate) async fn attempt(&self, can: &F::Can, bench: F::Bench) -> Checked {
        match (self.lacks(can), self.refusal) {
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

/// The trials of a section of a family: `name` alone, `name if capability` for one that drivers without that capability
/// must refuse as unsupported, and `name if capability else refusal` where more can be said of how they refuse.
macro_rules! trials {
    ($family:ty: $($name:ident $(if $needed:ident $(else $refusal:ident)?)?),* $(,)?) => {
        pub(crate) const TRIALS: &[crate::trial::Trial<$family>] = &[$({
            #[allow(unused_mut)] // few need anything
            let mut trial = crate::trial::Trial::<$family> {
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
