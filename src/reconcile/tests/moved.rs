//! Renames that go live.

use super::{
    manifests::{agent, alias, endpoint},
    rig::{Rig, codes},
};
use crate::{
    model::{Kind, ResourceId},
    reconcile::{EndpointState, Outcome, RollbackOrder},
};
use std::fmt::Write as _;

fn moved(from: &str, to: &str) -> String {
    format!("moved:\n  - {{from: ModelEndpoint/default/{from}, to: ModelEndpoint/default/{to}}}\n")
}

fn protected(name: &str) -> String {
    let annotated = format!("  name: {name}\n  annotations: {{orloj.dev/protect: \"true\"}}\n");
    endpoint(name, "m").replace(&format!("  name: {name}\n"), &annotated)
}

fn ready_since(rig: &Rig, name: &str) -> i64 {
    let served = rig.reconciler().live().pin();
    match served
        .endpoints
        .get(&ResourceId::new(Kind::ModelEndpoint, "default", name))
    {
        Some(EndpointState::Ready { since_us, .. }) => *since_us,
        _ => unreachable!("{name} is not ready"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_endpoint_is_renamed_and_back_by_revert_and_rollback() {
    let rig = Rig::new();
    let files = [
        ("a.yaml", protected("small")),
        ("b.yaml", agent("writer", "small")),
    ];
    rig.push(&files, "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let since = ready_since(&rig, "small");

    let renamed = [
        ("a.yaml", protected("tiny")),
        ("b.yaml", agent("writer", "tiny")),
    ];
    rig.push(&renamed, "rename without a word");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it would prune what is protected")
    };
    assert_eq!(codes(&findings), ["E-POLICY-PROTECTED"]);

    let said = rig.push(&[("moved.yaml", moved("small", "tiny"))], "say so");
    assert_eq!(rig.sync().await, Outcome::Applied(said));
    assert_eq!(ready_since(&rig, "tiny"), since, "it is the same endpoint");
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!((newest.added, newest.changed, newest.removed), (0, 2, 0));

    // The entry stays, and nothing comes of it; not even after a restart.
    let later = rig.push(&[("c.yaml", alias("fast", "tiny"))], "go on");
    assert_eq!(rig.sync().await, Outcome::Applied(later));
    let rig = rig.restarted(super::rig::settings());
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let since = ready_since(&rig, "tiny");

    let back = RollbackOrder {
        to: Some("1".to_owned()),
        reason: String::new(),
        by: String::new(),
    };
    let rolled_back = rig.reconciler().rollback(back).await.unwrap();
    assert!(
        matches!(rolled_back, Outcome::Applied(_)),
        "{rolled_back:?}"
    );
    assert!(rig.has(Kind::ModelEndpoint, "small"));
    assert_eq!(ready_since(&rig, "small"), since);
    rig.reconciler().resume().await.unwrap();
    assert!(rig.has(Kind::ModelEndpoint, "tiny"));

    rig.git(&["revert", "--no-edit", "HEAD", "HEAD~1", "HEAD~2"]);
    let reverted = rig.push(&[], "as it was");
    assert_eq!(rig.sync().await, Outcome::Applied(reverted));
    assert!(rig.has(Kind::ModelEndpoint, "small") && !rig.has(Kind::ModelEndpoint, "tiny"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_count_no_renames_and_suggest_them() {
    let rig = Rig::new();
    let all = |prefix: &str| -> String {
        let one = |number: usize| endpoint(&format!("{prefix}{number}"), "m");
        (0..8).map(one).collect::<Vec<_>>().join("---\n")
    };
    std::fs::create_dir(rig.path("work").join("eu")).unwrap();
    rig.push(&[("eu/all.yaml", all("eu-"))], "first");
    rig.sync().await;
    rig.git(&["mv", "eu", "emea"]);
    rig.push(&[("emea/all.yaml", all("emea-"))], "rename");
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!("eight of eight")
    };
    let says = "8 of 8 objects (100.0 %) would be pruned";
    assert!(held.message.starts_with(says), "{}", held.message);
    let renamed = "`- {from: eu/, to: emea/}`";
    assert!(held.message.contains(renamed), "{}", held.message);

    let mut entries = String::from("moved:\n");
    for number in 0..8 {
        let [from, to] = ["eu", "emea"].map(|team| format!("ModelEndpoint/{team}-{number}"));
        let _ = writeln!(entries, "  - {{from: {from}, to: {to}}}");
    }
    let said = rig.push(&[("moved.yaml", entries)], "say so");
    assert_eq!(rig.sync().await, Outcome::Applied(said));
    assert_eq!(rig.reconciler().status().held, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn entry_with_a_typo_refuses_instead_of_pruning() {
    let rig = Rig::new();
    let good = rig.push(
        &[
            ("a.yaml", endpoint("small", "m")),
            ("b.yaml", endpoint("b", "m")),
        ],
        "first",
    );
    rig.sync().await;
    let wrong = [
        ("a.yaml", endpoint("tiny", "m")),
        ("moved.yaml", moved("small", "tyni")),
    ];
    rig.push(&wrong, "typo");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it would be pruned")
    };
    let mut told = codes(&findings);
    told.sort_unstable();
    assert_eq!(told, ["E-REF-MOVED-TO", "W-REF-MOVED-TO"]);
    assert_eq!(rig.revision(), good);
    // By hand nothing moves.
    let sent = rig.apply(&moved("small", "tiny")).await;
    assert!(
        format!("{sent:?}").contains("`moved` is about what Git manages"),
        "{sent:?}"
    );
}
