//! A file in which secrets are sealed as a whole.

use crate::model::Digest;
use std::{collections::BTreeSet, fmt, sync::Arc};

/// How such a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedForm {
    /// YAML, sealed by SOPS.
    SopsYaml,
    /// JSON, sealed by SOPS.
    SopsJson,
    /// An age file, armored or not.
    Age,
}

/// The file that a secret's values are sealed in, as it is in Git: nothing of it is open.
#[derive(Clone)]
pub struct SealedFile {
    /// How it is written.
    pub form: SealedForm,
    /// All of it.
    pub content: Arc<[u8]>,
    /// The fingerprint of its content.
    pub digest: Digest,
    /// Which of its documents is the secret, counted from 0.
    pub document: usize,
    /// The keys whose values are base64 once they are open.
    pub base64: BTreeSet<String>,
    /// The public keys it is sealed for, as far as it says.
    pub recipients: Vec<String>,
    /// Whether even the names of what it holds are sealed: the secret stands for the whole file.
    pub is_opaque: bool,
}

impl SealedFile {
    /// A file with one document.
    pub fn new(form: SealedForm, content: &[u8], recipients: Vec<String>) -> Self {
        Self {
            form,
            content: content.into(),
            digest: Digest::of_bytes(content),
            document: 0,
            base64: BTreeSet::new(),
            recipients,
            is_opaque: false,
        }
    }
}

/// Shape only: the clear parts of the file may hold what was not meant to be there.
impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile")
            .field("form", &self.form)
            .field("document", &self.document)
            .field("recipients", &self.recipients)
            .finish_non_exhaustive()
    }
}
