//! Two sides that are measured in turns, so that whatever else the machine does meets both alike.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::time::{ClockId, clock_gettime};

/// A name for each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Through the framework.
    Ours,
    /// By the client library.
    Bare,
}

impl Which {
    /// The side with this name.
    ///
    /// # Errors
    /// For any other name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "ours" => Ok(Self::Ours),
            "bare" => Ok(Self::Bare),
            _ => bail!("no side {name}, there are ours and bare"),
        }
    }
}

/// The sides in the order of so many rounds of each; of one of them only, if `only` says so.
pub fn turns(rounds: usize, only: Option<Which>) -> impl Iterator<Item = Which> {
    // The side that begins a pair of rounds changes from pair to pair.
    let turn =
        |number: usize| if (number / 2 + number).is_multiple_of(2) { Which::Ours } else { Which::Bare };
    (0..rounds * 2).map(turn).filter(move |turn| only.is_none_or(|only| only == *turn))
}

/// What a side did in all its rounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// How often it did what is measured.
    pub operations: u64,
    /// How long that took.
    pub time: Duration,
    /// Processor time of this process.
    pub cpu: Duration,
}

impl Measured {
    /// Adds a round: what `work` does, and how often it says that was.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn add(&mut self, work: impl Future<Output = Result<u64>>) -> Result<()> {
        let (start, before) = (Instant::now(), cpu());
        self.operations += work.await?;
        self.cpu += cpu().saturating_sub(before);
        self.time += start.elapsed();
        Ok(())
    }

    /// Operations in a second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.time.as_secs_f64()
    }

    /// Microseconds of processor time for each operation.
    pub fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// The heads of [`cells`](Self::cells).
    pub const HEADS: [&str; 6] =
        ["bkjs op/s", "bare op/s", "ratio", "bkjs CPU us", "bare CPU us", "CPU ratio"];

    /// Rates, costs and their ratios, as a table shows them; a dash for a side that was not measured.
    pub fn cells(&self, bare: &Self) -> [String; 6] {
        let shown = |number: f64, places: usize| {
            if number.is_finite() { format!("{number:.places$}") } else { "-".to_owned() }
        };
        [
            shown(self.rate(), 0),
            shown(bare.rate(), 0),
            shown(self.rate() / bare.rate(), 2),
            shown(self.cpu_micros(), 1),
            shown(bare.cpu_micros(), 1),
            shown(self.cpu_micros() / bare.cpu_micros(), 2),
        ]
    }
}

/// Processor time of all threads of this process so far.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_side_always_begins() {
        use Which::{Bare, Ours};
        assert_eq!(turns(2, None).collect::<Vec<_>>(), [Ours, Bare, Bare, Ours]);
        assert_eq!(turns(2, Some(Bare)).collect::<Vec<_>>(), [Bare, Bare]);
    }

    #[test]
    fn rates_costs_and_ratios_are_shown_and_what_is_not_there_is_a_dash() {
        let measured = |operations, cpu| {
            let (time, cpu) = (Duration::from_secs(2), Duration::from_millis(cpu));
            Measured { operations, time, cpu }
        };
        let ours = measured(20_000, 300);
        assert_eq!(ours.cells(&measured(40_000, 400)), ["10000", "20000", "0.50", "15.0", "10.0", "1.50"]);
        assert_eq!(ours.cells(&Measured::default()), ["10000", "-", "-", "15.0", "-", "-"]);
    }
}
