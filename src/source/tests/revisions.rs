use super::super::{
    Limits, SourceError, discover, open_revision, path_in_repository, resolve_revision,
};
use super::{content, repository::Repository};

#[test]
fn revision_is_found_by_every_name_it_has() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "-a", "v1", "-m", "marked"]);
    repository.git(&["branch", "feature/x"]);
    let second = repository.commit(&[("a.yaml", "two")], "second");
    let resolve = |name: &str| {
        resolve_revision(&repository.work(), name)
            .unwrap()
            .to_string()
    };
    for name in [
        "HEAD~1",
        "HEAD~",
        "HEAD^",
        "main~1",
        "v1",
        "refs/tags/v1",
        "tags/v1",
        "feature/x",
        "origin/main",
        &first,
        &first[..8],
    ] {
        assert_eq!(resolve(name), first, "{name}");
    }
    for name in ["HEAD", "main", "heads/main", "HEAD~0", &second] {
        assert_eq!(resolve(name), second, "{name}");
    }
    let old = open_revision(&repository.work(), "HEAD~1", &[], &Limits::default()).unwrap();
    assert_eq!(content(&old, "a.yaml"), "one");
}

#[test]
fn unknown_revision_names_the_branches() {
    let repository = Repository::with(&[("a.yaml", "")]);
    for n in 0..6 {
        repository.git(&["branch", &format!("b{n}")]);
    }
    for name in ["nope", "HEAD~5", "abcdef12", &"f".repeat(40)] {
        let error = resolve_revision(&repository.work(), name).unwrap_err();
        assert!(
            matches!(error, SourceError::RevisionNotFound { .. }),
            "{name}"
        );
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains("`b0`, `b1`") && text.contains("2 more"),
            "{text}"
        );
        assert!(!error.transient());
    }
}

#[test]
fn expressions_are_refused_before_libgit2_sees_them() {
    let repository = Repository::with(&[("a.yaml", "")]);
    for text in [
        "",
        "HEAD^{/.}",
        "@{-1}",
        ":/x",
        "HEAD:a.yaml",
        "-x",
        "HEAD~999999999999",
        "main..v1",
        "HEAD~1x",
        "~1",
        "HEAD^^{tree}",
    ] {
        let refused = resolve_revision(&repository.work(), text);
        assert!(matches!(refused, Err(SourceError::Reference(_))), "{text}");
    }
}

#[test]
fn directory_inside_a_clone_is_placed_in_it() {
    let repository = Repository::with(&[("a/b/c.yaml", "")]);
    let inside = repository.work().join("a/b");
    let top = discover(&inside).unwrap();
    assert_eq!(
        top.canonicalize().unwrap(),
        repository.work().canonicalize().unwrap()
    );
    assert_eq!(path_in_repository(&top, &inside).as_deref(), Some("a/b"));
    assert_eq!(path_in_repository(&top, &top).as_deref(), Some(""));
    assert_eq!(path_in_repository(&top, repository.home()), None);
    assert_eq!(discover(repository.home()), None);
    let error = resolve_revision(repository.home(), "HEAD").unwrap_err();
    assert!(
        matches!(error, SourceError::RepositoryNotFound { .. }),
        "{error:?}"
    );
}
