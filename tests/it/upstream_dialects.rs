//! Each provider is spoken to in its own dialect, and answers come back in one.

use crate::support::{
    client::chat_body,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    manifests::compatible_endpoint,
    serving::Authority,
    upstream::{FakeUpstream, Script},
};
use serde_json::json;
use std::time::Duration;

const HOSTS: [&str; 3] = [
    "api.openai.com",
    "api.anthropic.com",
    "unit.openai.azure.com",
];

/// One endpoint for each provider with a dialect of its own, all leading to one upstream.
fn providers() -> (Daemon, FakeUpstream, FakeUpstream) {
    let authority = Authority::for_hosts(&HOSTS);
    let tls = FakeUpstream::tls(&authority);
    let plain = FakeUpstream::plain();
    let endpoint = |name: &str, spec: &str| {
        format!(
            "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n{spec}"
        )
    };
    let azure = endpoint(
        "azure",
        "  provider: azure-openai\n  base_url: https://unit.openai.azure.com\n  default_model: my-deployment\n  options:\n    api_version: \"2024-10-21\"\n  auth:\n    secretRef: key\n",
    );
    let anthropic = endpoint(
        "claude",
        "  provider: anthropic\n  default_model: claude-x\n  options:\n    anthropic_version: \"2023-06-01\"\n    max_tokens: \"1024\"\n  auth:\n    secretRef: key\n",
    );
    let ollama = endpoint(
        "llama",
        &format!(
            "  provider: ollama\n  base_url: http://{}\n  default_model: llama3.1\n",
            plain.address()
        ),
    );
    let repo = TestRepo::with(&[
        ("azure.yaml", &azure),
        ("anthropic.yaml", &anthropic),
        ("ollama.yaml", &ollama),
    ]);
    let resolve = HOSTS.map(|host| format!("    \"{host}:443\": \"{}\"\n", tls.address()));
    let resolve = resolve.concat();
    let daemon = DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-any")
        .config(&format!(
            "upstream:\n  extra_ca: {}\n  resolve:\n{resolve}",
            authority.certificate().display()
        ))
        .start();
    (daemon, tls, plain)
}

fn compatible() -> (Daemon, FakeUpstream) {
    let upstream = FakeUpstream::plain();
    let endpoint = compatible_endpoint("main", &upstream.openai_url(), "default_model: m");
    let repo = TestRepo::with(&[("main.yaml", &endpoint)]);
    (DaemonBuilder::on(&repo).start(), upstream)
}

#[test]
fn azure_is_called_by_deployment_version_and_api_key() {
    let (daemon, upstream, _) = providers();
    let answer = daemon.chat("azure").status(200);
    assert!(answer.content().starts_with("Recursion"));
    let received = upstream.last();
    assert_eq!(
        received.path,
        "/openai/deployments/my-deployment/chat/completions"
    );
    assert_eq!(received.query, "api-version=2024-10-21");
    assert_eq!(received.header("api-key"), "sk-any");
    assert_eq!(received.header("authorization"), "");
    let streamed = daemon.stream("azure").finish();
    assert!(streamed.done, "{streamed:?}");
    assert!(streamed.content().starts_with("Recursion is"));
}

#[test]
fn anthropic_gets_its_system_prompt_and_limit_where_it_wants_them() {
    let (daemon, upstream, _) = providers();
    let body = json!({"model": "claude", "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
    ]});
    let answer = daemon.post("/v1/chat/completions", &body).status(200);
    assert!(answer.content().starts_with("Recursion"));
    assert_eq!(answer.body["choices"][0]["finish_reason"], "stop");
    // 20 fresh + 4 written to the cache + 15 read from it.
    assert_eq!(answer.body["usage"]["prompt_tokens"], 39);
    assert_eq!(
        answer.body["usage"]["prompt_tokens_details"]["cached_tokens"],
        15
    );
    let received = upstream.last();
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(received.header("x-api-key"), "sk-any");
    assert_eq!(received.header("anthropic-version"), "2023-06-01");
    assert_eq!(received.body["max_tokens"], 1024);
    assert!(received.body["system"].to_string().contains("Be brief."));
    assert_eq!(received.body["messages"].as_array().unwrap().len(), 1);

    let streamed = daemon.stream("claude").finish();
    assert!(streamed.done, "{streamed:?}");
    assert_eq!(streamed.content(), answer.content());
}

#[test]
fn ollama_is_told_whether_to_stream() {
    let (daemon, _, upstream) = providers();
    let mut body = chat_body("llama");
    body["max_tokens"] = json!(17);
    let answer = daemon.post("/v1/chat/completions", &body).status(200);
    assert!(answer.content().starts_with("Recursion"));
    assert_eq!(answer.body["usage"]["prompt_tokens"], 26);
    let received = upstream.last();
    assert_eq!(received.path, "/api/chat");
    assert_eq!(received.body["stream"], false);
    assert_eq!(received.body["options"]["num_predict"], 17);
    let streamed = daemon.stream("llama").finish();
    assert!(streamed.done, "{streamed:?}");
    assert_eq!(streamed.content(), answer.content());
}

#[test]
fn openai_body_is_forwarded_unchanged_but_for_the_model() {
    let (daemon, upstream) = compatible();
    // Key order, blanks, number texts and unknown fields must survive.
    let body = r#"{ "temperature":1.50, "model" : "main" ,"messages":[{"role":"user","content":"h\u00e9"}],"x_new": {"b":1,"a":12345678901234567890} }"#;
    let response = crate::support::client::client()
        .post(format!("{}/v1/chat/completions", daemon.url()))
        .header("content-type", "application/json")
        .body(body)
        .send()
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        upstream.last().bytes,
        body.replace("\"main\"", "\"m\"").as_bytes()
    );
}

#[test]
fn duplicate_model_keys_are_refused() {
    let (daemon, upstream) = compatible();
    let response = crate::support::client::client()
        .post(format!("{}/v1/chat/completions", daemon.url()))
        .header("content-type", "application/json")
        .body(r#"{"model":"main","model":"other","messages":[]}"#)
        .send()
        .unwrap();
    assert_eq!(response.status(), 400);
    assert!(upstream.requests().is_empty());
}

#[test]
fn stream_that_breaks_off_ends_with_an_error_and_without_done() {
    let (daemon, upstream) = compatible();
    upstream.script("m", Script::cut_after(3));
    let streamed = daemon.stream("main").finish();
    assert_eq!(streamed.status, 200);
    assert!(!streamed.done, "{streamed:?}");
    assert!(streamed.error().is_some(), "{streamed:?}");
}

#[test]
fn client_that_leaves_cancels_the_upstream() {
    let (daemon, upstream) = compatible();
    upstream.script("m", Script::slow_stream(Duration::from_millis(300)));
    drop(daemon.stream("main"));
    eventually("the upstream notices", || {
        (upstream.cancelled() == 1).then_some(())
    });
}

#[test]
fn failures_of_the_provider_are_told_apart() {
    let (daemon, upstream) = compatible();
    for (status, told) in [
        (401, 502),
        (403, 502),
        (429, 429),
        (500, 502),
        (503, 502),
        (529, 503),
    ] {
        let script = Script::openai_error(status, "some_error", "something is wrong");
        upstream.script("m", script.header("retry-after", "7"));
        let answer = daemon.chat("main").status(told);
        let detail = &answer.body["error"]["orloj"];
        assert_eq!(detail["upstream_status"], status, "{}", answer.text);
        assert_eq!(
            detail["endpoint"]
                .as_str()
                .map(|name| name.ends_with("main")),
            Some(true)
        );
    }
}

#[test]
fn answer_that_does_not_come_in_time_is_a_timeout() {
    let upstream = FakeUpstream::plain();
    let endpoint = compatible_endpoint(
        "main",
        &upstream.openai_url(),
        "default_model: m\ntimeouts:\n  first_byte: 200ms",
    );
    let repo = TestRepo::with(&[("main.yaml", &endpoint)]);
    let daemon = DaemonBuilder::on(&repo).start();
    upstream.script("m", Script::late(Duration::from_secs(20)));
    let answer = daemon.chat("main").status(504);
    assert!(answer.text.contains("first byte") || answer.text.contains("first_byte"));
}

#[test]
fn long_answer_arrives_whole() {
    let (daemon, upstream) = compatible();
    let text = "słowo-i-dużo-innych-słów-po-nim ".repeat(4_000);
    upstream.script("m", Script::text(&text));
    assert_eq!(daemon.chat("main").status(200).content(), text);
    let streamed = daemon.stream("main").finish();
    assert!(streamed.done);
    assert_eq!(streamed.content(), text);
}

#[test]
fn private_address_is_refused_unless_the_endpoint_allows_it() {
    let upstream = FakeUpstream::plain();
    let allowed = compatible_endpoint("main", &upstream.openai_url(), "default_model: m");
    let refused = allowed.replace("  allowPrivate: true\n", "");
    let repo = TestRepo::with(&[("main.yaml", &refused)]);
    let daemon = DaemonBuilder::on(&repo).start();
    let status = daemon.chat("main").status;
    assert!(status == 502 || status == 503, "{status}");
    assert!(upstream.requests().is_empty());
}
