//! Mirrors that are made anew, and who reads meanwhile.

use super::super::{CommitId, Mirror};
use super::{
    config, content, http_remote::Behaviour, mirrored, remotes::remote, repository::Repository,
};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

fn open(directory: &Path, repository: &Repository) -> Mirror {
    Mirror::open(directory, config(repository.bare().to_str().unwrap())).unwrap()
}

/// More packs than a mirror keeps.
pub(super) fn pile_up(directory: &Path) {
    for number in 0..60 {
        let pack = directory.join(format!("prod.git/objects/pack/old-{number}.pack"));
        fs::write(pack, "").unwrap();
    }
}

pub(super) fn is_piled_up(directory: &Path) -> bool {
    directory.join("prod.git/objects/pack/old-0.pack").exists()
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| name(entry.unwrap())).collect()
}

#[test]
fn swap_that_was_cut_off_anywhere_ends_at_the_next_start() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let made = tempfile::TempDir::new().unwrap();
    let old = open(made.path(), &repository).fetch().unwrap();
    let second = repository.commit(&[("a.yaml", "two")], "second");
    repository.push();
    let newer = tempfile::TempDir::new().unwrap();
    let new = open(newer.path(), &repository).fetch().unwrap();
    assert_eq!(new.to_string(), second);
    fs::rename(repository.bare(), repository.home().join("away.git")).unwrap();

    // What stands where, and whose commit is served then without asking anybody.
    for (stands, tip) in [
        (&[("prod.git", "old"), ("prod.new", "new")][..], Some(old)),
        (&[("prod.git", "old"), ("prod.new", "half")], Some(old)),
        (&[("prod.old", "old"), ("prod.new", "new")], Some(new)),
        (&[("prod.git", "new"), ("prod.old", "old")], Some(new)),
        (&[("prod.git", "new"), ("prod.old", "half")], Some(new)),
        (&[("prod.old", "old")], Some(old)),
        (&[("prod.new", "half")], None),
    ] {
        let directory = tempfile::TempDir::new().unwrap();
        for (name, what) in stands {
            let place = directory.path().join(name);
            let from = match *what {
                "old" => made.path().join("prod.git"),
                "new" => newer.path().join("prod.git"),
                _ => {
                    fs::create_dir_all(place.join("objects")).unwrap();
                    continue;
                }
            };
            copy(&from, &place);
        }
        let mirror = open(directory.path(), &repository);
        assert_eq!(mirror.tip(), tip, "{stands:?}");
        if let Some(tip) = tip {
            let checkout = mirror.checkout(&tip).unwrap();
            let expected = if tip == old { "one" } else { "two" };
            assert_eq!(content(&checkout, "a.yaml"), expected);
        }
        assert_eq!(
            names(directory.path()),
            BTreeSet::from(["prod.git".to_owned()])
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn reader_of_the_old_mirror_keeps_it_until_he_is_done() {
    let repository = Repository::with(&[("a.yaml", "one"), ("b.yaml", "one")]);
    let mirrored = mirrored(config(repository.bare().to_str().unwrap()));
    let (mirror, directory) = (&mirrored.mirror, mirrored.directory.path());
    let first = mirror.fetch().unwrap();
    let reading = mirror.checkout(&first).unwrap();
    pile_up(directory);
    repository.commit(&[("a.yaml", "two")], "second");
    repository.push();
    let second = mirror.fetch().unwrap();
    assert!(is_piled_up(directory));
    assert_eq!(content(&reading, "b.yaml"), "one");
    assert_eq!(content(&mirror.checkout(&second).unwrap(), "a.yaml"), "two");
    drop(reading);
    assert_eq!(mirror.fetch().unwrap(), second);
    assert!(!is_piled_up(directory));
    assert_eq!(content(&mirror.checkout(&second).unwrap(), "a.yaml"), "two");
}

#[test]
fn nobody_who_reads_while_mirrors_are_made_anew_meets_an_error() {
    let repository = Repository::with(&[("a.yaml", "one"), ("b/c.yaml", "one")]);
    let mirrored = mirrored(config(repository.bare().to_str().unwrap()));
    let (mirror, directory) = (&mirrored.mirror, mirrored.directory.path());
    let commit: CommitId = mirror.fetch().unwrap();
    let (over, read) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut anew = 0;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    let checkout = mirror.checkout(&commit).unwrap();
                    assert_eq!(content(&checkout, "b/c.yaml"), "one");
                    drop(checkout);
                    read.fetch_add(1, SeqCst);
                    thread::sleep(std::time::Duration::from_millis(2));
                }
            });
        }
        for _ in 0..60 {
            pile_up(directory);
            assert_eq!(mirror.fetch().unwrap(), commit);
            anew += usize::from(!is_piled_up(directory));
        }
        over.store(true, SeqCst);
    });
    assert!(anew > 5 && read.load(SeqCst) > 5, "{anew} {read:?}");
}

#[test]
fn packs_that_outweigh_the_largest_are_replaced_and_a_large_repository_is_not() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let mirrored = mirrored(config(repository.bare().to_str().unwrap()));
    let (mirror, directory) = (&mirrored.mirror, mirrored.directory.path());
    mirror.fetch().unwrap();
    let sized = |name: &str, bytes: u64| {
        let pack = directory.join("prod.git/objects/pack").join(name);
        // Without blocks on the disk.
        fs::File::create(pack).unwrap().set_len(bytes).unwrap();
    };
    sized("old-0.pack", 300 << 20);
    mirror.fetch().unwrap();
    assert!(is_piled_up(directory), "one large pack is no reason");
    sized("old-1.pack", 100 << 20);
    mirror.fetch().unwrap();
    assert!(is_piled_up(directory), "less was added than there was");
    sized("old-2.pack", 220 << 20);
    mirror.fetch().unwrap();
    assert!(!is_piled_up(directory), "more was added than there was");
}

/// Text that no packing makes smaller than half of it.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let mut hex = String::new();
    while hex.len() < bytes {
        // Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        write!(hex, "{:08x}", state >> 32).unwrap();
    }
    hex
}

#[test]
fn mirror_that_cannot_be_made_smaller_is_fetched_into_as_before() {
    let repository = Repository::with(&[("a.yaml", &noise(1, 80_000))]);
    repository.push();
    let (_http, mut config) = remote(&repository, Behaviour::Open);
    config.limits.fetch_bytes = 64 << 10;
    let mirrored = mirrored(config);
    let (mirror, directory) = (&mirrored.mirror, mirrored.directory.path());
    mirror.fetch().unwrap();
    pile_up(directory);
    for number in 2..4 {
        // All of it at once is more than one fetch may bring.
        let name = format!("{number}.yaml");
        repository.commit(&[(&name, &noise(number, 80_000))], &name);
        repository.push();
        let commit = mirror.fetch().unwrap();
        assert_eq!(
            content(&mirror.checkout(&commit).unwrap(), &name).len(),
            80_000
        );
        assert!(is_piled_up(directory));
    }
}
