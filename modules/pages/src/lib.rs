//! Pages: a small wiki with Markdown.

mod markdown;

pub use markdown::to_html;
