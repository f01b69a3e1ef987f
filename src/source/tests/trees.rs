use super::super::{Checkout, CommitId, Limits, SourceError, open_revision};
use super::{content, found, paths, repository::Repository};
use crate::stopwatch::Stopwatch;
use std::fs;

fn opened(repository: &Repository, limits: &Limits) -> Checkout {
    open_revision(&repository.work(), "main", &[], limits).unwrap()
}

#[test]
fn tree_yields_manifests_and_nothing_else() {
    let repository = Repository::with(&[
        ("b.yaml", "b: 1"),
        ("a/deep/er.YML", "a: 1"),
        ("c.Json", "{}"),
        ("sealed.yaml.age", "age"),
        ("README.md", "# no"),
        ("yaml", "no"),
        (".hidden.yaml", "no"),
        (".github/workflows/ci.yaml", "no"),
        ("x.age", "no"),
    ]);
    let checkout = opened(&repository, &Limits::default());
    assert_eq!(
        paths(&checkout),
        ["a/deep/er.YML", "b.yaml", "c.Json", "sealed.yaml.age"]
    );
    assert_eq!(found(&checkout.findings), Vec::<String>::new());
    assert_eq!(content(&checkout, "b.yaml"), "b: 1");
    let commit = checkout.commit.unwrap();
    assert_eq!(
        commit.id.to_string(),
        repository.git(&["rev-parse", "HEAD"])
    );
    assert_eq!(
        (&*commit.author, &*commit.email),
        ("Ada", "ada@example.com")
    );
    assert_eq!(
        (commit.time_us, &*commit.summary),
        (1_700_000_000_000_000, "first")
    );
}

#[test]
fn symlinks_and_submodules_are_findings_that_name_them() {
    let repository = Repository::with(&[("a.yaml", "a: 1")]);
    let work = repository.work();
    std::os::unix::fs::symlink("/etc/passwd", work.join("passwd.yaml")).unwrap();
    std::os::unix::fs::symlink("..", work.join("up")).unwrap();
    repository.git(&["add", "-A"]);
    let entry = format!("160000,{},vendor/lib", "1".repeat(40));
    repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repository.commit_index("links");
    let checkout = opened(&repository, &Limits::default());
    assert_eq!(paths(&checkout), ["a.yaml"]);
    assert_eq!(
        found(&checkout.findings),
        [
            "E-LIMIT-SYMLINK passwd.yaml",
            "E-LIMIT-SYMLINK up",
            "E-LIMIT-SUBMODULE vendor/lib"
        ]
    );
    let limits = Limits::default();
    for (path, code) in [
        ("up", "E-LIMIT-SYMLINK up"),
        ("vendor/lib", "E-LIMIT-SUBMODULE vendor/lib"),
    ] {
        let scoped = open_revision(&work, "main", &[path.to_owned()], &limits).unwrap();
        assert_eq!(found(&scoped.findings), [code]);
    }
}

#[test]
fn file_larger_than_the_limit_is_named_and_the_others_are_read() {
    let repository = Repository::with(&[("big.yaml", "0123456789"), ("a.yaml", "0123")]);
    let limits = Limits {
        max_file_bytes: 9,
        ..Limits::default()
    };
    let checkout = opened(&repository, &limits);
    assert_eq!(found(&checkout.findings), ["E-LIMIT-FILE-SIZE big.yaml"]);
    assert_eq!(paths(&checkout), ["a.yaml"]);
    let whole = opened(&repository, &Limits::default());
    let big = whole.files.iter().find(|file| &*file.path == "big.yaml");
    let refused = checkout.read(big.unwrap()).unwrap_err();
    assert!(matches!(refused, SourceError::BlobNotFound { .. }));
}

#[test]
fn size_is_read_from_the_header_without_inflating_the_content() {
    let repository = Repository::new();
    let noise: String = (0..400_000u32)
        .map(|n| char::from(b' ' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 90))
        .collect();
    let blob = repository.object(&["hash-object", "-w", "--stdin"], noise.as_bytes());
    let tree = format!("100644 blob {blob}\tnoise.yaml\n");
    let tree = repository.object(&["mktree"], tree.as_bytes());
    repository.push_tree(&tree);
    // The rest of the object is gone: whoever inflates it does not come back.
    let (folder, name) = blob.split_at(2);
    let object = repository
        .work()
        .join(".git/objects")
        .join(folder)
        .join(name);
    let start = fs::read(&object).unwrap()[..2_000].to_vec();
    fs::remove_file(&object).unwrap();
    fs::write(&object, start).unwrap();
    let limits = Limits {
        max_file_bytes: 399_999,
        ..Limits::default()
    };
    let checkout = opened(&repository, &limits);
    assert_eq!(found(&checkout.findings), ["E-LIMIT-FILE-SIZE noise.yaml"]);
}

#[test]
fn limits_of_the_whole_tree_stop_the_reading() {
    let repository =
        Repository::with(&[("a.yaml", "01234"), ("b.yaml", "56789"), ("d/c.yaml", "")]);
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let files = opened(&repository, &limits(|limits| limits.max_files = 1));
    assert_eq!(found(&files.findings), ["E-LIMIT-FILES b.yaml"]);
    let bytes = opened(&repository, &limits(|limits| limits.max_total_bytes = 16));
    assert_eq!(found(&bytes.findings), ["E-LIMIT-TOTAL-SIZE b.yaml"]);
    let depth = opened(&repository, &limits(|limits| limits.max_depth = 0));
    assert_eq!(found(&depth.findings), ["E-LIMIT-TREE-DEPTH d"]);
}

/// A tree of `levels`, each with ten times the one below; the lowest holds ten files.
fn bomb(repository: &Repository, levels: usize, ending: &str) {
    let blob = repository.object(&["hash-object", "-w", "--stdin"], b"a: 1");
    let list = |mode: &str, id: &str, ending: &str| {
        let line = |n| format!("{mode} {id}\td{n}{ending}\n");
        (0..10).map(line).collect::<Vec<String>>().concat()
    };
    let mut tree = repository.object(&["mktree"], list("100644 blob", &blob, ending).as_bytes());
    for _ in 1..levels {
        tree = repository.object(&["mktree"], list("040000 tree", &tree, "").as_bytes());
    }
    repository.push_tree(&tree);
}

#[test]
fn bomb_of_manifests_stops_at_the_limit_of_files() {
    let repository = Repository::new();
    bomb(&repository, 10, ".yaml");
    let limits = Limits {
        max_files: 2_000,
        ..Limits::default()
    };
    let started = Stopwatch::start();
    let checkout = opened(&repository, &limits);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    assert!(checkout.files.is_empty(), "what is cut off is not read");
    assert_eq!(checkout.findings.len(), 1);
    assert_eq!(checkout.findings[0].code.as_str(), "E-LIMIT-FILES");
}

#[test]
fn bomb_of_other_files_is_read_once_per_object() {
    let repository = Repository::new();
    bomb(&repository, 10, ".txt");
    let started = Stopwatch::start();
    let checkout = opened(&repository, &Limits::default());
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    assert!(checkout.files.is_empty() && checkout.findings.is_empty());
}

#[test]
fn tree_deeper_than_the_limit_is_refused() {
    let repository = Repository::new();
    let path = format!("{}a.yaml", "d/".repeat(40));
    repository.commit(&[(&path, "a: 1")], "deep");
    let checkout = opened(&repository, &Limits::default());
    let deepest = "d/".repeat(33);
    let deepest = deepest.trim_end_matches('/');
    assert_eq!(
        found(&checkout.findings),
        [format!("E-LIMIT-TREE-DEPTH {deepest}")]
    );
}

#[test]
fn names_that_cannot_be_shown_are_findings() {
    let repository = Repository::new();
    let blob = repository.object(&["hash-object", "-w", "--stdin"], b"a: 1");
    let mut list = Vec::new();
    for name in [
        &b"a\\b.yaml"[..],
        b"bell\x07.yaml",
        b"line\nbreak.yaml",
        b"latin\xff.yaml",
        "right\u{202E}.yaml".as_bytes(),
        b"odd\x01.txt",
        "gr\u{fc}n.yaml".as_bytes(),
    ] {
        list.extend_from_slice(format!("100644 blob {blob}\t").as_bytes());
        list.extend_from_slice(name);
        list.push(0);
    }
    let tree = repository.object(&["mktree", "-z"], &list);
    repository.push_tree(&tree);
    let checkout = opened(&repository, &Limits::default());
    assert_eq!(paths(&checkout), ["gr\u{fc}n.yaml"]);
    let names = found(&checkout.findings);
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        assert!(name.starts_with("E-LIMIT-FILE-NAME "), "{name}");
        assert!(!name.contains(char::is_control) && !name.contains('\u{202E}'));
    }
}

#[test]
fn parent_directory_as_a_name_is_a_finding() {
    let repository = Repository::new();
    let blob = repository.object(&["hash-object", "-w", "--stdin"], b"a: 1");
    let inner = repository.object(
        &["mktree"],
        format!("100644 blob {blob}\ta.yaml\n").as_bytes(),
    );
    // `mktree` refuses such a name; an object is only bytes.
    let mut tree = b"40000 ..\0".to_vec();
    tree.extend_from_slice(CommitId::parse(&inner).unwrap().as_bytes());
    let tree = repository.object(
        &["hash-object", "-w", "--literally", "-t", "tree", "--stdin"],
        &tree,
    );
    let commit = repository.git(&["commit-tree", &tree, "-m", "up"]);
    repository.git(&["update-ref", "refs/heads/main", &commit]);
    let checkout = opened(&repository, &Limits::default());
    assert_eq!(found(&checkout.findings), ["E-LIMIT-FILE-NAME .."]);
    assert!(checkout.files.is_empty());
}

#[test]
fn hundred_findings_end_the_reading() {
    let repository = Repository::new();
    let target = repository.object(&["hash-object", "-w", "--stdin"], b"x");
    let line = |n| format!("120000 blob {target}\tl{n:03}\n");
    let list: Vec<String> = (0..500).map(line).collect();
    let tree = repository.object(&["mktree"], list.concat().as_bytes());
    repository.push_tree(&tree);
    let checkout = opened(&repository, &Limits::default());
    assert_eq!(checkout.findings.len(), 101);
}

#[test]
fn scope_limits_the_tree_to_its_paths() {
    let repository = Repository::with(&[
        ("a/x.yaml", ""),
        ("a/b/y.yaml", ""),
        ("c/z.yaml", ""),
        ("one.yaml", ""),
    ]);
    let limits = Limits::default();
    let open = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        open_revision(&repository.work(), "main", &paths, &limits)
    };
    assert_eq!(
        paths(&open(&["./a/", "a/b"]).unwrap()),
        ["a/b/y.yaml", "a/x.yaml"]
    );
    assert_eq!(
        paths(&open(&["one.yaml", "c"]).unwrap()),
        ["c/z.yaml", "one.yaml"]
    );
    assert_eq!(open(&["."]).unwrap().files.len(), 4);
    let absent = open(&["a", "prod"]).unwrap_err();
    assert!(matches!(&absent, SourceError::PathNotFound { path } if path == "prod"));
    for bad in ["/etc", "../x", "a/../../x", "a\\b", "a\nb"] {
        assert!(
            matches!(open(&[bad]), Err(SourceError::Path { .. })),
            "{bad}"
        );
    }
}
