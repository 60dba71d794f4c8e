//! The table at the end.

use bkjs_bench_rounds::Measured;
use comfy_table::{CellAlignment, Table, presets};

use crate::case::Case;

/// One operation at one number of callers, on both sides.
pub(crate) struct Line {
    pub(crate) product: &'static str,
    pub(crate) case: Case,
    pub(crate) lanes: usize,
    pub(crate) ours: Measured,
    pub(crate) bare: Measured,
}

impl Default for Line {
    fn default() -> Self {
        let none = Measured::default();
        Self { product: "", case: Case::Get, lanes: 0, ours: none, bare: none }
    }
}

/// The figures as a Markdown table.
pub(crate) fn table(lines: &[Line]) -> Table {
    let mut table = Table::new();
    let heads = ["product", "operation", "at once"].into_iter().chain(Measured::HEADS);
    table.load_style(presets::ASCII_MARKDOWN).set_header(heads);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for Line { product, case, lanes, ours, bare } in lines {
        let what = [(*product).to_owned(), case.name().to_owned(), lanes.to_string()];
        table.add_row(what.into_iter().chain(ours.cells(bare)));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Case, Line, Measured, table};

    fn measured(operations: u64, cpu: u64) -> Measured {
        Measured { operations, time: Duration::from_secs(2), cpu: Duration::from_millis(cpu) }
    }

    #[test]
    fn rates_costs_and_ratios_are_shown() {
        let (ours, bare) = (measured(20_000, 300), measured(40_000, 400));
        let text = table(&[Line { product: "x", case: Case::Insert, lanes: 32, ours, bare }]).to_string();
        let cells: Vec<&str> = text.lines().last().unwrap().split('|').map(str::trim).collect();
        assert_eq!(cells[1..10], ["x", "insert", "32", "10000", "20000", "0.50", "15.0", "10.0", "1.50"]);
    }
}
