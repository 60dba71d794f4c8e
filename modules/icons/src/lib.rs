//! Icons: images of accounts, in albums and of themselves.
//!
//! | endpoint | does |
//! |---|---|
//! | `/icon/put` | stores an image of the caller under `prefix` and `type` |
//! | `/icon/upload` | the same, without a record that is listed |
//! | `/icon/get` | an image, whole or in part |
//! | `/icon/select` | which there are under a prefix |
//! | `/icon/del` | removes one |
//! | `/account/put/icon`, `get`, `select`, `del` | the same of the prefix `account`, with types of one character |
//! | `/image/{prefix}/{id}/{type}` | an image by its address, for pages |
//!
//! `/account/get` shows the address of the account's icon of type `5` as `icon5`, and so on.
//!
//! A record in `bk_icon` says what there is and who sees it; the image is in the storage of
//! [`Api::images`](bkjs_api::Api::images), made anew by [`bkjs_images`].

mod handlers;
mod name;
mod profile;
mod service;
mod tables;

pub use name::IconName;
pub use service::Icons;
pub use tables::{ICON_TABLE, UPLOAD_TABLE, bk_icon, bk_upload};

use bkjs_api::{ACCOUNT_TABLE, Endpoint, Gives, Module, Setup};
use bkjs_core::schema::Table;
use bkjs_images::{Format, Images};

use handlers::{account, icon, image};

/// The module `bk_icons`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IconsModule;

impl Module for IconsModule {
    fn name(&self) -> &'static str {
        "bk_icons"
    }

    fn register(&self, setup: &mut Setup) {
        Images::register(setup);
        setup.owned_objects(bk_icon(), tables::ICONS);
        setup.owned_objects(bk_upload(), tables::UPLOADS);
        setup.table(profile::columns().into_iter().fold(Table::new(ACCOUNT_TABLE), Table::column));
        setup.post_process("/account/get", |call| Box::pin(profile::add_addresses(call)));
        icons(setup);
        account_icons(setup);
        setup.endpoint(
            Endpoint::new("/image/{prefix}/{id}/{file}", image::get)
                .does("An image by its address: `file` is its type, with or without the ending of its format.")
                .details(
                    "Shown to whom `acl_allow` says, and to everybody where the operator has opened the path with \
                     `api-allow-path`.",
                )
                .gives(Format::given())
                .fails(&[404, 412, 416]),
        );
    }
}

fn icons(setup: &mut Setup) {
    setup.endpoint(
        Endpoint::new("/icon/get", icon::get)
            .does("An image of the caller, or of the account `id` where that shows it to the caller.")
            .gives(Format::given())
            .fails(&[404, 412, 416]),
    );
    setup.endpoint(
        Endpoint::new("/icon/put", icon::put)
            .does("Stores an image of the caller, in place of the one with its prefix and type.")
            .details("The image is a file of a multipart body, base64 text in `icon`, or a body without parameters.")
            .takes_record(ICON_TABLE, &["id", "ext", "width", "height"])
            .takes_files(&["icon"])
            .gives(listed()),
    );
    setup.endpoint(
        Endpoint::new("/icon/upload", icon::upload)
            .does("Stores an image of the caller that is not listed, and gives its address.")
            .takes_files(&["icon"])
            .gives(Gives::value::<icon::Uploaded>()),
    );
    setup.endpoint(
        Endpoint::new("/icon/select", icon::select)
            .does("The icons under a prefix whose types begin with `type`: the caller's, or those of `id` it may see.")
            .gives(listed()),
    );
    setup.endpoint(
        Endpoint::new("/icon/del", icon::del)
            .does("Removes an image of the caller.")
            .gives(Gives::empty_list())
            .fails(&[404]),
    );
}

fn account_icons(setup: &mut Setup) {
    setup.endpoint(
        Endpoint::new("/account/get/icon", account::get)
            .does(
                "An icon of the caller's account, or of the account `id` where that shows it to the caller.",
            )
            .gives(Format::given())
            .fails(&[404, 412, 416]),
    );
    setup.endpoint(
        Endpoint::new("/account/put/icon", account::put)
            .does("Stores an icon of the caller's account.")
            .details("The image is a file of a multipart body, base64 text in `icon`, or a body without parameters.")
            .takes_record(ICON_TABLE, &["id", "prefix", "ext", "width", "height"])
            .takes_files(&["icon"])
            .gives(listed()),
    );
    setup.endpoint(
        Endpoint::new("/account/select/icon", account::select)
            .does("The icons of the caller's account, or those of the account `id` that the caller may see.")
            .gives(listed()),
    );
    setup.endpoint(
        Endpoint::new("/account/del/icon", account::del)
            .does("Removes an icon of the caller's account.")
            .gives(Gives::empty_list())
            .fails(&[404]),
    );
}

fn listed() -> Gives {
    Gives::list(ICON_TABLE).with::<icon::Addresses>()
}
