use super::super::{Limits, SourceError, open_revision, open_work_tree, open_work_tree_in};
use super::{content, found, paths, repository::Repository};
use std::{fs, os::unix::fs::symlink, path::Path};

#[test]
fn directory_and_commit_of_the_same_content_have_the_same_files() {
    let repository = Repository::with(&[("a/x.yaml", "x: 1"), ("y.json", "{}"), ("z.txt", "")]);
    let limits = Limits::default();
    let commit = open_revision(&repository.work(), "HEAD", &[], &limits).unwrap();
    let disk = open_work_tree_in(&repository.work(), &[], &limits).unwrap();
    assert_eq!(disk.files, commit.files);
    assert_eq!(disk.commit, None);
    assert_eq!(content(&disk, "a/x.yaml"), "x: 1");
    let scoped = open_work_tree_in(&repository.work(), &["a".to_owned()], &limits).unwrap();
    assert_eq!(paths(&scoped), ["a/x.yaml"]);
    let absent = open_work_tree_in(&repository.work(), &["b".to_owned()], &limits);
    assert!(matches!(absent, Err(SourceError::PathNotFound { .. })));
}

#[test]
fn paths_are_shown_the_way_they_were_given() {
    let limits = Limits::default();
    // Tests run in the package's own directory.
    for (given, shown) in [
        ("src/source/../source", "src/source/../source"),
        ("./src/source/", "src/source"),
    ] {
        let checkout = open_work_tree(Path::new(given), &limits).unwrap();
        assert!(checkout.files.is_empty());
        let file = Path::new(given).join("mod.rs");
        let checkout = open_work_tree(&file, &limits).unwrap();
        assert_eq!(paths(&checkout), [format!("{shown}/mod.rs")]);
    }
    let here = open_work_tree(Path::new("./Cargo.toml"), &limits).unwrap();
    assert_eq!(paths(&here), ["Cargo.toml"]);
    let home = tempfile::TempDir::new().unwrap();
    fs::write(home.path().join("a.yaml"), "a: 1").unwrap();
    let absolute = open_work_tree(home.path(), &limits).unwrap();
    let shown = home.path().join("a.yaml");
    assert_eq!(paths(&absolute), [shown.to_str().unwrap()]);
}

#[test]
fn links_and_repositories_inside_are_reported_and_not_entered() {
    let home = tempfile::TempDir::new().unwrap();
    let at = |path: &str| home.path().join(path);
    fs::create_dir_all(at("lib/.git")).unwrap();
    fs::create_dir_all(at(".git")).unwrap();
    for path in ["a.yaml", "lib/b.yaml", ".git/c.yaml", "big.yaml"] {
        fs::write(at(path), path).unwrap();
    }
    symlink("/etc", at("etc")).unwrap();
    symlink("a.yaml", at("link.yaml")).unwrap();
    symlink(home.path(), at("..data")).unwrap();
    let limits = Limits {
        max_file_bytes: 7,
        ..Limits::default()
    };
    let checkout = open_work_tree_in(home.path(), &[], &limits).unwrap();
    assert_eq!(paths(&checkout), ["a.yaml"]);
    assert_eq!(
        found(&checkout.findings),
        [
            "E-LIMIT-FILE-SIZE big.yaml",
            "E-LIMIT-SYMLINK etc",
            "E-LIMIT-SUBMODULE lib",
            "E-LIMIT-SYMLINK link.yaml",
        ]
    );
    let linked = open_work_tree_in(home.path(), &["etc/x".to_owned()], &limits).unwrap();
    assert_eq!(found(&linked.findings), ["E-LIMIT-SYMLINK etc/x"]);
}

#[test]
fn what_is_not_there_is_an_error_and_not_an_empty_set() {
    let error = open_work_tree(Path::new("no-such-directory"), &Limits::default()).unwrap_err();
    assert!(matches!(error, SourceError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-directory"));
}

#[test]
fn files_read_on_many_threads_are_those_read_one_by_one() {
    let home = tempfile::TempDir::new().unwrap();
    let names: Vec<_> = (0..700).map(|number| format!("{number:03}.yaml")).collect();
    for name in &names {
        fs::write(home.path().join(name), format!("a: {name}")).unwrap();
    }
    let all = open_work_tree_in(home.path(), &[], &Limits::default()).unwrap();
    assert_eq!(paths(&all), names);
    for name in &names {
        assert_eq!(content(&all, name), format!("a: {name}"));
        let one =
            open_work_tree_in(home.path(), std::slice::from_ref(name), &Limits::default()).unwrap();
        assert_eq!(one.files.get(name), all.files.get(name));
    }
}

#[test]
fn limits_count_in_the_order_of_names_however_files_are_read() {
    let home = tempfile::TempDir::new().unwrap();
    for number in 0..700 {
        fs::write(home.path().join(format!("{number:03}.yaml")), "0123456789").unwrap();
    }
    // Ten bytes and a name of eight: the 101st passes the limit, and most are not even read ahead.
    let limits = Limits {
        max_total_bytes: 1800,
        ..Limits::default()
    };
    let checkout = open_work_tree_in(home.path(), &[], &limits).unwrap();
    assert_eq!(checkout.files.len(), 100);
    assert_eq!(found(&checkout.findings), ["E-LIMIT-TOTAL-SIZE 100.yaml"]);
    let limits = Limits {
        max_files: 650,
        ..Limits::default()
    };
    let checkout = open_work_tree_in(home.path(), &[], &limits).unwrap();
    assert_eq!(checkout.files.len(), 650);
    assert_eq!(found(&checkout.findings), ["E-LIMIT-FILES 650.yaml"]);
}

#[test]
fn many_files_of_a_directory_are_what_a_commit_of_them_is() {
    let names: Vec<_> = (0..700)
        .map(|number| format!("a/{number:04}.yaml"))
        .collect();
    let texts: Vec<_> = (0..700).map(|number| format!("x: {number}")).collect();
    let files = names.iter().zip(&texts);
    let mut files: Vec<_> = files.map(|(name, text)| (&**name, &**text)).collect();
    files.extend([
        ("a/0100/x.yaml", "y: 1"),
        ("a/0300.txt", ""),
        ("b.yaml", "z: 1"),
    ]);
    let repository = Repository::with(&files);
    let bounds = [
        Limits::default(),
        Limits {
            max_files: 300,
            ..Limits::default()
        },
        Limits {
            max_total_bytes: 5_000,
            ..Limits::default()
        },
        Limits {
            max_file_bytes: 5,
            ..Limits::default()
        },
    ];
    for limits in &bounds {
        let commit = open_revision(&repository.work(), "HEAD", &[], limits).unwrap();
        let disk = open_work_tree_in(&repository.work(), &[], limits).unwrap();
        assert_eq!(disk.findings, commit.findings);
        assert_eq!(disk.findings.is_empty(), disk.files.len() == 702);
        if disk.findings.is_empty() {
            assert!(disk.files == commit.files);
        }
    }
    let disk = open_work_tree_in(&repository.work(), &[], &bounds[0]).unwrap();
    for (name, text) in names.iter().zip(&texts) {
        assert_eq!(content(&disk, name), *text);
    }
}
