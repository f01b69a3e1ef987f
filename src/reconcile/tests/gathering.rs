//! Gathering costs what changed, and comes out as if everything had been read.

use crate::{
    reconcile::{FileCache, SourceFiles, gather},
    source::{Changed, Limits, WorkTree},
};
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;

/// A directory, read by somebody who remembers.
struct Read {
    home: TempDir,
    tree: WorkTree,
    cache: FileCache,
}

impl Read {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        let read = Self {
            tree: WorkTree::new(home.path().to_owned()),
            home,
            cache: FileCache::default(),
        };
        read.write(files);
        read
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, content) in files {
            fs::write(self.home.path().join(path), content).unwrap();
        }
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.home.path().join(path)).unwrap();
    }

    fn gather(&mut self) -> SourceFiles {
        let checkout = self.tree.read(&Changed::Everything, &Limits::default());
        let gathered = gather(&checkout.unwrap(), &mut self.cache).unwrap();
        let fresh = WorkTree::new(self.home.path().to_owned());
        let fresh = { fresh }.read(&Changed::Everything, &Limits::default());
        let fresh = gather(&fresh.unwrap(), &mut FileCache::default()).unwrap();
        assert_eq!(said(&gathered), said(&fresh));
        gathered
    }
}

/// Everything that is in some files.
fn said(files: &SourceFiles) -> Vec<String> {
    let files = files.files.iter();
    let show = |(path, file)| format!("{path} {file:?} {:?}", content(file));
    files.map(show).collect()
}

fn content(file: &crate::reconcile::SourceFile) -> &[u8] {
    &file.content
}

fn changed(files: &SourceFiles) -> Vec<&str> {
    let name = |path| Path::new(path).file_name().unwrap().to_str().unwrap();
    files.changed.iter().map(|path| name(&**path)).collect()
}

/// Whether both have the file from one and the same parsing.
fn shares(one: &SourceFiles, other: &SourceFiles, name: &str) -> bool {
    let find = |files: &SourceFiles| {
        let mut files = files.files.values();
        files
            .find(|file| file.path.ends_with(name))
            .unwrap()
            .parsed
            .clone()
    };
    Arc::ptr_eq(&find(one), &find(other))
}

#[test]
fn only_changed_files_are_parsed_and_named() {
    let mut read = Read::new(&[("a.yaml", "a: 1"), ("b.yaml", "b: 1"), ("c.yaml", "c: 1")]);
    let first = read.gather();
    assert_eq!(changed(&first), ["a.yaml", "b.yaml", "c.yaml"]);
    read.write(&[("b.yaml", "b: 2"), ("d.yaml", "d: 1")]);
    read.remove("c.yaml");
    let second = read.gather();
    assert_eq!(changed(&second), ["b.yaml", "c.yaml", "d.yaml"]);
    assert!(shares(&first, &second, "a.yaml"));
    assert!(!shares(&first, &second, "b.yaml"));
    assert_eq!(changed(&read.gather()), Vec::<&str>::new());
}

#[test]
fn files_taken_back_are_not_parsed_again() {
    let mut read = Read::new(&[("a.yaml", "a: 1"), ("b.yaml", "b: 1")]);
    let first = read.gather();
    read.write(&[("a.yaml", "a: 2")]);
    read.remove("b.yaml");
    read.gather();
    read.write(&[("a.yaml", "a: 1"), ("b.yaml", "b: 1")]);
    let third = read.gather();
    assert_eq!(changed(&third), ["a.yaml", "b.yaml"]);
    assert!(shares(&first, &third, "a.yaml") && shares(&first, &third, "b.yaml"));
}

#[test]
fn changes_between_any_two_gathered_sets_are_those_of_their_contents() {
    let mut read = Read::new(&[("a.yaml", "a: 1"), ("b.yaml", "b: 1")]);
    let mut sets = vec![SourceFiles::default(), read.gather()];
    read.write(&[("a.yaml", "a: 2")]);
    sets.push(read.gather());
    read.write(&[("a.yaml", "a: 1"), ("c.yaml", "c: 1")]);
    read.remove("b.yaml");
    sets.push(read.gather());
    // As after a restart: from the last good file, without a listing.
    let kept = sets[2].files.values().cloned();
    sets.push(SourceFiles::of(None, kept, Vec::new()));
    for old in &sets {
        for new in &sets {
            let naive: Vec<_> = {
                let paths = old.files.keys().chain(new.files.keys());
                let mut paths: Vec<_> = paths.cloned().collect();
                paths.sort();
                paths.dedup();
                let of =
                    |set: &SourceFiles, path: &str| set.files.get(path).map(|f| f.content.clone());
                paths.retain(|path| of(old, path) != of(new, path));
                paths
            };
            assert_eq!(new.changed_since(old), naive);
        }
    }
}
