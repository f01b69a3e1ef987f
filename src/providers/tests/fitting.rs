//! What the catalogue says that a model refuses, and a limit that was reserved and not said.

use super::fake::{Fake, Script, asking, call, hello, upstream};
use crate::chat::{ApiError, Dialect};
use crate::providers::ChatCall;
use serde_json::{Value, json};
use std::sync::Arc;

fn refusing(mut call: ChatCall, names: &[&str]) -> ChatCall {
    let names = names.iter().map(|name| (*name).to_owned());
    call.refuses = names.collect::<Vec<_>>().into();
    call
}

fn with(fields: &Value) -> Value {
    let mut body = hello();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn answer(provider: &str) -> Script {
    let anthropics = json!({"id": "msg_1", "type": "message", "model": "c", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "hey"}], "usage": {"input_tokens": 1, "output_tokens": 1}});
    let openais = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "hey"}}]});
    Script::json(
        200,
        if provider == "anthropic" {
            &anthropics
        } else {
            &openais
        },
    )
}

/// What a provider receives, and what is said to have been adjusted.
async fn sent(provider: &str, call: ChatCall) -> Result<(Value, Vec<String>), ApiError> {
    let fake = Fake::start(answer(provider)).await;
    let upstream = upstream(provider, &fake.url(), &json!({}));
    match upstream.chat(call).await {
        Ok(answer) => Ok((fake.last().json(), answer.adjusted)),
        Err(error) => {
            assert_eq!(fake.calls(), 0, "{error}");
            Err(error)
        }
    }
}

#[tokio::test]
async fn what_only_says_how_an_answer_is_drawn_is_left_out_and_named() {
    let body = with(&json!({"temperature": 0.2, "top_p": 0.5, "seed": 7, "x-new": 1}));
    let names = ["temperature", "top_p", "presence_penalty"];
    let (sent, adjusted) = sent("openai", refusing(call(&body), &names)).await.unwrap();
    assert_eq!(sent, with(&json!({"seed": 7, "x-new": 1})));
    assert_eq!(adjusted, ["temperature=left out", "top_p=left out"]);
}

#[tokio::test]
async fn what_an_answer_would_be_another_one_without_is_refused_by_name() {
    let body = with(&json!({"temperature": 0.2, "logprobs": true}));
    let refused = sent(
        "openai",
        refusing(call(&body), &["logprobs", "temperature"]),
    )
    .await;
    let error = refused.unwrap_err();
    assert_eq!(
        (error.status, error.param.as_deref()),
        (400, Some("logprobs"))
    );
    assert_eq!(error.code.as_deref(), Some("unsupported_parameter"));
    // Said so that it says nothing, it is no loss.
    let body = with(&json!({"logprobs": false, "logit_bias": {}}));
    let call = refusing(call(&body), &["logprobs", "logit_bias"]);
    let (sent, adjusted) = sent("openai", call).await.unwrap();
    assert_eq!(sent, hello());
    assert_eq!(adjusted, ["logprobs=left out", "logit_bias=left out"]);
}

#[tokio::test]
async fn a_limit_that_is_refused_goes_under_its_newer_name_and_is_never_left_out() {
    let body = with(&json!({"max_tokens": 50}));
    for provider in ["openai-compatible", "openai"] {
        let call = refusing(call(&body), &["max_tokens"]);
        let (sent, adjusted) = sent(provider, call).await.unwrap();
        assert_eq!(
            sent,
            with(&json!({"max_completion_tokens": 50})),
            "{provider}"
        );
        assert!(adjusted.is_empty());
    }
}

#[tokio::test]
async fn every_dialect_leaves_out_what_is_refused() {
    let body = with(&json!({"max_tokens": 50, "temperature": 0.2}));
    let call = refusing(
        asking(Dialect::Messages, &body),
        &["temperature", "max_tokens"],
    );
    for provider in ["anthropic", "openai"] {
        let (sent, adjusted) = sent(provider, call.clone()).await.unwrap();
        assert_eq!(sent.get("temperature"), None, "{provider}");
        assert_eq!(adjusted[0], "temperature=left out", "{provider}");
        let limit = sent.get("max_tokens").or(sent.get("max_completion_tokens"));
        assert_eq!(limit, Some(&json!(50)), "{provider}");
    }
}

#[tokio::test]
async fn an_effort_is_adaptive_thinking_where_the_model_knows_no_budget() {
    for (effort, word) in [("minimal", "low"), ("medium", "medium"), ("xhigh", "high")] {
        let schema = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}});
        let body =
            with(&json!({"reasoning_effort": effort, "max_tokens": 50, "response_format": schema}));
        let call = refusing(call(&body), &["thinking.budget_tokens"]);
        let (sent, adjusted) = sent("anthropic", call).await.unwrap();
        assert_eq!(sent["thinking"], json!({"type": "adaptive"}), "{effort}");
        assert_eq!(sent["output_config"]["effort"], word);
        assert_eq!(sent["output_config"]["format"]["type"], "json_schema");
        assert_eq!(
            adjusted,
            [format!("reasoning_effort={effort} as the effort {word}")]
        );
    }
}

#[tokio::test]
async fn a_limit_that_was_reserved_is_said_under_the_providers_name() {
    for (provider, dialect, name) in [
        ("openai", Dialect::Chat, "max_completion_tokens"),
        ("openai-compatible", Dialect::Chat, "max_tokens"),
        ("anthropic", Dialect::Chat, "max_tokens"),
    ] {
        let mut call = asking(dialect, &hello());
        call.max_output = Some(77);
        let (sent, adjusted) = sent(provider, call).await.unwrap();
        assert_eq!(sent[name], 77, "{provider}");
        assert_eq!(adjusted, [format!("{name}=77 as reserved")], "{provider}");
    }
    let mut call = asking(Dialect::Chat, &hello());
    call.refuses = Arc::default();
    let (sent, adjusted) = sent("openai", call).await.unwrap();
    assert_eq!((sent, adjusted), (hello(), Vec::new()));
}

#[tokio::test]
async fn what_is_refused_is_found_under_the_name_that_a_translation_gives_it() {
    let refuses = ["reasoning_effort", "stop", "max_tokens"];
    let responses = json!({"model": "up-model", "input": "hi", "reasoning": {"effort": "low"}});
    let messages = |more: &Value| {
        let mut body = with(more);
        body["max_tokens"] = 2000.into();
        body
    };
    let thinking = messages(&json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}));
    let stop = messages(&json!({"stop_sequences": ["x"]}));
    for (dialect, body, param) in [
        (Dialect::Messages, thinking, "thinking"),
        (Dialect::Messages, stop, "stop_sequences"),
        (Dialect::Responses, responses, "reasoning.effort"),
    ] {
        let call = refusing(asking(dialect, &body), &refuses);
        let error = sent("openai-compatible", call).await.unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
        assert_eq!(error.code.as_deref(), Some("unsupported_parameter"));
        assert_eq!(
            error.to_json()["error"]["orloj"]["endpoint"],
            "default/here"
        );
    }
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    let one = json!({"type": "auto", "disable_parallel_tool_use": true});
    let body = messages(&json!({"tools": tools, "tool_choice": one}));
    let call = asking(Dialect::Messages, &body);
    let call = refusing(call, &["parallel_tool_calls", "max_tokens"]);
    let (sent, adjusted) = sent("openai-compatible", call).await.unwrap();
    assert_eq!(sent.get("parallel_tool_calls"), None);
    assert_eq!(sent["max_completion_tokens"], 2000);
    assert_eq!(sent.get("max_tokens"), None);
    assert_eq!(adjusted, ["tool_choice.disable_parallel_tool_use=left out"]);
}

#[tokio::test]
async fn a_limit_that_was_reserved_is_said_once_in_a_translation() {
    let body = json!({"model": "up-model", "input": "hi"});
    let mut call = asking(Dialect::Responses, &body);
    call.max_output = Some(77);
    let (sent, adjusted) = sent("openai-compatible", call).await.unwrap();
    assert_eq!(sent["max_tokens"], 77);
    assert_eq!(adjusted, ["max_output_tokens=77 as reserved"]);
}
