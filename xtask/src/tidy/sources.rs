//! The Rust sources of the workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// One source file: its path from the workspace's folder, and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads all `.rs` files, in order of their paths; build output and hidden folders are left out.
pub(super) fn read(root: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    visit(root, root, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn visit(root: &Path, folder: &Path, found: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            visit(root, &path, found)?;
        } else if name.ends_with(".rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let path = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push(Source { path, text });
        }
    }
    Ok(())
}
