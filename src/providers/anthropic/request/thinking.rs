//! How much is to be thought: as a budget of tokens, or as an effort where the model knows no budget.
//!
//! Source: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking> and
//! <https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking>.

use super::limit::Limit;
use crate::chat::{ChatRequest, RequestError, ToolChoice};
use serde_json::{Map, Value, json};

/// The smallest budget that Anthropic takes.
const LEAST: u64 = 1024;

/// Tokens that are left for the answer itself beside a budget, if nobody asked for a limit.
const ROOM: u64 = 1024;

/// What the catalogue says of models that decide themselves how long they think.
const NO_BUDGET: &str = "thinking.budget_tokens";

/// What it says of those that always think.
const NEVER_OFF: &str = "thinking.disabled";

/// Whether a budget is asked for: then a turn of tool calls has to begin with the thinking that led to it.
pub(super) fn needs_budget(request: &ChatRequest, refuses: &[String]) -> bool {
    let effort = request.reasoning_effort.as_deref();
    effort.is_some_and(|effort| effort != "none") && !has(refuses, NO_BUDGET)
}

/// Tokens of thinking that an effort is worth.
pub(super) fn worth(request: &ChatRequest) -> u64 {
    let effort = request.reasoning_effort.as_deref();
    effort.and_then(measure).map_or(0, |(budget, _)| budget)
}

/// An effort as a budget, and in the words of models without budgets.
fn measure(effort: &str) -> Option<(u64, &'static str)> {
    match effort {
        "minimal" => Some((LEAST, "low")),
        "low" => Some((2048, "low")),
        "medium" => Some((8192, "medium")),
        "high" => Some((16_384, "high")),
        "xhigh" => Some((32_768, "xhigh")),
        "max" => Some((65_536, "max")),
        _ => None,
    }
}

fn has(refuses: &[String], word: &str) -> bool {
    refuses.iter().any(|name| name == word)
}

/// The fields of the body that say an effort: a budget below the answer's limit, or the word for it.
pub(super) fn translate(
    request: &ChatRequest,
    refuses: &[String],
    limit: Limit,
    adjusted: &mut Vec<String>,
) -> Result<Map<String, Value>, RequestError> {
    let Some(effort) = request.reasoning_effort.as_deref() else {
        return Ok(Map::new());
    };
    if effort == "none" {
        return Ok(switched_off(refuses, adjusted));
    }
    let Some((wanted, word)) = measure(effort) else {
        let what = "an effort other than none, minimal, low, medium, high, xhigh and max";
        return Err(RequestError::unsupported("reasoning_effort", what));
    };
    let has_budget = !has(refuses, NO_BUDGET);
    let room = if limit.is_asked { 1 } else { ROOM };
    let budget = wanted.min(limit.tokens.saturating_sub(room));
    if has_budget && budget < LEAST {
        let what = format!(
            "a reasoning effort with fewer than {} tokens for the answer",
            LEAST + room
        );
        return Err(RequestError::unsupported("reasoning_effort", &what));
    }
    refuse_what_thinking_forbids(request)?;
    let mut fields = Map::new();
    if has_budget {
        let thinking = json!({"type": "enabled", "budget_tokens": budget});
        fields.insert("thinking".into(), thinking);
        adjusted.push(format!("reasoning_effort={effort} as a budget of {budget}"));
    } else {
        fields.insert("thinking".into(), json!({"type": "adaptive"}));
        fields.insert("output_config".into(), json!({"effort": word}));
        adjusted.push(format!("reasoning_effort={effort} as the effort {word}"));
    }
    Ok(fields)
}

/// Models with budgets think only if told to, and the others unless told not to. Where that is refused, the least effort is
/// the nearest.
fn switched_off(refuses: &[String], adjusted: &mut Vec<String>) -> Map<String, Value> {
    let mut fields = Map::new();
    if has(refuses, NEVER_OFF) {
        fields.insert("output_config".into(), json!({"effort": "low"}));
        adjusted.push("reasoning_effort=none as the effort low".to_owned());
    } else if has(refuses, NO_BUDGET) {
        fields.insert("thinking".into(), json!({"type": "disabled"}));
    }
    fields
}

fn refuse_what_thinking_forbids(request: &ChatRequest) -> Result<(), RequestError> {
    let temperature = request.temperature.as_ref();
    if temperature.is_some_and(|t| t.as_f64() != Some(1.0)) {
        let what = "a temperature other than 1 with a reasoning effort";
        return Err(RequestError::unsupported("temperature", what));
    }
    match request.tool_choice {
        Some(ToolChoice::Required | ToolChoice::Named(_)) => {
            let what = "a forced call of a tool with a reasoning effort";
            Err(RequestError::unsupported("tool_choice", what))
        }
        _ => Ok(()),
    }
}
