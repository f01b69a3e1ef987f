//! Makes a call fit what the catalogue says of its model.

use super::ChatCall;
use crate::chat::{ApiError, Dialect, RequestError, with_field, with_newer_limit, without_fields};

/// Parameters that say how an answer is drawn: without them there still is the answer that was asked for.
const DRAWING: [&str; 6] = [
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
];

/// Limits of the answer, under every name: one that is refused has another name and is never left out.
const LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// What is said of a limit that goes under the name which newer models of OpenAI know alone.
pub(super) const NAMED_ANEW: &str = "max_tokens=named max_completion_tokens";

/// What the catalogue says of models that take one of the two alone.
const ONE_OF_TWO: &str = "temperature+top_p";

/// Leaves out what the model refuses and the answer can do without, and says so; names the limit as the model knows it,
/// and puts in the one that was reserved where the request has none. `limit` is the name that it has in a chat;
/// fields are named as they are in the dialect `asked`, which the call may have been translated from.
///
/// # Errors
///
/// [`ApiError`], 400, for a parameter that the model refuses and that the answer would be another one without.
pub(super) fn fit(
    call: &mut ChatCall,
    limit: &str,
    asked: Dialect,
) -> Result<Vec<String>, ApiError> {
    let mut adjusted = Vec::new();
    if let Some(most) = call.max_output {
        let name = match call.dialect {
            Dialect::Chat => Some(limit),
            Dialect::Responses => Some("max_output_tokens"),
            // There it must be said, or there is no answer to limit.
            Dialect::Messages | Dialect::CountTokens | Dialect::Embeddings => None,
        };
        let limited = name.and_then(|name| Some((name, with_field(&call.body, name, most)?)));
        if let Some((name, body)) = limited {
            call.body = body;
            adjusted.push(format!("{name}={most} as reserved"));
        }
    }
    if call.refuses.is_empty() || call.dialect == Dialect::CountTokens {
        return Ok(adjusted);
    }
    let refuses = |name: &str| call.refuses.iter().any(|refused| refused == name);
    if call.dialect == Dialect::Chat
        && refuses("max_tokens")
        && let Some(body) = with_newer_limit(&call.body)
    {
        call.body = body;
        adjusted.push(NAMED_ANEW.to_owned());
    }
    let leaves_one = refuses(ONE_OF_TWO) && has_both(&call.body);
    let mut to_blame = None;
    let fitting = without_fields(&call.body, |name, value| {
        if leaves_one && name == "top_p" {
            adjusted.push("top_p=left out".to_owned());
            return true;
        }
        if LIMITS.contains(&name) || !call.refuses.iter().any(|refused| refused == name) {
            return false;
        }
        if DRAWING.contains(&name) || says_nothing(value) {
            adjusted.push(format!("{}=left out", asked.name_of(name)));
            return true;
        }
        to_blame.get_or_insert_with(|| asked.name_of(name).to_owned());
        false
    });
    if let Some(name) = to_blame {
        let what = format!("the parameter for `{}`, says the catalogue", call.model);
        return Err(RequestError::unsupported(&name, &what).into());
    }
    if let Some(body) = fitting {
        call.body = body;
    }
    Ok(adjusted)
}

/// Whether a body has a temperature and `top_p`.
fn has_both(body: &[u8]) -> bool {
    let mut both = [false; 2];
    without_fields(body, |name, value| {
        both[0] |= name == "temperature" && value != "null";
        both[1] |= name == "top_p" && value != "null";
        false
    });
    both == [true; 2]
}

/// Values that are as good as none.
fn says_nothing(value: &str) -> bool {
    matches!(value, "null" | "false" | "0" | "[]" | "{}" | "\"none\"")
}
