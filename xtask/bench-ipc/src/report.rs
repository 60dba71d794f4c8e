//! The table at the end.

use bkjs_bench_rounds::Measured;
use comfy_table::{CellAlignment, Table, presets};

/// One operation at one number of callers, on both sides.
#[derive(Default)]
pub(crate) struct Line {
    /// What it was done to.
    pub(crate) product: String,
    /// What was done.
    pub(crate) case: &'static str,
    /// Callers at once.
    pub(crate) lanes: usize,
    /// The side of the framework.
    pub(crate) ours: Measured,
    /// The side of the client library; nothing where that is not measured.
    pub(crate) bare: Measured,
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
        let what = [product.clone(), (*case).to_owned(), lanes.to_string()];
        table.add_row(what.into_iter().chain(ours.cells(bare)));
    }
    table
}
