//! How much is to be thought, as a budget of tokens.
//!
//! Source: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>.

use crate::chat::{ChatRequest, RequestError, ToolChoice};
use serde_json::{Map, Value, json};

/// The smallest budget that Anthropic takes.
const LEAST: u64 = 1024;

/// Says an effort as a budget below the answer's limit.
pub(super) fn translate(
    request: &ChatRequest,
    max_tokens: u64,
    body: &mut Map<String, Value>,
    adjusted: &mut Vec<String>,
) -> Result<(), RequestError> {
    let Some(effort) = request.reasoning_effort.as_deref() else {
        return Ok(());
    };
    let wanted = match effort {
        "none" => return Ok(()),
        "minimal" => LEAST,
        "low" => 2048,
        "medium" => 8192,
        "high" => 16_384,
        "xhigh" => 32_768,
        _ => {
            let what = "an effort other than none, minimal, low, medium, high and xhigh";
            return Err(RequestError::unsupported("reasoning_effort", what));
        }
    };
    let budget = wanted.min(max_tokens.saturating_sub(1));
    if budget < LEAST {
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
    body.insert(
        "thinking".into(),
        json!({"type": "enabled", "budget_tokens": budget}),
    );
    adjusted.push(format!("reasoning_effort={effort} as a budget of {budget}"));
    Ok(())
}
