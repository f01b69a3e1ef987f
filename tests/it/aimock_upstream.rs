//! `@copilotkit/aimock` as the upstream: a fake that nobody here wrote, asked in each dialect for each of its own.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    foreign::{Foreign, endpoint},
    git::TestRepo,
    manifests::alias,
};
use serde_json::{Value, json};

const TEXT: &str = "Hello from a server of somebody else.";

/// OpenAI's, Anthropic's and Ollama's side of aimock, each behind an endpoint.
pub(crate) fn daemon_on(mock: &Foreign) -> Daemon {
    let base = format!("{}/v1", mock.url());
    let repo = TestRepo::with(&[
        ("main.yaml", &endpoint("main", "openai", &base, "gpt-4o")),
        (
            "claude.yaml",
            &endpoint("claude", "anthropic", &base, "claude-x"),
        ),
        (
            "llama.yaml",
            &endpoint("llama", "ollama", mock.url(), "llama3.1"),
        ),
        ("fast.yaml", &alias("fast", "main", "gpt-4o-mini")),
    ]);
    DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-any")
        .start()
}

const MODELS: [&str; 3] = ["fast", "claude", "llama"];

#[test]
fn foreign_upstream_answers_through_the_gateway_whole_and_streamed() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    for model in MODELS {
        let answer = daemon.chat(model).status(200);
        assert_eq!(answer.content(), TEXT, "{model}");
        let streamed = daemon.stream(model).finish();
        assert!(streamed.done, "{model}: {streamed:?}");
        assert_eq!(streamed.content(), TEXT, "{model}");
    }
    assert_eq!(daemon.chat("fast").body["model"], "gpt-4o-mini");
}

#[test]
fn foreign_upstream_answers_messages_and_responses_of_any_of_its_dialects() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    for model in MODELS {
        let asked = json!({"model": model, "max_tokens": 99,
            "messages": [{"role": "user", "content": "hello"}]});
        let message = daemon.post("/v1/messages", &asked).status(200);
        assert_eq!(message.body["content"][0]["text"], TEXT, "{model}");
        assert_eq!(message.body["stop_reason"], "end_turn", "{model}");

        let asked = json!({"model": model, "input": "hello"});
        let response = daemon.post("/v1/responses", &asked).status(200);
        assert_eq!(response.body["status"], "completed", "{model}");
        let parts = response.body["output"].as_array().unwrap();
        let text = parts.iter().find(|part| part["type"] == "message").unwrap();
        assert_eq!(text["content"][0]["text"], TEXT, "{model}");
    }
}

#[test]
fn calls_of_tools_go_to_a_foreign_upstream_and_their_results_back() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    let tool = json!({"name": "weather", "description": "The weather of a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}});
    let question = json!({"role": "user", "content": "What is the weather in Praha?"});
    for model in MODELS {
        let ask = |messages: Value| {
            let body =
                json!({"model": model, "max_tokens": 99, "messages": messages, "tools": [tool]});
            daemon.post("/v1/messages", &body).status(200).body
        };
        let called = ask(json!([question]));
        assert_eq!(called["stop_reason"], "tool_use", "{model}: {called}");
        let blocks = called["content"].as_array().unwrap();
        let call = blocks.iter().find(|it| it["type"] == "tool_use").unwrap();
        assert_eq!(call["input"], json!({"city": "Praha"}), "{model}");
        let result = json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call["id"], "content": "7"}]});
        let answer =
            ask(json!([question, {"role": "assistant", "content": called["content"]}, result]));
        assert_eq!(
            answer["content"][0]["text"], "It is 7 degrees in Praha.",
            "{model}: {answer}"
        );
    }
}

#[test]
fn embeddings_come_from_a_foreign_upstream() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    // Of Ollama's it knows the former form alone (`/api/embeddings`), under both paths.
    let asked = json!({"model": "fast", "input": "one"});
    let answer = daemon.post("/v1/embeddings", &asked).status(200);
    let embedding = &answer.body["data"][0]["embedding"];
    assert_eq!(*embedding, json!([0.25, -0.5, 0.125]));
}
