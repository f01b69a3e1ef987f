use super::{open, store};
use crate::{
    model::{Kind, ResourceId},
    secrets::{DataKey, Opened},
    store::{Store, StoreError, UnmanagedChange, UnmanagedOutcome},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fs, path::Path};
use tokio::task::JoinSet;

const CANARY: &str = "sk-canary-9f31c0";

fn secret(name: &str) -> ResourceId {
    ResourceId::new(Kind::Secret, "default", name)
}

/// All bytes of the database and its companions.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let files = fs::read_dir(dir).unwrap();
    files
        .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

async fn documents(store: &Store, key: &DataKey) -> Vec<(String, Vec<u8>)> {
    let (_, rows) = store.unmanaged(key).await.unwrap();
    rows.iter()
        .map(|row| (row.id.to_string(), row.document.expose_bytes().to_vec()))
        .collect()
}

#[tokio::test]
async fn set_starts_empty_at_generation_zero() {
    let (_dir, store) = store().await;
    let (generation, rows) = store
        .unmanaged(&DataKey::generate().unwrap())
        .await
        .unwrap();
    assert_eq!((generation, rows.len()), (0, 0));
}

#[tokio::test]
async fn documents_are_kept_sealed_and_survive_reopening() {
    let (dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    let document = format!("kind: Secret\nstringData: {{value: {CANARY}}}\n");
    let id = secret("openai");
    assert_eq!(
        store
            .put_unmanaged(&key, &id, document.as_bytes(), 7)
            .await
            .unwrap(),
        1
    );

    for moment in ["open", "closed"] {
        if moment == "closed" {
            store.close().await;
        }
        let bytes = bytes_of(dir.path());
        assert!(
            contains(&bytes, "openai"),
            "the row is in the files, {moment}"
        );
        assert!(!contains(&bytes, CANARY), "{moment}");
        assert!(!contains(&bytes, &STANDARD.encode(CANARY)), "{moment}");
    }

    let again = open(dir.path()).await;
    let (generation, rows) = again.unmanaged(&key).await.unwrap();
    assert_eq!((generation, rows.len()), (1, 1));
    assert_eq!(rows[0].id, id);
    assert_eq!(rows[0].document.expose_bytes(), document.as_bytes());
    assert_eq!((rows[0].created_us, rows[0].updated_us), (7, 7));
}

#[tokio::test]
async fn versions_grow_over_the_set_and_generations_per_object() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    let (a, b) = (secret("a"), secret("b"));
    assert_eq!(store.put_unmanaged(&key, &a, b"1", 10).await.unwrap(), 1);
    assert_eq!(store.put_unmanaged(&key, &b, b"1", 20).await.unwrap(), 2);
    assert_eq!(store.put_unmanaged(&key, &a, b"2", 30).await.unwrap(), 3);
    // The same again changes nothing.
    assert_eq!(store.put_unmanaged(&key, &a, b"2", 40).await.unwrap(), 3);

    let (generation, rows) = store.unmanaged(&key).await.unwrap();
    assert_eq!(generation, 3);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                &*row.id.name,
                row.resource_version,
                row.generation,
                row.created_us,
                row.updated_us,
            )
        })
        .collect();
    assert_eq!(seen, [("a", 3, 2, 10, 30), ("b", 2, 1, 20, 20)]);
}

#[tokio::test]
async fn deletion_tells_whether_there_was_something() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    let id = secret("a");
    assert_eq!(store.delete_unmanaged(&id).await.unwrap(), None);
    store.put_unmanaged(&key, &id, b"1", 1).await.unwrap();
    assert_eq!(store.delete_unmanaged(&id).await.unwrap(), Some(2));
    assert_eq!(store.delete_unmanaged(&id).await.unwrap(), None);
    let (generation, rows) = store.unmanaged(&key).await.unwrap();
    assert_eq!((generation, rows.len()), (2, 0));
}

#[tokio::test]
async fn batch_is_made_whole_or_not_at_all() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    store
        .put_unmanaged(&key, &secret("old"), b"1", 1)
        .await
        .unwrap();
    let batch = |value: &[u8]| {
        [
            UnmanagedChange::Put(secret("new"), Opened::new(value.to_vec())),
            UnmanagedChange::Delete(secret("old")),
        ]
    };
    let stale = store
        .change_unmanaged(&key, Some(0), &batch(b"1"), 2)
        .await
        .unwrap();
    assert_eq!(stale, UnmanagedOutcome::LostRace(1));
    assert_eq!(documents(&store, &key).await.len(), 1);

    let made = store
        .change_unmanaged(&key, Some(1), &batch(b"1"), 2)
        .await
        .unwrap();
    assert_eq!(made, UnmanagedOutcome::Changed(2));
    let expected = [("Secret default/new".to_owned(), b"1".to_vec())];
    assert_eq!(documents(&store, &key).await, expected);

    let again = store
        .change_unmanaged(&key, Some(2), &batch(b"1"), 3)
        .await
        .unwrap();
    assert_eq!(again, UnmanagedOutcome::Unchanged(2));

    // The second change fails on a row of another key, so the first is not made either.
    let other = DataKey::generate().unwrap();
    let changes = [
        UnmanagedChange::Put(secret("fresh"), Opened::new(b"1".to_vec())),
        UnmanagedChange::Put(secret("new"), Opened::new(b"2".to_vec())),
    ];
    let failed = store.change_unmanaged(&other, None, &changes, 4).await;
    assert!(matches!(failed, Err(StoreError::Cipher { .. })));
    assert_eq!(documents(&store, &key).await, expected);
    assert_eq!(store.unmanaged(&key).await.unwrap().0, 2);
}

#[tokio::test]
async fn wrong_key_is_an_error_that_names_the_resource_and_never_an_empty_set() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    store
        .put_unmanaged(&key, &secret("openai"), b"1", 1)
        .await
        .unwrap();
    let Err(error) = store.unmanaged(&DataKey::generate().unwrap()).await else {
        unreachable!("it opened")
    };
    assert_eq!(
        error.to_string(),
        "failed to decrypt the unmanaged resource Secret default/openai"
    );
}

#[tokio::test]
async fn ciphertext_moved_to_another_name_is_refused() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    store
        .put_unmanaged(&key, &secret("a"), b"1", 1)
        .await
        .unwrap();
    sqlx::query("UPDATE unmanaged SET name = 'b'")
        .execute(&store.pool)
        .await
        .unwrap();
    assert!(matches!(
        store.unmanaged(&key).await,
        Err(StoreError::Cipher { .. })
    ));
}

#[tokio::test]
async fn kind_of_a_newer_version_is_an_error() {
    let (_dir, store) = store().await;
    let key = DataKey::generate().unwrap();
    store
        .put_unmanaged(&key, &secret("a"), b"1", 1)
        .await
        .unwrap();
    sqlx::query("UPDATE unmanaged SET kind = 'Robot'")
        .execute(&store.pool)
        .await
        .unwrap();
    let result = store.unmanaged(&key).await;
    assert!(matches!(result, Err(StoreError::UnknownWord { word, .. }) if word == "Robot"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writes_each_get_their_own_generation() {
    let (dir, first) = store().await;
    let second = open(dir.path()).await;
    let mut writes = JoinSet::new();
    for number in 0..40 {
        let store = if number % 2 == 0 {
            first.clone()
        } else {
            second.clone()
        };
        writes.spawn(async move {
            let key = DataKey::parse(&"11".repeat(32)).unwrap();
            let id = secret(&format!("s{number}"));
            store.put_unmanaged(&key, &id, b"1", 1).await.unwrap()
        });
    }
    let mut generations = writes.join_all().await;
    generations.sort_unstable();
    assert_eq!(generations, (1..=40).collect::<Vec<i64>>());
}
