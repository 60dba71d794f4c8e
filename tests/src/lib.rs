//! What end-to-end tests are made of: the real executable, its processes, and a client that signs.
//!
//! A test makes a [`Home`], starts a [`Server`] in it, sends [`Call`]s, and looks at the [`Process`]es. Everything
//! is the test's own: the folder, the port, the processes; all of them are gone when the test ends, however it ends.
//! Waiting is always for a condition, see [`wait::until`].
//!
//! `BKJS_TEST_POOL` runs the same tests on another database than the one the program uses by itself: the name of the
//! pool, a space, and its URL, in which `{room}` stands for a name that every home gets anew.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use bkjs_tests::{Call, Home, Server};
//!
//! let home = Home::new()?;
//! let server = Server::start(&home, &["-server-max-processes", "1"]).await?;
//! let form = [("login", "a"), ("secret", "s"), ("name", "A")];
//! assert_eq!(server.send(Call::post("/account/add").form(&form)).await?.status, 200);
//! let own = server.send(Call::get("/account/get").sign("a", "s")).await?;
//! assert_eq!(own.json()["name"], "A");
//! server.stop().await?;
//! # Ok(())
//! # }
//! ```

mod browser;
mod call;
mod dns;
mod home;
mod pool;
mod process;
mod program;
pub mod raw;
mod reply;
mod server;
mod sign;
pub mod wait;

pub use browser::Browser;
pub use call::Call;
pub use dns::Dns;
pub use home::{Home, Ran};
pub use process::{Process, end_all};
pub use program::Program;
pub use reply::Reply;
pub use server::{Server, free_port};
pub use sign::{Signed, checksum};
