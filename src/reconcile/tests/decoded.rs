//! A start from what was read ahead serves what a start from the files serves.

use super::{
    manifests::{agent, alias, clear_secret, endpoint, sealed_secret},
    rig::{Rig, key, sealed, settings},
    snapshots::{edits, file_edit, told},
};
use crate::{
    manifest::{ClearTextPolicy, FileEdit, ParsedFile},
    reconcile::{Live, Outcome, ReconcileSettings, Snapshot},
    store::{DECODED_FILE, DataDir},
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, prop_assert_eq, proptest},
};
use std::{fs, sync::Arc};

/// Everything that can be asked of what a start restores, and whether it missed something read ahead.
fn restored(rig: &Rig, settings: &ReconcileSettings) -> (Vec<String>, bool) {
    let data_dir = DataDir::open(&rig.data_dir()).unwrap();
    let key = data_dir.load_or_create_key(None).unwrap();
    let (live, _, decoded) = Live::restore(&data_dir, &key, settings).unwrap();
    let served = live.pin();
    let mut all = told(&served.snapshot);
    all.push(format!("{} {:?}", served.revision, served.digest));
    all.extend(served.findings.iter().map(|one| format!("{one:?}")));
    let catalog = served.snapshot.catalog().iter();
    all.extend(catalog.map(|one| format!("{one:?}")));
    let parts = served.inputs.parts.files();
    all.extend(parts.map(|file| format!("{file:?} {:?}", file.content)));
    (all, decoded.is_behind())
}

/// The size of the file once it holds what is served.
fn size_of_file(rig: &Rig) -> u64 {
    rig.reconciler().decoded.settle();
    fs::metadata(rig.data_dir().join(DECODED_FILE))
        .unwrap()
        .len()
}

fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for number in 0..90 {
        let name = format!("e-{number}");
        files.push((format!("{name}.yaml"), endpoint(&name, "m")));
        files.push((
            format!("a-{number}.yaml"),
            agent(&format!("a-{number}"), &name),
        ));
    }
    files.push(("alias.yaml".to_owned(), alias("fast", "e-1")));
    files.push((
        "warned.yaml".to_owned(),
        format!("{}  limits: {{max_steps: -1}}\n", agent("w", "e-0")),
    ));
    files
}

/// What a rig with a kept revision is like.
struct Kept {
    rig: Rig,
    settings: ReconcileSettings,
}

async fn kept() -> Kept {
    let (keyring, recipient) = key();
    let mut settings = settings();
    settings.keyring = keyring;
    settings.review.clear_text = ClearTextPolicy::Warn;
    let rig = Rig::new().restarted(settings);
    let mut files = files();
    files.push((
        "sealed.yaml".to_owned(),
        sealed_secret("s", &sealed("the-sealed-one", &recipient)),
    ));
    files.push(("clear.yaml".to_owned(), clear_secret("c", "the-clear-one")));
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    rig.push(&files, "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let size = size_of_file(&rig);
    rig.push(&[("e-0.yaml", endpoint("e-0", "another"))], "second");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let whole = size_of_file(&rig);
    assert!(
        whole - size < 2_000,
        "{size} and {whole}: a change costs what it changes"
    );
    let mut rig = rig;
    rig.stop();
    let mut settings = super::rig::settings();
    settings.review.clear_text = ClearTextPolicy::Warn;
    Kept { rig, settings }
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_from_what_was_read_ahead_is_restored_from_the_files() {
    let Kept { rig, settings } = kept().await;
    let file = rig.data_dir().join(DECODED_FILE);
    let bytes = fs::read(&file).unwrap();
    let (ahead, missed) = restored(&rig, &settings);
    assert!(!missed, "everything was read ahead");
    fs::remove_file(&file).unwrap();
    let (read, missed) = restored(&rig, &settings);
    assert!(missed);
    assert_eq!(ahead, read);
    for (damage, bytes) in damaged(&bytes) {
        fs::write(&file, bytes).unwrap();
        let (there, missed) = restored(&rig, &settings);
        assert!(missed, "{damage}");
        assert_eq!(there, read, "{damage}");
    }
}

/// Some ways in which the file is not what it was.
fn damaged(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![
        ("empty".to_owned(), Vec::new()),
        ("zeros".to_owned(), vec![0; good.len()]),
    ];
    for part in 0..16 {
        let at = good.len() * part / 16;
        let mut flipped = good.to_vec();
        flipped[at] ^= 1;
        all.push((format!("flipped at {at}"), flipped));
        all.push((format!("cut at {at}"), good[..at].to_vec()));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_start_missed_is_written_for_the_next_one() {
    let Kept { rig, settings } = kept().await;
    let file = rig.data_dir().join(DECODED_FILE);
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    let mut rig = rig.started(settings);
    rig.sync().await;
    let size = size_of_file(&rig);
    assert!(size < 2 * good.len() as u64);
    rig.stop();
    let mut settings = super::rig::settings();
    settings.review.clear_text = ClearTextPolicy::Warn;
    let (_, missed) = restored(&rig, &settings);
    assert!(!missed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_among_what_is_read_ahead() {
    let Kept { rig, .. } = kept().await;
    let data_dir = DataDir::open(&rig.data_dir()).unwrap();
    let key = data_dir.load_or_create_key(None).unwrap();
    let stamp = crate::manifest::reader_stamp();
    let (_, mut found) = crate::store::Decoded::open(data_dir.path(), &stamp);
    let blocks = found.blocks().into_iter();
    let entries: Vec<_> = blocks.flat_map(|block| block.open(&key)).collect();
    assert!(entries.len() > 180);
    for entry in entries {
        assert!(!["sealed.yaml", "clear.yaml"].contains(&entry.path));
        let text = String::from_utf8_lossy(entry.packed).into_owned();
        assert!(!text.contains("the-clear-one") && !text.contains("AGE ENCRYPTED"));
    }
}

/// The edit as the next start reads it.
fn read_ahead(edit: &FileEdit) -> FileEdit {
    let unpacked = edit
        .parsed
        .as_ref()
        .map(|parsed| match parsed.pack(&edit.path) {
            Some(bytes) => Arc::new(ParsedFile::unpack(&edit.path, &bytes).unwrap()),
            None => parsed.clone(),
        });
    FileEdit {
        parsed: unpacked,
        ..edit.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_read_ahead_leads_to_the_same_as_the_files(steps in vec(edits(), 1..5)) {
        let (mut read, mut ahead) = (Snapshot::default(), Snapshot::default());
        for step in steps {
            let edits: Vec<_> = step
                .iter()
                .map(|(by_hand, file, documents)| file_edit(*by_hand, *file, documents))
                .collect();
            ahead.advance(edits.iter().map(read_ahead));
            read.advance(edits);
            prop_assert_eq!(told(&ahead), told(&read));
        }
    }
}
