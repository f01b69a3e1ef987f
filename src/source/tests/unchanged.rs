//! The next commit costs what it changed, and comes out as if everything had been read.

use super::super::{Checkout, CommitId, Limits, open_revision};
use super::edits::{Directory, Edit, Node, apply, history, limits};
use super::{config, mirrored};
use git2::{Oid, Repository, Signature};
use proptest::{
    prop_assert_eq, proptest, sample,
    test_runner::{Config, TestCaseResult},
};
use std::fs;

/// Writes a directory as tree objects; Git keeps no empty ones.
fn tree(repository: &Repository, directory: &Directory) -> Option<Oid> {
    let mut builder = repository.treebuilder(None).unwrap();
    for (name, node) in directory {
        let (id, mode) = match node {
            Node::Directory(below) => match tree(repository, below) {
                Some(id) => (id, 0o040_000),
                None => continue,
            },
            Node::File(text) => (repository.blob(text.as_bytes()).unwrap(), 0o100_644),
            Node::Link => (repository.blob(b"/etc").unwrap(), 0o120_000),
            Node::Repository => (Oid::from_bytes(&[1; 20]).unwrap(), 0o160_000),
        };
        builder.insert(name, id, mode).unwrap();
    }
    (!builder.is_empty()).then(|| builder.write().unwrap())
}

fn commit(repository: &Repository, tree: Oid) -> CommitId {
    let tree = repository.find_tree(tree).unwrap();
    let ada = Signature::now("Ada", "ada@example.com").unwrap();
    let id = repository.commit(None, &ada, &ada, "edit", &tree, &[]);
    CommitId::parse(&id.unwrap().to_string()).unwrap()
}

fn commit_directory(repository: &Repository, directory: &Directory) -> CommitId {
    let empty = || repository.treebuilder(None).unwrap().write().unwrap();
    commit(
        repository,
        tree(repository, directory).unwrap_or_else(empty),
    )
}

/// Lists every step with a mirror that remembers, and from nothing.
fn check(history: &[Vec<Edit>], limits: &Limits, scope: &[&str]) -> TestCaseResult {
    let home = tempfile::TempDir::new().unwrap();
    let paths: Vec<String> = scope.iter().map(ToString::to_string).collect();
    let mut config = config(home.path().to_str().unwrap());
    config.limits = limits.clone();
    config.paths.clone_from(&paths);
    let mirrored = mirrored(config);
    let bare = mirrored.directory.path().join("prod.git");
    let repository = Repository::open_bare(&bare).unwrap();
    let mut directory = Directory::new();
    let mut seen: Vec<Checkout> = Vec::new();
    for edits in history {
        for edit in edits {
            apply(&mut directory, edit);
        }
        let commit = commit_directory(&repository, &directory);
        let fresh = open_revision(&bare, &commit.to_string(), &paths, limits);
        let next = mirrored.mirror.checkout(&commit);
        let (next, fresh) = match (next, fresh) {
            (Ok(next), Ok(fresh)) => (next, fresh),
            (next, fresh) => {
                prop_assert_eq!(
                    next.unwrap_err().to_string(),
                    fresh.unwrap_err().to_string()
                );
                continue;
            }
        };
        prop_assert_eq!(&next.files, &fresh.files);
        prop_assert_eq!(&next.findings, &fresh.findings);
        for before in &seen {
            let changes = next.changes_since(&before.files);
            prop_assert_eq!(changes, fresh.files.every_change_since(&before.files));
        }
        seen.push(next);
    }
    Ok(())
}

const SCOPES: [&[&str]; 5] = [&[], &[], &["a", "deep"], &["a", "a/b"], &["a.yaml"]];

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn listing_that_takes_over_what_is_unchanged_is_the_listing_from_nothing(
        history in history(10),
        limits in limits(),
        scope in sample::select(&SCOPES[..]),
    ) {
        check(&history, &limits, scope)?;
    }

    #[test]
    fn listing_within_wide_limits_takes_over_what_is_unchanged(history in history(14)) {
        check(&history, &Limits::default(), &[])?;
    }
}

#[test]
fn directories_in_their_place_are_not_read_again() {
    let mirrored = mirrored(config("/nowhere"));
    let bare = mirrored.directory.path().join("prod.git");
    let repository = Repository::open_bare(&bare).unwrap();
    let mut directory = Directory::new();
    let file = |text: &str| Node::File(text.to_owned());
    for (path, text) in [
        (&["a", "a", "x.yaml"][..], "old"),
        (&["a", "b", "x.yaml"], "kept"),
        (&["b", "x.yaml"], "kept too"),
    ] {
        apply(&mut directory, &Edit::Put(path.to_vec(), file(text)));
    }
    let first = commit_directory(&repository, &directory);
    let first = mirrored.mirror.checkout(&first).unwrap();
    // Whoever reads an old directory or the size of an old file now, fails.
    for entry in fs::read_dir(bare.join("objects")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().len() == 2 {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    let kept = |at: &[&str]| {
        let mut place = &directory;
        for name in at {
            let Some(Node::Directory(next)) = place.get(name) else {
                unreachable!()
            };
            place = next;
        }
        tree(&repository, place).unwrap()
    };
    let (ab, b) = (kept(&["a", "b"]), kept(&["b"]));
    apply(
        &mut directory,
        &Edit::Put(vec!["a", "a", "x.yaml"], file("new")),
    );
    let second = commit_directory(&repository, &directory);
    for id in [ab, b] {
        let id = id.to_string();
        fs::remove_file(bare.join("objects").join(&id[..2]).join(&id[2..])).unwrap();
    }
    open_revision(&bare, &second.to_string(), &[], &Limits::default()).unwrap_err();
    let second = mirrored.mirror.checkout(&second).unwrap();
    let changes = second.changes_since(&first.files);
    let names: Vec<_> = changes.iter().map(|change| &*change.path).collect();
    assert_eq!(names, ["a/a/x.yaml"]);
    assert_eq!(second.files.len(), 3);
}
