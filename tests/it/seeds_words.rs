//! The commands of the seeds, word for word, against `orlojd`.

use crate::support::{
    cli::Cli, daemon::DaemonBuilder, fixture, serving::Authority, upstream::FakeUpstream,
};

#[test]
fn seeds_words_create_apply_and_serve() {
    let authority = Authority::for_hosts(&["api.openai.com"]);
    let upstream = FakeUpstream::tls(&authority);
    let daemon = DaemonBuilder::called("orlojd")
        .config(&format!(
            "upstream:\n  extra_ca: {}\n  resolve:\n    \"api.openai.com:443\": \"{}\"\n",
            authority.certificate().display(),
            upstream.address(),
        ))
        .start_unready();
    let ctl = Cli::called("orlojctl")
        .variable("ORLOJCTL_SERVER", daemon.url())
        .in_directory(&fixture("seed-repo/endpoints"));

    let created = ctl.run(&[
        "create",
        "secret",
        "openai-api-key",
        "--from-literal",
        "value=sk-from-the-cli",
    ]);
    created.success().says("created secret/openai-api-key");
    let applied = ctl.run(&["apply", "-f", "openai_default.yaml"]);
    applied.success().says("openai-default");

    let table = ctl.run(&["get", "model-endpoints"]).success();
    let row: Vec<_> = table
        .stdout
        .lines()
        .find(|line| line.starts_with("openai-default"))
        .unwrap_or_else(|| panic!("{}", table.stdout))
        .split_whitespace()
        .collect();
    assert_eq!(
        row,
        [
            "openai-default",
            "openai",
            "https://api.openai.com/v1",
            "gpt-4o-mini",
            "Ready"
        ]
    );

    let answer = daemon.chat("openai-default").status(200);
    assert_eq!(answer.body["model"], "gpt-4o-mini");
    let received = upstream.last();
    assert_eq!(received.header("authorization"), "Bearer sk-from-the-cli");
    assert_eq!(received.header("host"), "api.openai.com");
    for format in ["json", "yaml", "table"] {
        let shown = ctl.run(&["get", "secrets", "-o", format]).success();
        assert!(!shown.everything().contains("sk-from-the-cli"));
    }
}

#[test]
fn flags_may_stand_before_and_after_positionals() {
    let daemon = DaemonBuilder::called("orlojd").start_unready();
    let ctl = Cli::called("orlojctl");
    for arguments in [
        [
            "--server",
            daemon.url(),
            "create",
            "secret",
            "--from-literal",
            "value=x",
            "one",
        ],
        [
            "create",
            "secret",
            "two",
            "--from-literal",
            "value=x",
            "--server",
            daemon.url(),
        ],
    ] {
        ctl.run(&arguments).success();
    }
    ctl.run(&["get", "secrets", "-o", "name", "--server", daemon.url()])
        .success()
        .says("secret/one")
        .says("secret/two");
}

#[test]
fn apply_of_a_broken_manifest_is_refused_with_its_position() {
    let daemon = DaemonBuilder::called("orlojd").start_unready();
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("broken.yaml");
    std::fs::write(
        &file,
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: x\nspec:\n  model_reff: y\n",
    )
    .unwrap();
    let output = daemon.cli().run(&["apply", "-f", file.to_str().unwrap()]);
    let text = output.code(3).everything();
    assert!(text.contains("broken.yaml:6"), "{text}");
    assert!(text.contains("model_ref"), "{text}");
}

#[test]
fn apply_of_what_git_manages_is_refused() {
    let repo = crate::support::git::TestRepo::with(&[(
        "small.yaml",
        &crate::support::manifests::mock_endpoint("small", "small-v1"),
    )]);
    let daemon = DaemonBuilder::on(&repo).start();
    let file = repo.work().join("small.yaml");
    repo.replace("small.yaml", "small-v1", "small-v2");
    let output = daemon.cli().run(&["apply", "-f", file.to_str().unwrap()]);
    let text = output.code(3).everything();
    assert!(text.contains("E-REF-MANAGED"), "{text}");
    assert!(daemon.chat("small").content().contains("small-v1"));
}
