//! The table of this module.

use bkjs_core::schema::{Column, Table};

/// The name of the table of pages.
pub const PAGE_TABLE: &str = "bk_pages";
/// The page that is meant when none is named.
pub const MAIN_PAGE: &str = "main";

/// The longest text of a page, in characters, unless an application says another `max` of the column `content`.
const MAX_CONTENT: usize = 262_144;

/// Pages. Which of them are shown to whom is up to `pub`; whoever sees a page sees all of it.
pub fn bk_pages() -> Table {
    Table::new(PAGE_TABLE)
        .column(Column::text("id").primary().public().max(128))
        .column(Column::text("title").public().max(256))
        .column(Column::text("subtitle").public().max(256))
        // Markdown.
        .column(Column::text("content").public().max(MAX_CONTENT))
        // Whether it is shown without a login.
        .column(Column::bool("pub").value(false).public())
        // The account that has written it first.
        .column(Column::text("userid").public())
        .column(Column::now("mtime").public())
}
