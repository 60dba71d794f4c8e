//! `#[derive(Table)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Error, Expr, Field, Lit, LitStr, Result, Token, parenthesized};

use crate::attributes::{named_fields, text};
use crate::paths;

mod kind;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::read(input)?;
    let core = paths::core();
    let mut columns = Vec::new();
    for (at, field) in (0u16..).zip(named_fields(input, "Table")?) {
        let column = ColumnAttributes::read(field)?;
        if !column.skip {
            columns.push(column.expand(field, at)?);
        }
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let table = container.name.unwrap_or_else(|| snake_case(&name.unraw().to_string()));
    let aliases = container.aliases.iter();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #core::value::Typed for #name #type_generics #where_clause {
            fn table() -> #core::schema::Table {
                #[allow(unused_imports)] // not every table converts or generates
                use #core::schema::{Column, Convert, Generate};
                #core::schema::Table::new(#table) #(.alias(#aliases))* #(.column(#columns))*
            }
        }
    })
}

#[derive(Default)]
struct Container {
    name: Option<String>,
    aliases: Vec<String>,
}

impl Container {
    fn read(input: &DeriveInput) -> Result<Self> {
        let mut container = Self::default();
        for attribute in &input.attrs {
            if attribute.path().is_ident("table") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("name") {
                        container.name = Some(text(&meta)?);
                    } else if meta.path.is_ident("alias") {
                        container.aliases.push(text(&meta)?);
                    } else {
                        return Err(meta.error("unknown attribute: expected name or alias"));
                    }
                    Ok(())
                })?;
            } else if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("rename_all") {
                        return Err(meta.error("columns keep their fields' names: rename each field instead"));
                    }
                    skip_serde(&meta)
                })?;
            }
        }
        Ok(container)
    }
}

/// What a field says about its column.
#[derive(Default)]
struct ColumnAttributes {
    name: Option<String>,
    renamed: Option<String>,
    kind: Option<LitStr>,
    calls: Vec<TokenStream>,
    /// Indexes of several columns; a column's place in one follows the order of declaration.
    groups: Vec<String>,
    join: Vec<LitStr>,
    separator: Option<String>,
    skip: bool,
}

impl ColumnAttributes {
    fn read(field: &Field) -> Result<Self> {
        let mut column = Self::default();
        for attribute in &field.attrs {
            if attribute.path().is_ident("column") {
                attribute.parse_nested_meta(|meta| column.read_one(&meta))?;
            } else if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("skip") {
                        column.skip = true;
                    } else if meta.path.is_ident("rename") && meta.input.peek(Token![=]) {
                        column.renamed = Some(text(&meta)?);
                        return Ok(());
                    } else if meta.path.is_ident("flatten") {
                        return Err(
                            meta.error("a flattened field is no column: skip it, or name its columns")
                        );
                    }
                    skip_serde(&meta)
                })?;
            }
        }
        Ok(column)
    }

    fn read_one(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> Result<()> {
        let Some(ident) = meta.path.get_ident() else { return Err(meta.error("expected a word")) };
        let word = ident.to_string();
        match word.as_str() {
            "name" => self.name = Some(text(meta)?),
            "kind" => self.kind = Some(meta.value()?.parse()?),
            "skip" => self.skip = true,
            "counter" | "ttl" | "time" | "email" | "phone" | "decimal" | "json" | "object" | "array"
            | "set" | "list" | "bytes" => self.kind = Some(LitStr::new(&word, ident.span())),
            "uuid" => {
                self.calls.push(quote!(.generate(Generate::Uuid { prefix: ::std::string::String::new() })))
            }
            "now" => self.calls.push(quote!(.generate(Generate::Now))),
            "epoch" => self.calls.push(quote!(.generate(Generate::Epoch))),
            "lower" | "upper" | "trim" | "capitalize" => {
                let convert = format_ident!("{}", capitalized(&word), span = ident.span());
                self.calls.push(quote!(.convert(Convert::#convert)));
            }
            "index" if meta.input.peek(Token![=]) => {
                let group = text(meta)?;
                self.groups.push(group);
            }
            "primary" | "index" | "unique" | "public" | "secure" | "admin" | "findable" | "hidden"
            | "read_only" | "write_only" | "not_null" | "not_empty" | "skip_empty" | "truncate"
            | "autoincr" | "of_int" | "date" => {
                self.calls.push(quote!(.#ident()));
            }
            "max" => {
                let max: syn::LitInt = meta.value()?.parse()?;
                max.base10_parse::<usize>()?;
                self.calls.push(quote!(.max(#max)));
            }
            "range" => {
                let bounds;
                parenthesized!(bounds in meta.input);
                let bounds = bounds.parse_terminated(<syn::Expr as syn::parse::Parse>::parse, Token![,])?;
                if bounds.len() != 2 {
                    return Err(meta.error("expected the least and the greatest number: range(-90.0, 90.0)"));
                }
                self.calls.push(quote!(.range(#bounds)));
            }
            "value" | "read_default" => {
                let value = default_value(&meta.value()?.parse()?)?;
                self.calls.push(quote!(.#ident(#value)));
            }
            "join" => {
                let names;
                parenthesized!(names in meta.input);
                self.join = names.parse_terminated(|i| i.parse(), Token![,])?.into_iter().collect();
            }
            "separator" => self.separator = Some(text(meta)?),
            _ => return Err(meta.error("unknown attribute of a column")),
        }
        Ok(())
    }

    fn expand(&self, field: &Field, at: u16) -> Result<TokenStream> {
        let ident = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "a column needs a name"))?;
        let name = self.name.clone().or_else(|| self.renamed.clone()).unwrap_or(ident.unraw().to_string());
        let constructor = match &self.kind {
            Some(kind) => kind::named(kind)?,
            None => kind::of(&field.ty)?,
        };
        let calls = &self.calls;
        let groups = &self.groups;
        let join = (!self.join.is_empty()).then(|| {
            let names = &self.join;
            let separator = self.separator.as_deref().unwrap_or("|");
            quote!(.join([#(#names),*], #separator))
        });
        Ok(quote!(Column::#constructor(#name) #(#calls)* #(.index_in(#groups, #at))* #join))
    }
}

/// Passes over an attribute of serde that does not concern columns.
fn skip_serde(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inner;
        parenthesized!(inner in meta.input);
        inner.parse::<TokenStream>()?;
    }
    Ok(())
}

/// A literal as something that `Value` is made from.
fn default_value(expr: &Expr) -> Result<TokenStream> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(i) => Ok(quote!((#i as i64))),
            Lit::Str(_) | Lit::Bool(_) | Lit::Float(_) => Ok(quote!(#lit)),
            other => Err(Error::new(other.span(), "expected a text, a number or a boolean")),
        },
        Expr::Unary(unary) => {
            let inner = default_value(&unary.expr)?;
            Ok(quote!((-#inner)))
        }
        other => Err(Error::new(other.span(), "expected a literal")),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
