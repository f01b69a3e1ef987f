//! Prompts and answers go through, and stay nowhere: not in a log, a metric, a status, an event or a file.

use crate::{
    canaries::search::{Canary, Evidence, hits},
    support::{
        client::client,
        daemon::{Daemon, DaemonBuilder},
        eventually,
        foreign::endpoint,
        git::TestRepo,
        manifests::{agent, policy},
        upstream::{FakeUpstream, Script},
    },
};
use serde_json::{Value, json};
use std::{fs, path::Path};

const PROMPT: &str = "Qw8zT3nLx-what-was-asked";
const SYSTEM: &str = "Bv4kR7mYx-what-was-said-before";
const ANSWER: &str = "Hs9pD2cJx-what-was-answered";
const RESULT: &str = "Ld6wF5gUx-what-a-tool-found";

fn canaries() -> Vec<Canary> {
    let named = [
        ("the prompt", PROMPT),
        ("the system's prompt", SYSTEM),
        ("the answer", ANSWER),
        ("a tool's result", RESULT),
    ];
    named
        .map(|(name, value)| Canary {
            name,
            value: value.to_owned(),
        })
        .into()
}

/// Providers that answer, that break off and that repeat the prompt when they refuse it.
fn served(upstream: &FakeUpstream) -> Daemon {
    for model in ["m", "c", "l"] {
        upstream.script(model, Script::text(&format!("{ANSWER} and more words")));
    }
    let echo = format!("cannot do this: {PROMPT} {SYSTEM}");
    for (model, status) in [
        ("wrong", 400),
        ("locked", 401),
        ("limited", 429),
        ("broken", 500),
    ] {
        upstream.script(model, Script::openai_error(status, "some_error", &echo));
    }
    upstream.script("cut", Script::cut_after(3));
    let base = upstream.openai_url();
    let llama = format!("http://{}", upstream.address());
    let repo = TestRepo::with(&[
        (
            "main.yaml",
            &endpoint("main", "openai-compatible", &base, "m"),
        ),
        ("claude.yaml", &endpoint("claude", "anthropic", &base, "c")),
        ("llama.yaml", &endpoint("llama", "ollama", &llama, "l")),
        ("desk.yaml", &agent("desk", "main")),
        ("other.yaml", &agent("other", "claude")),
        ("policy.yaml", &policy("p", &["m"])),
    ]);
    DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-any")
        .arguments(&["--log-level", "trace"])
        .start()
}

/// A request in each dialect.
fn bodies(model: &str) -> [(&'static str, Value); 4] {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let chat = json!([
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": PROMPT},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": RESULT},
    ]);
    let said = json!([{"role": "user", "content": PROMPT}]);
    [
        (
            "/v1/chat/completions",
            json!({"model": model, "max_tokens": 9, "messages": chat}),
        ),
        (
            "/v1/messages",
            json!({"model": model, "max_tokens": 9, "system": SYSTEM, "messages": said}),
        ),
        (
            "/v1/responses",
            json!({"model": model, "instructions": SYSTEM, "input": PROMPT}),
        ),
        ("/v1/embeddings", json!({"model": model, "input": PROMPT})),
    ]
}

fn files(folder: &Path, seen: &mut Vec<Evidence>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, seen);
        } else if path.is_file() {
            seen.push(Evidence {
                place: path.display().to_string(),
                bytes: fs::read(&path).unwrap(),
            });
        }
    }
}

#[test]
fn line_62_no_prompt_and_no_answer_stands_in_a_log_or_a_file() {
    let upstream = FakeUpstream::plain();
    let daemon = served(&upstream);
    let (mut asked, mut answers) = (0, String::new());
    for model in [
        "main",
        "claude",
        "llama",
        "agent/desk",
        "agent/other",
        "main/wrong",
        "main/locked",
        "main/limited",
        "main/broken",
        "main/cut",
        "nobody",
        PROMPT,
    ] {
        for (path, body) in bodies(model) {
            for stream in [false, true] {
                let mut body = body.clone();
                body["stream"] = stream.into();
                let request = client().post(format!("{}{path}", daemon.url()));
                // A stream that breaks off may end the connection.
                if let Ok(text) = request
                    .json(&body)
                    .send()
                    .and_then(reqwest::blocking::Response::text)
                {
                    answers.push_str(&text);
                }
                asked += 1;
            }
        }
    }
    for broken in [
        format!("{{\"model\":\"main\",\"messages\":[{{\"role\":\"user\",\"content\":\"{PROMPT}"),
        PROMPT.to_owned(),
        format!("{{\"model\":\"main\",\"messages\":\"{PROMPT}\"}}"),
        format!("{{\"model\":\"claude\",\"messages\":[{{\"role\":\"{PROMPT}\"}}]}}"),
    ] {
        let request = client().post(format!("{}/v1/chat/completions", daemon.url()));
        assert_eq!(request.body(broken).send().unwrap().status(), 400);
    }
    // All of it went through, so that there was something to keep.
    let sent: Vec<u8> = upstream
        .requests()
        .iter()
        .flat_map(|it| it.bytes.to_vec())
        .collect();
    let sent = String::from_utf8(sent).unwrap();
    for value in [PROMPT, SYSTEM, RESULT] {
        assert!(sent.contains(value), "{value} was never sent");
    }
    assert!(answers.contains(ANSWER) && answers.contains(PROMPT));
    eventually("usage is written", || {
        let usage = daemon.get("/api/v1/usage?by=model").body;
        let requests = usage["items"].as_array()?.iter();
        let requests: u64 = requests.filter_map(|it| it["requests"].as_u64()).sum();
        (requests > 30).then_some(())
    });
    let mut seen = Vec::new();
    for path in [
        "/metrics",
        "/api/v1/status",
        "/api/v1/revisions",
        "/api/v1/usage?by=model",
        "/",
    ] {
        seen.push(Evidence {
            place: path.to_owned(),
            bytes: daemon.get(path).text.into_bytes(),
        });
    }
    let log = daemon.log();
    assert!(log.matches("request answered").count() >= asked, "{log}");
    seen.push(Evidence {
        place: "the log".to_owned(),
        bytes: log.into_bytes(),
    });
    let home = daemon.kill();
    files(home.path(), &mut seen);
    assert!(seen.len() > 8, "only {} places were looked at", seen.len());
    // What a client calls a model is its name, and not its prompt.
    let found: Vec<String> = hits(&canaries(), &seen);
    assert!(
        found.is_empty(),
        "{} hits:\n{}",
        found.len(),
        found.join("\n")
    );
}
