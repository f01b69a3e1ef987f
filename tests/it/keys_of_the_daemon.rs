//! The key that seals what the daemon keeps, and the memory that keys and secrets are in.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::compatible_endpoint,
    upstream::FakeUpstream,
};
use std::fs;

const OLD: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222222222222222222222222222";
const BY_HAND: &str = "sk-canary-by-hand-55d1";

fn limits(daemon: &Daemon, name: &str) -> String {
    let all = fs::read_to_string(format!("/proc/{}/limits", daemon.process())).unwrap();
    let line = all.lines().find(|line| line.starts_with(name)).unwrap();
    line.to_owned()
}

#[test]
fn what_is_kept_is_sealed_anew_when_the_key_changes() {
    let upstream = FakeUpstream::plain();
    let more = "default_model: m\nauth:\n  secretRef: hand-key";
    let endpoint = compatible_endpoint("hand", &upstream.openai_url(), more);
    let repo = TestRepo::with(&[("hand.yaml", &endpoint)]);
    let key = "ORLOJ_SECRET_ENCRYPTION_KEY";
    let daemon = DaemonBuilder::on(&repo).variable(key, OLD).start();
    let literal = format!("value={BY_HAND}");
    let create = ["create", "secret", "hand-key", "--from-literal", &literal];
    daemon.cli().run(&create).success();
    daemon.chat("hand").status(200);
    let revision = daemon.revision();
    let home = daemon.kill();

    // The new key alone opens nothing yet, and says so.
    let refused = DaemonBuilder::on(&repo).data_of(&home).variable(key, NEW);
    refused
        .run_to_end()
        .code(1)
        .complains("the data key does not fit")
        .complains("--previous-secret-encryption-key");

    let both = DaemonBuilder::on(&repo)
        .data_of(&home)
        .variable(key, NEW)
        .variable("ORLOJ_PREVIOUS_SECRET_ENCRYPTION_KEY", OLD);
    let mut daemon = both.start();
    assert_eq!(daemon.revision(), revision);
    daemon.wait_for_log("what was sent by hand is sealed with the new key");
    daemon.chat("hand").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {BY_HAND}")
    );
    let home = daemon.kill();

    // From now on without the old key, which opens nothing any more.
    let daemon = DaemonBuilder::on(&repo)
        .data_of(&home)
        .variable(key, NEW)
        .start();
    daemon.sync();
    daemon.chat("hand").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {BY_HAND}")
    );
    let home = daemon.kill();
    let old = DaemonBuilder::on(&repo).data_of(&home).variable(key, OLD);
    old.run_to_end()
        .code(1)
        .complains("the data key does not fit");
}

#[test]
fn no_core_file_is_written_and_memory_is_locked_if_asked_for() {
    let repo = TestRepo::with(&[(
        "m.yaml",
        &crate::support::manifests::mock_endpoint("m", "m"),
    )]);
    let daemon = DaemonBuilder::on(&repo).start();
    let words: Vec<_> = limits(&daemon, "Max core file size")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert_eq!(words[4..6], ["0", "0"], "{words:?}");
    // What the system would let others of the same user look into belongs to root alone.
    let owner = fs::metadata(format!("/proc/{}/mem", daemon.process())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0);

    let asked = DaemonBuilder::on(&repo)
        .config("lock_memory: true\n")
        .spawn();
    let said = crate::support::eventually("it starts or refuses", || {
        let log = asked.log();
        (log.contains("listening") || log.contains("`lock_memory`")).then_some(log)
    });
    if said.contains("listening") {
        let status = fs::read_to_string(format!("/proc/{}/status", asked.process())).unwrap();
        let locked = status
            .lines()
            .find_map(|line| line.strip_prefix("VmLck:"))
            .unwrap();
        let kib: u64 = locked.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib > 1_000, "{kib} KiB are locked");
    } else {
        assert!(
            said.contains("LimitMEMLOCK") || said.contains("refused by the system"),
            "{said}"
        );
    }
}
