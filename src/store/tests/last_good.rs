use crate::{
    secrets::{DataKey, Opened},
    store::{KeptCommit, LAST_GOOD_FILE, LastGood, LastGoodError, read_last_good, write_last_good},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

const CANARY: &str = "sk-canary-77aa12";

fn sample() -> LastGood {
    LastGood {
        revision_id: "4b7a0f3".to_owned(),
        commit: Some(KeptCommit {
            id: "4b7a0f3".to_owned(),
            author: "Ana".to_owned(),
            email: "ana@example.com".to_owned(),
            time_us: 1,
            summary: "Move triage".to_owned(),
        }),
        seq: 12,
        unmanaged_generation: 5,
        config_digest: "sha256:c".to_owned(),
        files: vec![
            (
                "endpoints/openai.yaml".to_owned(),
                b"kind: ModelEndpoint\n".repeat(40),
            ),
            ("empty.yaml".to_owned(), Vec::new()),
            ("bytes.yaml".to_owned(), vec![0, 255, 10]),
        ],
        unmanaged: vec![
            Opened::new(CANARY.as_bytes().to_vec()),
            Opened::new(Vec::new()),
        ],
    }
}

/// Writes the sample into a new directory.
fn written() -> (tempfile::TempDir, DataKey) {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    write_last_good(dir.path(), &key, &sample()).unwrap();
    (dir, key)
}

fn refusal(dir: &Path, key: &DataKey) -> LastGoodError {
    match read_last_good(dir, key) {
        Ok(_) => unreachable!("it was read"),
        Err(error) => error,
    }
}

#[test]
fn what_was_written_is_read_back() {
    let (dir, key) = written();
    let back = read_last_good(dir.path(), &key).unwrap().unwrap();
    let sample = sample();
    assert_eq!(back.revision_id, sample.revision_id);
    assert_eq!(back.commit, sample.commit);
    assert_eq!((back.seq, back.unmanaged_generation), (12, 5));
    assert_eq!(back.config_digest, sample.config_digest);
    assert_eq!(back.files, sample.files);
    assert_eq!(back.unmanaged.len(), 2);
    assert_eq!(back.unmanaged[0].expose_bytes(), CANARY.as_bytes());
}

#[test]
fn nothing_written_yet_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    assert!(read_last_good(dir.path(), &key).unwrap().is_none());
}

#[test]
fn file_is_private_encrypted_and_alone() {
    let (dir, key) = written();
    write_last_good(dir.path(), &key, &sample()).unwrap();
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, [LAST_GOOD_FILE]);
    let file = dir.path().join(LAST_GOOD_FILE);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = fs::read(&file).unwrap();
    for plain in [CANARY, "ModelEndpoint", "openai.yaml", "4b7a0f3"] {
        let found = bytes
            .windows(plain.len())
            .any(|window| window == plain.as_bytes());
        assert!(!found, "{plain}");
    }
}

#[test]
fn every_changed_and_every_missing_tail_is_an_error_that_names_the_file() {
    let (dir, key) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let good = fs::read(&file).unwrap();
    assert!(good.len() > 900);
    let edges = [0, 7, 8, 11, 12, 23, 24, good.len() - 16, good.len() - 1];
    for at in (0..good.len()).step_by(97).chain(edges) {
        let mut changed = good.clone();
        changed[at] ^= 0x01;
        for bytes in [changed.as_slice(), &good[..at]] {
            fs::write(&file, bytes).unwrap();
            let error = refusal(dir.path(), &key).to_string();
            assert!(error.contains(LAST_GOOD_FILE), "byte {at}: {error}");
        }
    }
    fs::write(&file, [good.as_slice(), b"x"].concat()).unwrap();
    assert!(matches!(
        refusal(dir.path(), &key),
        LastGoodError::Cipher { .. }
    ));
}

#[test]
fn start_of_the_file_tells_foreign_newer_and_wrong_key_apart() {
    let (dir, key) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let good = fs::read(&file).unwrap();
    let other = DataKey::generate().unwrap();
    assert!(matches!(
        refusal(dir.path(), &other),
        LastGoodError::Cipher { .. }
    ));

    let mut newer = good.clone();
    newer[8] = 2;
    fs::write(&file, newer).unwrap();
    assert!(matches!(
        refusal(dir.path(), &key),
        LastGoodError::Version { .. }
    ));

    fs::write(&file, "kind: Secret\n".repeat(9)).unwrap();
    assert!(matches!(
        refusal(dir.path(), &key),
        LastGoodError::NotOurs { .. }
    ));
}

#[test]
fn authentic_content_that_does_not_add_up_is_damage_and_no_panic() {
    let (dir, key) = written();
    let prefix = b"ORLOJ-LG\x01\0\0\0";
    let index = br#"{"revision_id":"a","commit":null,"seq":1,"unmanaged_generation":0,"config_digest":"","files":[["a",18446744073709551615]],"unmanaged":[]}"#;
    let behind = |length: u64, rest: &[u8]| [&length.to_le_bytes(), rest].concat();
    let plaintexts = [
        Vec::new(),
        vec![0; 7],
        behind(u64::MAX, b"{}"),
        behind(2, b"{}"),
        behind(index.len() as u64, index),
    ];
    for plaintext in plaintexts {
        let sealed = key.encrypt(prefix, &plaintext).unwrap();
        fs::write(
            dir.path().join(LAST_GOOD_FILE),
            [prefix.as_slice(), &sealed].concat(),
        )
        .unwrap();
        assert!(matches!(
            refusal(dir.path(), &key),
            LastGoodError::Damaged { .. }
        ));
    }
}

#[test]
fn failed_write_leaves_the_one_before() {
    let (dir, key) = written();
    let missing = dir.path().join("missing");
    assert!(matches!(
        write_last_good(&missing, &key, &sample()),
        Err(LastGoodError::Write { .. })
    ));
    assert!(read_last_good(dir.path(), &key).unwrap().is_some());
}

#[test]
fn thousands_of_files_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    let files = (0..5000)
        .map(|n| (format!("agents/{n}.yaml"), vec![b'x'; n % 64]))
        .collect();
    let revision = LastGood {
        files,
        ..LastGood::default()
    };
    write_last_good(dir.path(), &key, &revision).unwrap();
    let back = read_last_good(dir.path(), &key).unwrap().unwrap();
    assert!(back.files == revision.files);
}
