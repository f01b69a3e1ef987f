//! `llmock` of `PyPI` as the upstream: it fails, stalls and breaks off as providers do, and says what it thinks of who asks.

use crate::{
    anthropic_sdk, openai_node_sdk, openai_sdk,
    support::{
        client::{self, Answer, chat_body},
        daemon::{Daemon, DaemonBuilder},
        foreign::{Foreign, endpoint},
        git::TestRepo,
        manifests::{agent, alias, policy},
    },
};
use serde_json::{Value, json};

/// What it answers with, as the clients' scripts expect it.
const TEXT: &str = "Recursion is a function that calls itself.";

/// OpenAI's side of it as `main`, Anthropic's as `claude`; `steady` goes from the one to the other.
fn daemon_on(mock: &Foreign, more: &str) -> Daemon {
    let openai = endpoint("main", "openai", &format!("{}/v1", mock.url()), "gpt-m");
    let anthropic = format!("{}/anthropic/v1", mock.url());
    let anthropic = endpoint("claude", "anthropic", &anthropic, "claude-x");
    let fallback = "  fallbacks:\n    - endpoint: claude\n";
    let repo = TestRepo::with(&[
        ("main.yaml", &format!("{openai}{more}")),
        ("claude.yaml", &format!("{anthropic}{more}")),
        ("fast.yaml", &alias("fast", "main", "gpt-m")),
        (
            "steady.yaml",
            &format!("{}{fallback}", alias("steady", "main", "gpt-m")),
        ),
        ("writer.yaml", &agent("writer", "main")),
        ("policy.yaml", &policy("nothing-but-gpt-9", &["gpt-9"])),
    ]);
    DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-any")
        .start()
}

/// A permanent answer, and behaviours beside it.
fn always(behaviours: &[Value]) -> Value {
    let reply = json!({"type": "reply", "text": TEXT, "times": null});
    [behaviours, &[reply]].concat().into()
}

fn fails(status: u16, model: &str) -> Value {
    json!({"type": "fail", "status": status, "times": null, "match": {"model": model}})
}

fn breaks(kind: &str, model: &str) -> Value {
    json!({"type": "stream_fault", "kind": kind, "after_chunks": 4, "times": null,
        "match": {"model": model, "stream": true}})
}

#[test]
fn another_foreign_upstream_answers_in_every_dialect() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(&mock, "");
    mock.breaks(&always(&[]));
    for model in ["main", "claude"] {
        assert_eq!(daemon.chat(model).status(200).content(), TEXT, "{model}");
        let streamed = daemon.stream(model).finish();
        assert!(streamed.done, "{model}: {streamed:?}");
        assert_eq!(streamed.content(), TEXT, "{model}");
        let asked = json!({"model": model, "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]});
        let message = daemon.post("/v1/messages", &asked).status(200);
        assert_eq!(message.body["content"][0]["text"], TEXT, "{model}");
        let asked = json!({"model": model, "input": "hi"});
        let response = daemon.post("/v1/responses", &asked).status(200);
        assert_eq!(response.body["status"], "completed", "{model}");
        assert!(response.text.contains(TEXT), "{model}: {}", response.text);
    }
    let asked = json!({"model": "main", "input": ["one", "two"]});
    let embedded = daemon.post("/v1/embeddings", &asked).status(200);
    assert_eq!(embedded.body["data"].as_array().unwrap().len(), 2);
}

#[test]
fn official_clients_raise_the_class_that_fits_each_fault_of_a_foreign_upstream() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(&mock, "");
    mock.breaks(&always(&[
        fails(429, "limited"),
        fails(500, "broken"),
        fails(401, "locked"),
        breaks("disconnect", "cut"),
    ]));
    for case in ["errors", "broken-stream"] {
        openai_sdk::run(case, &daemon);
        anthropic_sdk::run(case, &daemon);
        openai_node_sdk::run(case, &daemon);
    }
    // What ends without its end is worse than what breaks: it looks whole.
    mock.breaks(&always(&[breaks("truncate", "cut")]));
    openai_sdk::run("broken-stream", &daemon);
    anthropic_sdk::run("broken-stream", &daemon);
    openai_node_sdk::run("broken-stream", &daemon);
}

#[test]
fn each_status_of_a_foreign_upstream_leads_to_the_fallback_unless_the_request_is_to_blame() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(&mock, "  breaker: {failures: 0}\n");
    for (theirs, ours) in [
        (401, "502 upstream_authentication_failed"),
        (403, "502 upstream_permission_denied"),
        (404, "502 upstream_model_not_found"),
        (408, "504 timeout"),
        (429, "429 rate_limit_exceeded"),
        (500, "502 upstream_error"),
        (502, "502 upstream_error"),
        (503, "502 upstream_error"),
        (529, "503 overloaded"),
    ] {
        mock.breaks(&always(&[fails(theirs, "gpt-m")]));
        let answer = daemon.chat("steady").status(200);
        assert_eq!(answer.content(), TEXT, "{theirs}");
        let route = answer.route.unwrap();
        assert!(route.starts_with("steady -> claude/"), "{theirs}: {route}");
        let alone = daemon.chat("fast");
        let error = &alone.body["error"];
        let seen = format!("{} {}", alone.status, error["code"].as_str().unwrap());
        assert_eq!(seen, ours, "{theirs}: {}", alone.text);
        assert_eq!(error["orloj"]["upstream_status"], theirs, "{}", alone.text);
    }
    mock.breaks(&always(&[fails(400, "gpt-m")]));
    daemon.chat("steady").status(400);
    assert_eq!(mock.seen().len(), 1);
}

#[test]
fn streams_of_a_foreign_upstream_that_break_end_with_an_error_and_without_done() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(&mock, "  timeouts: {idle: 1s}\n");
    for kind in ["disconnect", "truncate", "stall"] {
        mock.breaks(&always(&[breaks(kind, "gpt-m"), breaks(kind, "claude-x")]));
        for model in ["main", "claude"] {
            let streamed = daemon.stream(model).finish();
            assert_eq!(streamed.status, 200, "{kind} {model}");
            assert!(!streamed.done, "{kind} {model}: {streamed:?}");
            let error = streamed.error().unwrap_or(&Value::Null);
            assert!(error["message"].is_string(), "{kind} {model}: {streamed:?}");
            let expected = if kind == "stall" {
                "timeout"
            } else {
                "upstream_error"
            };
            assert_eq!(error["type"], expected, "{kind} {model}: {error}");
        }
    }
}

#[test]
fn a_piece_that_is_no_json_ends_a_stream_that_is_translated_and_is_passed_on_in_one_that_is_not() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(&mock, "");
    mock.breaks(&always(&[breaks("malformed", "claude-x")]));
    let streamed = daemon.stream("claude").finish();
    let error = streamed.error().unwrap_or(&Value::Null);
    assert_eq!(error["type"], "upstream_error", "{streamed:?}");
    assert!(!streamed.done, "{streamed:?}");

    // Byte for byte: who reads it finds what the provider wrote, and what came behind it.
    mock.breaks(&always(&[breaks("malformed", "gpt-m")]));
    let mut body = chat_body("main");
    body["stream"] = true.into();
    let direct = format!("{}/v1/chat/completions", mock.url());
    let through = format!("{}/v1/chat/completions", daemon.url());
    let through = client::post(&through, &body).text;
    let odd = |text: &str| -> Vec<String> {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let odd = data.filter(|it| *it != "[DONE]" && serde_json::from_str::<Value>(it).is_err());
        odd.map(str::to_owned).collect()
    };
    assert_eq!(odd(&through).len(), 1, "{through}");
    // Each answer has an id and a time of its own.
    let shape = |text: &str| -> Vec<(usize, String)> {
        let odd = odd(text);
        let ends = odd.iter().map(|it| it[it.len() - 12..].to_owned());
        odd.iter().map(String::len).zip(ends).collect()
    };
    // As the daemon asks for the tokens of a stream.
    body["model"] = "gpt-m".into();
    body["stream_options"] = json!({"include_usage": true});
    assert_eq!(shape(&through), shape(&client::post(&direct, &body).text));
}

#[test]
fn a_foreign_upstream_finds_nothing_wrong_with_how_calls_are_repeated() {
    let mock = Foreign::llmock();
    let daemon = daemon_on(
        &mock,
        "  retry: {max_attempts: 3, backoff: 100ms}\n  breaker: {failures: 0}\n",
    );
    let fail = |status: u16, times: u16| json!({"type": "fail", "status": status, "times": times});
    let limited = json!({"type": "fail", "status": 429, "retry_after": 1, "times": 1});
    for (behaviour, calls) in [
        (fail(503, 2), 3),
        (fail(500, 1), 2),
        (fail(529, 1), 2),
        (limited, 2),
        // These would fail again.
        (fail(400, 9), 1),
        (fail(401, 9), 1),
        (fail(404, 9), 1),
    ] {
        for model in ["fast", "claude"] {
            mock.breaks(&always(std::slice::from_ref(&behaviour)));
            let answer: Answer = daemon.chat(model);
            assert_eq!(
                mock.seen().len(),
                calls,
                "{model} {behaviour}: {}",
                answer.text
            );
            let succeeds = calls > 1;
            assert_eq!(
                answer.status == 200,
                succeeds,
                "{model} {behaviour}: {}",
                answer.text
            );
            let verdict = mock.verdict();
            assert_eq!(verdict["findings"], json!([]), "{model} {behaviour}");
        }
    }
}
