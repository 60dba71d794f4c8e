//! Amazon's services: how they are found, with whose credentials, and how long a call may take.
//!
//! ```no_run
//! # async fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::connect::aws::AwsOptions;
//! let options = AwsOptions { region: Some("eu-west-1".into()), ..AwsOptions::default() };
//! let config = options.load().await?;
//! # Ok(()) }
//! ```
//!
//! What the options do not say comes from where Amazon's own tools look for it: the environment
//! (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, ...), the profile in `~/.aws`, the role of the container or instance.
//! An endpoint without TLS is an emulator: it gets made-up credentials and a made-up region if none are given,
//! so that real ones never travel in the clear.
//!
//! No call hangs: a connection is made within `connect_timeout`, a call with all its attempts ends within
//! `timeout`. Clients do not repeat calls by themselves; whoever knows that a call may be repeated says so
//! with [`repeated`].

mod error;
mod options;

// What the clients of all services share, each of them has.
#[cfg(feature = "dynamodb")]
use aws_sdk_dynamodb as sdk;
#[cfg(not(feature = "dynamodb"))]
use aws_sdk_sqs as sdk;

pub use error::{Refusal, error, refusal};
pub use options::{AwsOptions, repeated};
