//! Backups, taken and put back.

use super::applied;
use crate::{
    model::{Kind, ResourceId},
    secrets::DataKey,
    store::{
        BackupError, DataDir, Journal, KeptChange, KeptRevision, LAST_GOOD_FILE, Restored, Store,
        back_up, database_in, restore,
    },
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const CANARY: &str = "sk-canary-5d21c9";

/// A data directory that served the revision `name`, with one resource sent by hand.
async fn data_dir(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    let dir = DataDir::open(&path).unwrap();
    let key = dir.load_or_create_key(None).unwrap();
    fill(&path, name, &key).await;
    path
}

async fn fill(path: &Path, name: &str, key: &DataKey) {
    let store = Store::open(&own_database(path)).await.unwrap();
    let _ = store.append_revision(None, &applied(name)).await.unwrap();
    let id = ResourceId::new(Kind::Secret, "default", "by-hand");
    store
        .put_unmanaged(key, &id, CANARY.as_bytes(), 1)
        .await
        .unwrap();
    store.close().await;
    let (mut journal, _) = Journal::open(path, key).unwrap();
    let change = KeptChange {
        revision: KeptRevision {
            revision_id: name.to_owned(),
            seq: 1,
            ..KeptRevision::default()
        },
        whole: true,
        files: vec![("a.yaml", Some(CANARY.as_bytes()))],
        unmanaged: None,
    };
    journal.append(key, &change).unwrap();
}

fn own_database(path: &Path) -> String {
    format!("sqlite:{}", database_in(path).display())
}

async fn backed_up(dir: &Path, with_key: bool) -> PathBuf {
    let file = dir.with_extension("backup");
    back_up(dir, &own_database(dir), &file, with_key, 1)
        .await
        .unwrap();
    file
}

/// What a daemon would find in a directory: the revision of the journal and of the history.
async fn found(path: &Path) -> (String, String) {
    let dir = DataDir::open(path).unwrap();
    let key = dir.load_or_create_key(None).unwrap();
    let (_, last_good) = Journal::open(path, &key).unwrap();
    let store = Store::open(&own_database(path)).await.unwrap();
    let head = store.latest_revision().await.unwrap().unwrap();
    assert_eq!(store.unmanaged(&key).await.unwrap().1.len(), 1);
    store.close().await;
    (last_good.unwrap().revision.revision_id, head.revision_id)
}

fn both(name: &str) -> (String, String) {
    (name.to_owned(), name.to_owned())
}

#[tokio::test]
async fn backup_is_private_holds_no_secret_and_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dir = data_dir(&folder, "old").await;
    let file = backed_up(&dir, true).await;
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = fs::read(&file).unwrap();
    let canary = CANARY.as_bytes();
    assert!(!bytes.windows(canary.len()).any(|window| window == canary));
    let target = folder.path().join("target");
    let restored = restore(&file, &target, None, false).await.unwrap();
    let expected = Restored {
        revision: Some("old".to_owned()),
        has_key: true,
    };
    assert_eq!(restored, expected);
    assert_eq!(found(&target).await, both("old"));
    let key = fs::metadata(target.join("data.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["old", "old.backup", "target"],
        "nothing is left beside it"
    );
}

#[tokio::test]
async fn what_is_there_is_replaced_only_by_force_and_never_under_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        data_dir(&folder, "old").await,
        data_dir(&folder, "new").await,
    );
    let file = backed_up(&old, true).await;
    let refused = restore(&file, &new, None, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty { .. }), "{refused}");
    let daemon = DataDir::open(&new).unwrap();
    let refused = restore(&file, &new, None, true).await.unwrap_err();
    assert!(refused.to_string().contains("in use"), "{refused}");
    drop(daemon);
    assert_eq!(found(&new).await, both("new"));
    restore(&file, &new, None, true).await.unwrap();
    assert_eq!(found(&new).await, both("old"));
}

#[tokio::test]
async fn backup_without_its_key_needs_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let dir = data_dir(&folder, "old").await;
    let key = fs::read_to_string(dir.join("data.key")).unwrap();
    let file = backed_up(&dir, false).await;
    let bytes = fs::read(&file).unwrap();
    assert!(
        !bytes
            .windows(key.len())
            .any(|window| window == key.as_bytes())
    );
    let target = folder.path().join("target");
    let refused = restore(&file, &target, None, false).await.unwrap_err();
    assert!(matches!(refused, BackupError::NoKey { .. }), "{refused}");
    let other = "42".repeat(32);
    let refused = restore(&file, &target, Some(&other), false)
        .await
        .unwrap_err();
    assert!(matches!(refused, BackupError::LastGood(_)), "{refused}");
    assert!(!target.join(LAST_GOOD_FILE).exists() && !database_in(&target).exists());
    restore(&file, &target, Some(&key), false).await.unwrap();
    assert!(!target.join("data.key").exists());
    let again = folder.path().join("again");
    fs::create_dir(&again).unwrap();
    fs::copy(dir.join("data.key"), again.join("data.key")).unwrap();
    restore(&file, &again, None, false).await.unwrap();
    assert_eq!(found(&again).await, both("old"));
}

#[tokio::test]
async fn damage_anywhere_is_found_before_anything_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        data_dir(&folder, "old").await,
        data_dir(&folder, "new").await,
    );
    let file = backed_up(&old, true).await;
    let good = fs::read(&file).unwrap();
    let middle = good.len() / 2;
    let damages = [0, 9, 12, 30, 400, middle, good.len() - 100, good.len() - 1].map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    });
    let cuts = [0, 7, 15, 40, middle, good.len() - 1].map(|length| good[..length].to_vec());
    let longer = [good.as_slice(), b"x"].concat();
    for bytes in damages.into_iter().chain(cuts).chain([longer]) {
        fs::write(&file, bytes).unwrap();
        restore(&file, &new, None, true).await.unwrap_err();
        assert!(!new.join(".unfinished-restore").exists());
    }
    assert_eq!(found(&new).await, both("new"));
    fs::write(&file, &good).unwrap();
    restore(&file, &new, None, true).await.unwrap();
    assert_eq!(found(&new).await, both("old"));
}

/// A crash falls between any two moves; the next one to open the directory does the rest.
#[tokio::test]
async fn restore_that_a_crash_cut_off_is_done_or_not_but_never_half() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        data_dir(&folder, "old").await,
        data_dir(&folder, "new").await,
    );
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).unwrap();
        for name in ["orloj.db", LAST_GOOD_FILE, "data.key"] {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    };
    // Before it counts: nothing of it is there.
    let before = folder.path().join("before");
    copy(&new, &before);
    copy(&old, &before.join(".unfinished-restore"));
    assert_eq!(found(&before).await, both("new"));
    assert!(!before.join(".unfinished-restore").exists());
    // From then on all of it, however much was moved.
    for moved in 0..=3 {
        let dir = folder.path().join(format!("moved-{moved}"));
        copy(&new, &dir);
        copy(&old, &dir.join("restored"));
        fs::write(dir.join("orloj.db-wal"), "of the old database").unwrap();
        if moved > 0 {
            fs::remove_file(dir.join("orloj.db-wal")).unwrap();
        }
        for name in ["orloj.db", LAST_GOOD_FILE, "data.key"].iter().take(moved) {
            fs::rename(dir.join("restored").join(name), dir.join(name)).unwrap();
        }
        assert_eq!(found(&dir).await, both("old"), "{moved}");
        assert!(!dir.join("restored").exists());
    }
}

#[tokio::test]
async fn directory_that_holds_nothing_is_not_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("empty");
    fs::create_dir(&dir).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "an earlier backup").unwrap();
    let refused = back_up(&dir, &own_database(&dir), &file, true, 1)
        .await
        .unwrap_err();
    assert!(matches!(refused, BackupError::Nothing { .. }));
    assert_eq!(fs::read_to_string(&file).unwrap(), "an earlier backup");
    assert!(!database_in(&dir).exists());
}
