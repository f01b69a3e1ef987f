//! A reference that does not move forward waits for somebody's yes, or is noted.

use super::{manifests::endpoint, rig::Rig};
use crate::{
    model::Kind,
    reconcile::{EventSort, HeldBy, Outcome, tests::rig::settings},
    store::RevisionSource,
};

/// A live commit, and another one in its place.
async fn rewritten(rig: &Rig) -> (String, String) {
    rig.push(&[("a.yaml", endpoint("a", "m"))], "below");
    let before = rig.push(&[("a.yaml", endpoint("a", "m-2"))], "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let after = rig.push(&[("b.yaml", endpoint("b", "m"))], "instead");
    (before, after)
}

fn forced_events(rig: &Rig) -> usize {
    let events = rig.reconciler().events().since(0).events;
    let forced = events
        .iter()
        .filter(|event| event.sort == EventSort::Forced);
    forced.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn branch_that_is_moved_by_force_is_held_until_somebody_says_yes() {
    let rig = Rig::new();
    let (before, after) = rewritten(&rig).await;
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!("held");
    };
    assert_eq!(
        (held.by, held.commit.as_ref()),
        (HeldBy::Force, Some(&after))
    );
    assert!(
        held.message.starts_with("`main` was moved by force"),
        "{}",
        held.message
    );
    assert_eq!(rig.revision(), before);
    assert!(matches!(rig.sync().await, Outcome::Held(_)));
    assert_eq!(forced_events(&rig), 1);
    // A restart asks again.
    let rig = rig.restarted(settings());
    assert!(matches!(rig.sync().await, Outcome::Held(_)));
    let yes = rig
        .reconciler()
        .confirm(&held.plan_digest, "agreed", "ada")
        .await;
    assert_eq!(yes.unwrap(), Outcome::Applied(after.clone()));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    let sources = RevisionSource::parse(&newest.sources_json);
    assert_eq!(sources[0].forced_from.as_ref(), Some(&before));
    assert_eq!(
        (newest.confirmed_by.as_str(), newest.reason.as_str()),
        ("ada", "agreed")
    );
    // What follows it is as any other push.
    let next = rig.push(&[("c.yaml", endpoint("c", "m"))], "next");
    assert_eq!(rig.sync().await, Outcome::Applied(next));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!(
        RevisionSource::parse(&newest.sources_json)[0].forced_from,
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reference_that_is_not_protected_goes_live_and_is_noted() {
    let rig = Rig::new().unprotected();
    let (before, after) = rewritten(&rig).await;
    assert_eq!(rig.sync().await, Outcome::Applied(after));
    assert!(rig.has(Kind::ModelEndpoint, "b"));
    assert_eq!(forced_events(&rig), 1);
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    let sources = RevisionSource::parse(&newest.sources_json);
    assert_eq!(sources[0].forced_from.as_ref(), Some(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_that_was_refused_may_be_replaced_by_force() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("a", "m"))], "first");
    rig.sync().await;
    rig.push(&[("b.yaml", "kind: Nothing\n".to_owned())], "broken");
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    rig.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let mended = rig.push(&[("b.yaml", endpoint("b", "m"))], "mended");
    assert_eq!(rig.sync().await, Outcome::Applied(mended));
    assert_eq!(forced_events(&rig), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_does_not_outlive_its_question() {
    let rig = Rig::new();
    let digest = |outcome: Outcome| match outcome {
        Outcome::Held(held) => held.plan_digest,
        other => unreachable!("{other:?}"),
    };
    let agree = async |digest: &str| rig.reconciler().confirm(digest, "agreed", "ada").await;
    let (before, after) = rewritten(&rig).await;
    let first = digest(rig.sync().await);
    assert_eq!(agree(&first).await.unwrap(), Outcome::Applied(after));
    // Back by force, and forth again: the same plan, and another commit.
    rig.git(&["reset", "-q", "--hard", &before]);
    rig.git(&["push", "-q", "--force", "origin", "HEAD:main"]);
    let back = digest(rig.sync().await);
    assert_ne!(back, first);
    assert_eq!(agree(&back).await.unwrap(), Outcome::Applied(before));
    rig.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let again = rig.push(&[("b.yaml", endpoint("b", "m"))], "instead, once more");
    assert_eq!(digest(rig.sync().await), first);
    // Nor over a restart.
    let rig = rig.restarted(settings());
    assert_eq!(digest(rig.sync().await), first);
    let yes = rig.reconciler().confirm(&first, "agreed", "ada").await;
    assert_eq!(yes.unwrap(), Outcome::Applied(again));
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_to_a_forced_move_names_what_it_prunes_too() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("a", "m"))], "below");
    let many: Vec<_> = (0..7)
        .map(|n| (format!("e{n}.yaml"), endpoint(&format!("e{n}"), "m")))
        .collect();
    let many: Vec<_> = many
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    rig.push(&many, "many");
    rig.sync().await;
    rig.git(&["reset", "-q", "--hard", "HEAD~1"]);
    rig.push(&[("a.yaml", endpoint("a", "m-2"))], "instead");
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!("held");
    };
    assert_eq!(held.by, HeldBy::Force);
    let parts = ["was moved by force", "7 of 8 objects"];
    assert!(
        parts.iter().all(|part| held.message.contains(part)),
        "{}",
        held.message
    );
}
