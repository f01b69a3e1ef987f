//! What is kept read ahead, on a disk that does what disks do.

use crate::{
    model::Digest,
    secrets::DataKey,
    store::{DECODED_FILE, Decoded},
};
use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, path::Path};
use tempfile::TempDir;

/// Path and what is kept of it.
type Kept = BTreeMap<String, String>;

fn stamp(text: &str) -> Digest {
    Digest::of_bytes(text.as_bytes())
}

fn entry(path: &str, text: &str) -> (String, Digest, Vec<u8>) {
    let content = Digest::of_bytes(text.as_bytes());
    (path.to_owned(), content, text.as_bytes().to_vec())
}

/// What a start with this stamp finds.
fn found(dir: &Path, key: &DataKey, of: &str) -> Kept {
    let (_, mut bytes) = Decoded::open(dir, &stamp(of));
    let blocks = bytes.blocks().into_iter();
    let entries = blocks.flat_map(|block| block.open(key));
    let kept = entries.map(|entry| {
        assert_eq!(entry.content, Digest::of_bytes(entry.packed));
        let text = String::from_utf8(entry.packed.to_vec()).unwrap();
        (entry.path.to_owned(), text)
    });
    kept.collect()
}

/// A file with three blocks: `a`, then `b`, then `a` again.
fn written() -> (TempDir, DataKey, Decoded) {
    let dir = tempfile::tempdir().unwrap();
    let key = DataKey::generate().unwrap();
    let (mut decoded, _) = Decoded::open(dir.path(), &stamp("1"));
    for (path, text) in [("a", "one"), ("b", "two"), ("a", "three")] {
        decoded.append(&key, [entry(path, text)]).unwrap();
    }
    (dir, key, decoded)
}

fn kept(pairs: &[(&str, &str)]) -> Kept {
    let pairs = pairs.iter();
    pairs
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn entries_are_found_again_and_the_later_of_two_counts() {
    let (dir, key, _) = written();
    let all = kept(&[("a", "three"), ("b", "two")]);
    assert_eq!(found(dir.path(), &key, "1"), all);
    let (mut again, _) = Decoded::open(dir.path(), &stamp("1"));
    again.append(&key, [entry("c", "four")]).unwrap();
    assert_eq!(found(dir.path(), &key, "1").len(), 3);
    let file = fs::metadata(dir.path().join(DECODED_FILE)).unwrap();
    assert_eq!(file.mode() & 0o777, 0o600);
}

#[test]
fn many_entries_take_several_blocks() {
    let (dir, key, mut decoded) = written();
    let long = "x".repeat(100_000);
    let names: Vec<_> = (0..20).map(|number| format!("n-{number}")).collect();
    let entries = names.iter().map(|name| entry(name, &long));
    decoded.append(&key, entries).unwrap();
    let (_, mut bytes) = Decoded::open(dir.path(), &stamp("1"));
    assert!(bytes.blocks().len() > 6);
    assert_eq!(found(dir.path(), &key, "1").len(), 22);
}

#[test]
fn another_build_finds_nothing_and_begins_anew() {
    let (dir, key, _) = written();
    assert_eq!(found(dir.path(), &key, "2"), Kept::new());
    let (mut other, _) = Decoded::open(dir.path(), &stamp("2"));
    other.append(&key, [entry("c", "new")]).unwrap();
    assert_eq!(found(dir.path(), &key, "2"), kept(&[("c", "new")]));
    assert_eq!(found(dir.path(), &key, "1"), Kept::new());
}

#[test]
fn nothing_is_found_with_another_key_and_nothing_stands_in_clear() {
    let (dir, _, _) = written();
    let other = DataKey::generate().unwrap();
    assert_eq!(found(dir.path(), &other, "1"), Kept::new());
    let bytes = fs::read(dir.path().join(DECODED_FILE)).unwrap();
    for word in ["one", "two", "three"] {
        let is_word = |window: &[u8]| window == word.as_bytes();
        assert!(!bytes.windows(word.len()).any(is_word), "{word}");
    }
}

#[test]
fn file_that_is_cut_anywhere_has_its_whole_blocks_and_is_written_on() {
    let (dir, key, _) = written();
    let file = dir.path().join(DECODED_FILE);
    let good = fs::read(&file).unwrap();
    let mut sizes = Vec::new();
    for length in 0..good.len() {
        fs::write(&file, &good[..length]).unwrap();
        let there = found(dir.path(), &key, "1");
        sizes.push(there.len());
        assert!(there.iter().all(|(path, text)| {
            matches!((path.as_str(), text.as_str()), ("a", "one") | ("b", "two"))
        }));
        let (mut cut, _) = Decoded::open(dir.path(), &stamp("1"));
        cut.append(&key, [entry("c", "new")]).unwrap();
        let mut expected = there;
        expected.insert("c".to_owned(), "new".to_owned());
        assert_eq!(found(dir.path(), &key, "1"), expected, "{length}");
    }
    assert!(sizes.is_sorted());
    assert_eq!((sizes.first(), sizes.last()), (Some(&0), Some(&2)));
}

#[test]
fn any_changed_byte_takes_entries_away_and_changes_none() {
    let (dir, key, _) = written();
    let file = dir.path().join(DECODED_FILE);
    let good = fs::read(&file).unwrap();
    let said = [("a", "one"), ("b", "two"), ("a", "three")];
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x10;
        fs::write(&file, changed).unwrap();
        let there = found(dir.path(), &key, "1");
        let (_, mut bytes) = Decoded::open(dir.path(), &stamp("1"));
        let blocks = bytes.blocks().into_iter();
        let count: usize = blocks.map(|block| block.open(&key).len()).sum();
        assert!(count < said.len(), "{at}");
        for (path, text) in &there {
            assert!(said.contains(&(path, text)), "{at}");
        }
        let (mut on, _) = Decoded::open(dir.path(), &stamp("1"));
        on.append(&key, [entry("c", "new")]).unwrap();
        let after = found(dir.path(), &key, "1");
        assert_eq!(after.get("c").map(String::as_str), Some("new"), "{at}");
    }
}

#[test]
fn file_that_somebody_took_away_is_an_error_once_and_begun_anew() {
    let (dir, key, mut decoded) = written();
    let file = dir.path().join(DECODED_FILE);
    fs::remove_file(&file).unwrap();
    decoded.append(&key, [entry("c", "lost")]).unwrap_err();
    decoded.append(&key, [entry("d", "kept")]).unwrap();
    assert_eq!(found(dir.path(), &key, "1"), kept(&[("d", "kept")]));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(found(dir.path(), &key, "1"), Kept::new());
    decoded.append(&key, [entry("e", "lost")]).unwrap_err();
}

#[test]
fn file_is_long_once_most_of_it_is_out_of_date() {
    let (dir, key, mut decoded) = written();
    let long = "x".repeat(1 << 17);
    for turn in 0..8 {
        assert!(!decoded.is_long(), "{turn}");
        decoded.append(&key, [entry("a", &long)]).unwrap();
    }
    assert!(decoded.is_long());
    decoded.clear();
    decoded.append(&key, [entry("a", &long)]).unwrap();
    assert!(!decoded.is_long());
    assert_eq!(found(dir.path(), &key, "1").len(), 1);
    let (mut again, _) = Decoded::open(dir.path(), &stamp("1"));
    assert!(!again.is_long());
    again.needs(0);
    assert!(!again.is_long(), "it is small");
}
