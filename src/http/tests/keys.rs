//! Keys and limits, from outside.

use super::door::{Answered, Door, answered};
use crate::{
    model::ClientKey,
    reconcile::tests::{
        manifests::{agent, alias, endpoint},
        rig::Rig,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "orloj_sk_right";

/// A key, with further fields of `spec` in flow notation.
fn key(name: &str, text: &str, fields: &str) -> String {
    let hash = ClientKey::written_hash_of(text);
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: {name}}}\nspec: {{hash: '{hash}'{fields}}}\n"
    )
}

async fn door(manifests: &[String]) -> Door {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    Door::open(rig).await
}

fn body(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 50, "messages": [{ "role": "user", "content": "hello there" }] })
}

async fn ask(door: &Door, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answered {
    let mut request = door.request(Method::POST, path).body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answered(request).await
}

async fn chat(door: &Door, model: &str) -> Answered {
    let path = "/v1/chat/completions";
    ask(
        door,
        path,
        &body(model),
        &[("authorization", &format!("Bearer {KEY}"))],
    )
    .await
}

fn code(answer: &Answered) -> (u16, String) {
    let code = answer.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

// Every way to a model asks for the key.
#[tokio::test(flavor = "multi_thread")]
async fn f10_every_way_to_a_model_needs_a_key_and_nothing_else_does() {
    let door = door(&[endpoint("small", "s-1"), key("ci", KEY, "")]).await;
    let auth = format!("Bearer {KEY}");
    for path in [
        "/v1/chat/completions",
        "/v1/embeddings",
        "/small",
        "/small/v1/chat/completions",
        "/small/chat/completions",
        "/default/small/v1/chat/completions",
    ] {
        let refused = ask(&door, path, &body("small"), &[]).await;
        assert_eq!(
            code(&refused),
            (401, "invalid_api_key".to_owned()),
            "{path}"
        );
        // Nothing of the body is looked at before.
        let refused = ask(&door, path, &json!("no request"), &[]).await;
        assert_eq!(refused.status, 401, "{path}");
        let let_in = ask(&door, path, &body("small"), &[("authorization", &auth)]).await;
        assert_ne!(let_in.status, 401, "{path}");
    }
    for path in [
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/small/v1/messages",
    ] {
        let refused = ask(&door, path, &body("small"), &[]).await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(
            refused.json()["error"]["type"],
            "authentication_error",
            "{path}"
        );
        let let_in = ask(&door, path, &body("small"), &[("x-api-key", KEY)]).await;
        assert_eq!(let_in.status, 200, "{path}: {}", let_in.text);
    }
    for path in ["/v1/models", "/v1/models/small", "/small/v1/models"] {
        assert_eq!(door.get(path).await.status, 401, "{path}");
        let request = door.request(Method::GET, path).bearer_auth(KEY);
        assert_eq!(answered(request).await.status, 200, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_ne!(door.get(path).await.status, 401, "{path}");
    }
}

// No other header decides who is let in.
#[tokio::test(flavor = "multi_thread")]
async fn f04_no_other_header_decides_who_is_let_in() {
    let door = door(&[endpoint("small", "s-1"), key("ci", KEY, "")]).await;
    let path = "/v1/chat/completions";
    for (name, value) in [
        ("host", "localhost"),
        ("host", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;host=localhost"),
        ("x-original-url", "/healthz"),
        ("x-rewrite-url", "/healthz"),
        ("x-forwarded-prefix", "/healthz"),
        ("origin", "http://localhost"),
        ("cookie", "token=orloj_sk_right"),
        ("x-orloj-key", KEY),
    ] {
        let refused = ask(&door, path, &body("small"), &[(name, value)]).await;
        assert_eq!(refused.status, 401, "{name}: {value}");
        let auth = format!("Bearer {KEY}");
        let both = [(name, value), ("authorization", auth.as_str())];
        assert_eq!(
            ask(&door, path, &body("small"), &both).await.status,
            200,
            "{name}: {value}"
        );
    }
    for path in [
        "//v1/chat/completions",
        "/v1/./chat/completions",
        "/v1/chat/completions/",
        "/healthz/../v1/chat/completions",
    ] {
        assert_ne!(
            ask(&door, path, &body("small"), &[]).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_is_told_by_which_line() {
    let fields = ", agents: [desk], allowed_models: [s-1]";
    let door = door(&[
        endpoint("small", "s-1"),
        endpoint("large", "l-1"),
        alias("fast", "large"),
        agent("desk", "small"),
        agent("other", "small"),
        key("ci", KEY, fields),
    ])
    .await;
    assert_eq!(chat(&door, "small").await.status, 200);
    assert_eq!(chat(&door, "agent/desk").await.status, 200);
    for (model, expected) in [
        ("fast", "model_not_allowed"),
        ("agent/other", "agent_not_allowed"),
    ] {
        let refused = chat(&door, model).await;
        assert_eq!(code(&refused), (403, expected.to_owned()));
        let details = &refused.json()["error"]["orloj"];
        assert_eq!(details["key"], "ci");
        assert!(
            details["source"]
                .as_str()
                .unwrap()
                .starts_with("unmanaged:api-key/ci:")
        );
    }
    // AL-18: names that may not be called are not listed.
    let listed = answered(door.request(Method::GET, "/v1/models").bearer_auth(KEY)).await;
    let listed = listed.json();
    let ids: Vec<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["agent/desk", "small"]);
    let hidden = answered(
        door.request(Method::GET, "/v1/models/fast")
            .bearer_auth(KEY),
    )
    .await;
    assert_eq!(code(&hidden), (404, "model_not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_key_agent_endpoint_and_namespace_are_told_apart() {
    let policy = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {limits: [{per: month, requests: 1}], namespace_limits: [{per: month, requests: 4}]}\n";
    let limited = format!(
        "{}  limits: [{{per: month, requests: 1}}]\n",
        endpoint("tight", "t-1")
    );
    let door = door(&[
        endpoint("small", "s-1"),
        limited,
        agent("desk", "small"),
        policy.to_owned(),
        key("ci", KEY, ", limits: [{per: month, requests: 6}]"),
    ])
    .await;
    let scope = |answer: &Answered| {
        assert_eq!(
            code(answer),
            (429, "rate_limit_exceeded".to_owned()),
            "{}",
            answer.text
        );
        answer.json()["error"]["orloj"]["scope"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(chat(&door, "agent/desk").await.status, 200);
    assert_eq!(scope(&chat(&door, "agent/desk").await), "agent/desk");
    assert_eq!(chat(&door, "tight").await.status, 200);
    assert_eq!(scope(&chat(&door, "tight").await), "endpoint/tight");
    assert_eq!(chat(&door, "small").await.status, 200);
    assert_eq!(scope(&chat(&door, "small").await), "namespace/default");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_reserved_at_worst_and_settled_in_truth() {
    let fields = ", limits: [{per: month, tokens: 200}]";
    let door = door(&[endpoint("small", "s-1"), key("ci", KEY, fields)]).await;
    let path = "/v1/chat/completions";
    let auth = format!("Bearer {KEY}");
    let auth = [("authorization", auth.as_str())];
    let mut asked = body("small");
    // More than there is in all is no question of waiting.
    asked["max_tokens"] = 10_000.into();
    let refused = ask(&door, path, &asked, &auth).await;
    assert_eq!(code(&refused), (400, "request_exceeds_limit".to_owned()));
    // Each of these may need 150 and more, and needs fewer than 20.
    asked["max_tokens"] = 100.into();
    for _ in 0..3 {
        assert_eq!(ask(&door, path, &asked, &auth).await.status, 200);
    }
    let refused = loop {
        let answer = ask(&door, path, &asked, &auth).await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(code(&refused), (429, "rate_limit_exceeded".to_owned()));
    assert_eq!(refused.json()["error"]["orloj"]["limit"], "tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_may_need_more_than_its_policy_allows_is_refused_on_every_way() {
    let policy = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {max_tokens_per_run: 300}\n";
    let door = door(&[
        endpoint("small", "s-1"),
        agent("desk", "small"),
        policy.to_owned(),
    ])
    .await;
    let path = "/v1/chat/completions";
    let mut asked = body("agent/desk");
    assert_eq!(ask(&door, path, &asked, &[]).await.status, 200);
    for (field, tokens) in [("max_tokens", 400), ("max_completion_tokens", 400)] {
        asked = body("agent/desk");
        asked[field] = tokens.into();
        for stream in [false, true] {
            asked["stream"] = stream.into();
            let refused = ask(&door, path, &asked, &[]).await;
            assert_eq!(code(&refused), (403, "token_budget_exceeded".to_owned()));
            assert_eq!(refused.json()["error"]["orloj"]["policy"], "p");
        }
    }
    // The same without an agent is no run.
    asked["model"] = "small".into();
    asked["stream"] = false.into();
    assert_eq!(ask(&door, path, &asked, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_limit_refuses_a_model_without_a_price() {
    let unpriced = "kind: ModelEndpoint\nmetadata: {name: odd}\nspec: {provider: openai-compatible, base_url: 'http://127.0.0.1:1', allowPrivate: true, default_model: nobodys, auth: {}}\n";
    let fields = ", limits: [{per: month, cost_microdollars: 1000000}]";
    let manifests = [
        endpoint("small", "s-1"),
        unpriced.to_owned(),
        key("ci", KEY, fields),
    ];
    let door = door(&manifests).await;
    assert_eq!(chat(&door, "small").await.status, 200);
    assert_eq!(
        code(&chat(&door, "odd").await),
        (403, "price_unknown".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_cost_limit_an_unpriced_target_is_passed_over_and_named_if_there_is_no_other() {
    let unpriced = "kind: ModelEndpoint\nmetadata: {name: odd}\nspec: {provider: openai-compatible, base_url: 'http://127.0.0.1:1', allowPrivate: true, default_model: nobodys, auth: {}}\n";
    let alias = |name: &str, target: &str, fallback: &str| {
        format!(
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {{name: {name}}}\nspec: {{targets: [{{endpoint: {target}}}], fallbacks: [{{endpoint: {fallback}}}]}}\n"
        )
    };
    let fields = ", limits: [{per: month, cost_microdollars: 1000000}]";
    let door = door(&[
        endpoint("small", "s-1"),
        unpriced.to_owned(),
        alias("priced-first", "small", "odd"),
        alias("odd-first", "odd", "small"),
        key("ci", KEY, fields),
    ])
    .await;
    for name in ["priced-first", "odd-first"] {
        let answer = chat(&door, name).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.json()["model"], "s-1", "{name}");
    }
    let refused = chat(&door, "odd").await;
    assert_eq!(code(&refused), (403, "price_unknown".to_owned()));
    let message = refused.json()["error"]["message"].to_string();
    assert!(message.contains("`odd/nobodys` ("), "{message}");
    assert!(message.contains("key/ci has a limit of cost"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_counts_for_itself_and_not_by_the_bytes_of_its_base64() {
    let fields = ", limits: [{per: month, tokens: 10000}]";
    let door = door(&[endpoint("small", "s-1"), key("ci", KEY, fields)]).await;
    let path = "/v1/chat/completions";
    let bearer = format!("Bearer {KEY}");
    let url = format!("data:image/png;base64,{}", "A".repeat(300_000));
    let mut asked = body("small");
    asked["messages"][0]["content"] = json!([{"type": "image_url", "image_url": {"url": url}}]);
    let answer = ask(&door, path, &asked, &[("authorization", &bearer)]).await;
    assert_eq!(answer.status, 200);
    // As text it is read as such.
    asked["messages"][0]["content"] = url.into();
    let refused = ask(&door, path, &asked, &[("authorization", &bearer)]).await;
    assert_eq!(code(&refused), (400, "request_exceeds_limit".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_has_ended_is_listed_as_expired() {
    let door = door(&[
        endpoint("small", "s-1"),
        key(
            "old",
            "orloj_sk_old",
            ", expires_at: '2020-01-01T00:00:00Z'",
        ),
        key("new", KEY, ", expires_at: '2999-01-01T00:00:00Z'"),
    ])
    .await;
    for (name, phase) in [("old", "Expired"), ("new", "Ready")] {
        let path = format!("/v1/api-keys/{name}");
        let found = answered(door.request(Method::GET, &path)).await;
        assert_eq!(found.json()["status"]["phase"], phase, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_tell_what_is_left() {
    let fields = ", limits: [{per: month, requests: 5, tokens: 100000}]";
    let door = door(&[endpoint("small", "s-1"), key("ci", KEY, fields)]).await;
    let request = door
        .request(Method::POST, "/v1/chat/completions")
        .bearer_auth(KEY);
    let response = request
        .body(body("small").to_string())
        .send()
        .await
        .unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-ratelimit-limit-requests"), "5");
    assert_eq!(header("x-ratelimit-remaining-requests"), "4");
    assert_eq!(header("x-ratelimit-limit-tokens"), "100000");
    assert!(header("x-ratelimit-reset-requests").ends_with('s'));
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_takes_a_keys_name_and_says_nothing_of_a_key_that_stands_in_its_place() {
    let limited = key("ci", KEY, ", allowed_models: [other]");
    let door = door(&[endpoint("small", "s-1"), limited]).await;
    let path = |key: &str| format!("/api/v1/explain?model=small&key={key}");
    let explained = answered(door.request(Method::GET, &path("ci"))).await;
    assert_eq!(explained.json()["refused"]["code"], "model_not_allowed");
    let unknown = answered(door.request(Method::GET, &path(KEY))).await;
    assert_eq!(unknown.status, 404);
    assert!(!unknown.json().to_string().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn al_20_an_alias_hands_out_no_model_that_the_key_does_not_name() {
    let cheap = alias("cheap", "offering").replace(
        "endpoint: offering",
        "{endpoint: offering, model: gpt-3.5-turbo}",
    );
    let back = alias("gpt-3.5-turbo", "offering");
    let offering = format!(
        "{}  models: [gpt-3.5-turbo]\n",
        endpoint("offering", "gpt-4o")
    );
    let fields = ", allowed_models: [gpt-4o]";
    let door = door(&[offering, cheap, back, key("ci", KEY, fields)]).await;
    for model in ["offering", "offering/gpt-4o"] {
        assert_eq!(chat(&door, model).await.status, 200, "{model}");
    }
    // By where it leads, and by its name, which is that of a model: this one leads to what is allowed.
    for model in ["cheap", "offering/gpt-3.5-turbo", "gpt-3.5-turbo"] {
        let refused = chat(&door, model).await;
        assert_eq!(
            code(&refused),
            (403, "model_not_allowed".to_owned()),
            "{model}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn al_21_the_name_of_an_alias_allows_nothing_that_it_leads_to() {
    let manifests = |fields| {
        [
            endpoint("small", "s-1"),
            alias("fast", "small"),
            key("ci", KEY, fields),
        ]
    };
    for (fields, status) in [
        (", allowed_models: [fast]", 403),
        (", allowed_models: [fast, s-1]", 200),
        (", allowed_models: [s-1]", 200),
    ] {
        let door = door(&manifests(fields)).await;
        assert_eq!(chat(&door, "fast").await.status, status, "{fields}");
    }
}
