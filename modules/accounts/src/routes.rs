//! Paths and their handlers, in the order of the documentation.

use bkjs_api::{ACCOUNT_TABLE, AUTH_TABLE, Control, Endpoint, Gives};

use crate::handlers::{account, login};

/// What is the framework's to say of an account, not its owner's.
const OWN: [&str; 2] = ["id", "login"];

pub(crate) fn endpoints() -> [Endpoint; 9] {
    let own = || Gives::record(ACCOUNT_TABLE).joined(AUTH_TABLE);
    [
        Endpoint::new("/auth", login::auth)
            .does("The caller's login record.")
            .takes_controls(&Control::SIGN_IN)
            .gives(Gives::record(AUTH_TABLE).with::<login::Types>().signs_in()),
        Endpoint::new("/login", login::login)
            .does("The caller's account by login and password, with the secret to sign by.")
            .takes_controls(&Control::SIGN_IN)
            .gives(own().reveals(&["secret"]).signs_in())
            .fails(&[401, 404, 412]),
        Endpoint::new("/logout", login::logout)
            .does("Ends the session in the browser.")
            .gives(Gives::message().header("Set-Cookie", "Clears the session cookie.")),
        Endpoint::new("/account/add", account::add)
            .does("Registers an account.")
            .details("With a `password` the account gets a random secret, which `/login` tells.")
            .takes::<account::NewAccount>()
            .takes_record(ACCOUNT_TABLE, &["id"])
            .takes_record(AUTH_TABLE, &["id"])
            .gives(own())
            .fails(&[409]),
        Endpoint::new("/account/get", account::get)
            .does("The caller's account, or with `id` the public columns of others, as a list.")
            .takes_controls(&[Control::Select, Control::Session, Control::AccessToken])
            .gives(own().signs_in().or(Gives::list(ACCOUNT_TABLE))),
        Endpoint::new("/account/select", account::select)
            .also("/account/search")
            .does("Accounts by condition.")
            .takes_conditions(ACCOUNT_TABLE, &[])
            .gives(Gives::page(ACCOUNT_TABLE)),
        Endpoint::new("/account/update", account::update)
            .does("Changes the caller's account: the columns that are given and not empty.")
            .takes_record(ACCOUNT_TABLE, &OWN)
            .takes_record(AUTH_TABLE, &OWN)
            .gives(own())
            .fails(&[409]),
        Endpoint::new("/account/put/secret", account::put_secret)
            .does("Changes how the caller proves who they are: one of the three at least.")
            .takes::<account::Secrets>()
            .gives(Gives::empty_list()),
        Endpoint::new("/account/del", account::del)
            .does("Removes the caller's account.")
            .gives(Gives::empty_list()),
    ]
}
