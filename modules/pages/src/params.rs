//! The parameters of this module.

use bkjs_core::config::Params;

/// Pages: how they are shown.
#[derive(Params, Clone, Debug)]
#[params(prefix = "api-pages")]
pub struct PageParams {
    /// The file of the web site that is the template of pages, with `{{ title }}`, `{{ subtitle }}`, `{{ content }}`,
    /// `{{ id }}` and `{{ mtime }}`; without that file a plain one that is built in.
    #[param(default = "pages.html", live)]
    pub view: String,
    /// What browsers may do on a page: the value of its Content-Security-Policy.
    #[param(
        default = "default-src 'none'; img-src 'self' https:; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        live
    )]
    pub csp: String,
}
