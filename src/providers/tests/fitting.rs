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
        assert_eq!(adjusted, ["max_tokens=named max_completion_tokens"]);
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
    for (effort, word) in [
        ("minimal", "low"),
        ("medium", "medium"),
        ("xhigh", "xhigh"),
        ("max", "max"),
    ] {
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
async fn no_effort_switches_thinking_off_where_it_is_on_or_is_the_least_where_it_stays_on() {
    let body = with(&json!({"reasoning_effort": "none"}));
    for (refuses, thinking, effort, noted) in [
        (&[][..], json!(null), json!(null), None),
        (
            &["thinking.budget_tokens"],
            json!({"type": "disabled"}),
            json!(null),
            None,
        ),
        (
            &["thinking.budget_tokens", "thinking.disabled"],
            json!(null),
            json!("low"),
            Some("reasoning_effort=none as the effort low".to_owned()),
        ),
    ] {
        let call = refusing(call(&body), refuses);
        let (sent, adjusted) = sent("anthropic", call).await.unwrap();
        let said = (&sent["thinking"], &sent["output_config"]["effort"]);
        assert_eq!(said, (&thinking, &effort), "{refuses:?}");
        assert_eq!(adjusted, Vec::from_iter(noted));
    }
}

#[tokio::test]
async fn of_two_that_are_not_taken_together_one_is_left_out() {
    let both = with(&json!({"temperature": 0.2, "top_p": 0.9, "max_tokens": 9}));
    let one = with(&json!({"top_p": 0.9, "temperature": null, "max_tokens": 9}));
    for dialect in [Dialect::Chat, Dialect::Messages] {
        let ask = |body| refusing(asking(dialect, body), &["temperature+top_p"]);
        let (said, adjusted) = sent("anthropic", ask(&both)).await.unwrap();
        assert_eq!(
            (&said["temperature"], said.get("top_p")),
            (&json!(0.2), None)
        );
        assert_eq!(adjusted, ["top_p=left out"]);
        let (said, adjusted) = sent("anthropic", ask(&one)).await.unwrap();
        assert_eq!((&said["top_p"], adjusted.len()), (&json!(0.9), 0));
    }
}

#[tokio::test]
async fn a_limit_that_nobody_asked_for_is_the_models_and_leaves_room_beside_the_budget() {
    let effort = |effort: &str| with(&json!({"reasoning_effort": effort}));
    for (body, known, reserved, limit, budget) in [
        (hello(), None, None, 4096, json!(null)),
        (hello(), Some(64_000), None, 64_000, json!(null)),
        (effort("high"), None, None, 4096 + 16_384, json!(16_384)),
        (
            effort("max"),
            Some(64_000),
            None,
            64_000,
            json!(64_000 - 1024),
        ),
        // What is reserved is what is sent.
        (effort("high"), None, Some(4096), 4096, json!(3072)),
    ] {
        let mut call = call(&body);
        (call.known_output, call.max_output) = (known, reserved);
        let (sent, _) = sent("anthropic", call).await.unwrap();
        let said = (&sent["max_tokens"], &sent["thinking"]["budget_tokens"]);
        assert_eq!(said, (&json!(limit), &budget), "{body} {known:?}");
    }
    // The endpoint's option goes before the catalogue.
    let fake = Fake::start(Script::json(
        200,
        &json!({"content": [], "stop_reason": "end_turn"}),
    ))
    .await;
    let options = json!({"options": {"max_tokens": "2000"}});
    let mut call = call(&hello());
    call.known_output = Some(64_000);
    upstream("anthropic", &fake.url(), &options)
        .chat(call)
        .await
        .unwrap();
    assert_eq!(fake.last().json()["max_tokens"], 2000);
}

#[tokio::test]
async fn a_limit_named_anew_for_a_model_of_openai_is_said_so() {
    for (model, noted) in [("gpt-5", 1), ("gpt-4o", 0)] {
        let body = with(&json!({"model": model, "max_tokens": 50}));
        let (_, adjusted) = sent("openai", call(&body)).await.unwrap();
        assert_eq!(adjusted.len(), noted, "{model}");
    }
}

#[tokio::test]
async fn a_limit_that_was_reserved_takes_the_place_of_null() {
    for (provider, dialect, null, name) in [
        (
            "openai-compatible",
            Dialect::Chat,
            "max_tokens",
            "max_tokens",
        ),
        (
            "openai",
            Dialect::Chat,
            "max_completion_tokens",
            "max_completion_tokens",
        ),
        (
            "openai",
            Dialect::Responses,
            "max_output_tokens",
            "max_output_tokens",
        ),
        (
            "openai-compatible",
            Dialect::Responses,
            "max_output_tokens",
            "max_tokens",
        ),
        ("anthropic", Dialect::Chat, "max_tokens", "max_tokens"),
    ] {
        let body = json!({"model": "up-model", "messages": [{"role": "user", "content": "hi"}],
            "input": "hi", null: null});
        let mut body = body.as_object().unwrap().clone();
        match dialect {
            Dialect::Responses => body.remove("messages"),
            _ => body.remove("input"),
        };
        let mut call = asking(dialect, &body.into());
        call.max_output = Some(77);
        let fake = Fake::start(answer(provider)).await;
        // What is answered is not what this is about.
        let _ = upstream(provider, &fake.url(), &json!({})).chat(call).await;
        let sent = fake.last().body;
        let sent = std::str::from_utf8(&sent).unwrap();
        assert!(sent.contains(&format!("\"{name}\":77")), "{sent}");
        assert_eq!(sent.matches("max_").count(), 1, "{sent}");
    }
}

#[tokio::test]
async fn a_limit_under_its_newer_name_stands_beside_no_null() {
    let body = with(&json!({"max_completion_tokens": null, "max_tokens": 50}));
    let fake = Fake::start(answer("openai")).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let mut call = call(&body);
    call.model = "gpt-5".to_owned();
    upstream.chat(call).await.unwrap();
    let sent = fake.last().body;
    let sent = std::str::from_utf8(&sent).unwrap();
    assert!(sent.ends_with(",\"max_completion_tokens\":50}"), "{sent}");
    assert_eq!(sent.matches("max_").count(), 1, "{sent}");
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
    assert_eq!(
        adjusted,
        [
            "max_tokens=named max_completion_tokens",
            "tool_choice.disable_parallel_tool_use=left out"
        ]
    );
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
