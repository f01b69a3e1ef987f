use super::super::{Checkout, Limits, SourceError, open_staged};
use super::{content, found, paths, repository::Repository};
use std::{fs, path::Path};

fn staged(repository: &Repository, scope: &[&str]) -> Result<Checkout, SourceError> {
    let scope: Vec<String> = scope.iter().map(|path| (*path).to_owned()).collect();
    open_staged(&repository.work(), None, &scope, &Limits::default())
}

#[test]
fn index_counts_and_the_work_tree_does_not() {
    let repository = Repository::with(&[("a.yaml", "a: 1"), ("d/b.yaml", "b: 1")]);
    repository.write("a.yaml", "a: staged");
    repository.write("new.yaml", "n: 1");
    repository.git(&["add", "a.yaml", "new.yaml"]);
    repository.git(&["rm", "-q", "--cached", "d/b.yaml"]);
    repository.write("a.yaml", "a: not staged");
    repository.write("other.yaml", "o: 1");
    let checkout = staged(&repository, &[]).unwrap();
    assert_eq!(paths(&checkout), ["a.yaml", "new.yaml"]);
    assert_eq!(content(&checkout, "a.yaml"), "a: staged");
    assert!(checkout.commit.is_none());
}

#[test]
fn index_before_the_first_commit_is_read_and_an_empty_one_holds_nothing() {
    let repository = Repository::new();
    assert!(staged(&repository, &[]).unwrap().files.is_empty());
    repository.write("a.yaml", "a: 1");
    repository.git(&["add", "a.yaml"]);
    assert_eq!(paths(&staged(&repository, &[]).unwrap()), ["a.yaml"]);
}

#[test]
fn name_that_is_added_without_content_is_not_staged_yet() {
    let repository = Repository::with(&[("a.yaml", "a: 1")]);
    repository.write("later.yaml", "l: 1");
    repository.git(&["add", "--intent-to-add", "later.yaml"]);
    assert_eq!(paths(&staged(&repository, &[]).unwrap()), ["a.yaml"]);
}

#[test]
fn what_a_tree_refuses_is_refused_in_the_index_too() {
    let repository = Repository::with(&[("a.yaml", "a: 1"), ("big.yaml", "0123456789")]);
    std::os::unix::fs::symlink("/etc/passwd", repository.work().join("p.yaml")).unwrap();
    repository.write(".hidden/x.yaml", "x: 1");
    repository.write("bell\u{7}.yaml", "x: 1");
    repository.write(&format!("{}deep.yaml", "d/".repeat(3)), "x: 1");
    repository.git(&["add", "-A"]);
    let entry = format!("160000,{},lib", "1".repeat(40));
    repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
    let limits = Limits {
        max_file_bytes: 9,
        ..Limits::default()
    };
    let checkout = open_staged(&repository.work(), None, &[], &limits).unwrap();
    assert_eq!(paths(&checkout), ["a.yaml", "d/d/d/deep.yaml"]);
    assert_eq!(
        found(&checkout.findings),
        [
            "E-LIMIT-FILE-NAME bell\\u{7}.yaml",
            "E-LIMIT-FILE-SIZE big.yaml",
            "E-LIMIT-SUBMODULE lib",
            "E-LIMIT-SYMLINK p.yaml"
        ]
    );
    let limits = Limits {
        max_depth: 2,
        ..Limits::default()
    };
    let shallow = open_staged(&repository.work(), None, &[], &limits).unwrap();
    assert!(found(&shallow.findings).contains(&"E-LIMIT-TREE-DEPTH d/d/d".to_owned()));
}

#[test]
fn scope_limits_the_index_and_a_path_that_is_not_staged_is_named() {
    let repository = Repository::with(&[
        ("a/x.yaml", ""),
        ("ab.yaml", ""),
        ("b/y.yaml", ""),
        ("n.txt", ""),
    ]);
    let read = |scope: &[&str]| paths(&staged(&repository, scope).unwrap()).join(" ");
    assert_eq!(read(&["a"]), "a/x.yaml");
    assert_eq!(read(&["b/", "./a"]), "a/x.yaml b/y.yaml");
    assert_eq!(read(&["n.txt"]), "n.txt");
    let absent = staged(&repository, &["a", "c"]).unwrap_err();
    assert!(matches!(absent, SourceError::PathNotFound { path } if path == "c"));
}

#[test]
fn conflict_is_an_error_that_names_the_file() {
    let repository = Repository::with(&[("a.yaml", "a: 1")]);
    let blob = repository.git(&["rev-parse", "HEAD:a.yaml"]);
    repository.git(&["rm", "-q", "--cached", "a.yaml"]);
    let sides: Vec<u8> = (1..=3)
        .flat_map(|stage| format!("100644 {blob} {stage}\ta.yaml\n").into_bytes())
        .collect();
    repository.object(&["update-index", "--index-info"], &sides);
    let error = staged(&repository, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a.yaml` has a merge conflict; resolve it and `git add` it"
    );
}

#[test]
fn index_of_a_partial_commit_is_the_one_that_the_hook_names() {
    let repository = Repository::with(&[("a.yaml", "a: 1")]);
    let other = repository.home().join("next-index");
    fs::copy(repository.work().join(".git/index"), &other).unwrap();
    repository.commit(&[("b.yaml", "b: 1")], "second");
    let read = |index: Option<&Path>| {
        let checkout = open_staged(&repository.work(), index, &[], &Limits::default());
        paths(&checkout.unwrap()).join(" ")
    };
    assert_eq!(read(Some(&other)), "a.yaml");
    assert_eq!(read(None), "a.yaml b.yaml");
}
