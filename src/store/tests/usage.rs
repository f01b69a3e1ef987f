//! What was used, kept and summed up.

use super::{open, store};
use crate::store::{UsageGroup, UsageRecord, UsageSum};

fn used(id: &str, at_us: i64) -> UsageRecord {
    UsageRecord {
        request_id: id.to_owned(),
        at_us,
        revision: "r1".to_owned(),
        namespace: "default".to_owned(),
        api_key: "ci-bot".to_owned(),
        dialect: "chat".to_owned(),
        requested: "fast".to_owned(),
        endpoint: "small".to_owned(),
        model: "small-v1".to_owned(),
        outcome: "finished".to_owned(),
        status: 200,
        attempts: 1,
        prompt_tokens: 10,
        cached_tokens: 4,
        completion_tokens: 5,
        cost_microdollars: Some(7),
        first_token_us: Some(3),
        duration_us: 9,
        ..UsageRecord::default()
    }
}

#[tokio::test]
async fn usage_is_summed_up_by_group_and_outlives_the_process() {
    let (dir, first) = store().await;
    let records = [
        used("a", 10),
        UsageRecord {
            agent: "team-a/desk".to_owned(),
            outcome: "cancelled".to_owned(),
            cost_microdollars: None,
            estimated: 1,
            ..used("b", 20)
        },
        UsageRecord {
            api_key: String::new(),
            model: "small-v2".to_owned(),
            cost_microdollars: Some(100),
            ..used("c", 30)
        },
    ];
    first.keep_usage(&records).await.unwrap();
    first.close().await;
    let store = open(dir.path()).await;
    let total = store.usage(UsageGroup::Total, 0).await.unwrap();
    let expected = UsageSum {
        name: String::new(),
        requests: 3,
        unfinished: 1,
        prompt_tokens: 30,
        cached_tokens: 12,
        completion_tokens: 15,
        cost_microdollars: 107,
        unpriced: 1,
        estimated: 1,
    };
    assert_eq!(total, [expected]);
    let names = async |group, since| {
        let sums = store.usage(group, since).await.unwrap();
        let names = sums.into_iter().map(|sum| (sum.name, sum.requests));
        names.collect::<Vec<_>>()
    };
    let pair = |name: &str, count| (name.to_owned(), count);
    // The dearest first.
    assert_eq!(
        names(UsageGroup::Key, 0).await,
        [pair("", 1), pair("ci-bot", 2)]
    );
    assert_eq!(
        names(UsageGroup::Model, 0).await,
        [pair("small/small-v2", 1), pair("small/small-v1", 2)]
    );
    assert_eq!(
        names(UsageGroup::Agent, 20).await,
        [pair("", 1), pair("team-a/desk", 1)]
    );
    assert_eq!(names(UsageGroup::Endpoint, 0).await, [pair("small", 3)]);
    assert_eq!(names(UsageGroup::Namespace, 30).await, [pair("default", 1)]);
    assert!(names(UsageGroup::Total, 31).await.is_empty());
}

#[tokio::test]
async fn a_record_that_is_written_twice_counts_once() {
    let (_dir, store) = store().await;
    let batch = [used("a", 10), used("b", 11)];
    store.keep_usage(&batch).await.unwrap();
    store.keep_usage(&batch).await.unwrap();
    let total = store.usage(UsageGroup::Total, 0).await.unwrap();
    assert_eq!(total[0].requests, 2);
}

#[tokio::test]
async fn each_record_of_a_large_batch_is_kept_as_it_is() {
    let (_dir, store) = store().await;
    // Statements of every size, each more than once.
    let batch: Vec<_> = (0..8 * 2 + 3)
        .map(|at| UsageRecord {
            requested: format!("name-{at}"),
            prompt_tokens: at * 7,
            cost_microdollars: (at % 2 == 0).then_some(at),
            duration_us: at + 1,
            ..used(&format!("r{at}"), at)
        })
        .collect();
    store.keep_usage(&batch).await.unwrap();
    let kept: Vec<UsageRecord> = sqlx::query_as("SELECT * FROM usage_records ORDER BY at_us")
        .fetch_all(&store.pool)
        .await
        .unwrap();
    assert_eq!(kept, batch);
}

#[tokio::test]
async fn old_records_and_those_too_many_are_forgotten() {
    let (_dir, store) = store().await;
    let batch: Vec<_> = (0..10).map(|at| used(&at.to_string(), at)).collect();
    store.keep_usage(&batch).await.unwrap();
    let left = async || {
        let total = store.usage(UsageGroup::Total, 0).await.unwrap();
        total[0].requests
    };
    store.forget_usage(3, 100).await.unwrap();
    assert_eq!(left().await, 7);
    store.forget_usage(0, 7).await.unwrap();
    assert_eq!(left().await, 7);
    store.forget_usage(0, 2).await.unwrap();
    assert_eq!(left().await, 2);
}

#[tokio::test]
async fn what_a_client_chose_is_cut() {
    let (_dir, store) = store().await;
    let record = UsageRecord {
        requested: "ä".repeat(1000),
        ..used("a", 1)
    };
    store.keep_usage(&[record]).await.unwrap();
    let kept: String = sqlx::query_scalar("SELECT requested FROM usage_records")
        .fetch_one(&store.pool)
        .await
        .unwrap();
    assert_eq!(kept, "ä".repeat(256));
}
