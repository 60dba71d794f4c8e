//! Pages: a small wiki with Markdown.
//!
//! | endpoint | does |
//! |---|---|
//! | `/pages/get/ID` | a page, with `_render=1` its content as HTML; the page `main` without an id |
//! | `/pages/select` | pages by condition, or all |
//! | `/pages/show/ID` | a page as a whole HTML page |
//! | `/pages/put`, `/pages/add`, `/pages/update`, `/pages/del` | writes pages: one's own, administrators all |
//!
//! Pages whose column `pub` is true are seen without a login where the paths are opened, as with
//! `-api-allow-path ^/pages/(get|select|show)`; all of them with one. Files of the web site whose names end in `.md` are
//! shown like pages.
//!
//! What is written is never trusted: [`to_html`] keeps what can do nothing.

mod files;
mod handlers;
mod markdown;
mod params;
mod service;
mod tables;
mod view;

pub use markdown::to_html;
pub use params::PageParams;
pub use service::Pages;
pub use tables::{MAIN_PAGE, PAGE_TABLE, bk_pages};

use bkjs_api::{Endpoint, Gives, Module, Setup};

/// The module `bk_pages`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PagesModule;

impl Module for PagesModule {
    fn name(&self) -> &'static str {
        "bk_pages"
    }

    fn register(&self, setup: &mut Setup) {
        let view = view::View::new(setup.params::<PageParams>());
        files::register(setup, view.clone());
        setup.share(view);
        setup.table(bk_pages());
        setup.endpoint(
            Endpoint::new("/pages/get/{id}", handlers::get)
                .also("/pages/get")
                .also("/pages/get/")
                .does("A page; the one called `main` without an id.")
                .gives(Gives::record(PAGE_TABLE))
                .fails(&[404]),
        );
        setup.endpoint(
            Endpoint::new("/pages/select", handlers::select)
                .does("Pages by condition, or all.")
                .takes_conditions(PAGE_TABLE, &[])
                .gives(Gives::page(PAGE_TABLE)),
        );
        setup.endpoint(
            Endpoint::new("/pages/show/{id}", handlers::show)
                .also("/pages/show")
                .also("/pages/show/")
                .does("A page as a whole HTML page.")
                .gives(Gives::file("text/html"))
                .fails(&[404]),
        );
        setup.endpoint(
            Endpoint::new("/pages/put", handlers::put)
                .also("/pages/put/{id}")
                .does("Stores a page, new or into the one with its id.")
                .takes_record(PAGE_TABLE, &["userid", "mtime"])
                .gives(Gives::empty_list()),
        );
        setup.endpoint(
            Endpoint::new("/pages/add", handlers::add)
                .also("/pages/add/{id}")
                .does("Stores a new page.")
                .takes_record(PAGE_TABLE, &["userid", "mtime"])
                .gives(Gives::empty_list())
                .fails(&[409]),
        );
        setup.endpoint(
            Endpoint::new("/pages/update", handlers::update)
                .also("/pages/update/{id}")
                .does("Changes columns of a page that is there.")
                .takes_record(PAGE_TABLE, &["userid", "mtime"])
                .gives(Gives::empty_list())
                .fails(&[404]),
        );
        setup.endpoint(
            Endpoint::new("/pages/del", handlers::del)
                .also("/pages/del/{id}")
                .does("Removes a page.")
                .gives(Gives::empty_list()),
        );
    }
}
