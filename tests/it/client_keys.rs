//! Keys for clients: made, committed, asked for, limited, taken away; and what was used is told.

use crate::support::{
    client::{Answer, chat_body, client},
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    manifests::{agent, alias, mock_endpoint, slow_endpoint},
};
use serde_json::{Value, json};
use std::io::Read as _;

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
        ("agents/desk.yaml", &agent("desk", "small")),
    ])
}

/// Makes a key: its manifest, and the key itself.
fn made(daemon: &Daemon, arguments: &[&str]) -> (String, String) {
    let mut words = vec!["create", "api-key"];
    words.extend(arguments);
    let made = daemon.cli().run(&words).success();
    let mut words = made.stderr.split_whitespace();
    let key = words.find(|word| word.starts_with("orloj_sk_"));
    (made.stdout.clone(), key.unwrap().to_owned())
}

/// A chat request with headers of the caller's choice.
fn ask(daemon: &Daemon, model: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client()
        .post(format!("{}/v1/chat/completions", daemon.url()))
        .json(&chat_body(model));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().unwrap())
}

fn with_key(daemon: &Daemon, model: &str, key: &str) -> Answer {
    ask(
        daemon,
        model,
        &[("authorization", &format!("Bearer {key}"))],
    )
}

#[test]
fn a_committed_key_is_asked_for_from_then_on_and_what_was_used_is_told() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    daemon.chat("fast").status(200);

    let (manifest, key) = made(&daemon, &["ci-bot", "--allow", "small-v*"]);
    assert!(!manifest.contains(&key), "{manifest}");
    repo.write("keys/ci-bot.yaml", &manifest);
    repo.commit_and_push("a key for the build");
    daemon.sync();

    daemon.chat("fast").error(401, "invalid_api_key");
    with_key(&daemon, "fast", "orloj_sk_wrong").error(401, "invalid_api_key");
    with_key(&daemon, "fast", &key).status(200);
    ask(&daemon, "fast", &[("x-api-key", &key)]).status(200);
    ask(&daemon, "agent/desk", &[("api-key", &key)]).status(200);
    let models = format!("{}/v1/models", daemon.url());
    assert_eq!(client().get(&models).send().unwrap().status(), 401);

    // Neither the log nor the status knows the key.
    assert!(!daemon.log().contains(&key));
    let usage = eventually("usage of four calls", || {
        let usage = daemon.get("/api/v1/usage?by=key").body;
        (usage["items"][0]["requests"].as_u64()? + usage["items"][1]["requests"].as_u64()? == 4)
            .then_some(usage)
    });
    let of_key = |usage: &Value| {
        let items = usage["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .find(|item| item["name"] == "ci-bot")
            .unwrap()
    };
    let bot = of_key(&usage);
    assert_eq!(bot["requests"], 3);
    assert_eq!(bot["unfinished"], 0);
    // The mock's models cost nothing, which is known.
    assert_eq!(
        (&bot["cost_microdollars"], &bot["unpriced"]),
        (&json!(0), &json!(0))
    );
    assert!(bot["completion_tokens"].as_u64().unwrap() > 0);
    let table = daemon.cli().run(&["usage", "--by", "agent"]).success();
    assert!(table.stdout.starts_with("AGENT"), "{}", table.stdout);
    assert!(table.stdout.contains("\ndesk"), "{}", table.stdout);

    // What was used outlives the process.
    let home = daemon.kill();
    let daemon = DaemonBuilder::on(&repo).data_of(&home).start();
    let again = daemon.get("/api/v1/usage?by=key").body;
    assert_eq!(of_key(&again)["requests"], 3);
    with_key(&daemon, "fast", &key).status(200);
}

#[test]
fn a_limit_holds_across_a_push_and_says_when_it_starts_anew() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let (manifest, key) = made(&daemon, &["ci-bot", "--limit", "requests=3/month"]);
    repo.write("keys/ci-bot.yaml", &manifest);
    repo.commit_and_push("a key with a limit");
    daemon.sync();
    with_key(&daemon, "fast", &key).status(200);
    with_key(&daemon, "fast", &key).status(200);

    // Another revision, and another limit of the same key: what was used stays used.
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    repo.replace("keys/ci-bot.yaml", "requests: 3", "requests: 4");
    repo.commit_and_push("fast: small-v2, and one more for the build");
    daemon.sync();
    with_key(&daemon, "fast", &key).status(200);
    with_key(&daemon, "fast", &key).status(200);
    let refused = with_key(&daemon, "fast", &key).error(429, "rate_limit_exceeded");
    let details = &refused.body["error"]["orloj"];
    assert_eq!(details["scope"], "key/ci-bot");
    assert_eq!(
        (&details["most"], &details["window"]),
        (&json!(4), &json!("month"))
    );
    assert!(
        details["source"]
            .as_str()
            .unwrap()
            .starts_with("keys/ci-bot.yaml:")
    );
    assert!(
        details["resets_at"]
            .as_str()
            .unwrap()
            .contains("-01T00:00:00Z")
    );
}

#[test]
fn a_stream_ends_when_its_key_is_taken_away() {
    let repo = repo();
    repo.write(
        "endpoints/slow.yaml",
        &slow_endpoint("slow", "slow-v1", 300),
    );
    repo.commit_and_push("a slow one");
    let daemon = DaemonBuilder::on(&repo).start();
    let (kept, _) = made(&daemon, &["kept"]);
    let (manifest, key) = made(&daemon, &["gone"]);
    repo.write("keys/kept.yaml", &kept);
    repo.write("keys/gone.yaml", &manifest);
    repo.commit_and_push("two keys");
    daemon.sync();

    let mut body = chat_body("slow");
    body["stream"] = true.into();
    body["messages"][0]["content"] = "word ".repeat(60).into();
    let stream = client()
        .post(format!("{}/v1/chat/completions", daemon.url()))
        .bearer_auth(&key)
        .json(&body)
        .send()
        .unwrap();
    assert_eq!(stream.status(), 200);
    repo.remove("keys/gone.yaml");
    repo.commit_and_push("one key less");
    daemon.sync();
    let mut text = String::new();
    let mut stream = stream;
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains("invalid_api_key"), "{text}");
    assert!(!text.contains("[DONE]"), "{text}");
    with_key(&daemon, "fast", &key).error(401, "invalid_api_key");
}

#[test]
fn beyond_loopback_nobody_calls_models_without_a_key() {
    let repo = repo();
    let refused = DaemonBuilder::on(&repo)
        .arguments(&["--addr", "0.0.0.0:0"])
        .run_to_end();
    refused.code(1).complains("--api-token");
}
