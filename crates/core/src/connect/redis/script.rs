use std::sync::OnceLock;

use sha1::{Digest as _, Sha1};

/// A script that runs on the server, known to it by the hash of its text.
#[derive(Debug)]
pub struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    /// A script.
    pub const fn new(text: &'static str) -> Self {
        Self { text, hash: OnceLock::new() }
    }

    /// Its text.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// What the server calls it.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            Sha1::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_the_one_of_the_server() {
        assert_eq!(super::Script::new("return 1").hash(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    }
}
