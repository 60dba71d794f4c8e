//! `#[derive(Params)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Error, Field, Path, Result};

use crate::attributes::{doc_text, named_fields, text};
use crate::paths;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::read(input)?;
    let fields = named_fields(input, "Params")?;
    let mut specs = Vec::new();
    let mut values = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let param = Param::read(field)?;
        specs.push(param.spec(field, &container.prefix)?);
        values.push(param.value(field, at));
    }
    let core = paths::core();
    let name = &input.ident;
    let title = doc_text(&input.attrs);
    let validate = container.validate.map(|path| {
        quote! {
            fn validate(&self) -> ::core::result::Result<(), ::std::string::String> {
                #path(self)
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #core::config::Params for #name {
            const TITLE: &'static str = #title;
            fn specs() -> ::std::vec::Vec<#core::config::Spec> {
                use #core::config::Spec;
                ::std::vec![#(#specs),*]
            }
            fn build(
                values: &#core::config::Values<'_>,
            ) -> ::core::result::Result<Self, #core::config::Problem> {
                ::core::result::Result::Ok(Self { #(#values),* })
            }
            #validate
        }
        #[automatically_derived]
        impl ::core::default::Default for #name {
            fn default() -> Self {
                #core::config::defaults::<Self>()
            }
        }
    })
}

#[derive(Default)]
struct Container {
    prefix: String,
    validate: Option<Path>,
}

impl Container {
    fn read(input: &DeriveInput) -> Result<Self> {
        let mut container = Self::default();
        for attribute in input.attrs.iter().filter(|a| a.path().is_ident("params")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("prefix") {
                    container.prefix = text(&meta)?;
                } else if meta.path.is_ident("validate") {
                    container.validate = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("unknown attribute: expected prefix or validate"));
                }
                Ok(())
            })?;
        }
        Ok(container)
    }
}

#[derive(Default)]
struct Param {
    name: Option<String>,
    pattern: Option<String>,
    default: Option<String>,
    /// `.min("1k")`, `.live()` and so on.
    calls: Vec<TokenStream>,
}

impl Param {
    fn read(field: &Field) -> Result<Self> {
        let mut param = Self::default();
        for attribute in field.attrs.iter().filter(|a| a.path().is_ident("param")) {
            attribute.parse_nested_meta(|meta| {
                let Some(word) = meta.path.get_ident() else { return Err(meta.error("expected a word")) };
                match word.to_string().as_str() {
                    "name" => param.name = Some(text(&meta)?),
                    "pattern" => param.pattern = Some(text(&meta)?),
                    "default" => param.default = Some(text(&meta)?),
                    "min" | "max" | "unit" | "alias" | "bare" => {
                        let value = text(&meta)?;
                        param.calls.push(quote!(.#word(#value)));
                    }
                    "live" | "secret" | "add" | "replace" | "early" | "command_line" | "local"
                    | "before_database" => param.calls.push(quote!(.#word())),
                    _ => {
                        return Err(meta.error(
                            "unknown attribute: expected name, pattern, default, min, max, unit, alias, bare, \
                             live, secret, add, replace, early, command_line, local or before_database",
                        ));
                    }
                }
                Ok(())
            })?;
        }
        if param.pattern.is_some() && (param.name.is_some() || param.default.is_some()) {
            return Err(Error::new(field.span(), "a pattern has neither a name nor a default"));
        }
        Ok(param)
    }

    fn spec(&self, field: &Field, prefix: &str) -> Result<TokenStream> {
        let kind = &field.ty;
        let calls = &self.calls;
        let help = doc_text(&field.attrs);
        if help.is_empty() {
            return Err(Error::new(field.span(), "a parameter needs a doc comment: it is its help text"));
        }
        let with_prefix = |name: &str| match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}-{name}"),
        };
        if let Some(pattern) = &self.pattern {
            let pattern = with_prefix(pattern);
            return Ok(quote!(Spec::family::<#kind>(#pattern) #(#calls)* .help(#help)));
        }
        let name = match (&self.name, &field.ident) {
            (Some(name), _) => name.clone(),
            (None, Some(ident)) => ident.unraw().to_string().replace('_', "-"),
            (None, None) => return Err(Error::new(field.span(), "a parameter needs a name")),
        };
        let name = with_prefix(&name);
        let default = self.default.as_ref().map(|text| quote!(.default_text(#text)));
        Ok(quote!(Spec::of::<#kind>(#name) #default #(#calls)* .help(#help)))
    }

    fn value(&self, field: &Field, at: usize) -> TokenStream {
        let ident = &field.ident;
        if self.pattern.is_some() {
            quote!(#ident: values.family(#at)?)
        } else if self.default.is_some() {
            quote!(#ident: values.get(#at)?)
        } else {
            quote!(#ident: values.get_or_default(#at)?)
        }
    }
}
