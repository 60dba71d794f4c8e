//! A rule of a contract, and trying it on a driver.

use std::pin::Pin;

use bkjs_core::ErrorKind;

use crate::check::{Checked, Problem};

/// What a trial does with its bench, which is empty.
pub(crate) type Attempt<B> = fn(B) -> Pin<Box<dyn Future<Output = Checked>>>;

/// One rule of a contract, tried on a bench `B` of a driver whose capabilities are a `C`.
pub(crate) struct Rule<B, C> {
    /// What the rule says.
    pub(crate) name: &'static str,
    /// What a driver must be able to do for it; any other driver refuses.
    pub(crate) needs: Option<Need<C>>,
    /// Tries it on a driver that can do it.
    pub(crate) run: Attempt<B>,
    /// Tries that a driver refuses which cannot; without it, `run` must end with the refusal.
    pub(crate) refusal: Option<Attempt<B>>,
}

/// Something that a driver can do or cannot.
pub(crate) struct Need<C> {
    /// Its name among the capabilities.
    pub(crate) name: &'static str,
    /// Whether the driver can do it.
    pub(crate) met: fn(&C) -> bool,
}

impl<B, C> Rule<B, C> {
    /// A rule that every driver keeps.
    pub(crate) const fn new(name: &'static str, run: Attempt<B>) -> Self {
        Self { name, needs: None, run, refusal: None }
    }

    /// The capability that a driver lacks.
    pub(crate) fn lacks(&self, can: &C) -> Option<&'static str> {
        self.needs.as_ref().filter(|need| !(need.met)(can)).map(|need| need.name)
    }

    /// Tries it, or that the driver refuses it.
    pub(crate) async fn attempt(&self, can: &C, bench: B) -> Checked {
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

/// The trials of a section, after their type: `name` alone, `name if capability` for one that drivers without that
/// capability must refuse as unsupported, and `name if capability else refusal` where more can be said of how they
/// refuse.
macro_rules! rules {
    ($rule:ty: $($name:ident $(if $needed:ident $(else $refusal:ident)?)?),* $(,)?) => {
        pub(crate) const TRIALS: &[$rule] = &[$({
            #[allow(unused_mut)] // few need anything
            let mut trial = <$rule>::new(stringify!($name), |bench| Box::pin($name(bench)));
            $(
                trial.needs = Some(crate::rule::Need { name: stringify!($needed), met: |can| can.$needed });
                $(trial.refusal = Some(|bench| Box::pin($refusal(bench)));)?
            )?
            trial
        }),*];
    };
}
pub(crate) use rules;
