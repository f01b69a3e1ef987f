//! Records reach the store, and what they say is counted again after a restart.

use crate::{
    gateway::{
        Amount, Books, keep_usage,
        ledger::{Limited, Scope},
    },
    model::{Kind, Origin, ResourceId, spec::LimitWindow},
    reconcile::tests::rig::Rig,
    routing::LimitRule,
    store::{UsageGroup, UsageRecord},
};
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
    let rule = LimitRule {
        window: LimitWindow::Month,
        requests: Some(100),
        tokens: Some(1_000),
        cost_microdollars: None,
        origin: Origin::file("key.yaml"),
    };
    let limited = Limited {
        scope: key,
        rules: vec![&rule],
    };
    let now_us = Timestamp::now().as_microsecond();
    let reserved = books
        .ledger()
        .reserve(vec![limited], Amount::default(), now_us);
    let reserved = reserved.unwrap();
    assert_eq!(reserved.requests.unwrap().left, 95);
    assert_eq!(reserved.tokens.unwrap().left, 940);
}
