//! The documents of a file before any schema: what the reader alone makes of bytes.

use super::{loader::load, text::read_text};
use crate::model::Finding;
use serde_json::Value;
use std::sync::Arc;

/// What a file says, whatever it means.
#[derive(Debug, Default)]
pub struct Documents {
    /// The documents up to the first problem of syntax, plain scalars read as YAML 1.2 does. Numbers
    /// that JSON cannot say are null.
    pub values: Vec<Value>,
    /// What is wrong with it as YAML; a manifest file with any of these is not used.
    pub findings: Vec<Finding>,
}

/// Reads the documents of a file: the first step of [`super::parse_file`], to be held against other readers.
pub fn read_documents(file: &Arc<str>, bytes: &[u8]) -> Documents {
    match read_text(file, bytes) {
        Err(finding) => Documents {
            findings: vec![*finding],
            ..Documents::default()
        },
        Ok(text) => {
            let loaded = load(file, text);
            let values = loaded.documents.iter().map(super::node::Node::to_json);
            Documents {
                values: values.collect(),
                findings: loaded.findings,
            }
        }
    }
}
