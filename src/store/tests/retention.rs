//! How long the history is kept.

use super::{applied, rejected, store};
use crate::store::{
    AppendOutcome, Confirmation, FINDINGS_AS_BEFORE, NewRevision, Retention, Store,
    retention::RECORDS_PER_LOOK,
};

const KEPT_RECORDS: i64 = 1000;

const KEPT_US: i64 = 365 * 24 * 60 * 60 * 1_000_000;

const NOW_US: i64 = 3 * KEPT_US;

/// Adds `count` rows at a time, as earlier versions have left them: nothing is forgotten meanwhile.
async fn fill(store: &Store, (first, count): (i64, i64), finished_us: i64, in_chain: bool) {
    let sql = "WITH RECURSIVE n(seq) AS (SELECT $1 UNION ALL SELECT seq + 1 FROM n WHERE seq < $2) \
         INSERT INTO revisions SELECT seq, CASE WHEN $4 THEN seq - 1 END, 'r', NULL, 'a', 's', 0, 'c', 'p', \
         CASE WHEN $4 THEN 'applied' ELSE 'rejected' END, 0, 0, 0, '[]', 0, $3, '', '', '[]', '' FROM n";
    sqlx::query(sql)
        .bind(first)
        .bind(first + count - 1)
        .bind(finished_us)
        .bind(in_chain)
        .execute(&store.pool)
        .await
        .unwrap();
}

async fn oldest_and_count(store: &Store) -> (i64, i64) {
    sqlx::query_as("SELECT MIN(seq), COUNT(*) FROM revisions")
        .fetch_one(&store.pool)
        .await
        .unwrap()
}

fn at(finished_us: i64, record: NewRevision) -> NewRevision {
    NewRevision {
        finished_us,
        ..record
    }
}

#[tokio::test]
async fn newest_thousand_are_kept_however_old_and_older_ones_forgotten_now_and_then() {
    let (_dir, store) = store().await;
    fill(&store, (1, 1498), 7, true).await;
    let old = Confirmation {
        plan_digest: "sha256:a".to_owned(),
        confirmed_by: "ada".to_owned(),
        reason: "moved".to_owned(),
        at_us: 7,
    };
    store.confirm(&old).await.unwrap();
    let append = async |parent| {
        let outcome = store
            .append_revision(Some(parent), &at(NOW_US, applied("n")))
            .await
            .unwrap();
        assert_eq!(outcome, AppendOutcome::Appended(parent + 1));
    };
    append(1498).await;
    assert_eq!(oldest_and_count(&store).await, (1, 1499));
    append(1499).await;
    assert_eq!(1500 % RECORDS_PER_LOOK, 0);
    assert_eq!(oldest_and_count(&store).await, (501, KEPT_RECORDS));
    assert_eq!(store.confirmation("sha256:a").await.unwrap(), None);
    append(1500).await;
}

#[tokio::test]
async fn records_of_the_last_year_are_kept_however_many() {
    let (_dir, store) = store().await;
    fill(&store, (1, 300), NOW_US - KEPT_US - 1, true).await;
    fill(&store, (301, 1699), NOW_US - KEPT_US, true).await;
    let outcome = store
        .append_revision(Some(1999), &at(NOW_US, applied("n")))
        .await
        .unwrap();
    assert_eq!(outcome, AppendOutcome::Appended(2000));
    assert_eq!(oldest_and_count(&store).await, (301, 1700));
}

#[test]
fn a_thousand_or_a_year_are_kept_unless_somebody_says_otherwise() {
    let default = Retention::default();
    assert_eq!(
        (i64::from(default.records), default.age_us),
        (KEPT_RECORDS, KEPT_US)
    );
}

#[tokio::test]
async fn fewer_and_younger_ones_are_kept_if_somebody_says_so() {
    let (_dir, store) = store().await;
    let store = store.keeping(Retention {
        records: 50,
        age_us: 1_000,
        ..Retention::default()
    });
    fill(&store, (1, 140), NOW_US - 1_001, true).await;
    fill(&store, (141, 59), NOW_US - 500, true).await;
    let outcome = store
        .append_revision(Some(199), &at(NOW_US, applied("n")))
        .await
        .unwrap();
    assert_eq!(outcome, AppendOutcome::Appended(200));
    // The fifty newest are young, and so are ten more.
    assert_eq!(oldest_and_count(&store).await, (141, 60));
}

#[tokio::test]
async fn what_is_served_is_kept_behind_any_number_of_refusals() {
    let (_dir, store) = store().await;
    fill(&store, (1, 2), 7, true).await;
    fill(&store, (3, 1497), 7, false).await;
    let seq = store
        .record_rejection(&at(NOW_US, rejected("x", "[1]")))
        .await
        .unwrap();
    assert_eq!(seq, 1500);
    let (_, count) = oldest_and_count(&store).await;
    assert!(count >= KEPT_RECORDS);
    assert_eq!(store.latest_revision().await.unwrap().unwrap().seq, 2);
    let outcome = store
        .append_revision(Some(2), &at(NOW_US, applied("n")))
        .await
        .unwrap();
    assert_eq!(outcome, AppendOutcome::Appended(1501));
}

#[tokio::test]
async fn findings_that_were_written_once_outlive_the_record_they_were_written_with() {
    let (_dir, store) = store().await;
    let store = store.keeping(Retention {
        records: 50,
        age_us: 1_000,
        ..Retention::default()
    });
    fill(&store, (1, 198), 7, true).await;
    let write = async |text: &str, seqs: std::ops::RangeInclusive<i64>| {
        sqlx::query("UPDATE revisions SET findings_json = $1 WHERE seq BETWEEN $2 AND $3")
            .bind(text)
            .bind(seqs.start())
            .bind(seqs.end())
            .execute(&store.pool)
            .await
            .unwrap();
    };
    write(FINDINGS_AS_BEFORE, 1..=198).await;
    write("[1]", 1..=1).await;
    write("[2]", 120..=120).await;
    write("[3]", 170..=170).await;
    let expected = |seq| if seq < 170 { "[2]" } else { "[3]" };
    for (parent, seq) in [(198, 199), (199, 200)] {
        let record = NewRevision {
            findings_json: FINDINGS_AS_BEFORE.to_owned(),
            ..at(NOW_US, applied("n"))
        };
        let outcome = store.append_revision(Some(parent), &record).await.unwrap();
        assert_eq!(outcome, AppendOutcome::Appended(seq));
    }
    assert_eq!(oldest_and_count(&store).await, (151, 50));
    let records = store.revisions(100, None).await.unwrap();
    for record in &records {
        assert_eq!(record.findings_json, expected(record.seq), "{}", record.seq);
    }
    let written: Vec<i64> =
        sqlx::query_scalar("SELECT seq FROM revisions WHERE findings_json <> $1 ORDER BY seq")
            .bind(FINDINGS_AS_BEFORE)
            .fetch_all(&store.pool)
            .await
            .unwrap();
    assert_eq!(written, [151, 170]);
}
