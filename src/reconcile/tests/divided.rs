//! Of several sources, one that is bad stays where it was and the others go on.

use super::{
    manifests::{alias, endpoint},
    rig::codes,
    sources::{Several, pair},
};
use crate::{
    reconcile::{EventSort, Outcome, RollbackOrder},
    store::{RevisionOutcome, RevisionSource},
};

const BROKEN: &str = "kind: ModelEndpoint\nspec: [\n";

async fn two_that_are_live() -> (Several, String, String) {
    let two = Several::new(&["apps", "base"]);
    let apps = two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    let base = two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    (two, apps, base)
}

/// The newest records: what became of each, and its summary.
async fn history(several: &Several, count: u32) -> Vec<(RevisionOutcome, String)> {
    let records = several.reconciler().history(count).await.unwrap();
    let records = records.into_iter();
    records.map(|one| (one.outcome, one.summary)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_source_keeps_its_last_good_commit_and_the_other_goes_live() {
    let (two, _, base) = two_that_are_live().await;
    let bad = two.push("base", &[("b.yaml", BROKEN.to_owned())]);
    let apps = two.push("apps", &[("b.yaml", endpoint("middle", "m"))]);
    let outcome = two.sync().await;
    assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
    assert!(two.has("small") && two.has("middle") && two.has("large"));
    assert_eq!(two.commits(), [pair("apps", &apps), pair("base", &base)]);

    let status = two.reconciler().status();
    assert_eq!(status.phase.as_str(), "Rejected");
    let refused: Vec<_> = status.refused.iter().collect();
    assert_eq!(refused.len(), 1);
    let (name, refused) = refused[0];
    assert_eq!((&**name, &*refused.summary), ("base", "base: in base"));
    assert_eq!(refused.commit.as_ref(), Some(&bad));
    assert!(codes(&refused.findings)[0].starts_with("E-YAML"));
    assert!(!status.attempt.unwrap().findings.has_errors());
    let records = two.reconciler().history(2).await.unwrap();
    let outcomes: Vec<_> = records.iter().map(|one| one.outcome).collect();
    let (went, refusal) = if records[0].outcome == RevisionOutcome::Applied {
        (&records[0], &records[1])
    } else {
        (&records[1], &records[0])
    };
    assert!(
        outcomes.contains(&RevisionOutcome::Rejected),
        "{outcomes:?}"
    );
    assert_eq!(
        (&*went.summary, &*refusal.summary),
        ("apps: in apps", "base: in base")
    );
    assert_eq!(refusal.commit.as_ref(), Some(&bad));
    let stood = RevisionSource::parse(&refusal.sources_json);
    assert_eq!(stood[1].commit.as_ref(), Some(&bad));

    // Nothing new: nothing is said again, and nothing is forgotten.
    assert_eq!(two.sync().await, Outcome::Unchanged);
    assert_eq!(two.reconciler().history(9).await.unwrap().len(), 3);
    // The other goes on by itself, and the refusal is told once.
    two.push("apps", &[("c.yaml", endpoint("tiny", "t"))]);
    assert!(matches!(two.look("apps").await, Outcome::Applied(_)));
    assert!(two.has("tiny"));
    assert_eq!(two.reconciler().history(9).await.unwrap().len(), 4);
    let events = two.reconciler().events().since(0).events;
    let told = events.iter().filter(|one| one.sort == EventSort::Rejected);
    assert_eq!(told.count(), 1);
    assert_eq!(two.reconciler().status().phase.as_str(), "Rejected");

    // A restart knows what is live, and judges the bad one afresh.
    let two = two.restarted(&["apps", "base"]);
    assert!(matches!(two.sync().await, Outcome::Rejected(_)));
    assert!(two.has("tiny") && two.has("large"));
    assert_eq!(two.reconciler().status().refused.len(), 1);

    let good = two.push("base", &[("b.yaml", endpoint("huge", "h"))]);
    assert!(matches!(two.look("base").await, Outcome::Applied(_)));
    assert!(two.has("huge"));
    assert_eq!(two.commits()[1], pair("base", &good));
    let status = two.reconciler().status();
    assert_eq!(status.phase.as_str(), "Synced");
    assert!(status.refused.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_takes_back_its_bad_commit_is_refused_no_more() {
    let (two, _, _) = two_that_are_live().await;
    two.push("base", &[("b.yaml", BROKEN.to_owned())]);
    two.push("apps", &[("b.yaml", endpoint("middle", "m"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    two.run(&["push", "-q", "--force", "origin", "HEAD~1:main"], "base");
    assert_eq!(two.sync().await, Outcome::Unchanged);
    let status = two.reconciler().status();
    assert_eq!(status.phase.as_str(), "Synced");
    assert!(status.refused.is_empty() && status.attempt.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clashes_with_the_others_stays_where_it_was() {
    let (two, apps, _) = two_that_are_live().await;
    // What is in `base` already; the error is told of a file of `base`, which is not to blame.
    two.push("apps", &[("b.yaml", endpoint("large", "again"))]);
    let base = two.push("base", &[("b.yaml", endpoint("huge", "h"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert_eq!(two.commits(), [pair("apps", &apps), pair("base", &base)]);
    let status = two.reconciler().status();
    let refused = &status.refused["apps"];
    assert_eq!(codes(&refused.findings), ["E-GRAPH-DUPLICATE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_need_each_other_go_together_beside_a_bad_one() {
    let three = Several::new(&["apps", "base", "more"]);
    three.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    three.push("base", &[("a.yaml", endpoint("large", "l"))]);
    let more = three.push("more", &[("a.yaml", endpoint("other", "o"))]);
    three.sync().await;
    // Each one's alias is for the endpoint that the other one adds.
    let apps = [
        ("n.yaml", endpoint("new-a", "n")),
        ("l.yaml", alias("to-b", "new-b")),
    ];
    let base = [
        ("n.yaml", endpoint("new-b", "n")),
        ("l.yaml", alias("to-a", "new-a")),
    ];
    let (apps, base) = (three.push("apps", &apps), three.push("base", &base));
    three.push("more", &[("a.yaml", BROKEN.to_owned())]);
    assert!(matches!(three.sync().await, Outcome::Applied(_)));
    assert!(three.has("new-a") && three.has("new-b") && three.has("other"));
    let stand = [
        pair("apps", &apps),
        pair("base", &base),
        pair("more", &more),
    ];
    assert_eq!(three.commits(), stand);
    assert_eq!(three.reconciler().status().refused.len(), 1);

    // Whoever leans on what the bad one brings stays with it.
    three.push(
        "more",
        &[
            ("a.yaml", BROKEN.to_owned()),
            ("n.yaml", endpoint("late", "n")),
        ],
    );
    three.push("apps", &[("m.yaml", alias("to-late", "late"))]);
    let base = three.push("base", &[("m.yaml", endpoint("free", "f"))]);
    assert!(matches!(three.sync().await, Outcome::Applied(_)));
    let stand = [
        pair("apps", &apps),
        pair("base", &base),
        pair("more", &more),
    ];
    let late = three.has("late");
    assert_eq!((three.commits(), late), (stand.to_vec(), false));
    let refused: Vec<_> = three.reconciler().status().refused.into_keys().collect();
    assert_eq!(refused, ["apps".into(), "more".into()]);
    // And goes with it once that is mended.
    three.push("more", &[("a.yaml", endpoint("other", "o"))]);
    assert!(matches!(three.look("more").await, Outcome::Applied(_)));
    assert!(three.has("late"));
    assert!(three.reconciler().status().refused.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_bad_sources_goes_live_where_nothing_is_live_yet() {
    let two = Several::new(&["apps", "base"]);
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    two.push("base", &[("a.yaml", BROKEN.to_owned())]);
    assert!(matches!(two.sync().await, Outcome::Rejected(_)));
    assert!(!two.reconciler().live().pin().is_something());
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_source_that_others_need_stays_and_the_rest_goes_on() {
    let two = Several::new(&["apps", "base", "more"]);
    two.push("apps", &[("a.yaml", alias("fast", "large"))]);
    let base = two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    two.push("more", &[("a.yaml", endpoint("other", "o"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    let two = two.restarted(&["apps", "more"]);
    let more = two.push("more", &[("b.yaml", endpoint("another", "a"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert!(two.has("large") && two.has("another"));
    assert!(two.commits().contains(&pair("base", &base)));
    assert!(two.commits().contains(&pair("more", &more)));
    let status = two.reconciler().status();
    assert_eq!(status.refused["base"].summary, "no longer followed: `base`");
    assert_eq!(two.sync().await, Outcome::Unchanged);
    // Without anybody who needs it, it goes.
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert!(!two.has("large") && two.has("small"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_pruned_by_the_good_one_is_held_as_ever() {
    let two = Several::new(&["apps", "base"]);
    let many: Vec<_> = (0..7)
        .map(|n| (format!("{n}.yaml"), endpoint(&format!("e{n}"), "m")))
        .collect();
    let many: Vec<_> = many
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    two.push("apps", &many);
    let base = two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    two.sync().await;
    for n in 1..7 {
        std::fs::remove_file(two.home().join(format!("apps/{n}.yaml"))).unwrap();
    }
    two.push("apps", &[]);
    two.push("base", &[("b.yaml", BROKEN.to_owned())]);
    let Outcome::Held(held) = two.sync().await else {
        unreachable!("held");
    };
    assert_eq!(
        (held.by.as_str(), &*held.summary),
        ("prune", "apps: in apps")
    );
    assert_eq!(two.reconciler().status().refused.len(), 1);
    let yes = two.reconciler().confirm(&held.plan_digest, "", "ada").await;
    assert!(matches!(yes.unwrap(), Outcome::Applied(_)));
    assert!(!two.has("e1"));
    assert_eq!(two.commits()[1], pair("base", &base));
    let expected = [RevisionOutcome::Rejected, RevisionOutcome::Applied];
    let history = history(&two, 2).await;
    let found: Vec<_> = history.iter().rev().map(|(outcome, _)| *outcome).collect();
    assert_eq!(found, expected, "{history:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_beside_a_bad_source_is_not_undone() {
    let (two, _, _) = two_that_are_live().await;
    let first = two.reconciler().live().pin().revision.clone();
    two.push("base", &[("b.yaml", BROKEN.to_owned())]);
    two.push("apps", &[("b.yaml", endpoint("middle", "m"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    let order = RollbackOrder {
        to: None,
        reason: String::new(),
        by: String::new(),
    };
    let back = two.reconciler().rollback(order).await.unwrap();
    assert_eq!(back, Outcome::Applied(first.clone()));
    assert!(!two.has("middle"));
    for _ in 0..2 {
        assert_eq!(two.sync().await, Outcome::Unchanged);
        assert_eq!(two.reconciler().live().pin().revision, first);
    }
    assert!(two.reconciler().status().pin.is_some());
}
