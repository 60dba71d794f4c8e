//! `bkjs help databases`: what the database drivers of this build can do, and what they refuse.

use bkjs_core::db::driver::Capability;
use bkjs_core::db::drivers::{Product, products};
use bkjs_core::{Error, Result};

/// All drivers, one of them by its name or a scheme of its URLs, or with `--markdown` the page of all.
pub(crate) fn text(word: &str) -> Result<String> {
    match word {
        "" => Ok(all()),
        "--markdown" => Ok(markdown()),
        name => match products().iter().find(|p| p.name == name || p.schemes.contains(&name)) {
            Some(product) => Ok(one(product)),
            None => {
                let known: Vec<&str> = products().iter().map(|p| p.name).collect();
                let known = known.join(", ");
                Err(Error::not_found(format!(
                    "no database driver {name:.40} in this build, there are: {known}"
                )))
            }
        },
    }
}

/// The rows of the matrix: each capability, and what every product says of it.
fn matrix() -> Vec<(Capability, Vec<String>)> {
    let columns: Vec<Vec<Capability>> = products().iter().map(|p| p.capabilities.each()).collect();
    let Some(first) = columns.first() else { return Vec::new() };
    let row = |(at, one): (usize, &Capability)| {
        let extents = columns.iter().filter_map(|column| column.get(at)).map(|c| c.extent.to_string());
        (one.clone(), extents.collect())
    };
    first.iter().enumerate().map(row).collect()
}

fn all() -> String {
    let mut text = format!("{:20}", "");
    for product in products() {
        text.push_str(&format!("{:10}", product.name));
    }
    end_line(&mut text);
    for (capability, extents) in matrix() {
        text.push_str(&format!("{:20}", capability.name));
        for extent in extents {
            text.push_str(&format!("{extent:10}"));
        }
        end_line(&mut text);
    }
    text.push('\n');
    for (capability, _) in matrix() {
        text.push_str(&format!("{}\n    {}\n", capability.name, capability.meaning));
    }
    for product in products() {
        text.push_str(&format!("\n{}, {}\n", product.name, urls(product)));
        push_refusals(&mut text, product);
    }
    text
}

fn one(product: &Product) -> String {
    let mut text = format!("{}, {}\n\n", product.name, urls(product));
    for capability in product.capabilities.each() {
        let Capability { name, extent, meaning } = capability;
        text.push_str(&format!("{name:20}{extent}\n    {meaning}\n"));
    }
    text.push('\n');
    push_refusals(&mut text, product);
    text
}

fn markdown() -> String {
    let mut text = String::from(
        "# Database drivers

Made from the code by `bkjs help databases --markdown`. `bkjs help databases` prints what the build at hand has. How a
driver is configured and what it guarantees is on its own page; what each operation costs is in
[Databases](../databases.md).

| driver | URLs start with |
| --- | --- |
",
    );
    for product in products() {
        text.push_str(&format!("| {} | {} |\n", link(product), schemes(product, |s| format!("`{s}://`"))));
    }
    text.push_str("\n## Capabilities\n\n| |");
    products().iter().for_each(|product| text.push_str(&format!(" {} |", product.name)));
    text.push_str("\n| --- |");
    products().iter().for_each(|_| text.push_str(" --- |"));
    text.push('\n');
    for (capability, extents) in matrix() {
        text.push_str(&format!("| `{}` | {} |\n", capability.name, extents.join(" | ")));
    }
    text.push_str("\n| capability | means |\n| --- | --- |\n");
    for (Capability { name, meaning, .. }, _) in matrix() {
        text.push_str(&format!("| `{name}` | {meaning} |\n"));
    }
    text.push_str(
        "\n`none` holds nothing, so nothing is beyond it.\n\n## Refusals\n\n\
         What a product cannot hold or do is refused with an error of a defined kind, never stored or answered otherwise.\n\n\
         | driver | refused | error |\n| --- | --- | --- |\n",
    );
    for product in products() {
        for refusal in product.refusals {
            text.push_str(&format!("| {} | {} | `{}` |\n", product.name, refusal.what, refusal.kind.code()));
        }
    }
    text
}

fn urls(product: &Product) -> String {
    format!("urls {}", schemes(product, |scheme| format!("{scheme}://")))
}

fn schemes(product: &Product, show: impl Fn(&str) -> String) -> String {
    product.schemes.iter().map(|scheme| show(scheme)).collect::<Vec<_>>().join(", ")
}

fn link(product: &Product) -> String {
    format!("[{0}](../databases/{0}.md)", product.name)
}

fn push_refusals(text: &mut String, product: &Product) {
    for refusal in product.refusals {
        text.push_str(&format!("    refuses with {}: {}\n", refusal.kind.code(), refusal.what));
    }
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_driver_and_capability_of_the_build_is_on_the_page() {
        for text in [all(), markdown()] {
            for product in products() {
                assert!(text.contains(product.name), "{}", product.name);
                assert!(product.refusals.iter().all(|refusal| text.contains(refusal.what)), "{text}");
                for one in product.capabilities.each() {
                    assert!(text.contains(one.name) && text.contains(one.meaning), "{}", one.name);
                }
            }
        }
    }

    #[test]
    fn one_driver_is_shown_by_its_name_or_scheme() {
        let none = text("none").expect("is in every build");
        assert!(none.starts_with("none, urls none://\n"), "{none}");
        assert!(none.contains("\nraw_query           yes\n    Statements in"), "{none}");
        for product in products() {
            for scheme in product.schemes {
                assert!(text(scheme).expect("is there").starts_with(product.name));
            }
        }
        let refused = text("oracle").expect_err("is in no build");
        assert!(refused.message().contains("oracle in this build, there are: "), "{refused:?}");
    }
}
