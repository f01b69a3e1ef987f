use super::store;
use crate::{
    model::{Kind, ResourceId},
    secrets::DataKey,
    store::{Journal, KeptChange, KeptRevision, LastGoodError, StoreError},
};

fn secret(name: &str) -> ResourceId {
    ResourceId::new(Kind::Secret, "default", name)
}

async fn put(store: &crate::store::Store, key: &DataKey, name: &str) {
    let text = format!("canary of {name}");
    store
        .put_unmanaged(key, &secret(name), text.as_bytes(), 7)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_was_sent_by_hand_is_sealed_with_the_new_key_once() {
    let (dir, store) = store().await;
    let (old, new) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    put(&store, &old, "one").await;
    put(&store, &new, "two").await;
    assert_eq!(store.reseal_unmanaged(&old, &new).await.unwrap(), 1);
    assert_eq!(store.reseal_unmanaged(&old, &new).await.unwrap(), 0);
    let (generation, rows) = store.unmanaged(&new).await.unwrap();
    assert_eq!(generation, 2, "sealing anew is no change of the set");
    let texts: Vec<_> = rows.iter().map(|it| it.document.expose_text()).collect();
    assert_eq!(texts, [Some("canary of one"), Some("canary of two")]);
    assert!(matches!(
        store.unmanaged(&old).await,
        Err(StoreError::Cipher { .. })
    ));
    drop(dir);
}

#[tokio::test]
async fn a_ciphertext_of_the_old_key_is_not_left_in_the_files() {
    let (dir, store) = store().await;
    let (old, new) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    put(&store, &old, "one").await;
    let before: String = sqlx::query_scalar("SELECT document FROM unmanaged")
        .fetch_one(&store.pool)
        .await
        .unwrap();
    store.reseal_unmanaged(&old, &new).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let needle = before.as_bytes();
        let found = bytes.windows(needle.len()).any(|part| part == needle);
        assert!(!found, "{} holds the old ciphertext", path.display());
    }
}

#[tokio::test]
async fn nothing_is_changed_if_a_third_key_sealed_something() {
    let (_dir, store) = store().await;
    let (old, new) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let third = DataKey::generate().unwrap();
    put(&store, &old, "one").await;
    put(&store, &third, "two").await;
    assert!(matches!(
        store.reseal_unmanaged(&old, &new).await,
        Err(StoreError::Cipher { .. })
    ));
    assert_eq!(store.reseal_unmanaged(&old, &old).await.ok(), None);
}

fn change(seq: i64, content: &[u8]) -> KeptChange<'_> {
    KeptChange {
        revision: KeptRevision {
            sources: Vec::new(),
            revision_id: format!("4b7a0f3-{seq}"),
            commit: None,
            seq,
            unmanaged_generation: 0,
            config_digest: "sha256:c".to_owned(),
        },
        whole: seq == 12,
        files: vec![("a.yaml", Some(content))],
        unmanaged: (seq == 12).then(|| vec![b"canary".as_slice()]),
    }
}

#[test]
fn a_journal_is_sealed_with_the_new_key_entry_by_entry() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let (mut journal, _) = Journal::open(dir.path(), &old).unwrap();
    for (seq, text) in [(12, b"one"), (13, b"two"), (14, b"six")] {
        journal.append(&old, &change(seq, text)).unwrap();
    }
    assert!(Journal::reseal(dir.path(), &old, &new).unwrap());
    assert!(!Journal::reseal(dir.path(), &old, &new).unwrap());
    assert!(matches!(
        Journal::open(dir.path(), &old),
        Err(LastGoodError::Cipher { .. })
    ));
    let (mut journal, newest) = Journal::open(dir.path(), &new).unwrap();
    assert_eq!(newest.unwrap().revision.seq, 14);
    let back = journal.revision(&new, 13).unwrap().unwrap();
    let file = back.files.iter().find(|(path, _)| path == "a.yaml");
    assert_eq!(&file.unwrap().1[..], b"two");
    journal.append(&new, &change(15, b"ten")).unwrap();
    let (_, newest) = Journal::open(dir.path(), &new).unwrap();
    assert_eq!(newest.unwrap().revision.seq, 15);
    let third = DataKey::generate().unwrap();
    assert!(matches!(
        Journal::reseal(dir.path(), &old, &third),
        Err(LastGoodError::Cipher { .. })
    ));
}

#[test]
fn no_journal_is_nothing_to_seal() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    assert!(!Journal::reseal(dir.path(), &old, &new).unwrap());
}
