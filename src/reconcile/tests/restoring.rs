//! Serving the last good revision again.

use super::{
    manifests::{agent, alias, endpoint},
    rig::{Rig, settings},
};
use crate::{
    model::Kind,
    reconcile::{Live, Outcome, Phase},
    store::{DataDir, Journal, KeptChange, KeptRevision, LAST_GOOD_FILE, LastGoodError},
};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn the_last_good_revision_is_served_with_git_and_database_gone() {
    let rig = Rig::new();
    let commit = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let mut rig = rig;
    rig.stop();
    fs::remove_dir_all(rig.path("bare.git")).unwrap();
    for file in ["orloj.db", "orloj.db-wal", "orloj.db-shm"] {
        let _ = fs::remove_file(rig.data_dir().join(file));
    }
    fs::create_dir(rig.data_dir().join("orloj.db")).unwrap();
    let rig = rig.started(settings());
    assert_eq!(rig.revision(), commit);
    assert!(rig.has(Kind::ModelEndpoint, "small"));
    let served = rig.reconciler().live().pin();
    let kept = served.commit().unwrap();
    assert_eq!(
        (kept.author.as_str(), kept.summary.as_str()),
        ("Ada", "first")
    );
    assert!(matches!(rig.sync().await, Outcome::Retry(_)));
    assert_eq!(rig.revision(), commit);
    assert_eq!(rig.reconciler().status().phase, Phase::Retrying);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_by_hand_is_restored_under_the_same_revision() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    rig.apply(&alias("fast", "small")).await.unwrap();
    let (revision, digest) = {
        let served = rig.reconciler().live().pin();
        (served.revision.clone(), served.digest)
    };
    let rig = rig.restarted(settings());
    {
        let served = rig.reconciler().live().pin();
        assert_eq!((&served.revision, served.digest), (&revision, digest));
        assert_eq!(served.snapshot.unmanaged().size(), 1);
    }
    assert_eq!(rig.sync().await, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_head_is_refused_again_after_a_restart_and_noted_once() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    rig.push(&[("b.yaml", agent("writer", "missing"))], "bad");
    rig.sync().await;
    let rig = rig.restarted(settings());
    assert_eq!(rig.revision(), good);
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    assert_eq!(rig.revision(), good);
    assert_eq!(rig.reconciler().status().phase, Phase::Rejected);
    assert_eq!(rig.reconciler().history(10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_an_error_and_not_an_empty_start() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let mut rig = rig;
    rig.stop();
    let file = rig.data_dir().join(LAST_GOOD_FILE);
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let data_dir = DataDir::open(&rig.data_dir()).unwrap();
    let key = data_dir.load_or_create_key(None).unwrap();
    let restored = Live::restore(&data_dir, &key, &settings());
    assert!(matches!(restored, Err(LastGoodError::Cipher { .. })));
}

/// An earlier version accepted what this one refuses: stands for any check that has become stricter.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stricter_version_would_refuse_goes_on_being_served_and_is_said() {
    let mut rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let unknown = format!("{}  retired_field: 1\n", endpoint("large", "l-1"));
    let bound = endpoint("bound", "b-1").replace("spec:", "spec:\n  base_url: not-a-url");
    let files = [
        ("a.yaml", endpoint("small", "s-1")),
        ("b.yaml", unknown),
        ("c.yaml", bound),
    ];
    let commit = rig.push(&files, "of an earlier version");
    rig.stop();
    serve_before_the_upgrade(&rig, &commit, &files);

    let rig = rig.started(settings());
    assert_eq!(rig.revision(), commit);
    for name in ["small", "large", "bound"] {
        assert!(rig.has(Kind::ModelEndpoint, name), "{name}");
    }
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.revision(), commit);
    let findings = rig.reconciler().live().pin().findings.clone();
    assert!(findings.has_errors());
    for file in ["b.yaml", "c.yaml"] {
        assert!(
            findings.iter().any(|finding| &*finding.origin.file == file),
            "{file}"
        );
    }
    // The next commit is judged by today's checks; what is live stays.
    rig.push(&[("d.yaml", endpoint("new", "n-1"))], "next");
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    assert_eq!(rig.revision(), commit);
    assert!(rig.has(Kind::ModelEndpoint, "large"));
}

/// Writes the journal as a daemon would have that found nothing wrong with the commit.
fn serve_before_the_upgrade(rig: &Rig, commit: &str, files: &[(&str, String)]) {
    let data_dir = DataDir::open(&rig.data_dir()).unwrap();
    let key = data_dir.load_or_create_key(None).unwrap();
    let (mut journal, last_good) = Journal::open(data_dir.path(), &key).unwrap();
    let mut before = last_good.unwrap().revision.commit.unwrap();
    commit.clone_into(&mut before.id);
    let change = KeptChange {
        revision: KeptRevision {
            revision_id: commit.to_owned(),
            commit: Some(before),
            seq: 1,
            ..KeptRevision::default()
        },
        whole: true,
        files: files
            .iter()
            .map(|(path, content)| (*path, Some(content.as_bytes())))
            .collect(),
        unmanaged: None,
    };
    journal.append(&key, &change).unwrap();
}

/// What was fetched earlier can be broken where the remote, asked for what is new, does not send it again.
#[tokio::test(flavor = "multi_thread")]
async fn mirror_that_cannot_be_read_after_its_fetch_is_made_anew_in_the_same_look() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let broken = rig.git(&["rev-parse", "HEAD:a.yaml"]);
    let mut rig = rig;
    rig.stop();
    let mirror = rig.data_dir().join("mirror/default.git");
    break_object(&mirror, &broken);
    let commit = rig.push(&[("b.yaml", endpoint("large", "l-1"))], "second");
    // A new process has read nothing yet, and reads all of it.
    let rig = rig.started(settings());
    assert_eq!(rig.sync().await, Outcome::Applied(commit));
    assert!(rig.has(Kind::ModelEndpoint, "small"));
    assert!(rig.has(Kind::ModelEndpoint, "large"));
}

/// Puts all objects of a mirror by themselves, and cuts one of them off.
fn break_object(mirror: &std::path::Path, id: &str) {
    let git = |arguments: &[&str], input: Option<fs::File>| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(mirror).args(arguments);
        if let Some(input) = input {
            command.stdin(input);
        }
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    let packs = mirror.join("objects/pack");
    let aside = mirror.join("aside");
    fs::rename(&packs, &aside).unwrap();
    fs::create_dir(&packs).unwrap();
    for entry in fs::read_dir(&aside).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "pack") {
            git(
                &["unpack-objects", "-q"],
                Some(fs::File::open(path).unwrap()),
            );
        }
    }
    let path = mirror.join("objects").join(&id[..2]).join(&id[2..]);
    let content = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, &content[..content.len() / 2]).unwrap();
}
