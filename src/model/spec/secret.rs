//! `kind: Secret`.

use super::SealedFile;
use crate::model::ClearText;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fmt};

/// Credentials. In Git only `encryptedData` and `fromFile` are accepted, unless the operator allows clear text.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecretSpec {
    /// Clear values in standard, padded base64. Refused in Git.
    #[serde(default)]
    #[schemars(extend("examples" = [{"value": "dGhlLWtleQ=="}]))]
    pub data: BTreeMap<String, ClearText>,
    /// Clear values as plain text; override the same keys of `data`. Refused in Git.
    #[serde(default)]
    #[schemars(extend("examples" = [{"value": "the-key"}]))]
    pub string_data: BTreeMap<String, ClearText>,
    /// Values sealed with age, in ASCII armor, one or several recipients each.
    #[serde(default)]
    #[schemars(extend("examples" = [{"value": "-----BEGIN AGE ENCRYPTED FILE-----\n…\n-----END AGE ENCRYPTED FILE-----\n"}]))]
    pub encrypted_data: BTreeMap<String, String>,
    /// Values from files of the machine that the daemon runs on, which are read again when they change: paths below the
    /// directory that its `--secrets-dir` names, such as a mounted Secret of Kubernetes.
    #[serde(default)]
    #[schemars(extend("examples" = [{"value": "openai/api-key"}]))]
    pub from_file: BTreeMap<String, String>,
    /// Hosts (`api.openai.com`, optionally with `:port`) that may be sent the values.
    #[serde(default, rename = "allowed_hosts")]
    #[schemars(extend("examples" = [["api.openai.com"]]))]
    pub allowed_hosts: Vec<String>,
    /// The file that values are sealed in together (SOPS, age); those of `encryptedData` that are SOPS' are in it.
    #[serde(skip)]
    #[schemars(skip)]
    pub file: Option<Box<SealedFile>>,
}

impl SecretSpec {
    /// Decodes `data`, lets `stringData` override it, and keeps the result in `data` as raw bytes.
    ///
    /// Returns the keys of `data` whose base64 cannot be read, sorted; they are dropped.
    pub fn normalise(&mut self) -> Vec<String> {
        let mut bad = Vec::new();
        for (key, value) in std::mem::take(&mut self.data) {
            match STANDARD.decode(value.expose()) {
                Ok(bytes) => drop(self.data.insert(key, ClearText::new(bytes))),
                Err(_) => bad.push(key),
            }
        }
        for (key, value) in std::mem::take(&mut self.string_data) {
            let key = key.trim();
            if !key.is_empty() {
                self.data.insert(key.to_owned(), value);
            }
        }
        super::tidy(&mut self.allowed_hosts);
        bad
    }

    /// Whether it stands for a file whose very names are sealed.
    pub fn is_opaque(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_opaque)
    }

    /// Whether any value is written in clear text.
    pub fn has_clear_text(&self) -> bool {
        !self.data.is_empty() || !self.string_data.is_empty()
    }

    /// Every key, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mut keys: Vec<_> = self
            .data
            .keys()
            .chain(self.encrypted_data.keys())
            .chain(self.from_file.keys())
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter()
    }

    /// The spec without its values: fingerprints in their place. `place` binds the fingerprints of clear
    /// values to one secret.
    pub fn to_redacted_value(&self, place: &str) -> Value {
        let mut values = Map::new();
        for (key, value) in &self.data {
            values.insert(
                key.clone(),
                json!({ "clear": value.fingerprint(&format!("{place}/{key}")) }),
            );
        }
        for (key, armored) in &self.encrypted_data {
            let sealed = crate::model::Digest::of_bytes(armored.trim().as_bytes());
            values.insert(key.clone(), json!({ "sealed": sealed.short() }));
        }
        for (key, path) in &self.from_file {
            values.insert(key.clone(), json!({ "file": path }));
        }
        let mut out = Map::new();
        out.insert("values".into(), Value::Object(values));
        if !self.allowed_hosts.is_empty() {
            out.insert("allowed_hosts".into(), json!(self.allowed_hosts));
        }
        if let Some(file) = &self.file {
            let recipients = file.recipients.iter();
            let recipients: Map<_, _> = recipients.map(|key| (key.clone(), json!(true))).collect();
            out.insert("recipients".into(), Value::Object(recipients));
            if file.is_opaque {
                out.insert("file".into(), json!({ "sealed": file.digest.short() }));
            }
        }
        Value::Object(out)
    }
}

/// Key names only.
impl fmt::Debug for SecretSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretSpec")
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
