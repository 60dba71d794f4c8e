//! How generated code names the crate it refers to.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

/// The path of `bkjs_core` as the crate being compiled sees it: directly, or through the facade `bkjs`.
pub(crate) fn core() -> TokenStream {
    if let Ok(FoundCrate::Name(name)) = crate_name("bkjs-core") {
        let name = Ident::new(&name, Span::call_site());
        return quote!(::#name);
    }
    match crate_name("bkjs-core").is_err().then(|| crate_name("bkjs")) {
        Some(Ok(FoundCrate::Name(name))) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name::core)
        }
        // bkjs-core names itself by this path too.
        _ => quote!(::bkjs_core),
    }
}
