//! What the arguments of a handler say about its endpoint.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use bkjs_core::cache::Cache;
use bkjs_core::db::{Db, Options};
use http::{HeaderMap, Method, Request, Uri};
use schemars::JsonSchema;

use super::control::Control;
use super::takes::Takes;
use crate::auth::Account;
use crate::context::Context;
use crate::extract::{Ids, Params, Shared};

/// An argument of a handler: what a client gives for it.
///
/// An extractor of an application's own that reads nothing of the request is described by an empty implementation.
pub trait Argument {
    /// Adds what the argument reads of a request.
    fn describe(_: &mut Takes) {}
}

/// All arguments of a handler; implemented for handlers of up to ten.
pub trait Arguments {
    /// Adds what the arguments read of a request.
    fn describe(takes: &mut Takes);
}

impl Arguments for ((),) {
    fn describe(_: &mut Takes) {}
}

macro_rules! arguments {
    ($($name:ident)*) => {
        // The first is how axum tells kinds of handlers apart.
        impl<Mark, $($name: Argument),*> Arguments for (Mark, $($name,)*) {
            fn describe(takes: &mut Takes) {
                $($name::describe(takes);)*
            }
        }
    };
}

arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);
arguments!(A B C D E F G);
arguments!(A B C D E F G H);
arguments!(A B C D E F G H I);
arguments!(A B C D E F G H I J);

macro_rules! reads_nothing {
    ($([$($generic:ident)?] $argument:ty),* $(,)?) => {
        $(impl<$($generic)?> Argument for $argument {})*
    };
}

// The path names its parameters, and who takes the request as it is says by hand what is read of it.
reads_nothing! {
    [S] State<S>, [T] Shared<T>, [T] Path<T>, [T] Option<Path<T>>, [] Arc<Context>, [] Db, [] Cache, [] HeaderMap, [] Method, [] Uri,
    [] Bytes, [] Request<Body>,
}

impl Argument for Account {
    fn describe(takes: &mut Takes) {
        takes.account = true;
    }
}

impl Argument for Option<Account> {}

impl<T: JsonSchema> Argument for Params<T> {
    fn describe(takes: &mut Takes) {
        takes.fields::<T>();
    }
}

impl Argument for Options {
    fn describe(takes: &mut Takes) {
        takes.controls = Control::PAGE.to_vec();
    }
}

impl Argument for Ids {
    fn describe(takes: &mut Takes) {
        takes.ids = true;
    }
}
