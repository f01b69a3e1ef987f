//! Objects that are cut off, as a full disk leaves them: an error, where libgit2 alone would never end.

use super::super::{Limits, SourceError, open_revision, open_staged};
use super::{config, mirrored, repository::Repository};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Text that does not compress to nothing.
fn noise() -> String {
    (0..20_000_u32)
        .map(|n| char::from(b' ' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 90))
        .collect()
}

/// What `act` returns; it ends in time, or the test fails.
#[track_caller]
fn in_time<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(act()));
    ended.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// Everything that reads the repository at `path`: its branch, its commit, its index.
fn read_all(path: &Path) -> Result<(), SourceError> {
    let limits = Limits::default();
    let checkout = open_revision(path, "main", &[], &limits)?;
    for file in checkout.files.iter() {
        checkout.read(file)?;
    }
    let staged = open_staged(path, None, &[], &limits)?;
    for file in staged.files.iter() {
        staged.read(file)?;
    }
    Ok(())
}

/// An object's file, which may be written.
fn object(git_directory: &Path, id: &str) -> PathBuf {
    let path = git_directory.join("objects").join(&id[..2]).join(&id[2..]);
    let content = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn damaged(result: &Result<(), SourceError>) -> bool {
    matches!(result, Err(SourceError::Damaged { .. }))
}

#[test]
fn every_sort_of_object_cut_anywhere_is_damage() {
    let repository = Repository::with(&[("d/a.yaml", &noise())]);
    repository.git(&["tag", "-a", "v1", "-m", "marked"]);
    assert!(read_all(&repository.work()).is_ok());
    for name in ["main", "main^{tree}", "main:d", "main:d/a.yaml"] {
        let id = repository.git(&["rev-parse", name]);
        let path = object(&repository.work().join(".git"), &id);
        let whole = fs::read(&path).unwrap();
        let start = (0..whole.len().min(60)).chain([whole.len() / 2]);
        for length in start.chain(whole.len() - 5..whole.len()) {
            fs::write(&path, &whole[..length]).unwrap();
            let work = repository.work();
            let read = in_time(move || read_all(&work));
            assert!(damaged(&read), "{name} cut at {length}: {read:?}");
        }
        fs::write(&path, whole).unwrap();
    }
    assert!(read_all(&repository.work()).is_ok());
    let tag = repository.git(&["rev-parse", "v1"]);
    fs::write(object(&repository.work().join(".git"), &tag), "x\u{1}").unwrap();
    let work = repository.work();
    let read = in_time(move || open_revision(&work, "v1", &[], &Limits::default()).map(drop));
    assert!(damaged(&read), "{read:?}");
}

#[test]
fn objects_borrowed_from_another_repository_are_looked_at_too() {
    let repository = Repository::with(&[("a.yaml", &noise())]);
    let borrower = repository.home().join("borrower");
    let place = borrower.to_str().unwrap();
    repository.git(&["clone", "-q", "--shared", ".", place]);
    assert!(read_all(&borrower).is_ok());
    let id = repository.git(&["rev-parse", "main:a.yaml"]);
    let path = object(&repository.work().join(".git"), &id);
    fs::write(&path, &fs::read(&path).unwrap()[..1_000]).unwrap();
    assert!(damaged(&in_time(move || read_all(&borrower))));
}

#[test]
fn directory_with_an_object_that_is_cut_off_is_not_fetched_until_it_is_mended() {
    let repository = Repository::with(&[("a.yaml", "a: 1")]);
    let mirrored = mirrored(config(repository.bare().to_str().unwrap()));
    let mirror = std::sync::Arc::new(mirrored.mirror);
    let fetch = || {
        let mirror = mirror.clone();
        in_time(move || mirror.fetch())
    };
    let first = fetch().unwrap();
    let newer = repository.commit(&[("b/b.yaml", &noise())], "second");
    repository.push();
    for name in ["main", "main^{tree}", "main:b", "main:b/b.yaml"] {
        let id = repository.git(&["rev-parse", name]);
        let path = object(&repository.bare(), &id);
        let whole = fs::read(&path).unwrap();
        for length in [2, 20, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            let fetched = fetch();
            let expected = matches!(fetched, Err(SourceError::Damaged { .. }));
            assert!(expected, "{name} cut at {length}: {fetched:?}");
        }
        fs::write(&path, whole).unwrap();
    }
    let fetched = fetch().unwrap();
    assert_ne!(fetched, first);
    assert_eq!(fetched.to_string(), newer);
}
