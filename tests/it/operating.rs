//! What an operator says to the loop: wait, go back, yes.

use crate::support::{
    cli::{binary, hermetic},
    client::{client, stream_of},
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{alias, compatible_endpoint, mock_endpoint},
    stopwatch::Stopwatch,
    upstream::FakeUpstream,
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

#[test]
fn rollback_switches_without_git_stays_over_a_restart_and_ends_with_resume() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let second = repo.commit_and_push("fast: small-v2");
    daemon.sync();

    let aside = repo.bare().with_extension("aside");
    fs::rename(repo.bare(), &aside).unwrap();
    let back = ["rollback", "--reason", "wrong model", "--by", "ada"];
    daemon.cli().run(&back).success().says(&first[..7]);
    assert!(daemon.chat("fast").content().contains("small-v1"));
    let daemon = DaemonBuilder::on(&repo).data_of(&daemon.kill()).start();
    let answer = daemon.chat("fast").status(200);
    assert!(answer.content().contains("small-v1"), "{}", answer.text);
    fs::rename(&aside, repo.bare()).unwrap();

    daemon.cli().run(&["sync"]).success().says("unchanged");
    let history = daemon.cli().run(&["history", "-o", "json"]).success();
    let newest = history.json()["items"][0].clone();
    assert_eq!(newest["outcome"], "rolled-back");
    assert_eq!(newest["reason"], "wrong model");
    let status = daemon.cli().run(&["status"]).success();
    let status = status.says("Pinned").says("by ada").says("wrong model");
    assert_eq!(
        status.stdout.lines().filter(|line| line.len() > 80).count(),
        0
    );

    daemon.cli().run(&["resume"]).success().says(&second[..7]);
    assert!(daemon.chat("fast").content().contains("small-v2"));
    daemon
        .cli()
        .run(&["resume"])
        .code(1)
        .complains("nothing is suspended");
}

#[test]
fn orders_need_no_reason() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    repo.commit_and_push("fast: small-v2");
    daemon.sync();
    daemon.cli().run(&["rollback"]).success().says(&first[..7]);
    let status = daemon.cli().run(&["status"]).success();
    status.says("Pinned").says("no reason was given");
    repo.write("other.yaml", &mock_endpoint("other", "m"));
    let third = repo.commit_and_push("another");
    let held = daemon.cli().run(&["sync"]).code(5);
    held.complains("pinned since a rollback, and");
    let status = daemon.get("/api/v1/status").body;
    let digest = status["held"]["plan_digest"].as_str().unwrap();
    let yes = daemon.cli().run(&["confirm", digest]).success();
    yes.says(&third[..7]);
    daemon.cli().run(&["suspend"]).success();
    let status = daemon.cli().run(&["status"]).success();
    status.says("Suspended").says("no reason was given");
    daemon.cli().run(&["resume"]).success();
    // Nor does the API need a body.
    for order in ["rollback", "suspend"] {
        let url = format!("{}/api/v1/{order}", daemon.url());
        let answer = client().post(url).send().unwrap();
        assert_eq!(answer.status(), 200, "{order}");
    }
}

#[test]
fn commit_that_prunes_too_much_exits_with_5_and_waits_for_a_yes_to_its_plan() {
    let repo = repo();
    for number in 0..20 {
        let name = format!("e{number}");
        repo.write(&format!("{name}.yaml"), &mock_endpoint(&name, "m"));
    }
    repo.commit_and_push("many");
    let daemon = DaemonBuilder::on(&repo).start();
    let before = daemon.revision();
    for number in 0..8 {
        repo.remove(&format!("e{number}.yaml"));
    }
    let fewer = repo.commit_and_push("fewer");
    daemon
        .cli()
        .run(&["sync"])
        .code(5)
        .complains("8 of 22 objects")
        .complains("orloj confirm sha256:");
    assert_eq!(daemon.revision(), before);
    let status = daemon.cli().run(&["status", "-o", "json"]).success().json();
    assert_eq!(status["phase"], "Held");
    let digest = status["held"]["plan_digest"].as_str().unwrap().to_owned();
    let other = format!("sha256:{}", "0".repeat(64));
    let no = ["confirm", &other, "--reason", "x"];
    daemon.cli().run(&no).code(4).complains(&digest);
    let yes = [
        "confirm",
        &digest[..19],
        "--reason",
        "moved away",
        "--by",
        "ada",
    ];
    daemon.cli().run(&yes).success().says(&fewer[..7]);
    let history = daemon.cli().run(&["history", "-o", "json"]).success();
    assert_eq!(history.json()["items"][0]["confirmed_by"], "ada");
}

#[test]
fn guards_of_the_operators_file_count() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo)
        .config("guards: {prune_percent: 0, prune_objects: 0}\n")
        .start();
    repo.remove("aliases/fast.yaml");
    repo.commit_and_push("no alias");
    daemon
        .cli()
        .run(&["sync"])
        .code(5)
        .complains("1 of 2 objects");
}

#[test]
fn suspended_daemon_waits_even_over_a_restart_until_it_is_resumed() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let before = daemon.revision();
    let bad = ["suspend", "--reason", "x", "--until", "tomorrow"];
    daemon.cli().run(&bad).code(64).complains("tomorrow");
    let wait = ["suspend", "--reason", "change freeze", "--until", "2h"];
    daemon.cli().run(&wait).success().says(&before[..7]);
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let second = repo.commit_and_push("fast: small-v2");
    daemon.cli().run(&["sync"]).code(1).complains("suspended");
    let daemon = DaemonBuilder::on(&repo).data_of(&daemon.kill()).start();
    daemon.cli().run(&["sync"]).code(1).complains("suspended");
    assert_eq!(daemon.revision(), before);
    daemon
        .cli()
        .run(&["status"])
        .success()
        .says("Suspended")
        .says("change freeze");
    daemon.cli().run(&["resume"]).success().says(&second[..7]);
}

/// Reads lines of a running command until one holds `part`.
fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, part: &str) -> String {
    let found = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(part)));
    found.expect(part).unwrap()
}

#[test]
fn watched_status_tells_what_happens_as_it_happens() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let mut command = hermetic(binary(), &repo.bare());
    command.args(["status", "--watch", "--server", daemon.url()]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    until(&mut lines, "Version:");
    until(&mut lines, "");
    // The stream is open a moment after the status was printed.
    std::thread::sleep(std::time::Duration::from_millis(300));
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let second = repo.commit_and_push("fast: small-v2");
    daemon.sync();
    let told = until(&mut lines, "revision.applied");
    assert!(
        told.contains(&second[..7]) && told.contains("fast: small-v2"),
        "{told}"
    );
    let wait = ["suspend", "--reason", "change freeze"];
    daemon.cli().run(&wait).success();
    until(&mut lines, "loop.suspended");
    watch.kill().unwrap();
    watch.wait().unwrap();

    let shown = daemon
        .cli()
        .run(&["history", "show", &second[..7]])
        .success();
    let shown = shown.says(&second).says("fast: small-v2").says("applied");
    assert_eq!(
        shown.stdout.lines().filter(|line| line.len() > 80).count(),
        0,
        "{}",
        shown.stdout
    );
    let by_number = daemon.cli().run(&["history", "show", "1", "-o", "json"]);
    assert_eq!(by_number.success().json()["seq"], 1);
    daemon
        .cli()
        .run(&["history", "show", "abcdef"])
        .code(1)
        .complains("abcdef");
}

#[test]
fn stream_of_events_goes_on_behind_the_last_one_seen_and_ends_with_the_daemon() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    repo.commit_and_push("fast: small-v2");
    daemon.sync();
    let url = format!("{}/api/v1/events", daemon.url());
    let open = |after: &str| {
        let answer = stream_of(&url, after);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        BufReader::new(answer).lines()
    };
    let first = until(&mut open("0"), "id: ");
    let mut behind = open(&first["id: ".len()..]);
    assert!(until(&mut behind, "data: ").contains("fast: small-v2"));
    until(&mut open("17"), "event: gap");
    assert_eq!(stream_of(&url, "x").status(), 400);
    // An open stream does not hold the daemon up.
    let started = Stopwatch::start();
    daemon.stop();
    assert!(behind.all(|line| line.is_ok()));
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn conditions_say_what_a_resource_depends_on_outside_git_and_since_when() {
    let upstream = FakeUpstream::plain();
    let reached = compatible_endpoint(
        "reached",
        &upstream.openai_url(),
        "default_model: m\nauth:\n  secretRef: provider-key",
    );
    let nowhere = compatible_endpoint("nowhere", "http://127.0.0.1:9/v1", "default_model: m");
    let keyless = compatible_endpoint(
        "keyless",
        &upstream.openai_url(),
        "default_model: m\nauth:\n  secretRef: absent",
    );
    let repo = TestRepo::with(&[
        ("reached.yaml", &reached),
        ("nowhere.yaml", &nowhere),
        ("keyless.yaml", &keyless),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_PROVIDER_KEY", "sk-of-the-environment")
        .start();
    daemon.chat("reached").status(200);
    assert_ne!(daemon.chat("nowhere").status, 200);
    let status = daemon.get("/api/v1/status").body;
    let conditions = status["conditions"].as_array().unwrap();
    let told = |name: &str| {
        let about = |one: &&serde_json::Value| one["resource"]["name"] == name;
        let found = conditions.iter().find(about);
        found.map(|one| {
            (
                one["type"].clone(),
                one["status"].clone(),
                one["reason"].clone(),
            )
        })
    };
    assert_eq!(told("reached"), None);
    let no = |sort: &str, reason: &str| Some((sort.into(), "False".into(), reason.into()));
    assert_eq!(told("nowhere"), no("Reachable", "NoAnswer"));
    assert_eq!(told("keyless"), no("SecretResolved", "SecretNotFound"));
    let since = conditions[0]["since"].as_str().unwrap();
    assert!(since.starts_with("20") && since.ends_with('Z'), "{since}");

    let cli = daemon.cli();
    let described = cli.run(&["describe", "endpoint", "reached"]).success();
    described
        .says("SecretResolved  True    Resolved")
        .says("Reachable       True    Answered");
    let listed = cli.run(&["get", "endpoints"]).success().stdout;
    let row = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("nowhere").ends_with("Unreachable"), "{listed}");
    assert!(row("keyless").ends_with("NotReady"), "{listed}");
    assert!(row("reached").ends_with("Ready"), "{listed}");
}
