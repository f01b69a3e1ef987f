//! The ordered difference of two catalogs, and its renderers.
//!
//! A [`Plan`] is immutable and complete: applying it makes no choices. It never holds a secret's value;
//! its digest covers ciphertext, so it is the same with and without a key. What a key says of values
//! whose ciphertext differs ([`ValueVerdict`]) stands beside the digest.

mod change;
mod egress;
mod egress_files;
mod fields;
mod json;
mod markdown;
mod moved;
mod ordered;
mod recipients;
mod secrets_json;
mod suggest;
mod text;
mod text_diff;
mod unserved;
mod values;
mod window_entry;
mod windows;

#[cfg(test)]
mod tests;

pub use change::{Action, Change, FieldChange, FieldOp, Moved, RouteChange, Shown, Suggestion};
pub use egress::Egress;
pub use json::to_json;
pub use markdown::to_markdown;
pub use ordered::{Plan, Side, Totals};
pub use recipients::Recipients;
pub use secrets_json::secrets_to_json;
pub use text::{TextOptions, to_text};
pub use values::ValueVerdict;
pub use window_entry::{WindowEntry, WindowError, WindowSort};
pub use windows::{Closed, Scopes, Window, WindowKind, Windows};
