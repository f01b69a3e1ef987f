//! Embeddings to each provider that makes them.

use super::fake::{Fake, Script, asking, full, upstream};
use crate::chat::Dialect;
use crate::providers::{ChatCall, ChatContent, NetworkOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn call(body: &Value) -> ChatCall {
    asking(Dialect::Embeddings, body)
}

fn vectors() -> Script {
    let answer = json!({"object": "list", "model": "emb-2024", "x": 1,
        "data": [{"object": "embedding", "index": 0, "embedding": "AAAAAA=="}],
        "usage": {"prompt_tokens": 3, "total_tokens": 3}});
    Script::json(200, &answer)
}

fn embed() -> Script {
    let answer =
        json!({"model": "nomic", "embeddings": [[0.5, -1.0], [0.25, 2.0]], "prompt_eval_count": 4});
    Script::json(200, &answer)
}

#[tokio::test]
async fn line_28_embeddings_of_each_form_travel_byte_for_byte() {
    let fake = Fake::start(vectors()).await;
    for (provider, options, path) in [
        ("openai", json!({}), "/v1/embeddings"),
        ("openai-compatible", json!({}), "/v1/embeddings"),
        (
            "azure-openai",
            json!({}),
            "/v1/openai/deployments/up-model/embeddings?api-version=2024-10-21",
        ),
        (
            "azure-openai",
            json!({"api_version": "v1"}),
            "/v1/openai/v1/embeddings",
        ),
        ("ollama", json!({"api": "openai"}), "/v1/v1/embeddings"),
    ] {
        let base = format!("{}/v1", fake.url());
        let upstream = upstream(provider, &base, &json!({"options": options}));
        for input in [r#""one""#, r#"["one","two"]"#, "[1, 2,3]", "[[1],[2, 3]]"] {
            let body = format!(
                r#"{{"input":{input}, "model":"up-model","encoding_format":"base64","dimensions": 2,"x-new":1.50}}"#
            );
            let mut asked = call(&json!({"model": "up-model"}));
            asked.body = body.clone().into();
            let answer = full(&upstream, asked).await;
            assert_eq!(answer["data"][0]["embedding"], "AAAAAA==");
            let sent = fake.last();
            assert_eq!(
                (sent.path.as_str(), &sent.body[..]),
                (path, body.as_bytes())
            );
        }
    }
}

#[tokio::test]
async fn embeddings_usage_is_counted_and_the_model_renamed_when_asked() {
    let fake = Fake::start(vectors()).await;
    let mut asked = call(&json!({"model": "m", "input": "a"}));
    asked.response_model = Some("fast".into());
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let ChatContent::Full { body, usage } = upstream.chat(asked).await.unwrap().content else {
        panic!("a stream");
    };
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&answer["model"], usage.unwrap().prompt_tokens),
        (&json!("fast"), 3)
    );
}

#[tokio::test]
async fn embeddings_answer_without_vectors_is_none() {
    let fake = Fake::start(Script::json(200, &json!({"choices": []}))).await;
    let upstream = upstream("openai", &fake.url(), &json!({}));
    let error = upstream
        .chat(call(&json!({"input": "a"})))
        .await
        .unwrap_err();
    assert!(error.message.contains("without `data`"), "{error}");
}

#[tokio::test]
async fn embeddings_go_to_ollama_in_its_own_words_and_come_back_in_openais() {
    let fake = Fake::start(embed()).await;
    let options = json!({"options": {"keep_alive": "5m"}});
    let upstream = upstream("ollama", &fake.url(), &options);
    let body = json!({"model": "nomic", "input": ["a", "b"], "dimensions": 2, "user": "u"});
    let answered = upstream.chat(call(&body)).await.unwrap();
    assert_eq!(answered.adjusted, ["user=left out"]);
    let answer = full(&upstream, call(&body)).await;
    let sent = fake.last();
    assert_eq!(sent.path, "/api/embed");
    assert_eq!(
        sent.json(),
        json!({"model": "nomic", "input": ["a", "b"], "dimensions": 2, "keep_alive": "5m"})
    );
    assert_eq!(
        answer,
        json!({"object": "list", "model": "nomic", "usage": {"prompt_tokens": 4, "total_tokens": 4},
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
                     {"object": "embedding", "index": 1, "embedding": [0.25, 2.0]}]})
    );
}

#[tokio::test]
async fn vectors_in_base64_are_numbers_of_four_bytes() {
    let fake = Fake::start(embed()).await;
    let upstream = upstream("ollama", &fake.url(), &json!({}));
    let body = json!({"input": ["a", "b"], "encoding_format": "base64"});
    let answer = full(&upstream, call(&body)).await;
    let text = answer["data"][1]["embedding"].as_str().unwrap();
    let bytes = STANDARD.decode(text).unwrap();
    let numbers: Vec<f32> = bytes
        .chunks(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    assert_eq!(numbers, [0.25, 2.0]);
}

#[tokio::test]
async fn what_ollama_cannot_embed_is_refused_by_name() {
    let fake = Fake::start(embed()).await;
    let upstream = upstream("ollama", &fake.url(), &json!({}));
    for (body, param) in [
        (json!({"input": [1, 2]}), "input"),
        (json!({"input": []}), "input"),
        (json!({"input": ["a", ""]}), "input"),
        (json!({"input": "a", "dimensions": 0}), "dimensions"),
        (
            json!({"input": "a", "encoding_format": "int8"}),
            "encoding_format",
        ),
        (json!({"input": "a", "truncation": "end"}), "truncation"),
    ] {
        let error = upstream.chat(call(&body)).await.unwrap_err();
        assert_eq!(
            (error.status, error.param.as_deref()),
            (400, Some(param)),
            "{body}"
        );
    }
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn fewer_vectors_than_texts_are_no_answer_and_a_missing_count_is_a_guess() {
    let fake = Fake::start(embed()).await;
    let upstream = upstream("ollama", &fake.url(), &json!({}));
    let error = upstream
        .chat(call(&json!({"input": "a"})))
        .await
        .unwrap_err();
    assert_eq!(error.status, 502, "{error}");
    fake.set(Script::json(
        200,
        &json!({"model": "m", "embeddings": [[1.0]]}),
    ));
    let answer = full(&upstream, call(&json!({"input": "twelve bytes"}))).await;
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 3, "total_tokens": 3, "orloj": {"estimated": true}})
    );
}

#[tokio::test]
async fn anthropic_has_no_embeddings_and_says_so_before_anything_is_sent() {
    let fake = Fake::start(vectors()).await;
    let upstream = upstream("anthropic", &fake.url(), &json!({}));
    let error = upstream
        .chat(call(&json!({"input": "a"})))
        .await
        .unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref(), fake.calls()),
        (400, Some("unsupported_operation"), 0)
    );
    assert!(error.message.contains("anthropic"), "{error}");
}

#[tokio::test]
async fn mock_embeds_each_text_the_same_way_every_time() {
    let keyless = json!({"auth": {}});
    let upstream = super::fake::build("mock", "", &keyless, &NetworkOptions::default()).unwrap();
    let body = json!({"model": "m", "input": ["one", "two", "one"], "dimensions": 3});
    let answer = full(&upstream, call(&body)).await;
    let vector = |n: usize| answer["data"][n]["embedding"].as_array().unwrap().clone();
    assert_eq!((vector(0).len(), vector(0) == vector(2)), (3, true));
    assert_ne!(vector(0), vector(1));
    let squares: f64 = vector(1).iter().map(|n| n.as_f64().unwrap().powi(2)).sum();
    assert!((squares - 1.0).abs() < 1e-6, "{squares}");
    assert_eq!(answer["usage"]["prompt_tokens"], 3);
}
