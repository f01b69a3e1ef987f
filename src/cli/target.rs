//! `KIND NAME` as people type it.

use super::{client::Client, error::CliError};
use crate::{
    manifest::did_you_mean,
    model::{DEFAULT_NAMESPACE, Kind},
};
use serde_json::Value;

/// One resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Target {
    /// Reads `KIND NAME` or `KIND/NAME`.
    pub(crate) fn parse(
        kind: &str,
        name: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Self, CliError> {
        let (kind, name) = match (kind.split_once('/'), name) {
            (None, Some(name)) => (kind, name),
            (Some((kind, name)), None) => (kind, name),
            (Some(_), Some(_)) => {
                let message = format!("`{kind}` already names a resource");
                return Err(CliError::usage(message).with_hint("write `KIND NAME` or `KIND/NAME`"));
            }
            (None, None) => {
                return Err(CliError::usage("no resource is named")
                    .with_hint("write `KIND NAME` or `KIND/NAME`"));
            }
        };
        Ok(Self {
            kind: kind_of(kind)?,
            namespace: namespace.unwrap_or(DEFAULT_NAMESPACE).to_owned(),
            name: name.to_owned(),
        })
    }

    /// Asks the daemon for it.
    pub(crate) fn fetch(&self, client: &Client) -> Result<Value, CliError> {
        client.get(
            &["v1", self.kind.plural(), &self.name],
            &[("namespace", &self.namespace)],
        )
    }
}

/// Finds a kind by the word that was typed.
pub(crate) fn kind_of(word: &str) -> Result<Kind, CliError> {
    if let Some(kind) = Kind::from_word(word) {
        return Ok(kind);
    }
    let error = CliError::usage(format!("there is no kind `{word}`"));
    Err(match did_you_mean(word, Kind::ALL.map(Kind::plural)) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(format!("the kinds are {}", kind_names())),
    })
}

fn kind_names() -> String {
    Kind::ALL
        .map(|kind| format!("`{}`", kind.plural()))
        .join(", ")
}
