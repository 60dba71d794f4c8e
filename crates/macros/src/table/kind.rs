//! From a Rust type to the constructor of a column.

use proc_macro2::Ident;
use quote::format_ident;
use syn::spanned::Spanned as _;
use syn::{Error, GenericArgument, LitStr, PathArguments, Result, Type};

const NAMES: [&str; 16] = [
    "text", "int", "real", "decimal", "bool", "counter", "json", "object", "array", "list", "set", "time",
    "ttl", "bytes", "email", "phone",
];

/// The constructor that a `kind = "..."` names.
pub(crate) fn named(kind: &LitStr) -> Result<Ident> {
    if !NAMES.contains(&kind.value().as_str()) {
        return Err(Error::new(kind.span(), format!("unknown kind: expected one of {}", NAMES.join(", "))));
    }
    Ok(format_ident!("{}", kind.value(), span = kind.span()))
}

/// The constructor that fits a type.
pub(crate) fn of(ty: &Type) -> Result<Ident> {
    let (word, inner) = head(ty).unwrap_or_default();
    let inner_word = inner.and_then(head).map(|(word, _)| word).unwrap_or_default();
    let name = match (word.as_str(), inner_word.as_str()) {
        ("Option" | "Box" | "Arc", _) => return inner.map_or_else(|| Err(unknown(ty)), of),
        ("String", _) => "text",
        ("i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize", _) => "int",
        ("f32" | "f64", _) => "real",
        ("bool", _) => "bool",
        ("Value", _) => "json",
        ("Vec" | "BTreeSet" | "HashSet", "") => return Err(unknown(ty)),
        ("Vec", "String") => "list",
        ("Vec", "u8") => "bytes",
        ("Vec", _) => "array",
        ("BTreeSet" | "HashSet", "String") => "set",
        ("BTreeMap" | "HashMap" | "Map" | "Row", _) => "object",
        _ => return Err(unknown(ty)),
    };
    Ok(format_ident!("{name}", span = ty.span()))
}

fn unknown(ty: &Type) -> Error {
    Error::new(ty.span(), "no column type is known for this type: say #[column(kind = \"json\")]")
}

/// The last word of a type's path and its first type argument.
fn head(ty: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|a| match a {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    Some((last.ident.to_string(), argument))
}
