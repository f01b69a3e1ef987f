//! Webhooks from outside: what is refused, what rings, and what is only said.

use super::door::{Answered, Door, answered};
use crate::{
    forge::{
        Provider, Watched,
        tests::{
            PAYLOADS, SECRET,
            mutated::{pointers, replaced},
            payload, signed,
        },
    },
    http::{WebhookSecrets, Webhooks},
    reconcile::tests::rig::Rig,
    secrets::Opened,
    source::Location,
};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};

const GITHUB: &str = "https://github.com/binkkatal/sample_app.git";

/// Doors that every provider may ring at, in front of a source.
async fn hooked(location: &str, reference: &str, max_body: usize) -> Door {
    let secret = || vec![Opened::new(SECRET.into())];
    let named = Provider::ALL.map(|provider| (provider.as_str().to_owned(), secret()));
    let location = Location::parse(location).unwrap();
    let webhooks = Webhooks {
        secrets: WebhookSecrets::from(named),
        max_body,
        watched: vec![Watched::new("default", &location, reference)],
    };
    Door::hooked(Rig::without_git(), None, webhooks).await
}

fn unsigned(door: &Door, provider: Provider, event: &str) -> RequestBuilder {
    let request = door.request(Method::POST, &format!("/webhooks/{provider}"));
    let names = provider.event_headers().iter();
    names.fold(request, |request, name| request.header(*name, event))
}

fn proven(door: &Door, provider: Provider, event: &str, body: &str) -> RequestBuilder {
    let request = unsigned(door, provider, event).headers(signed(provider, body.as_bytes()));
    request.body(body.to_owned())
}

#[track_caller]
fn outcome(answered: &Answered) -> String {
    assert_eq!(answered.status, 202, "{}", answered.text);
    answered.json()["outcome"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_push_to_what_is_followed_rings() {
    let door = hooked(GITHUB, "master", Webhooks::DEFAULT_MAX_BODY).await;
    let push = payload(Provider::Github, "push");
    let elsewhere = push.replace("binkkatal/sample_app", "binkkatal/other");
    let other = push.replace("refs/heads/master", "refs/heads/topic");
    for (event, body, said) in [
        ("push", elsewhere.as_str(), "other_repository"),
        ("push", other.as_str(), "other_ref"),
        ("ping", "{}", "not_a_push"),
    ] {
        let answer = answered(proven(&door, Provider::Github, event, body)).await;
        assert_eq!(outcome(&answer), said);
        assert_eq!(
            format!("{:?}", door.bell),
            format!("{:?}", crate::reconcile::Bell::default())
        );
    }
    for body in [push, "not JSON"] {
        let answer = answered(proven(&door, Provider::Github, "push", body)).await;
        assert_eq!(outcome(&answer), "rung");
    }
    assert!(format!("{:?}", door.bell).contains("proven: true"));
    let metrics = door.get("/metrics").await.text;
    for line in [
        r#"orloj_webhooks_total{provider="github",result="rung"} 2"#,
        r#"orloj_webhooks_total{provider="github",result="other_ref"} 1"#,
        "orloj_webhook_missed_total 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repository_of_a_payload_must_be_the_one_that_is_followed() {
    let door = hooked(GITHUB, "master", Webhooks::DEFAULT_MAX_BODY).await;
    for (url, said) in [
        ("https://github.com/binkkatal/sample_app", "rung"),
        ("https://GitHub.com:443/BinkKatal/sample_app.git", "rung"),
        ("https://u:p@github.com/binkkatal/sample_app/", "rung"),
        ("git@github.com:binkkatal/sample_app.git", "rung"),
        (
            "https://github.com:8443/binkkatal/sample_app",
            "other_repository",
        ),
        (
            "https://github.com@evil.example/binkkatal/sample_app",
            "other_repository",
        ),
        (
            "https://github.com.evil.example/binkkatal/sample_app",
            "other_repository",
        ),
        (
            "https://gіthub.com/binkkatal/sample_app",
            "other_repository",
        ),
        (
            "http://169.254.169.254/latest/meta-data",
            "other_repository",
        ),
        (
            "https://github.com/binkkatal/sample_app/../other",
            "other_repository",
        ),
    ] {
        let body = json!({"ref": "refs/heads/master", "repository": {"clone_url": url}});
        let body = body.to_string();
        let answer = answered(proven(&door, Provider::Github, "push", &body)).await;
        assert_eq!(outcome(&answer), said, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_that_is_sent_again_does_not_ring_again() {
    let door = hooked(GITHUB, "master", Webhooks::DEFAULT_MAX_BODY).await;
    let push = payload(Provider::Github, "push");
    let sent = |id: &str| {
        let request = proven(&door, Provider::Github, "push", push);
        answered(request.header("x-github-delivery", id))
    };
    assert_eq!(outcome(&sent("a").await), "rung");
    for _ in 0..200 {
        assert_eq!(outcome(&sent("a").await), "duplicate");
    }
    assert_eq!(outcome(&sent("b").await), "rung");
    let azure = payload(Provider::AzureDevops, "git.push");
    let door = hooked(
        "https://dev.azure.com/fabrikam-fiber-inc/_git/Fabrikam-Fiber-Git",
        "main",
        9999,
    )
    .await;
    for said in ["rung", "duplicate"] {
        let answer = answered(proven(&door, Provider::AzureDevops, "git.push", azure)).await;
        assert_eq!(outcome(&answer), said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_proofs_are_refused_whatever_is_wrong() {
    let door = hooked(GITHUB, "master", Webhooks::DEFAULT_MAX_BODY).await;
    let body = payload(Provider::Github, "push");
    let proof = signed(Provider::Github, body.as_bytes());
    let proof = proof.values().next().unwrap().to_str().unwrap();
    let digits = proof.strip_prefix("sha256=").unwrap();
    let another = signed(Provider::Github, b"another body");
    let another = another.values().next().unwrap().to_str().unwrap();
    let upper = format!("sha256={}", digits.to_uppercase());
    let sha1 = format!("sha1={digits}");
    let name = "x-hub-signature-256";
    for given in [
        vec![],
        vec![""],
        vec![digits],
        vec![&sha1],
        vec![&proof[..proof.len() - 2]],
        vec![&upper],
        vec![proof, proof],
        vec![another],
    ] {
        let request = unsigned(&door, Provider::Github, "push");
        let request = given
            .iter()
            .fold(request, |it, value| it.header(name, *value));
        let answer = answered(request.body(body)).await;
        assert_eq!(answer.status, 401, "{given:?}");
        assert!(!answer.text.contains(digits), "{}", answer.text);
    }
    // Tokens of OpenID Connect are no proof to anybody: none of the providers sends them.
    let claims = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJldmlsIn0.";
    for provider in Provider::ALL {
        let request = unsigned(&door, provider, "push").bearer_auth(claims);
        assert_eq!(answered(request.body("{}")).await.status, 401, "{provider}");
    }
    assert_eq!(
        format!("{:?}", door.bell),
        format!("{:?}", crate::reconcile::Bell::default())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn body_that_is_too_large_is_refused_and_makes_the_source_be_polled() {
    let door = hooked(GITHUB, "master", 1000).await;
    let announced = unsigned(&door, Provider::Github, "push").body(vec![b'x'; 1001]);
    let answer = answered(announced).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    let rang = format!("{:?}", door.bell);
    assert!(
        rang.contains("unproven: true") && rang.contains("proven: false"),
        "{rang}"
    );
    // Without end and without a length: nothing but the limit is taken.
    for _ in 0..20 {
        let endless =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 512]));
        let request = unsigned(&door, Provider::Gitlab, "push");
        // The answer may come before everything is sent; then the connection is closed.
        if let Ok(response) = request.body(Body::wrap_stream(endless)).send().await {
            assert_eq!(response.status().as_u16(), 413);
        }
    }
    let metrics = door.get("/metrics").await.text;
    let line = r#"orloj_webhooks_total{provider="gitlab",result="too_large"} 20"#;
    assert!(metrics.contains(line), "{metrics}");
    let fits = proven(&door, Provider::Gitlab, "push", &"x".repeat(1000));
    assert_eq!(outcome(&answered(fits).await), "rung");
}

#[tokio::test(flavor = "multi_thread")]
async fn mutated_payloads_with_a_proof_are_answered() {
    let door = hooked("/srv/git/routing.git", "main", Webhooks::DEFAULT_MAX_BODY).await;
    let long = "x".repeat(1_000_000);
    for (provider, event, text) in PAYLOADS {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        let mut bodies = Vec::new();
        for (n, place) in places.iter().enumerate() {
            // Each field has one of these here, and all of them in `forge`.
            let by = [None, Some(Value::Null), Some(json!([7])), Some(json!(""))];
            bodies.push(replaced(&document, place, by[n % by.len()].as_ref()).to_string());
        }
        let marked = replaced(&document, &places[0], Some(&json!("@LONG@"))).to_string();
        bodies.push(marked.replace("@LONG@", &long));
        for body in bodies {
            let answer = answered(proven(&door, provider, event, &body)).await;
            assert!(
                matches!(answer.status, 202 | 400),
                "{}: {body}",
                answer.status
            );
        }
    }
}
