//! Who is let in.

use super::door::{Door, answered};
use crate::{
    http::{BodyLimits, WebhookSecrets},
    model::ClientKey,
    reconcile::tests::{manifests::endpoint, rig::Rig},
    secrets::Opened,
};
use hmac::{Hmac, Mac};
use reqwest::Method;
use sha2::Sha256;

#[tokio::test(flavor = "multi_thread")]
async fn control_and_resources_need_the_token_and_the_rest_does_not() {
    let door = Door::guarded(Rig::without_git(), Some("t-0123"), WebhookSecrets::new()).await;
    for path in [
        "/api/v1/status",
        "/api/v1/live",
        "/v1/agents",
        "/v1/secrets/x",
    ] {
        let refused = door.get(path).await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(refused.content_type, "application/problem+json");
        for wrong in ["Bearer t-0124", "Bearer ", "t-0123", "Basic t-0123"] {
            let request = door
                .request(Method::GET, path)
                .header("authorization", wrong);
            assert_eq!(answered(request).await.status, 401, "{path} {wrong}");
        }
        let request = door.request(Method::GET, path).bearer_auth("t-0123");
        assert_ne!(answered(request).await.status, 401, "{path}");
    }
    assert_eq!(door.get("/healthz").await.status, 200);
    assert_eq!(door.get("/v1/models").await.status, 200);
    assert_eq!(door.get("/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_token_lets_nobody_in() {
    let door = Door::guarded(Rig::without_git(), Some(" "), WebhookSecrets::new()).await;
    assert_eq!(door.get("/api/v1/status").await.status, 401);
    let request = door.request(Method::GET, "/api/v1/status");
    let blank = request.header("authorization", "Bearer ");
    assert_eq!(answered(blank).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_web_page_is_refused_and_our_own_is_not() {
    let door = Door::open(Rig::without_git()).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let request = door
            .request(Method::POST, "/api/v1/sync")
            .header("origin", origin);
        let refused = answered(request).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (403, Some("cross_site"))
        );
    }
    let request = door.request(Method::POST, "/api/v1/sync");
    let own = request
        .header("host", "localhost:8080")
        .header("origin", "http://localhost:8080");
    assert_eq!(answered(own).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_that_dns_could_point_here_needs_a_token() {
    let open = Door::open(Rig::without_git()).await;
    for (host, status) in [
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("localhost", 200),
    ] {
        let request = open.request(Method::GET, "/api/v1/status");
        let status_of = answered(request.header("host", host)).await.status;
        assert_eq!(status_of, status, "{host}");
    }
    let guarded = Door::guarded(Rig::without_git(), Some("t-0123"), WebhookSecrets::new()).await;
    let request = guarded.request(Method::GET, "/api/v1/status");
    let named = request
        .header("host", "orloj.example")
        .header("authorization", "Bearer t-0123");
    assert_eq!(answered(named).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_reaches_no_model_where_no_key_is_needed() {
    let rig = Rig::without_git();
    rig.apply(&endpoint("small", "s-1")).await.unwrap();
    let door = Door::open(rig).await;
    let body = r#"{"model":"small","messages":[{"role":"user","content":"hi"}]}"#;
    for (name, value, code) in [
        ("host", "evil.example", "foreign_host"),
        ("host", "evil.example:8080", "foreign_host"),
        ("origin", "https://evil.example", "cross_site"),
        ("origin", "null", "cross_site"),
        ("host", "127.0.0.1:8080", ""),
        ("host", "[::1]:8080", ""),
        ("host", "localhost:8080", ""),
        ("x-forwarded-host", "evil.example", ""),
    ] {
        let status = if code.is_empty() { 200 } else { 403 };
        for (method, path) in [
            (Method::POST, "/v1/chat/completions"),
            (Method::POST, "/small"),
            (Method::GET, "/v1/models"),
            (Method::GET, "/small/v1/models"),
        ] {
            let request = door.request(method, path).body(body).header(name, value);
            let answer = answered(request).await;
            assert_eq!(answer.status, status, "{path} {name}: {value}");
            if status == 403 {
                assert_eq!(answer.json()["error"]["code"], code, "{path}");
            }
        }
    }
    let hash = ClientKey::written_hash_of("orloj_sk_right");
    let key = format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: ci}}\nspec: {{hash: '{hash}'}}\n"
    );
    door.rig.apply(&key).await.unwrap();
    let request = door.request(Method::GET, "/v1/models");
    let named = request
        .header("host", "models.example")
        .bearer_auth("orloj_sk_right");
    assert_eq!(answered(named).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_rings_only_when_it_is_configured_and_proves_itself() {
    let secrets = vec![Opened::new(b"hook-secret".to_vec())];
    let webhooks = WebhookSecrets::from([("github".to_owned(), secrets)]);
    let door = Door::guarded(Rig::without_git(), Some("t-0123"), webhooks).await;
    for path in ["/webhooks/gitlab", "/webhooks/nobody"] {
        assert_eq!(door.post(path, "{}").await.status, 404, "{path}");
    }
    assert_eq!(door.post("/webhooks/github", "{}").await.status, 401);
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hook-secret").unwrap();
    mac.update(b"{}");
    let proof = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let signed = |body: &'static str| {
        let request = door.request(Method::POST, "/webhooks/github");
        request.header("x-hub-signature-256", &proof).body(body)
    };
    assert_eq!(answered(signed("{}")).await.status, 202);
    let forged = answered(signed("{ }")).await;
    assert_eq!(forged.status, 401);
    assert!(!forged.text.contains("hook-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_as_large_as_the_operator_lets_them_be() {
    let bodies = BodyLimits {
        api: 1000,
        chat: 2000,
    };
    let door = Door::limited(Rig::without_git(), bodies).await;
    let of = |bytes: usize| format!("{{\"x\":\"{}\"}}", "y".repeat(bytes - 8));
    for (path, most) in [
        ("/api/v1/apply", 1000),
        ("/v1/agents", 1000),
        ("/v1/chat/completions", 2000),
        ("/some-endpoint/v1/chat/completions", 2000),
    ] {
        assert_ne!(door.post(path, of(most)).await.status, 413, "{path}");
        let refused = door.post(path, of(most + 1)).await;
        assert_eq!(refused.status, 413, "{path}: {}", refused.text);
    }
}
