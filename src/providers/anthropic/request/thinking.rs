//! How much is to be thought: as a budget of tokens, or as an effort where the model knows no budget.
//!
//! Source: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking> and
//! <https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking>.

use crate::chat::{ChatRequest, RequestError, ToolChoice};
use serde_json::{Map, Value, json};

/// The smallest budget that Anthropic takes.
const LEAST: u64 = 1024;

/// What the catalogue says of models that decide themselves how long they think.
const NO_BUDGET: &str = "thinking.budget_tokens";

/// Whether a budget is asked for: then a turn of tool calls has to begin with the thinking that led to it.
pub(super) fn needs_budget(request: &ChatRequest, refuses: &[String]) -> bool {
    let effort = request.reasoning_effort.as_deref();
    effort.is_some_and(|effort| effort != "none") && has_budget(refuses)
}

fn has_budget(refuses: &[String]) -> bool {
    !refuses.iter().any(|name| name == NO_BUDGET)
}

/// The fields of the body that say an effort: a budget below the answer's limit, or the nearest word that every model
/// without budgets has.
pub(super) fn translate(
    request: &ChatRequest,
    refuses: &[String],
    max_tokens: u64,
    adjusted: &mut Vec<String>,
) -> Result<Map<String, Value>, RequestError> {
    let mut fields = Map::new();
    let Some(effort) = request.reasoning_effort.as_deref() else {
        return Ok(fields);
    };
    let (wanted, word) = match effort {
        "none" => return Ok(fields),
        "minimal" => (LEAST, "low"),
        "low" => (2048, "low"),
        "medium" => (8192, "medium"),
        "high" => (16_384, "high"),
        "xhigh" => (32_768, "high"),
        _ => {
            let what = "an effort other than none, minimal, low, medium, high and xhigh";
            return Err(RequestError::unsupported("reasoning_effort", what));
        }
    };
    let has_budget = has_budget(refuses);
    let budget = wanted.min(max_tokens.saturating_sub(1));
    if has_budget && budget < LEAST {
        let what = "a reasoning effort with fewer than 1025 tokens for the answer";
        return Err(RequestError::unsupported("reasoning_effort", what));
    }
    if request
        .temperature
        .as_ref()
        .is_some_and(|t| t.as_f64() != Some(1.0))
    {
        let what = "a temperature other than 1 with a reasoning effort";
        return Err(RequestError::unsupported("temperature", what));
    }
    if matches!(
        request.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Named(_))
    ) {
        let what = "a forced call of a tool with a reasoning effort";
        return Err(RequestError::unsupported("tool_choice", what));
    }
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
