//! What spans say, under OpenTelemetry's names where it has one.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md> and
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>.

use crate::{chat::ApiError, gateway::genai, providers::Upstream, store::UsageRecord};
use opentelemetry::KeyValue;
use serde_json::Value;

/// Longest name that is taken from a request, in characters: as usage records have it.
const MAX_NAME_CHARS: usize = 256;

/// Longest word for an error, in bytes; what is longer is no word.
const MAX_ERROR_BYTES: usize = 64;

/// What is known of a request when it has come.
pub(super) fn asked(route: String, request_id: &str, revision: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("http.request.method", "POST"),
        KeyValue::new("http.route", route),
        KeyValue::new("orloj.request_id", request_id.to_owned()),
        KeyValue::new("orloj.revision", revision.to_owned()),
    ]
}

/// What is known of a request when it has ended.
pub(super) fn ended(record: &UsageRecord) -> Vec<KeyValue> {
    let mut all = vec![
        KeyValue::new("orloj.alias", name(&record.requested)),
        KeyValue::new("orloj.namespace", record.namespace.clone()),
        KeyValue::new("orloj.attempts", record.attempts),
        KeyValue::new("orloj.outcome", record.outcome.clone()),
    ];
    for (key, value) in [
        ("orloj.key", &record.api_key),
        ("orloj.agent", &record.agent),
        ("orloj.endpoint", &record.endpoint),
    ] {
        if !value.is_empty() {
            all.push(KeyValue::new(key, value.clone()));
        }
    }
    // Whoever left before the answer began was told nothing.
    if record.outcome != "cancelled" || record.first_token_us.is_some() {
        let status = KeyValue::new("http.response.status_code", record.status);
        all.push(status);
    }
    let cost = record.cost_microdollars;
    all.extend(cost.map(|cost| KeyValue::new("orloj.cost_microdollars", cost)));
    all
}

/// What is known of an attempt when it begins.
pub(super) fn attempt(
    record: &UsageRecord,
    endpoint: String,
    model: &str,
    upstream: &Upstream,
) -> Vec<KeyValue> {
    let operation = genai::operation(&record.dialect);
    let mut all = vec![
        KeyValue::new("gen_ai.operation.name", operation),
        KeyValue::new("gen_ai.provider.name", provider(upstream.provider())),
        KeyValue::new("gen_ai.request.model", name(model)),
        KeyValue::new("orloj.endpoint", endpoint),
        KeyValue::new("orloj.alias", name(&record.requested)),
        KeyValue::new("orloj.revision", record.revision.clone()),
    ];
    if record.streamed == 1 {
        all.push(KeyValue::new("gen_ai.request.stream", true));
    }
    if record.attempts > 1 {
        let repeats = record.attempts - 1;
        all.push(KeyValue::new("http.request.resend_count", repeats));
    }
    if let Some((address, port)) = upstream.server() {
        all.push(KeyValue::new("server.address", address.to_owned()));
        all.push(KeyValue::new("server.port", i64::from(port)));
    }
    all
}

/// What an attempt that answered used.
pub(super) fn used(record: &UsageRecord, first: Option<f64>) -> Vec<KeyValue> {
    let counts = [
        ("gen_ai.usage.input_tokens", record.prompt_tokens),
        ("gen_ai.usage.output_tokens", record.completion_tokens),
        ("gen_ai.usage.cache_read.input_tokens", record.cached_tokens),
        (
            "gen_ai.usage.cache_creation.input_tokens",
            record.cache_write_tokens,
        ),
        (
            "gen_ai.usage.reasoning.output_tokens",
            record.reasoning_tokens,
        ),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let mut all: Vec<_> = counts
        .map(|(key, count)| KeyValue::new(key, count))
        .collect();
    if record.estimated == 1 {
        all.push(KeyValue::new("orloj.usage.estimated", true));
    }
    all.extend(first.map(|first| KeyValue::new("gen_ai.response.time_to_first_chunk", first)));
    all
}

/// The provider's status, where it gave one; what else went wrong has none.
pub(super) fn upstream_status(error: &ApiError) -> Option<KeyValue> {
    let status = error.details.orloj.get("upstream_status");
    let status = status.and_then(Value::as_i64)?;
    Some(KeyValue::new("http.response.status_code", status))
}

/// A word for an error: its code where that is one, else its status.
pub(super) fn error_type(error: &ApiError) -> String {
    let is_word = |code: &&str| {
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        (1..=MAX_ERROR_BYTES).contains(&code.len()) && code.bytes().all(part)
    };
    let code = error.code.as_deref().filter(is_word);
    code.map_or_else(|| error.status.to_string(), str::to_owned)
}

/// The conventions' word for a provider, where they have one.
fn provider(provider: &str) -> String {
    match provider {
        "azure-openai" => "azure.ai.openai".to_owned(),
        other => other.to_owned(),
    }
}

/// A name, cut where clients make it too long.
pub(super) fn name(text: &str) -> String {
    text.chars().take(MAX_NAME_CHARS).collect()
}
