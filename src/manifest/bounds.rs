//! What a schema says of sizes, in the user's words.

use crate::model::{Code, code};
use jsonschema::error::ValidationErrorKind as Violation;
use serde_json::Value;

/// What is wrong with the size of a number, text, list or mapping.
pub(super) fn explain(
    violation: &Violation,
    field: &str,
    instance: &Value,
) -> Option<(Code, String)> {
    Some(match violation {
        Violation::Minimum { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` must be at least {limit}, not {instance}"),
        ),
        Violation::Maximum { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` must be at most {limit}, not {instance}"),
        ),
        Violation::MinLength { limit: 1 } => {
            (code::FIELD_RANGE, format!("`{field}` must not be empty"))
        }
        Violation::MinLength { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` needs at least {limit} characters"),
        ),
        Violation::MaxLength { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` may hold at most {limit} characters"),
        ),
        Violation::MinItems { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` needs at least {limit} items"),
        ),
        Violation::MaxItems { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` may hold at most {limit} items"),
        ),
        Violation::MinProperties { limit } => (
            code::FIELD_REQUIRED,
            format!("`{field}` needs at least {limit} of its fields"),
        ),
        Violation::MaxProperties { limit } => (
            code::FIELD_RANGE,
            format!("`{field}` may hold at most {limit} of its fields"),
        ),
        _ => return None,
    })
}
