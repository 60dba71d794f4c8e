//! Files: what accounts upload, and get back.
//!
//! | endpoint | does |
//! |---|---|
//! | `/file/put` | stores a file under `prefix` and `name` |
//! | `/file/get` | a file, whole or in part |
//! | `/file/del` | removes a file |
//!
//! Each account has files of its own, apart from those of others, and shows one to others with `acl_allow`. A record in
//! `bk_file` says what there is; the bytes are in the storage of [`Api::files`](bkjs_api::Api::files), under paths that no
//! caller chooses.

mod handlers;
mod name;
mod service;
mod tables;

pub use service::{Files, NewFile};
pub use tables::{FILE_TABLE, bk_file};

use bkjs_api::{Endpoint, Gives, Module, Setup};

/// The module `bk_files`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilesModule;

impl Module for FilesModule {
    fn name(&self) -> &'static str {
        "bk_files"
    }

    fn register(&self, setup: &mut Setup) {
        setup.owned_objects(bk_file(), tables::OBJECTS);
        setup.endpoint(
            Endpoint::new("/file/get", handlers::get)
                .does("A file of the caller, or of the account `id` where that shows it to the caller.")
                .gives(Gives::file("application/octet-stream"))
                .fails(&[404, 412, 416]),
        );
        setup.endpoint(
            Endpoint::new("/file/put", handlers::put)
                .also("/file/add")
                .does("Stores a file of the caller, in place of the one with its name.")
                .details("The file is one of a multipart body, base64 text in `data`, or a body without parameters.")
                .takes_files(&["data"])
                .gives(Gives::value::<handlers::Stored>()),
        );
        setup.endpoint(
            Endpoint::new("/file/del", handlers::del)
                .does("Removes a file of the caller.")
                .gives(Gives::empty_list())
                .fails(&[404]),
        );
    }
}
