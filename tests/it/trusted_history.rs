//! What may go live is signed by somebody known, and does not replace what was live by force.

use crate::support::{
    daemon::DaemonBuilder,
    git::{TestRepo, git},
    http_remote::HttpRemote,
    manifests::mock_endpoint,
};
use std::process::Command;
use tempfile::TempDir;

fn force(repo: &TestRepo, arguments: &[&str]) -> String {
    git(&repo.work(), &repo.work(), arguments);
    let push = ["push", "--quiet", "--force", "origin", "HEAD:main"];
    git(&repo.work(), &repo.work(), &push);
    let head = git(&repo.work(), &repo.work(), &["rev-parse", "HEAD"]);
    head.stdout.trim().to_owned()
}

#[test]
fn branch_that_is_moved_by_force_waits_for_a_yes() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    repo.write("small.yaml", &mock_endpoint("small", "small-v2"));
    let live = repo.commit_and_push("second");
    // History is cut there: more of it has to be fetched to tell.
    let remote = HttpRemote::of(&repo);
    let daemon = DaemonBuilder::new().repo(&remote.url()).start();
    repo.write("other.yaml", &mock_endpoint("other", "v1"));
    repo.commit("one");
    repo.write("other.yaml", &mock_endpoint("other", "v2"));
    let forward = repo.commit_and_push("two at once");
    daemon.sync();
    assert_eq!(daemon.revision(), forward);

    force(&repo, &["reset", "--quiet", "--hard", &live]);
    repo.write("new.yaml", &mock_endpoint("new", "new-v1"));
    repo.commit("instead");
    let instead = force(&repo, &["reset", "--quiet", "--hard", "HEAD"]);
    let held = daemon.cli().run(&["sync"]).code(5);
    held.complains("moved by force");
    assert_eq!(daemon.revision(), forward);
    let status = daemon.cli().run(&["status", "-o", "json"]).success().json();
    assert_eq!(status["held"]["by"], "force");
    let digest = status["held"]["plan_digest"].as_str().unwrap().to_owned();
    daemon.cli().run(&["confirm", &digest]).success();
    assert_eq!(daemon.revision(), instead);
    let shown = daemon.cli().run(&["history", "show", &instead]).success();
    shown.says(&format!("away from {}", &forward[..7]));
}

#[test]
fn unsigned_commit_is_refused_and_the_signer_is_in_the_history() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("ada");
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-N", "", "-t", "ed25519", "-f"])
        .arg(&key);
    assert!(command.status().unwrap().success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let allowed = folder.path().join("allowed_signers");
    std::fs::write(&allowed, format!("ada@example.com {public}")).unwrap();
    let verify = format!("verify: {{signers: [{}]}}\n", allowed.display());
    let daemon = DaemonBuilder::on(&repo).config(&verify).start_unready();
    let refused = daemon.cli().run(&["sync"]).code(3);
    refused.complains("E-POLICY-UNSIGNED");

    let signing = format!("user.signingkey={}", key.display());
    let amend = [
        "-c",
        "gpg.format=ssh",
        "-c",
        &signing,
        "commit",
        "--quiet",
        "--amend",
    ];
    let signed = force(&repo, &[&amend[..], &["--no-edit", "-S"]].concat());
    daemon.sync();
    assert_eq!(daemon.revision(), signed);
    let shown = daemon.cli().run(&["history", "show", &signed]).success();
    shown.says("Signer:").says("ada@example.com");

    std::fs::write(&allowed, "").unwrap();
    let nobody = DaemonBuilder::on(&repo).config(&verify).run_to_end();
    assert_ne!(nobody.code, Some(0));
    nobody.complains("name nobody");
}
