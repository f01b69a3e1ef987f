//! Records reach the store, and what they say is counted again after a restart.

use super::{call_of, decided, upstream::Failing};
use crate::{
    chat::{ApiError, scan},
    gateway::{
        Amount, Books, Forward, Meter, forward, keep_usage,
        ledger::{Limited, Scope},
    },
    model::{Kind, Origin, ResourceId, spec::LimitWindow},
    reconcile::tests::{
        manifests::{alias, calling, endpoint},
        rig::Rig,
    },
    routing::LimitRule,
    store::{UsageGroup, UsageRecord},
};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

fn record(id: usize) -> UsageRecord {
    UsageRecord {
        request_id: id.to_string(),
        at_us: Timestamp::now().as_microsecond(),
        namespace: "default".to_owned(),
        api_key: "team/ci".to_owned(),
        prompt_tokens: 10,
        completion_tokens: 5,
        cost_microdollars: Some(3),
        ..UsageRecord::default()
    }
}

/// Writes what is in the books until they are closed.
async fn kept(rig: &Rig, books: &Arc<Books>) {
    let stop = CancellationToken::new();
    stop.cancel();
    keep_usage(rig.reconciler().clone(), books.clone(), stop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_written_to_the_last_one_and_what_finds_no_room_is_counted() {
    let rig = Rig::without_git();
    let books = Arc::new(Books::with_room(1_200));
    for id in 0..1_300 {
        books.recorder().record(record(id));
    }
    assert_eq!(books.recorder().lost(), 100);
    kept(&rig, &books).await;
    let total = rig.reconciler().usage(UsageGroup::Total, 0).await.unwrap();
    assert_eq!(total[0].requests, 1_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_resets_no_limit() {
    let rig = Rig::without_git();
    let books = Arc::new(Books::default());
    for id in 0..4 {
        books.recorder().record(record(id));
    }
    kept(&rig, &books).await;
    let books = Arc::new(Books::default());
    kept(&rig, &books).await;
    let key = Scope::Key(ResourceId::new(Kind::ApiKey, "team", "ci"));
    assert_eq!(counted(&books, key), (4, 60));
}

const NAMESPACE_LIMIT: &str = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {namespace_limits: [{per: month, requests: 3}]}\n";

/// A request for `fast`, and how it ends.
async fn ask(rig: &Rig, books: &Arc<Books>, id: &str) -> Result<(), ApiError> {
    let served = rig.reconciler().live().pin();
    let decided = decided(&served, None, Some("fast")).unwrap();
    let body: &[u8] = br#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;
    let request = Forward {
        envelope: scan(body).unwrap(),
        body: Bytes::from_static(body),
        betas: None,
        deadline: None,
    };
    let call = call_of(&served, rig.reconciler().live(), &decided, &request, id);
    let meter = Meter::open(books, call).map_err(|error| *error)?;
    let answer = forward(&served, &decided, request, meter).await;
    answer.map(drop).map_err(|error| *error)
}

/// Requests and tokens that count for a scope this month.
fn counted(books: &Books, scope: Scope) -> (u64, u64) {
    const MOST: u64 = 1_000_000;
    let rule = LimitRule {
        window: LimitWindow::Month,
        requests: Some(MOST),
        tokens: Some(MOST),
        cost_microdollars: None,
        origin: Origin::file("p.yaml"),
    };
    let limited = Limited {
        scope,
        rules: vec![&rule],
    };
    let now_us = Timestamp::now().as_microsecond();
    let reserved = books
        .ledger()
        .reserve(vec![limited], Amount::default(), now_us);
    let reserved = reserved.unwrap();
    let (requests, tokens) = (reserved.requests.unwrap(), reserved.tokens.unwrap());
    (MOST - requests.left - 1, MOST - tokens.left)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_limit_finds_what_was_used_before_it_and_so_does_a_restart() {
    let rig = Rig::without_git();
    let books = Arc::new(Books::default());
    let small = endpoint("small", "s-1");
    rig.apply(&[small, alias("fast", "small")].join("---\n"))
        .await
        .unwrap();
    for id in ["1", "2", "3"] {
        ask(&rig, &books, id).await.unwrap();
    }
    rig.apply(NAMESPACE_LIMIT).await.unwrap();
    let live = ask(&rig, &books, "4").await.unwrap_err();
    assert_eq!(live.code.as_deref(), Some("rate_limit_exceeded"));
    assert!(live.message.contains("3 are used"), "{}", live.message);
    kept(&rig, &books).await;
    let books = Arc::new(Books::default());
    kept(&rig, &books).await;
    let again = ask(&rig, &books, "5").await.unwrap_err();
    assert!(again.message.contains("3 are used"), "{}", again.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_once_for_the_endpoint_that_was_called_last_also_after_a_restart() {
    let rig = Rig::without_git();
    let books = Arc::new(Books::default());
    let upstream = Failing::with(503).await;
    let more = "  retry: {max_attempts: 3, backoff: 1ms}\n  limits: [{per: month, requests: 100, tokens: 1000000}]\n";
    let remote = calling("remote", &upstream.base_url, more);
    let fast = alias("fast", "remote") + "  fallbacks:\n    - endpoint: small\n";
    let manifests = [remote.clone(), endpoint("small", "s-1"), fast];
    rig.apply(&manifests.join("---\n")).await.unwrap();
    ask(&rig, &books, "1").await.unwrap();
    // The fallback takes no more: the request ends with what the first one said.
    let full = format!(
        "{}  limits: [{{per: month, requests: 1}}]\n",
        endpoint("small", "s-1")
    );
    rig.apply(&full).await.unwrap();
    ask(&rig, &books, "2").await.unwrap_err();
    assert_eq!(upstream.calls(), 6);
    kept(&rig, &books).await;
    let restarted = Arc::new(Books::default());
    kept(&rig, &restarted).await;
    let of = |name| Scope::Endpoint(ResourceId::new(Kind::ModelEndpoint, "default", name));
    for (scope, requests) in [
        (of("remote"), 1),
        (of("small"), 1),
        (Scope::Namespace("default".into()), 2),
    ] {
        let live = counted(&books, scope.clone());
        assert_eq!(live.0, requests, "{scope:?}");
        assert_eq!(live, counted(&restarted, scope.clone()), "{scope:?}");
    }
}
