//! Renames that are moves, and commits that wait for the time that is theirs.

use crate::support::{
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{alias, mock_endpoint},
};

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

/// Allows an hour of each 29 February.
const LEAP: &str = "windows:\n- {name: leap-day, kind: allow, schedule: '0 12 29 2 *', duration: 1h, timezone: Europe/Berlin}\n";

#[test]
fn rename_is_one_arrow_in_the_plan_and_no_guard_counts_it() {
    let repo = repo();
    let none = "guards: {prune_percent: 0, prune_objects: 0}\n";
    let daemon = DaemonBuilder::on(&repo).config(none).start();
    let plan = || {
        daemon
            .cli()
            .in_directory(&repo.work())
            .run(&["plan"])
            .success()
    };
    repo.replace("endpoints/small.yaml", "name: small", "name: tiny");
    repo.replace("aliases/fast.yaml", "small", "tiny");
    repo.replace("aliases/fast.yaml", "tiny-v1", "small-v1");
    let untold = plan();
    untold
        .says("- ModelEndpoint  small")
        .says("- {from: ModelEndpoint/default/small, to: ModelEndpoint/default/tiny}");
    let entry = "moved:\n- {from: ModelEndpoint/default/small, to: ModelEndpoint/default/tiny}\n";
    repo.write("moved.yaml", entry);
    plan()
        .says("→ ModelEndpoint  tiny  endpoints/small.yaml:1 (was small)")
        .says("moved by moved.yaml:2")
        .says("0 to destroy, 1 to move");
    let renamed = repo.commit_and_push("small is tiny");
    daemon.cli().run(&["sync"]).success().says(&renamed[..7]);
    assert!(daemon.chat("fast").content().contains("small-v1"));
    assert_eq!(daemon.chat("tiny").status, 200);
}

#[test]
fn commit_outside_its_window_is_held_until_somebody_has_a_reason() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).config(LEAP).start();
    let before = daemon.revision();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let plan = daemon
        .cli()
        .in_directory(&repo.work())
        .run(&["plan"])
        .success();
    plan.says("Goes live Tue 2028-02-29 12:00 CET (window \"leap-day\").");
    let commit = repo.commit_and_push("fast: small-v2");
    let held = daemon.cli().run(&["sync"]).code(5);
    held.complains("waits for its window")
        .complains("outside the window \"leap-day\": goes live")
        .complains("--reason");
    assert_eq!(daemon.revision(), before);
    let status = daemon.cli().run(&["status", "-o", "json"]).success().json();
    assert_eq!(status["held"]["by"], "window");
    assert_eq!(status["held"]["schedule"]["window"], "leap-day");
    assert_eq!(status["windows"][0]["timezone"], "Europe/Berlin");
    let digest = status["held"]["plan_digest"].as_str().unwrap();
    daemon
        .cli()
        .run(&["confirm", digest])
        .code(3)
        .complains("needs a reason");
    assert_eq!(daemon.revision(), before);
    let yes = ["confirm", digest, "--reason", "outage", "--by", "ada"];
    daemon.cli().run(&yes).success().says(&commit[..7]);
    let history = daemon
        .cli()
        .run(&["history", "-o", "json"])
        .success()
        .json();
    let newest = &history["items"][0];
    assert_eq!(
        (&newest["confirmed_by"], &newest["reason"]),
        (&"ada".into(), &"outage".into())
    );
}
