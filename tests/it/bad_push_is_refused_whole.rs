//! A bad commit changes nothing, says why, and never stands in the way of its fix.

use crate::support::{
    cli::Findings,
    daemon::DaemonBuilder,
    eventually,
    git::TestRepo,
    manifests::{agent, alias, mock_endpoint},
};

#[test]
fn bad_push_is_refused_whole_and_its_fix_goes_live() {
    let repo = TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
        ("agents/writer.yaml", &agent("writer", "small")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let good = daemon.revision();

    repo.replace("endpoints/small.yaml", "default_model", "default_modle");
    repo.replace("agents/writer.yaml", "model_ref: small", "model_ref: smal");
    repo.write("aliases/fast.yaml", &alias("fast", "small", "small-v2"));
    let bad = repo.commit_and_push("two mistakes and a good change");
    let refused = daemon.cli().run(&["sync"]).code(3);
    assert!(refused.everything().contains("E-FIELD-UNKNOWN"));

    let still = daemon.chat("fast").status(200);
    assert_eq!(still.revision.as_deref(), Some(good.as_str()));
    assert!(still.content().contains("small-v1"), "{}", still.text);

    let status = daemon.cli().run(&["status", "-o", "json"]);
    let document = status.json();
    assert_eq!(document["revision"], good.as_str(), "{document:#}");
    assert!(status.stdout.contains(&bad), "{document:#}");
    let findings = Findings::of(&document);
    let misspelt = findings.one("E-FIELD-UNKNOWN", "endpoints/small.yaml");
    assert_eq!((misspelt.line, misspelt.column), (Some(7), Some(3)));
    let told = format!("{} {:?}", misspelt.message, misspelt.hint);
    assert!(told.contains("`default_model`"), "{told}");
    let dangling = findings.one("E-REF-MISSING", "agents/writer.yaml");
    assert_eq!(dangling.line, Some(6));
    let told = format!("{} {:?}", dangling.message, dangling.hint);
    assert!(told.contains("`small`"), "{told}");

    let shown = daemon.cli().run(&["status"]);
    let shown = shown.everything();
    for part in [
        "endpoints/small.yaml:7:3",
        "agents/writer.yaml:6",
        "E-REF-MISSING",
    ] {
        assert!(shown.contains(part), "`{part}` is missing in\n{shown}");
    }

    repo.replace("endpoints/small.yaml", "default_modle", "default_model");
    repo.replace("agents/writer.yaml", "model_ref: smal", "model_ref: small");
    let fix = repo.commit_and_push("fix both");
    daemon.sync();
    let fixed = daemon.chat("fast").status(200);
    assert_eq!(fixed.revision.as_deref(), Some(fix.as_str()));
    assert!(fixed.content().contains("small-v2"), "{}", fixed.text);
    let document = daemon.cli().run(&["status", "-o", "json"]).success().json();
    assert!(Findings::of(&document).errors().is_empty());
}

#[test]
fn emptied_repository_is_no_order_to_delete_everything() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let good = daemon.revision();
    repo.remove("small.yaml");
    repo.write("README.md", "gone");
    repo.commit_and_push("remove everything");
    assert_ne!(daemon.cli().run(&["sync"]).code, Some(0));
    let still = daemon.chat("small").status(200);
    assert_eq!(still.revision.as_deref(), Some(good.as_str()));
}

#[test]
fn hostile_yaml_is_refused_with_its_position() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    for (text, code) in [
        ("a: &x [1]\nb: *x\n", "E-YAML-ALIAS"),
        ("kind: Agent\nkind: Agent\n", "E-YAML-DUPLICATE-KEY"),
        ("kind: !exec Agent\n", "E-YAML-TAG"),
        ("kind: [\n", "E-YAML-SYNTAX"),
    ] {
        repo.write("hostile.yaml", text);
        repo.commit_and_push(code);
        daemon.cli().run(&["sync"]).code(3);
        let document = daemon.cli().run(&["status", "-o", "json"]).json();
        let findings = Findings::of(&document);
        let finding = findings
            .0
            .iter()
            .find(|finding| finding.code == code)
            .unwrap_or_else(|| panic!("{code} is missing in {findings:?}"));
        assert!(finding.is_in("hostile.yaml"));
        assert!(finding.line.is_some());
        // Whoever reads the log alone sees why.
        let refused = eventually("the log says why", || {
            let log = daemon.log();
            let mut lines = log.lines().filter(|line| line.contains("revision refused"));
            // The first of them by its place.
            let is_named = |line: &&str| findings.0.iter().any(|it| line.contains(&*it.code));
            lines.rfind(is_named).map(str::to_owned)
        });
        assert!(refused.contains("hostile.yaml:"), "{refused}");
    }
    daemon.chat("small").status(200);
}
