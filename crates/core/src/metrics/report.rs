//! What processes tell of what they have counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::machine::Samples;
use super::process::Process;

/// One line of what is counted under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series<T> {
    /// The name.
    pub name: String,
    /// What tells it from others of the name.
    pub labels: Vec<(String, String)>,
    /// What was counted.
    pub value: T,
}

impl<T> Series<T> {
    /// The value of a label; empty without it.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value)
    }
}

/// What one or more processes have counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The processes that live.
    pub processes: Vec<Process>,
    /// What only grows.
    pub counters: Vec<Series<u64>>,
    /// What is so at the moment.
    pub gauges: Vec<Series<f64>>,
    /// How values are spread.
    pub histograms: Vec<Series<Distribution>>,
    /// What was seen of the machine and the memory from time to time.
    pub samples: Samples,
    /// What names mean.
    pub texts: BTreeMap<String, String>,
}

impl Report {
    /// Takes in what another process has counted.
    pub fn add(&mut self, other: Self) {
        self.processes.extend(other.processes);
        self.samples.add(&other.samples);
        self.texts.extend(other.texts);
        add_all(&mut self.counters, other.counters, |own, other| *own += other);
        add_all(&mut self.gauges, other.gauges, |own, other| *own += other);
        add_all(&mut self.histograms, other.histograms, |own, other| own.add(&other));
    }

    /// Leaves what stays of a process that has ended: its counts.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.processes.clear();
        self.gauges.clear();
        self.samples = Samples::default();
        self.histograms.iter_mut().for_each(|series| series.value.end());
        self
    }

    /// The sum of the counters of a name for which a label has a value; of all with an empty one.
    pub fn count(&self, name: &str, label: &str, value: &str) -> u64 {
        let own = self.counters.iter().filter(|series| series.name == name);
        own.filter(|series| label.is_empty() || series.label(label) == value).map(|series| series.value).sum()
    }

    /// The sum of the gauges of a name.
    pub fn gauge(&self, name: &str) -> f64 {
        self.gauges.iter().filter(|series| series.name == name).map(|series| series.value).sum()
    }

    /// The values recorded under a name, whatever their labels.
    pub fn distribution(&self, name: &str) -> Distribution {
        let mut all = Distribution::default();
        let own = self.histograms.iter().filter(|series| series.name == name);
        own.for_each(|series| all.add(&series.value));
        all
    }
}

fn add_all<T>(own: &mut Vec<Series<T>>, others: Vec<Series<T>>, add: impl Fn(&mut T, T)) {
    // Found by key, as both may be many.
    let mut places: BTreeMap<(String, Vec<(String, String)>), usize> = own
        .iter()
        .enumerate()
        .map(|(at, series)| ((series.name.clone(), series.labels.clone()), at))
        .collect();
    for other in others {
        match places.get(&(other.name.clone(), other.labels.clone())) {
            Some(at) => add(&mut own[*at].value, other.value),
            None => {
                places.insert((other.name.clone(), other.labels.clone()), own.len());
                own.push(other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(route: &str, value: u64) -> Series<u64> {
        Series { name: "n".to_owned(), labels: vec![("route".to_owned(), route.to_owned())], value }
    }

    #[test]
    fn what_processes_count_adds_up_by_name_and_labels() {
        let mut one = Report { counters: vec![count("/a", 1)], ..Report::default() };
        one.add(Report { counters: vec![count("/b", 2), count("/a", 4)], ..Report::default() });
        assert_eq!(one.counters, [count("/a", 5), count("/b", 2)]);
        assert_eq!(
            (one.count("n", "", ""), one.count("n", "route", "/b"), one.count("m", "", "")),
            (7, 2, 0)
        );
    }

    #[test]
    fn counts_outlive_their_process() {
        let gauge = Series { name: "g".to_owned(), labels: Vec::new(), value: 1.0 };
        let report = Report {
            processes: vec![Process::default()],
            counters: vec![count("/a", 1)],
            gauges: vec![gauge],
            ..Report::default()
        };
        let left = report.ended();
        assert_eq!((left.processes.len(), left.counters.len(), left.gauges.len()), (0, 1, 0));
    }
}
