//! F20: each guard holds on each way in, streamed or not; and what a way in does not do (F2, F6).

use super::door::{Answered, Door, answered};
use crate::{
    chat::Dialect,
    http::WebhookSecrets,
    model::{ClientKey, Kind},
    reconcile::tests::{
        manifests::{agent, endpoint},
        rig::Rig,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "orloj_sk_right";

fn key(fields: &str) -> String {
    let hash = ClientKey::written_hash_of(KEY);
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: ci}}\nspec: {{hash: '{hash}'{fields}}}\n"
    )
}

fn policy(fields: &str) -> String {
    format!("kind: AgentPolicy\nmetadata: {{name: p}}\nspec: {{{fields}}}\n")
}

/// A small request, as each dialect writes it.
fn body(dialect: Dialect, model: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": "hello there"}]);
    let mut body = match dialect {
        Dialect::Chat | Dialect::Messages => {
            json!({"model": model, "max_tokens": 50, "messages": messages})
        }
        Dialect::CountTokens => json!({"model": model, "messages": messages}),
        Dialect::Responses => {
            json!({"model": model, "max_output_tokens": 50, "input": "hello there"})
        }
        Dialect::Embeddings => json!({"model": model, "input": "hello there"}),
    };
    if stream {
        body["stream"] = true.into();
    }
    body
}

/// Every way to ask for `model`: the dialect, its path, and whether it is streamed. Within an endpoint only if `scoped`.
fn ways(scoped: bool) -> Vec<(Dialect, String, bool)> {
    let mut ways = Vec::new();
    for dialect in Dialect::ALL {
        let can_stream = !matches!(dialect, Dialect::Embeddings | Dialect::CountTokens);
        let fronts: &[&str] = if scoped {
            &["", "/small", "/default/small"]
        } else {
            &[""]
        };
        for front in fronts {
            for stream in [false, true] {
                if !stream || can_stream {
                    ways.push((dialect, format!("{front}{}", dialect.path()), stream));
                }
            }
        }
    }
    ways
}

/// Status and code; Anthropic's errors have theirs among the details.
fn seen(answer: &Answered) -> String {
    let error = &answer.json()["error"];
    let code = error["code"].as_str().or(error["orloj"]["code"].as_str());
    format!("{} {}", answer.status, code.unwrap_or("-"))
}

async fn door(manifests: &[String]) -> Door {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    Door::open(rig).await
}

async fn ask(door: &Door, path: &str, body: &Value, key: Option<&str>) -> Answered {
    let mut request = door.request(Method::POST, path).body(body.to_string());
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    answered(request).await
}

/// Holds that `guard` refuses every way to `model` like this, and that nothing is refused without it.
async fn holds(guard: &[String], model: &str, expected: &str, free: &[Dialect]) {
    let manifests = [endpoint("small", "s-1"), agent("desk", "small")];
    let (open, guarded) = (
        door(&manifests).await,
        door(&[&manifests[..], guard].concat()).await,
    );
    for (dialect, path, stream) in ways(model == "s-1") {
        let way = format!("{path} stream={stream}");
        let model = if path == dialect.path() && model == "s-1" {
            "small"
        } else {
            model
        };
        let body = body(dialect, model, stream);
        let without = ask(&open, &path, &body, None).await;
        let with = ask(&guarded, &path, &body, Some(KEY)).await;
        // An agent does not embed; then either reason will do.
        if dialect == Dialect::Embeddings && model.starts_with("agent/") {
            assert_eq!(seen(&without), "400 invalid_model");
            assert!([expected, "400 invalid_model"].contains(&seen(&with).as_str()));
            continue;
        }
        assert_eq!(without.status, 200, "{way}: {}", without.text);
        if free.contains(&dialect) {
            assert_eq!(with.status, 200, "{way}: {}", with.text);
        } else {
            assert_eq!(seen(&with), expected, "{way}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_key_is_asked_for_on_every_way_in() {
    let other = key("").replace(
        &ClientKey::written_hash_of(KEY),
        &ClientKey::written_hash_of("x"),
    );
    holds(&[other], "s-1", "401 invalid_api_key", &[]).await;
    let expired = key(", expires_at: '2020-01-01T00:00:00Z'");
    holds(&[expired], "s-1", "401 key_expired", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_what_a_key_may_call_holds_on_every_way_in() {
    let models = key(", allowed_models: [other]");
    holds(&[models], "s-1", "403 model_not_allowed", &[]).await;
    let agents = [key(", agents: [other]"), agent("other", "small")];
    holds(&agents, "agent/desk", "403 agent_not_allowed", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_policy_holds_on_every_way_in() {
    let models = [policy("allowed_models: [other]"), key("")];
    holds(&models, "agent/desk", "403 model_not_allowed", &[]).await;
    let tokens = [policy("max_tokens_per_run: 10"), key("")];
    // Counting tokens uses none.
    let free = [Dialect::CountTokens];
    holds(&tokens, "agent/desk", "403 token_budget_exceeded", &free).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_limit_that_is_reached_holds_on_every_way_in() {
    let limited = [
        endpoint("small", "s-1"),
        key(", limits: [{per: month, requests: 1}]"),
    ];
    let door = door(&limited).await;
    let first = body(Dialect::Chat, "small", false);
    let answer = ask(&door, Dialect::Chat.path(), &first, Some(KEY)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for (dialect, path, stream) in ways(true) {
        let model = if path == dialect.path() {
            "small"
        } else {
            "s-1"
        };
        let refused = ask(&door, &path, &body(dialect, model, stream), Some(KEY)).await;
        assert_eq!(
            seen(&refused),
            "429 rate_limit_exceeded",
            "{path} stream={stream}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_a_clients_key_opens_no_door_of_the_operator_and_goes_no_further_than_the_policy() {
    let rig = Rig::without_git();
    let manifests = [
        endpoint("small", "s-1"),
        agent("desk", "small"),
        policy("allowed_models: [other]"),
        key(", allowed_models: ['*']"),
    ];
    rig.apply(&manifests.join("---\n")).await.unwrap();
    let door = Door::guarded(rig, Some("operators-token"), WebhookSecrets::new()).await;
    // A key that says of itself that it may do everything.
    let greedy = json!({"apiVersion": "routing.orloj.dev/v1alpha1", "kind": "ApiKey",
        "metadata": {"name": "greedy"}, "spec": {"hash": ClientKey::written_hash_of("greedy")}});
    let kinds = Kind::ALL.map(|kind| format!("/v1/{}", kind.plural()));
    let control = ["apply", "sync", "suspend", "resume", "rollback", "confirm"];
    let control = control.map(|name| format!("/api/v1/{name}"));
    for path in kinds.iter().chain(&control) {
        let refused = ask(&door, path, &greedy, Some(KEY)).await;
        assert_eq!(refused.status, 401, "POST {path}");
    }
    for path in kinds.iter().map(|path| format!("{path}/greedy")) {
        for method in [Method::PUT, Method::GET, Method::DELETE] {
            let request = door.request(method.clone(), &path).bearer_auth(KEY);
            let refused = answered(request.json(&greedy)).await;
            assert_eq!(refused.status, 401, "{method} {path}");
        }
    }
    let chat = Dialect::Chat;
    let as_greedy = ask(
        &door,
        chat.path(),
        &body(chat, "small", false),
        Some("greedy"),
    )
    .await;
    assert_eq!(seen(&as_greedy), "401 invalid_api_key");
    let direct = ask(&door, chat.path(), &body(chat, "small", false), Some(KEY)).await;
    assert_eq!(direct.status, 200, "{}", direct.text);
    let as_agent = ask(
        &door,
        chat.path(),
        &body(chat, "agent/desk", false),
        Some(KEY),
    )
    .await;
    assert_eq!(seen(&as_agent), "403 model_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_nothing_that_a_request_says_is_a_template_and_no_route_tries_things_out() {
    let door = door(&[endpoint("small", "s-1")]).await;
    for text in [
        "{{7*191}}",
        "${7*191}",
        "<%= 7*191 %>",
        "#{7*191}",
        "{% for x in ().__class__.__mro__ %}{{x}}{% endfor %}",
        "$(id)",
        "`id`",
        "%s%n",
    ] {
        let mut asked = body(Dialect::Chat, "small", false);
        asked["messages"][0]["content"] = text.into();
        let answer = ask(&door, Dialect::Chat.path(), &asked, None).await;
        let said = answer.json()["choices"][0]["message"]["content"].clone();
        assert!(said.as_str().unwrap().ends_with(text), "{said}");
        assert!(!answer.text.contains("1337"), "{}", answer.text);
        let unknown = ask(
            &door,
            Dialect::Chat.path(),
            &body(Dialect::Chat, text, false),
            None,
        )
        .await;
        assert_eq!(seen(&unknown), "404 model_not_found");
    }
    // What `every_route_is_in_the_contract_and_the_other_way_round` enumerates is all there is.
    for path in [
        "/v1/prompts/test",
        "/v1/mcp-rest/test/connection",
        "/v1/mcp-rest/test/tools/list",
        "/v1/config/update",
        "/v1/key/generate",
        "/v1/test_connection",
        "/api/v1/test",
        "/api/v1/exec",
        "/api/v1/plugins",
        "/api/v1/prompts/test",
        "/api/v1/model/new",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let request = door.request(method.clone(), path).body("{}");
            assert_eq!(answered(request).await.status, 404, "{method} {path}");
        }
    }
}
