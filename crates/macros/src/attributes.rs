//! Reading attributes: what both derives have in common.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, Result, UnOp};

/// The fields of a struct with named fields.
pub(crate) fn named_fields<'a>(input: &'a DeriveInput, derive: &str) -> Result<Vec<&'a Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter().collect()),
            other => Err(Error::new(other.span(), format!("{derive} needs named fields"))),
        },
        _ => Err(Error::new(input.ident.span(), format!("{derive} describes structs only"))),
    }
}

/// The doc comment as one text: lines of a paragraph joined by spaces, paragraphs by line feeds.
pub(crate) fn doc_text(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        let Ok(value) = attribute.meta.require_name_value() else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &value.value else { continue };
        match line.value().trim() {
            "" if text.is_empty() => {}
            "" => text.push('\n'),
            line => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push(' ');
                }
                text.push_str(line);
            }
        }
    }
    text.trim_end().to_owned()
}

/// The text of `name = "text"`; numbers and booleans may stand without quotes.
pub(crate) fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let expr: Expr = meta.value()?.parse()?;
    literal_text(&expr).ok_or_else(|| Error::new(expr.span(), "expected a literal"))
}

fn literal_text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(match lit {
            Lit::Str(s) => s.value(),
            Lit::Int(i) => i.base10_digits().to_owned(),
            Lit::Float(f) => f.base10_digits().to_owned(),
            Lit::Bool(b) => b.value.to_string(),
            _ => return None,
        }),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            literal_text(&unary.expr).map(|text| format!("-{text}"))
        }
        _ => None,
    }
}
