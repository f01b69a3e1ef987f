use super::fake::{call, chunks, full, hello, hello_stream, streamed, upstream};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn mock_says_what_was_chosen_and_counts_words() {
    let mock = upstream("mock", "", &json!({}));
    let mut asked = call(&hello());
    asked.agent = Some("writer".into());
    let answer = full(&mock, asked.clone()).await;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "mock answer from endpoint default/here, model up-model, agent writer (revision abc123). You said: hi"
    );
    assert_eq!(answer["model"], "up-model");
    assert_eq!(answer["usage"]["prompt_tokens"], 1);
    assert_eq!(answer, full(&mock, asked).await);
}

#[tokio::test]
async fn mock_streams_word_by_word_and_takes_every_field() {
    let mock = upstream("mock", "", &json!({"options": {"delay_ms": "5"}}));
    let mut body = hello_stream();
    body["n"] = 3.into();
    body["stream_options"] = json!({"include_usage": true});
    let started = Instant::now();
    let text = streamed(&mock, call(&body)).await.unwrap();
    let chunks = chunks(&text);
    let said: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(said.ends_with("You said: hi"), "{said}");
    assert!(started.elapsed() >= Duration::from_millis(5 * chunks.len() as u64));
    assert_eq!(chunks.last().unwrap()["choices"], json!([]));
    assert!(text.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn mock_answers_as_often_and_as_far_as_asked_and_names_what_it_cannot() {
    let mock = upstream("mock", "", &json!({}));
    let mut body = hello();
    body["n"] = 2.into();
    body["stop"] = json!(["nothing", " (revision"]);
    let answer = full(&mock, call(&body)).await;
    for index in 0..2 {
        let choice = &answer["choices"][index];
        assert_eq!(choice["index"], index);
        assert_eq!(
            choice["message"]["content"],
            "mock answer from endpoint default/here, model up-model"
        );
    }
    assert_eq!(answer["choices"].as_array().unwrap().len(), 2);
    assert_eq!(answer["usage"]["completion_tokens"], 14);
    let mut body = hello_stream();
    for (name, value) in [
        ("n", json!(3)),
        ("max_tokens", json!(1)),
        ("logprobs", json!(true)),
        ("response_format", json!({"type": "json_object"})),
        ("tool_choice", json!("required")),
    ] {
        body[name] = value;
    }
    let answer = mock.chat(call(&body)).await.unwrap();
    assert_eq!(
        answer.adjusted,
        [
            "max_tokens=1 left out",
            "n=3 as 1",
            "logprobs=left out",
            "response_format=left out",
            "tool_choice=left out",
        ]
    );
}
