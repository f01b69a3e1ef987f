//! What a person sees in the clone before pushing: the daemon's own review.

use crate::support::{
    cli::{Cli, Findings},
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{agent, alias, mock_endpoint, policy, system},
};

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

fn in_clone(repo: &TestRepo) -> Cli {
    Cli::new().in_directory(&repo.work())
}

/// Asserts that `text` names `parts` in this order.
#[track_caller]
fn assert_order(text: &str, parts: &[&str]) {
    let places: Vec<_> = parts
        .iter()
        .map(|part| {
            text.find(part)
                .unwrap_or_else(|| panic!("`{part}` is missing in\n{text}"))
        })
        .collect();
    assert!(
        places.is_sorted(),
        "{parts:?} stand at {places:?} in\n{text}"
    );
}

#[test]
fn validate_and_plan_report_the_same_findings_before_the_push() {
    let repo = repo();
    repo.replace("endpoints/small.yaml", "default_model", "default_modle");
    repo.write("agents/writer.yaml", &agent("writer", "nowhere"));
    let validated = in_clone(&repo).run(&["validate", "-o", "json"]).code(3);
    let findings = Findings::of(&validated.json());
    assert_eq!(findings.errors(), ["E-FIELD-UNKNOWN", "E-REF-MISSING"]);
    assert!(findings.one("E-REF-MISSING", "agents/writer.yaml").line == Some(6));

    let planned = in_clone(&repo)
        .run(&["plan", "--base", "HEAD", "--head", "worktree"])
        .code(3);
    let text = planned.everything();
    for part in ["E-FIELD-UNKNOWN", "E-REF-MISSING", "agents/writer.yaml"] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn diff_of_two_commits_names_each_changed_field() {
    let repo = repo();
    repo.replace("aliases/fast.yaml", "model: small-v1", "model: small-v2");
    repo.write("agents/writer.yaml", &agent("writer", "small"));
    repo.commit("a change and an addition");
    let plain = in_clone(&repo).run(&["diff", "HEAD~1..HEAD"]).success();
    for part in ["fast", "small-v1", "small-v2", "writer"] {
        assert!(plain.stdout.contains(part), "{part}: {}", plain.stdout);
    }
    in_clone(&repo)
        .run(&["diff", "HEAD~1..HEAD", "--detailed-exitcode"])
        .code(2);
    let same = in_clone(&repo)
        .run(&["diff", "HEAD..HEAD", "--detailed-exitcode"])
        .success();
    assert!(!same.stdout.contains("fast"), "{}", same.stdout);
}

#[test]
fn comments_and_order_of_keys_are_no_difference() {
    let repo = repo();
    repo.write(
        "endpoints/small.yaml",
        "# A comment.\nkind: ModelEndpoint\napiVersion: orloj.dev/v1\nspec: {default_model: \"small-v1\", provider: mock}\nmetadata: {name: small}\n",
    );
    repo.commit("reformat");
    in_clone(&repo)
        .run(&[
            "plan",
            "--base",
            "HEAD~1",
            "--head",
            "HEAD",
            "--detailed-exitcode",
        ])
        .success();
}

#[test]
fn plan_puts_dependencies_first_and_prunes_the_other_way_round() {
    let repo = repo();
    // The files' order is the opposite of the plan's.
    repo.write("a-system.yaml", &system("zz-system", &["zz-agent"]));
    repo.write("b-agent.yaml", &agent("zz-agent", "zz-endpoint"));
    repo.write("c-endpoint.yaml", &mock_endpoint("zz-endpoint", "zz-v1"));
    repo.commit("add");
    let range = ["--base", "HEAD~1", "--head", "HEAD"];
    let added = in_clone(&repo)
        .run(&[&["plan"], range.as_slice()].concat())
        .success();
    assert_order(&added.stdout, &["zz-endpoint", "zz-agent", "zz-system"]);
    let json = in_clone(&repo)
        .run(&[&["plan", "-o", "json"], range.as_slice()].concat())
        .success();
    assert!(json.json().is_object());

    for file in ["a-system.yaml", "b-agent.yaml", "c-endpoint.yaml"] {
        repo.remove(file);
    }
    repo.commit("remove");
    let pruned = in_clone(&repo)
        .run(&[&["plan"], range.as_slice(), &["--detailed-exitcode"]].concat())
        .code(2);
    assert_order(&pruned.stdout, &["zz-system", "zz-agent", "zz-endpoint"]);
}

#[test]
fn plan_against_the_live_daemon_shows_what_a_push_would_change() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let clone = daemon.cli().in_directory(&repo.work());
    clone.run(&["plan", "--detailed-exitcode"]).success();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let planned = clone.run(&["plan", "--detailed-exitcode"]).code(2);
    for part in ["fast", "small-v1", "small-v2"] {
        assert!(planned.stdout.contains(part), "{}", planned.stdout);
    }
    let unpushed = daemon.chat("fast").status(200);
    assert!(unpushed.content().contains("small-v1"));
}

#[test]
fn changed_secret_is_shown_as_changed_and_never_as_a_value() {
    let secret = |value: &str| {
        format!(
            "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: key\nspec:\n  stringData:\n    value: {value}\n"
        )
    };
    let repo = repo();
    repo.write("secret.yaml", &secret("canary-before-51c"));
    repo.commit("a secret");
    repo.write("secret.yaml", &secret("canary-after-77d"));
    repo.commit("another value");
    for command in [
        ["diff", "HEAD~1..HEAD"].as_slice(),
        &["plan", "--base", "HEAD~1", "--head", "HEAD"],
        &["plan", "--base", "HEAD~1", "--head", "HEAD", "-o", "json"],
        &[
            "plan", "--base", "HEAD~1", "--head", "HEAD", "-o", "markdown",
        ],
    ] {
        let output = in_clone(&repo)
            .run(&[command, &["--allow-plaintext-secrets"]].concat())
            .success();
        let text = output.everything();
        assert!(text.contains("key"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn policy_that_would_deny_an_agent_is_a_warning_before_the_push() {
    let repo = repo();
    repo.write("agents/writer.yaml", &agent("writer", "small"));
    repo.write("policies/cost.yaml", &policy("cost", &["gpt-4o"]));
    let output = in_clone(&repo).run(&["validate", "-o", "json"]).success();
    assert!(Findings::of(&output.json()).has("W-POLICY-DENIES"));
}
