//! Requests that do not say how long their answers may be, where tokens are limited.

use super::{call_of, decided, unlimited, upstream::repeating};
use crate::{
    chat::scan,
    gateway::{Answer, Books, Content, Forward, Meter, Metered, forward},
    reconcile::tests::{
        manifests::{clear_secret, endpoint},
        rig::Rig,
    },
};
use std::sync::Arc;

const TOKENS: &str = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {namespace_limits: [{per: month, tokens: 100000}]}\n";
const REQUESTS: &str = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {namespace_limits: [{per: month, requests: 9}]}\n";
const KNOWN: &str = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelCatalog\nmetadata: {name: c}\nspec: {models: [{model: s-1, max_output_tokens: 500}]}\n";

/// The answer to a body with these fields, and what is left of the tokens while it is given.
async fn answered(fields: &str, manifests: &[&str]) -> (Answer, Option<u64>) {
    let rig = Rig::without_git();
    let small = endpoint("small", "s-1");
    let all = [&[&*small], manifests].concat();
    rig.apply(&all.join("---\n")).await.unwrap();
    let served = rig.reconciler().live().pin();
    let decided = decided(&served, None, Some("small")).unwrap();
    let body = format!(
        r#"{{"model":"small"{fields},"messages":[{{"role":"user","content":"one two three"}}]}}"#
    );
    let request = Forward {
        envelope: scan(body.as_bytes()).unwrap(),
        body: body.into(),
        betas: None,
        deadline: None,
    };
    let call = Metered {
        body_bytes: 0,
        ..call_of(
            &served,
            rig.reconciler().live(),
            &decided,
            &request,
            "req-1",
        )
    };
    let meter = Meter::open(&Arc::new(Books::default()), call);
    let meter = meter.map_err(|error| *error).unwrap();
    let answer = forward(&served, &decided, request, meter).await;
    let answer = answer.map_err(|error| *error).unwrap();
    let left = answer.room.tokens.map(|room| room.left);
    (answer, left)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reserved_for_an_answer_of_unknown_length_is_told_to_the_provider() {
    let (answer, left) = answered("", &[TOKENS]).await;
    assert_eq!(answer.adjusted, ["max_tokens=4096 as reserved"]);
    assert_eq!(left, Some(100_000 - 4096));
    // Each of several answers may be as long.
    let (answer, left) = answered(",\"n\":3", &[TOKENS]).await;
    assert_eq!(answer.adjusted, ["max_tokens=4096 as reserved"]);
    assert_eq!(left, Some(100_000 - 3 * 4096));
}

#[tokio::test(flavor = "multi_thread")]
async fn null_and_the_limits_of_other_dialects_say_nothing_of_the_length() {
    for fields in [
        ",\"max_tokens\":null",
        ",\"max_completion_tokens\":null",
        ",\"max_output_tokens\":5",
    ] {
        let (answer, left) = answered(fields, &[TOKENS]).await;
        assert_eq!(answer.adjusted, ["max_tokens=4096 as reserved"], "{fields}");
        assert_eq!(left, Some(100_000 - 4096), "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_request_or_the_catalogue_says_is_reserved_and_the_body_left_alone() {
    let (answer, left) = answered(",\"max_tokens\":70,\"n\":2", &[TOKENS]).await;
    assert!(answer.adjusted.is_empty());
    assert_eq!(left, Some(100_000 - 140));
    let (answer, left) = answered("", &[TOKENS, KNOWN]).await;
    assert!(answer.adjusted.is_empty());
    assert_eq!(left, Some(100_000 - 500));
    let (_, left) = answered(",\"n\":3", &[TOKENS, KNOWN]).await;
    assert_eq!(left, Some(100_000 - 1500));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_tokens_are_limited_nothing_is_put_into_a_request() {
    for manifests in [&[][..], &[REQUESTS]] {
        let (answer, left) = answered("", manifests).await;
        assert!(answer.adjusted.is_empty());
        assert_eq!(left, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropic_is_told_what_the_catalogue_says_and_what_the_context_still_holds() {
    let base_url = repeating().await;
    let claude = format!(
        "kind: ModelEndpoint\nmetadata: {{name: claude}}\nspec: {{provider: anthropic, base_url: '{base_url}', allowPrivate: true, default_model: c-1, auth: {{secretRef: key}}}}\n"
    );
    let rig = Rig::without_git();
    for (known, prompt, limit) in [
        ("max_output_tokens: 9000", 1, 9000),
        ("max_output_tokens: 9000, context_tokens: 10000", 9000, 7000),
        (
            "max_output_tokens: 9000, context_tokens: 10000",
            90_000,
            4096,
        ),
    ] {
        let catalog = format!(
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelCatalog\nmetadata: {{name: c}}\nspec: {{models: [{{model: c-1, {known}}}]}}\n"
        );
        let all = [&clear_secret("key", "sk-1"), &claude, &catalog];
        rig.apply(&all.map(String::as_str).join("---\n"))
            .await
            .unwrap();
        let served = rig.reconciler().live().pin();
        let decided = decided(&served, None, Some("claude")).unwrap();
        let body = format!(
            r#"{{"model":"claude","messages":[{{"role":"user","content":"{}"}}]}}"#,
            "x".repeat(prompt)
        );
        let request = Forward {
            envelope: scan(body.as_bytes()).unwrap(),
            body: body.into(),
            betas: None,
            deadline: None,
        };
        let meter = unlimited(&served, &decided, &request);
        let answer = forward(&served, &decided, request, meter).await;
        let Content::Full(body, _) = answer.map_err(|error| *error).unwrap().content else {
            unreachable!("nothing was streamed");
        };
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let asked = answer["choices"][0]["message"]["content"].as_str().unwrap();
        let asked: serde_json::Value = serde_json::from_str(asked).unwrap();
        let told = asked["max_tokens"].as_u64().unwrap();
        assert!(told.abs_diff(limit) < 50, "{known}: {told}");
    }
}
