use crate::{
    secrets::DataKey,
    store::{
        Journal, KeptChange, KeptCommit, KeptRevision, LAST_GOOD_FILE, LastGood, LastGoodError,
        Retention,
    },
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

const CANARY: &str = "sk-canary-77aa12";

fn revision(seq: i64) -> KeptRevision {
    KeptRevision {
        sources: Vec::new(),
        revision_id: format!("4b7a0f3-{seq}"),
        commit: Some(KeptCommit {
            signer: None,
            id: "4b7a0f3".to_owned(),
            author: "Ana".to_owned(),
            email: "ana@example.com".to_owned(),
            time_us: 1,
            summary: "Move triage".to_owned(),
        }),
        seq,
        unmanaged_generation: 5,
        config_digest: "sha256:c".to_owned(),
    }
}

fn whole(seq: i64) -> KeptChange<'static> {
    let endpoint = "kind: ModelEndpoint\nmetadata: {name: endpoint-of-forty-lines-with-notes}\n";
    KeptChange {
        revision: revision(seq),
        whole: true,
        files: vec![
            ("bytes.yaml", Some(&[0, 255, 10])),
            ("empty.yaml", Some(b"")),
            ("endpoints/openai.yaml", Some(endpoint.as_bytes())),
        ],
        unmanaged: Some(vec![CANARY.as_bytes(), b""]),
    }
}

/// A change of one file to the number's text.
fn edit(seq: i64, content: &str) -> KeptChange<'_> {
    KeptChange {
        revision: revision(seq),
        whole: false,
        files: vec![("edited.yaml", Some(content.as_bytes()))],
        unmanaged: None,
    }
}

/// Writes a whole revision, number 12, into a new directory.
fn written() -> (tempfile::TempDir, DataKey, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    let (mut journal, nothing) = Journal::open(dir.path(), &key).unwrap();
    assert!(nothing.is_none());
    journal.append(&key, &whole(12)).unwrap();
    (dir, key, journal)
}

fn newest(dir: &Path, key: &DataKey) -> LastGood {
    Journal::open(dir, key).unwrap().1.unwrap()
}

fn edited(revision: &LastGood) -> Option<&str> {
    let file = revision
        .files
        .iter()
        .find(|(path, _)| path == "edited.yaml");
    file.map(|(_, content)| std::str::from_utf8(content).unwrap())
}

fn refusal(dir: &Path, key: &DataKey) -> LastGoodError {
    match Journal::open(dir, key) {
        Ok(_) => unreachable!("it was read"),
        Err(error) => error,
    }
}

#[test]
fn what_was_written_is_read_back() {
    let (dir, key, _) = written();
    let back = newest(dir.path(), &key);
    assert_eq!(back.revision, revision(12));
    let files = whole(12).files.into_iter();
    let files: Vec<_> = files
        .map(|(path, content)| (path.to_owned(), Arc::from(content.unwrap())))
        .collect();
    assert_eq!(back.files, files);
    assert_eq!(back.unmanaged.len(), 2);
    assert_eq!(back.unmanaged[0].expose_bytes(), CANARY.as_bytes());
}

#[test]
fn changes_are_played_on_what_was_there() {
    let (dir, key, mut journal) = written();
    journal.append(&key, &edit(13, "one")).unwrap();
    let gone = KeptChange {
        files: vec![("empty.yaml", None), ("edited.yaml", Some(b"two"))],
        unmanaged: Some(vec![b"other"]),
        ..edit(14, "")
    };
    journal.append(&key, &gone).unwrap();
    let back = newest(dir.path(), &key);
    let paths: Vec<_> = back.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["bytes.yaml", "edited.yaml", "endpoints/openai.yaml"]
    );
    assert_eq!(edited(&back), Some("two"));
    assert_eq!(back.unmanaged.len(), 1);
    // A revision in the middle, as it was.
    let back = journal.revision(&key, 13).unwrap().unwrap();
    assert_eq!(
        (edited(&back), back.unmanaged.len(), back.files.len()),
        (Some("one"), 2, 4)
    );
    assert!(journal.revision(&key, 11).unwrap().is_none());
    // From nothing again.
    journal.append(&key, &whole(15)).unwrap();
    assert_eq!(newest(dir.path(), &key).files.len(), 3);
}

#[test]
fn entry_that_a_crash_cut_off_is_not_there_and_is_written_over() {
    let (dir, key, mut journal) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let one = fs::metadata(&file).unwrap().len();
    journal.append(&key, &edit(13, "one")).unwrap();
    let two = fs::read(&file).unwrap();
    for length in one..two.len() as u64 {
        fs::write(&file, &two[..usize::try_from(length).unwrap()]).unwrap();
        let (mut cut, last_good) = Journal::open(dir.path(), &key).unwrap();
        assert_eq!(last_good.unwrap().revision.seq, 12, "{length}");
        cut.append(&key, &edit(13, "again")).unwrap();
        assert_eq!(edited(&newest(dir.path(), &key)), Some("again"), "{length}");
    }
    // The system may have kept the length and not the bytes.
    let mut zeros = two.clone();
    zeros[usize::try_from(one).unwrap() + 30..].fill(0);
    fs::write(&file, zeros).unwrap();
    assert_eq!(newest(dir.path(), &key).revision.seq, 12);
}

#[test]
fn entries_cannot_be_left_out_moved_or_changed_behind_a_later_one() {
    let (dir, key, mut journal) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let mut ends = vec![fs::metadata(&file).unwrap().len()];
    for seq in 13..16 {
        journal.append(&key, &edit(seq, "text")).unwrap();
        ends.push(fs::metadata(&file).unwrap().len());
    }
    let good = fs::read(&file).unwrap();
    let ends: Vec<_> = ends
        .iter()
        .map(|end| usize::try_from(*end).unwrap())
        .collect();
    let part = |from: usize, to: usize| &good[ends[from]..ends[to]];
    let first = &good[..ends[0]];
    let left_out = [first, part(1, 2), part(2, 3)].concat();
    let moved = [first, part(1, 2), part(0, 1), part(2, 3)].concat();
    let mut changed = good.clone();
    changed[ends[1] + 20] ^= 1;
    for bytes in [left_out, moved, changed] {
        fs::write(&file, bytes).unwrap();
        assert!(matches!(
            refusal(dir.path(), &key),
            LastGoodError::Cipher { .. }
        ));
    }
}

#[test]
fn as_many_revisions_are_kept_as_somebody_says() {
    for keep in [1, 3] {
        let (dir, key, journal) = written();
        let mut journal = journal.keeping(keep);
        let mut least = usize::MAX;
        for seq in 13..60 {
            journal.append(&key, &edit(seq, "x")).unwrap();
            if journal.is_long() {
                journal.tidy(&key).unwrap();
                least = least.min(journal.kept().len());
            }
            assert!(journal.kept().len() <= 3 * keep + 12);
        }
        assert_eq!(least, keep);
        assert_eq!(edited(&newest(dir.path(), &key)), Some("x"));
    }
}

#[test]
fn long_journal_is_shortened_and_keeps_the_newest() {
    let (dir, key, mut journal) = written();
    let keep = Retention::default().revisions;
    assert_eq!(keep, 20);
    let contents: Vec<_> = (13..130).map(|seq| format!("at {seq}")).collect();
    let mut shortened = 0;
    for (seq, content) in (13..).zip(&contents) {
        journal.append(&key, &edit(seq, content)).unwrap();
        if journal.is_long() {
            journal.tidy(&key).unwrap();
            shortened += 1;
            assert_eq!(journal.kept().len(), keep);
        }
        assert_eq!(edited(&newest(dir.path(), &key)), Some(&**content));
    }
    assert_eq!(shortened, 2);
    let kept: Vec<_> = journal.kept().iter().map(|kept| kept.seq).collect();
    assert_eq!(kept.last(), Some(&129));
    for seq in kept {
        let back = journal.revision(&key, seq).unwrap().unwrap();
        assert_eq!(edited(&back), Some(&*format!("at {seq}")));
        assert_eq!(back.unmanaged[0].expose_bytes(), CANARY.as_bytes());
    }
}

#[test]
fn going_live_again_and_again_writes_what_changed() {
    let (dir, key, mut journal) = written();
    let large = vec![b'x'; 4 << 20];
    let files = vec![("large.yaml", Some(large.as_slice()))];
    let change = KeptChange {
        files,
        ..edit(13, "")
    };
    journal.append(&key, &change).unwrap();
    let file = dir.path().join(LAST_GOOD_FILE);
    let before = fs::metadata(&file).unwrap().len();
    journal.append(&key, &edit(14, "small")).unwrap();
    assert!(fs::metadata(&file).unwrap().len() - before < 1000);
}

#[test]
fn nothing_written_yet_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    assert!(Journal::open(dir.path(), &key).unwrap().1.is_none());
}

#[test]
fn file_is_private_encrypted_and_alone() {
    let (dir, key, mut journal) = written();
    journal.append(&key, &edit(13, CANARY)).unwrap();
    journal.tidy(&key).unwrap();
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
fn every_change_and_every_missing_tail_of_a_first_entry_is_an_error_that_names_the_file() {
    let (dir, key, _) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let good = fs::read(&file).unwrap();
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x01;
        for bytes in [changed.as_slice(), &good[..at]] {
            fs::write(&file, bytes).unwrap();
            let error = refusal(dir.path(), &key).to_string();
            assert!(error.contains(LAST_GOOD_FILE), "byte {at}: {error}");
        }
    }
}

#[test]
fn start_of_the_file_tells_foreign_newer_and_wrong_key_apart() {
    let (dir, key, _) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let good = fs::read(&file).unwrap();
    let other = DataKey::generate().unwrap();
    assert!(matches!(
        refusal(dir.path(), &other),
        LastGoodError::Cipher { .. }
    ));

    let mut newer = good.clone();
    newer[8] += 1;
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
    let (dir, key, _) = written();
    let prefix = b"ORLOJ-LG\x02\0\0\0";
    let bound_to = [prefix.as_slice(), &[0; 24]].concat();
    let index = br#"{"revision":{"revision_id":"a","commit":null,"seq":1,"unmanaged_generation":0,"config_digest":""},"whole":true,"files":[["a",18446744073709551615]],"unmanaged":[]}"#;
    let behind = |length: u64, rest: &[u8]| [&length.to_le_bytes(), rest].concat();
    let plaintexts = [
        Vec::new(),
        vec![0; 7],
        behind(u64::MAX, b"{}"),
        behind(2, b"{}"),
        behind(index.len() as u64, index),
    ];
    for plaintext in plaintexts {
        let sealed = key.encrypt(&bound_to, &plaintext).unwrap();
        let length = (sealed.len() as u64).to_le_bytes();
        let file = [prefix.as_slice(), &length, &sealed].concat();
        fs::write(dir.path().join(LAST_GOOD_FILE), file).unwrap();
        let error = refusal(dir.path(), &key);
        assert!(matches!(error, LastGoodError::Damaged { .. }), "{error:?}");
    }
}

#[test]
fn failed_write_leaves_the_one_before() {
    let (dir, key, mut journal) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    let aside = dir.path().join("aside");
    fs::rename(&file, &aside).unwrap();
    assert!(matches!(
        journal.append(&key, &edit(13, "lost")),
        Err(LastGoodError::Write { .. })
    ));
    fs::rename(&aside, &file).unwrap();
    assert_eq!(newest(dir.path(), &key).revision.seq, 12);
}

#[test]
fn file_that_somebody_took_away_or_cut_is_written_whole_again() {
    let (dir, key, mut journal) = written();
    let file = dir.path().join(LAST_GOOD_FILE);
    for harm in [
        |file: &Path| fs::remove_file(file).unwrap(),
        |file: &Path| fs::write(file, "short").unwrap(),
    ] {
        harm(&file);
        assert!(journal.append(&key, &edit(13, "lost")).is_err());
        assert!(journal.kept().is_empty());
        journal.append(&key, &whole(13)).unwrap();
        journal.append(&key, &edit(14, "kept")).unwrap();
        assert_eq!(edited(&newest(dir.path(), &key)), Some("kept"));
    }
}

#[test]
fn damage_while_it_is_open_is_neither_an_empty_revision_nor_another_one() {
    let (dir, key, mut journal) = written();
    let texts: Vec<_> = (13..=70_i64).map(|seq| (seq, seq.to_string())).collect();
    for (seq, text) in &texts {
        journal.append(&key, &edit(*seq, text)).unwrap();
    }
    let file = dir.path().join(LAST_GOOD_FILE);
    let good = fs::read(&file).unwrap();
    // The file without its end looks like one that a crash cut off; so does a length in the middle that grew.
    for cut in [good.len() - 1, good.len() / 2] {
        fs::write(&file, &good[..cut]).unwrap();
        let newest = journal.revision(&key, 70);
        assert!(
            matches!(newest, Err(LastGoodError::Damaged { .. })),
            "{cut}"
        );
        let tidied = journal.tidy(&key);
        assert!(
            matches!(tidied, Err(LastGoodError::Damaged { .. })),
            "{cut}"
        );
        assert_eq!(fs::read(&file).unwrap(), good[..cut]);
    }
    fs::write(&file, &good).unwrap();
    let then = journal.revision(&key, 40).unwrap().unwrap();
    assert_eq!(edited(&then), Some("40"));
    journal.tidy(&key).unwrap();
    assert_eq!(edited(&newest(dir.path(), &key)), Some("70"));
}
