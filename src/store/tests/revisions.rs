use super::{applied, open, rejected, store};
use crate::store::{
    AppendOutcome, NewRevision, RevisionOutcome, RevisionRecord, Store, StoreError,
};
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

async fn append(store: &Store, parent: Option<i64>, id: &str) -> i64 {
    match store.append_revision(parent, &applied(id)).await.unwrap() {
        AppendOutcome::Appended(seq) => seq,
        AppendOutcome::LostRace => unreachable!("{id} lost the race"),
    }
}

#[tokio::test]
async fn appended_revision_is_read_back_field_by_field_after_reopening() {
    let (dir, store) = store().await;
    assert!(store.latest_revision().await.unwrap().is_none());
    let seq = append(&store, None, "a").await;
    store.close().await;

    let latest = open(dir.path())
        .await
        .latest_revision()
        .await
        .unwrap()
        .unwrap();
    assert_eq!((latest.seq, latest.parent), (seq, Some(0)));
    let back = NewRevision {
        revision_id: latest.revision_id,
        commit: latest.commit,
        sources_json: latest.sources_json,
        author: latest.author,
        summary: latest.summary,
        unmanaged_generation: latest.unmanaged_generation,
        config_digest: latest.config_digest,
        plan_digest: latest.plan_digest,
        outcome: latest.outcome,
        added: latest.added,
        changed: latest.changed,
        removed: latest.removed,
        secrets_json: latest.secrets_json,
        findings_json: latest.findings_json,
        reason: latest.reason,
        confirmed_by: latest.confirmed_by,
        started_us: latest.started_us,
        finished_us: latest.finished_us,
    };
    assert_eq!(back, applied("a"));
}

#[tokio::test]
async fn findings_of_the_revision_before_are_read_where_a_record_has_the_same() {
    let (_dir, store) = store().await;
    let with = |id: &str, findings: &str| NewRevision {
        findings_json: findings.to_owned(),
        ..applied(id)
    };
    let mut parent = None;
    for (id, findings) in [
        ("a", "[1]"),
        ("b", "="),
        ("x", "[0]"),
        ("c", "="),
        ("d", "[2]"),
        ("e", "="),
    ] {
        if id == "x" {
            store
                .record_rejection(&rejected(id, findings))
                .await
                .unwrap();
            continue;
        }
        let record = with(id, findings);
        let AppendOutcome::Appended(seq) = store.append_revision(parent, &record).await.unwrap()
        else {
            unreachable!("nobody else appends");
        };
        parent = Some(seq);
    }
    let read = |records: Vec<RevisionRecord>| -> Vec<String> {
        records.into_iter().map(|one| one.findings_json).collect()
    };
    let all = store.revisions(10, None).await.unwrap();
    assert_eq!(read(all), ["[2]", "[2]", "[1]", "[0]", "[1]", "[1]"]);
    let some = store.revisions(1, Some(5)).await.unwrap();
    assert_eq!(read(some), ["[1]"]);
    let one = store.revision(2).await.unwrap();
    assert_eq!(read(one.into_iter().collect()), ["[1]"]);
    let named = store.revision_named("e").await.unwrap();
    assert_eq!(read(named.into_iter().collect()), ["[2]"]);
    let latest = store.latest_revision().await.unwrap();
    assert_eq!(read(latest.into_iter().collect()), ["[2]"]);
}

#[tokio::test]
async fn record_without_a_commit_keeps_none() {
    let (_dir, store) = store().await;
    let record = NewRevision {
        commit: None,
        ..applied("digest")
    };
    let outcome = store.append_revision(None, &record).await.unwrap();
    assert_eq!(outcome, AppendOutcome::Appended(1));
    let latest = store.latest_revision().await.unwrap().unwrap();
    assert_eq!(latest.commit, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_appends_to_one_parent_exactly_one_wins() {
    let (dir, first) = store().await;
    // Two pools on one file: the database decides, not a lock of this process.
    let second = open(dir.path()).await;
    let mut parent = None;
    for round in 0..12 {
        let barrier = Arc::new(Barrier::new(8));
        let mut appends = JoinSet::new();
        for number in 0..8 {
            let store = if number % 2 == 0 {
                first.clone()
            } else {
                second.clone()
            };
            let barrier = barrier.clone();
            appends.spawn(async move {
                barrier.wait().await;
                let record = applied(&format!("{round}-{number}"));
                store.append_revision(parent, &record).await.unwrap()
            });
        }
        let outcomes = appends.join_all().await;
        let winners: Vec<i64> = outcomes
            .into_iter()
            .filter_map(|outcome| match outcome {
                AppendOutcome::Appended(seq) => Some(seq),
                AppendOutcome::LostRace => None,
            })
            .collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let latest = first.latest_revision().await.unwrap().unwrap();
        assert_eq!(latest.seq, winners[0]);
        parent = Some(winners[0]);
    }
    let history = first.revisions(100, None).await.unwrap();
    assert_eq!(history.len(), 12);
    for pair in history.windows(2) {
        assert_eq!(pair[0].parent, Some(pair[1].seq));
    }
}

#[tokio::test]
async fn append_to_an_old_an_unknown_or_a_rejected_parent_loses() {
    let (_dir, store) = store().await;
    let first = append(&store, None, "a").await;
    let second = append(&store, Some(first), "b").await;
    let refused = store.record_rejection(&rejected("c", "[1]")).await.unwrap();
    for parent in [None, Some(first), Some(refused), Some(99), Some(-1)] {
        let outcome = store.append_revision(parent, &applied("x")).await.unwrap();
        assert_eq!(outcome, AppendOutcome::LostRace, "{parent:?}");
    }
    append(&store, Some(second), "d").await;
}

#[tokio::test]
async fn rejection_is_in_the_history_and_not_in_the_chain() {
    let (_dir, store) = store().await;
    let served = append(&store, None, "a").await;
    let refused = store.record_rejection(&applied("b")).await.unwrap();
    let latest = store.latest_revision().await.unwrap().unwrap();
    assert_eq!(latest.seq, served);

    let history = store.revisions(10, None).await.unwrap();
    assert_eq!(history[0].seq, refused);
    assert_eq!(history[0].outcome, RevisionOutcome::Rejected);
    assert_eq!(history[0].parent, None);

    let fixed = append(&store, Some(served), "c").await;
    let fixed = store.revision(fixed).await.unwrap().unwrap();
    assert_eq!(fixed.parent, Some(served));
    assert_eq!(store.revision(99).await.unwrap(), None);
}

#[tokio::test]
async fn repeated_rejection_adds_no_row_until_something_changes() {
    let (_dir, store) = store().await;
    let first = store.record_rejection(&rejected("a", "[1]")).await.unwrap();
    assert_eq!(
        store.record_rejection(&rejected("a", "[1]")).await.unwrap(),
        first
    );
    assert_ne!(
        store.record_rejection(&rejected("a", "[2]")).await.unwrap(),
        first
    );
    assert_ne!(
        store.record_rejection(&rejected("b", "[2]")).await.unwrap(),
        first
    );
    assert_eq!(store.revisions(10, None).await.unwrap().len(), 3);
}

#[tokio::test]
async fn rejected_outcome_cannot_be_appended() {
    let (_dir, store) = store().await;
    let error = store.append_revision(None, &rejected("a", "[]")).await;
    assert!(matches!(error, Err(StoreError::RejectedInChain)));
    assert!(store.revisions(10, None).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rejections_beside_appends_lose_no_row() {
    let (_dir, store) = store().await;
    let mut rejections = JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        rejections.spawn(async move {
            let record = rejected(&format!("r{number}"), "[1]");
            store.record_rejection(&record).await.unwrap()
        });
    }
    let mut parent = None;
    for number in 0..40 {
        parent = Some(append(&store, parent, &format!("a{number}")).await);
    }
    rejections.join_all().await;
    let history = store.revisions(100, None).await.unwrap();
    assert_eq!(history.len(), 80);
    let numbers: Vec<i64> = history.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=80).rev().collect::<Vec<i64>>());
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let (_dir, store) = store().await;
    let mut parent = None;
    for number in 0..5 {
        parent = Some(append(&store, parent, &number.to_string()).await);
    }
    let page = |limit, before| {
        let store = store.clone();
        async move {
            let page = store.revisions(limit, before).await.unwrap();
            page.iter().map(|record| record.seq).collect::<Vec<_>>()
        }
    };
    assert_eq!(page(2, None).await, [5, 4]);
    assert_eq!(page(2, Some(4)).await, [3, 2]);
    assert_eq!(page(2, Some(1)).await, [0i64; 0]);
}

#[tokio::test]
async fn unknown_outcome_of_a_newer_version_is_an_error_and_not_skipped() {
    let (_dir, store) = store().await;
    append(&store, None, "a").await;
    sqlx::query("UPDATE revisions SET outcome = 'sublimated'")
        .execute(&store.pool)
        .await
        .unwrap();
    let error = store.latest_revision().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("sublimated"), "{cause}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn outcomes_are_stored_as_the_words_that_output_shows() {
    let (_dir, store) = store().await;
    let first = append(&store, None, "a").await;
    let rollback = NewRevision {
        outcome: RevisionOutcome::RolledBack,
        ..applied("b")
    };
    let appended = store.append_revision(Some(first), &rollback).await.unwrap();
    assert_eq!(appended, AppendOutcome::Appended(2));
    store.record_rejection(&rejected("c", "[1]")).await.unwrap();
    let words: Vec<String> = sqlx::query_scalar("SELECT outcome FROM revisions ORDER BY seq")
        .fetch_all(&store.pool)
        .await
        .unwrap();
    let history = store.revisions(9, None).await.unwrap();
    let shown: Vec<&str> = history
        .iter()
        .rev()
        .map(|row| row.outcome.as_str())
        .collect();
    assert_eq!(words, shown);
    assert_eq!(words, ["applied", "rolled-back", "rejected"]);
}
