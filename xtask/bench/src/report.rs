//! The table at the end.

use comfy_table::{CellAlignment, Table, presets};

use crate::measure::Measured;

/// One measurement on both sides.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) ours: Measured,
    pub(crate) baseline: Measured,
}

/// The figures as a Markdown table.
pub(crate) fn table(lines: &[Line]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "measurement",
        "bkjs req/s",
        "baseline req/s",
        "ratio",
        "bkjs CPU us/req",
        "baseline CPU us/req",
        "CPU ratio",
        "bkjs p50/p99 ms",
        "baseline p50/p99 ms",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for Line { name, ours, baseline } in lines {
        table.add_row([
            (*name).to_owned(),
            format!("{:.0}", ours.rate()),
            format!("{:.0}", baseline.rate()),
            format!("{:.2}", ours.rate() / baseline.rate()),
            format!("{:.1}", ours.cpu_micros()),
            format!("{:.1}", baseline.cpu_micros()),
            format!("{:.2}", ours.cpu_micros() / baseline.cpu_micros()),
            latency(ours),
            latency(baseline),
        ]);
    }
    table
}

fn latency(side: &Measured) -> String {
    let millis = |quantile| side.latency.value_at_quantile(quantile) as f64 / 1000.0;
    format!("{:.2} / {:.2}", millis(0.5), millis(0.99))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hdrhistogram::Histogram;

    use super::{Line, Measured, table};

    fn measured(served: u64, cpu: u64) -> Measured {
        let mut latency = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        latency.record(1500).unwrap();
        Measured { served, failed: 0, time: Duration::from_secs(2), cpu: Duration::from_millis(cpu), latency }
    }

    #[test]
    fn rates_costs_and_ratios_are_shown() {
        let text =
            table(&[Line { name: "ping", ours: measured(20_000, 300), baseline: measured(40_000, 400) }])
                .to_string();
        let row = text.lines().last().unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[1..8], ["ping", "10000", "20000", "0.50", "15.0", "10.0", "1.50"], "{text}");
        assert_eq!(cells[8], "1.50 / 1.50");
    }
}
