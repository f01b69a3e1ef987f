//! The table of errors, from a provider's answer to the client's, each row by its number. What a row says of headers and of
//! `error.orloj` is held too. `tests/checklist.rs` counts the rows.

use super::{
    door::Door,
    provider::{Provider, Said},
};
use crate::{
    model::ClientKey,
    reconcile::tests::{
        manifests::{agent, calling, clear_secret, endpoint},
        rig::Rig,
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// A provider behind the endpoints `remote` (OpenAI's words) and `claude` (Anthropic's), each called once; `fast` leads to
/// `remote` and then to `small`, which answers by itself.
struct Scene {
    provider: Provider,
    door: Door,
}

/// An error as a client sees it.
struct Told {
    status: u16,
    headers: reqwest::header::HeaderMap,
    json: Value,
}

impl Scene {
    async fn with(more: &str) -> Self {
        Self::of(more, &[]).await
    }

    async fn of(more: &str, further: &[String]) -> Self {
        let provider = Provider::start().await;
        let auth = "  auth:\n    secretRef: key\n";
        let remote = calling(
            "remote",
            &provider.base_url,
            &format!("{auth}  breaker: {{failures: 0}}\n{more}"),
        );
        let claude = remote
            .replace("name: remote", "name: claude")
            .replace("openai-compatible", "anthropic");
        let fast = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets: [{endpoint: remote}]\n  fallbacks: [{endpoint: small}]\n";
        let manifests = [
            remote,
            claude,
            endpoint("small", "s-1"),
            fast.to_owned(),
            clear_secret("key", "sk-canary-4711"),
        ];
        let rig = Rig::without_git();
        let manifests = [&manifests, further].concat().join("---\n");
        rig.apply(&manifests).await.unwrap();
        Self {
            provider,
            door: Door::open(rig).await,
        }
    }

    async fn ask(&self, model: &str) -> Told {
        self.ask_with(model, &[]).await
    }

    async fn ask_with(&self, model: &str, headers: &[(&str, &str)]) -> Told {
        let body = json!({"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]});
        let path = "/v1/chat/completions";
        let mut request = self.door.request(Method::POST, path).body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Told {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            json: serde_json::from_str(&response.text().await.unwrap()).unwrap(),
        }
    }

    /// What is told of this answer, asked of either dialect; both tell the same.
    async fn told(
        &self,
        status: u16,
        headers: &[(&'static str, &'static str)],
        message: &str,
    ) -> Told {
        let error = json!({"type": "some_error", "message": message});
        let body = json!({"type": "error", "error": error});
        self.provider.answers(status, headers, &body);
        let told = self.ask("remote").await;
        let other = self.ask("claude").await;
        assert_eq!(told.row(), other.row());
        let orloj = &told.json["error"]["orloj"];
        assert_eq!(orloj["source"], "upstream");
        assert_eq!(orloj["provider"], "openai-compatible");
        assert_eq!(orloj["endpoint"], "default/remote");
        assert_eq!(orloj["upstream_status"], status);
        assert_eq!(orloj["attempt"], 1);
        assert!(orloj["retryable"].is_boolean(), "{orloj}");
        told
    }

    /// Whether the fallback answers in its place.
    async fn falls_back(&self) -> bool {
        let told = self.ask("fast").await;
        if told.status == 200 {
            let attempts = told.headers["x-orloj-attempts"].to_str().unwrap();
            assert!(attempts.ends_with("small/s-1 200"), "{attempts}");
        }
        told.status == 200
    }
}

impl Told {
    /// Status, type and code.
    fn row(&self) -> String {
        let error = &self.json["error"];
        let word = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", self.status, word("type"), word("code"))
    }

    fn message(&self) -> &str {
        self.json["error"]["message"].as_str().unwrap()
    }

    fn detail(&self, name: &str) -> &Value {
        &self.json["error"]["orloj"][name]
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// An answer of 90 tokens.
fn good() -> Value {
    let message = json!({"role": "assistant", "content": "x"});
    let usage = json!({"prompt_tokens": 40, "completion_tokens": 50, "total_tokens": 90});
    json!({"model": "m-1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_01_what_the_provider_finds_wrong_is_told_in_its_words() {
    let scene = Scene::with("").await;
    let told = scene
        .told(400, &[("x-request-id", "r-1")], "temperature: too hot")
        .await;
    assert_eq!(told.row(), "400 invalid_request_error -");
    assert_eq!(told.message(), "temperature: too hot");
    assert_eq!(told.detail("upstream_request_id"), "r-1");
    assert_eq!(told.detail("retryable"), false);
    for message in [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 200001 tokens > 200000 maximum",
    ] {
        let told = scene.told(400, &[], message).await;
        assert_eq!(
            told.row(),
            "400 invalid_request_error context_length_exceeded"
        );
    }
    assert!(!scene.falls_back().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_02_a_bill_that_comes_as_a_bad_request_is_the_operators() {
    let scene = Scene::with("").await;
    for message in [
        "Your credit balance is too low to access the Anthropic API.",
        "You have reached your specified API usage limits.",
    ] {
        let told = scene.told(400, &[], message).await;
        assert_eq!(told.row(), "502 upstream_error upstream_quota");
        assert!(!told.message().contains("balance"), "{}", told.message());
        assert!(scene.falls_back().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_03_our_key_that_is_refused_is_no_fault_of_the_callers_and_its_text_stays_here() {
    let scene = Scene::with("").await;
    for (status, code) in [
        (401, "upstream_authentication_failed"),
        (403, "upstream_permission_denied"),
    ] {
        let told = scene
            .told(status, &[], "Incorrect API key: sk-canar*4711")
            .await;
        assert_eq!(told.row(), format!("502 upstream_error {code}"));
        assert!(!told.json.to_string().contains("sk-canar"), "{}", told.json);
        assert!(scene.falls_back().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_04_a_bill_leads_to_the_fallback() {
    let scene = Scene::with("").await;
    let told = scene.told(402, &[], "pay first").await;
    assert_eq!(told.row(), "502 upstream_error upstream_quota");
    assert!(scene.falls_back().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_05_a_model_that_is_missing_there_is_his_who_named_it() {
    let scene = Scene::with("").await;
    let told = scene.told(404, &[], "no such model").await;
    assert_eq!(told.row(), "502 upstream_error upstream_model_not_found");
    assert!(scene.falls_back().await);
    let told = scene.ask("remote/m-1").await;
    assert_eq!(told.row(), "404 invalid_request_error model_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_06_a_time_that_is_over_is_a_timeout_and_says_which() {
    let scene = Scene::with("").await;
    let told = scene.told(408, &[], "too slow").await;
    assert_eq!(told.row(), "504 timeout timeout");
    assert!(scene.falls_back().await);
    for (timeouts, limit, retryable) in [
        ("{first_byte: 100ms}", "first_byte", true),
        ("{total: 100ms}", "total", false),
    ] {
        let scene = Scene::with(&format!("  timeouts: {timeouts}\n")).await;
        scene.provider.says(Said {
            status: 200,
            delay: Duration::from_mins(1),
            ..Said::default()
        });
        let told = scene.ask("remote").await;
        assert_eq!(told.row(), "504 timeout timeout");
        assert_eq!(told.detail("timeout"), limit);
        assert_eq!(told.detail("retryable"), retryable);
        assert!(told.message().contains(limit), "{}", told.message());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_07_what_is_too_large_there_is_too_large_here() {
    let scene = Scene::with("").await;
    let told = scene.told(413, &[], "too many bytes").await;
    assert_eq!(told.row(), "413 request_too_large request_too_large");
    assert!(!scene.falls_back().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_08_a_limit_with_its_reset_is_passed_on_in_openais_headers() {
    let scene = Scene::with("").await;
    let headers = [
        ("retry-after", "7"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:07Z"),
    ];
    let told = scene.told(429, &headers, "slow down").await;
    assert_eq!(told.row(), "429 rate_limit_error rate_limit_exceeded");
    assert_eq!(told.detail("retryable"), true);
    for (name, value) in [
        ("retry-after", "7"),
        ("x-ratelimit-limit-requests", "50"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-tokens", "2026-01-01T00:00:07Z"),
    ] {
        assert_eq!(told.header(name), Some(value), "{name}");
    }
    assert!(scene.falls_back().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_09_a_month_that_is_spent_is_no_matter_of_waiting() {
    let scene = Scene::with("").await;
    let told = scene.told(429, &[], "enforced_spend_limit_reached").await;
    assert_eq!(told.row(), "429 insufficient_quota insufficient_quota");
    assert_eq!(told.detail("retryable"), false);
    assert_eq!(told.header("retry-after"), None);
    // As a code beside a message of its own.
    let error = json!({"message": "no more", "code": "enforced_spend_limit_reached"});
    scene.provider.answers(429, &[], &json!({ "error": error }));
    let told = scene.ask("remote").await;
    assert_eq!(told.row(), "429 insufficient_quota insufficient_quota");
    // With a pause it is one of those that pass.
    let told = scene
        .told(429, &[("retry-after", "3")], "enforced_spend_limit_reached")
        .await;
    assert_eq!(told.row(), "429 rate_limit_error rate_limit_exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_10_what_breaks_there_is_a_bad_gateway_here() {
    let scene = Scene::with("").await;
    for status in [500, 502, 503] {
        let told = scene.told(status, &[], "it broke").await;
        assert_eq!(told.row(), "502 upstream_error upstream_error");
        assert_eq!(told.detail("retryable"), true);
        assert_eq!(told.header("retry-after"), None);
        let told = scene
            .told(status, &[("retry-after", "3")], "it broke")
            .await;
        assert_eq!(told.header("retry-after"), Some("3"));
        assert!(scene.falls_back().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_11_an_overload_is_one_with_a_pause_and_keeps_its_number() {
    let scene = Scene::with("").await;
    let told = scene.told(529, &[], "Overloaded").await;
    assert_eq!(told.row(), "503 overloaded overloaded");
    assert_eq!(told.header("retry-after"), Some("5"));
    let told = scene.told(529, &[("retry-after", "9")], "Overloaded").await;
    assert_eq!(told.header("retry-after"), Some("9"));
    assert!(scene.falls_back().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_12_where_no_target_is_healthy_the_client_is_told_when_one_may_be() {
    let scene = Scene::with("").await;
    let breaker = "  breaker: {failures: 1, pause: 2m}\n";
    let sick = calling("sick", &scene.provider.base_url, breaker);
    let spare = calling("spare", &scene.provider.base_url, breaker);
    let all = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: all\nspec:\n  targets: [{endpoint: sick}]\n  fallbacks: [{endpoint: spare}]\n";
    let manifests = [sick, spare, all.to_owned()].join("---\n");
    scene.door.rig.apply(&manifests).await.unwrap();
    scene
        .provider
        .answers(503, &[], &json!({"error": {"message": "it broke"}}));
    let told = scene.ask("all").await;
    assert_eq!(told.row(), "502 upstream_error upstream_error");
    assert_eq!(
        (told.detail("attempt"), scene.provider.calls()),
        (&json!(2), 2)
    );

    let told = scene.ask("all").await;
    assert_eq!(told.row(), "503 service_unavailable no_healthy_upstream");
    let pause: u64 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&pause), "{pause}");
    assert_eq!(told.detail("upstream_status"), 503);
    assert_eq!(told.detail("endpoint"), "default/sick");
    assert!(told.message().contains("it broke"), "{}", told.message());
    // One is tried all the same, so that nobody waits for what is well again.
    assert_eq!(scene.provider.calls(), 3);
    scene.provider.answers(200, &[], &good());
    assert_eq!(scene.ask("all").await.status, 200);
}

/// A key named `ci` with limits in flow notation.
fn key(text: &str, limits: &str) -> String {
    let hash = ClientKey::written_hash_of(text);
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: ci}}\nspec: {{hash: '{hash}', limits: [{limits}]}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_13_our_own_limits_and_budgets_name_their_scope_and_reset() {
    const KEY: &str = "orloj_sk_right";
    let auth = format!("Bearer {KEY}");
    let auth = [("authorization", auth.as_str())];
    // 50 tokens of an answer, at two dollars each million tokens: 100 micro-dollars and the prompt's.
    let priced = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelCatalog\nmetadata: {name: prices}\nspec: {models: [{model: m-1, price: {input: 2000000, output: 2000000}}]}\n";
    for (limits, limit, code) in [
        (
            "{per: month, requests: 1}",
            "requests",
            "rate_limit_exceeded",
        ),
        ("{per: month, tokens: 150}", "tokens", "rate_limit_exceeded"),
        (
            "{per: month, cost_microdollars: 300}",
            "cost_microdollars",
            "budget_exceeded",
        ),
    ] {
        let further = [priced.to_owned(), key(KEY, limits)];
        let scene = Scene::of("", &further).await;
        scene.provider.answers(200, &[], &good());
        let told = scene.ask_with("remote", &auth).await;
        assert_eq!(told.status, 200, "{limits}: {}", told.json);
        let told = scene.ask_with("remote", &auth).await;
        assert_eq!(
            told.row(),
            format!("429 rate_limit_error {code}"),
            "{}",
            told.json
        );
        assert_eq!(told.detail("scope"), "key/ci");
        assert_eq!(told.detail("limit"), limit);
        let resets = told.detail("resets_at").as_str().unwrap();
        assert!(resets.ends_with("-01T00:00:00Z"), "{resets}");
        let source = told.detail("source").as_str().unwrap();
        assert!(source.contains("ci:"), "{source}");
        let pause: u64 = told.header("retry-after").unwrap().parse().unwrap();
        assert!(pause <= 31 * 24 * 3600, "{pause}");
        assert_eq!(scene.provider.calls(), 1, "{limits}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b6_14_what_a_policy_denies_names_the_policy_and_its_line() {
    let policy = "kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  allowed_models: [gpt-9]\n";
    let further = [agent("desk", "remote"), policy.to_owned()];
    let scene = Scene::of("", &further).await;
    let told = scene.ask("agent/desk").await;
    assert_eq!(told.row(), "403 permission_error model_not_allowed");
    assert_eq!(told.detail("policy"), "p");
    let source = told.detail("source").as_str().unwrap();
    assert!(source.starts_with("unmanaged:agent-policy/p:"), "{source}");
    assert!(told.message().contains(source), "{}", told.message());
    assert_eq!(scene.provider.calls(), 0);
}
