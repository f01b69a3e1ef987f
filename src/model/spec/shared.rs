//! Words that several kinds use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a tool call does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum OperationClass {
    /// It looks.
    Read,
    /// It changes something.
    Write,
    /// It removes something.
    Delete,
    /// It manages something.
    Admin,
}

/// How pauses between attempts are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RetryJitter {
    /// Not at all.
    #[default]
    None,
    /// From nothing to the whole pause.
    Full,
    /// From half to the whole pause.
    Equal,
}

/// Trims a text; nothing is left of an empty one.
pub(super) fn trim(text: &mut Option<String>) {
    *text = text
        .take()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
}

/// Trims a text, or takes the default in place of an empty one.
pub(super) fn text_or(text: &mut Option<String>, default: &str) {
    trim(text);
    text.get_or_insert_with(|| default.to_owned());
}

/// Drops repeats; the first stays.
pub(super) fn unique<T: Clone + Ord>(list: &mut Vec<T>) {
    let mut seen = std::collections::BTreeSet::new();
    list.retain(|item| seen.insert(item.clone()));
}

/// Trims each text, drops empty ones and repeats (letter case ignored, first spelling kept).
pub(super) fn tidy(list: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    *list = std::mem::take(list)
        .into_iter()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty() && seen.insert(text.to_lowercase()))
        .collect();
}

/// For fields that are left out of the normalised form when they say nothing.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
