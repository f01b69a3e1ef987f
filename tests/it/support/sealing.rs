//! Seals values as a user's `age` would.

use age::{secrecy::ExposeSecret as _, x25519};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// An age identity in a file.
pub(crate) struct AgeKey {
    folder: TempDir,
    identity: x25519::Identity,
}

impl AgeKey {
    /// A new key.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let identity = x25519::Identity::generate();
        let key = Self { folder, identity };
        let text = format!("{}\n", key.identity.to_string().expose_secret());
        fs::write(key.file(), text).unwrap();
        key
    }

    /// The file, for `--age-key-file`.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("age.key")
    }

    /// The recipient, as people write it.
    pub(crate) fn recipient(&self) -> String {
        self.identity.to_public().to_string()
    }

    /// A `Secret` named `name` whose key `value` holds `clear`, sealed to this key.
    pub(crate) fn secret(&self, name: &str, clear: &str) -> String {
        let armored = age::encrypt_and_armor(&self.identity.to_public(), clear.as_bytes()).unwrap();
        let mut text = format!(
            "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  encryptedData:\n    value: |\n"
        );
        for line in armored.lines() {
            text.push_str("      ");
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}
