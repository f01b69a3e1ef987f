use super::super::{
    Checkout, Limits, Patterns, Selection, open_revision, open_staged, open_work_tree,
    open_work_tree_in,
};
use super::{config, found, mirrored, paths, repository::Repository};
use std::{fmt::Write as _, fs, sync::Arc};

const IGNORE: &str = "# CI and charts\n/charts/\n*.ci.yaml\n!keep.ci.yaml\n";

const FILES: [(&str, &str); 6] = [
    (".orlojignore", IGNORE),
    ("a.yaml", "a: 1"),
    ("charts/values.yaml", "v: 1"),
    ("deep/charts/b.yaml", "b: 1"),
    ("deep/build.ci.yaml", "c: 1"),
    ("deep/keep.ci.yaml", "k: 1"),
];

const LEFT: [&str; 3] = ["a.yaml", "deep/charts/b.yaml", "deep/keep.ci.yaml"];

/// What each way to read the repository finds.
fn every_way(repository: &Repository) -> [Checkout; 4] {
    let limits = Limits::default();
    let work = repository.work();
    let mut config = config(repository.bare().to_str().unwrap());
    config.reference = "main".to_owned();
    let mirrored = mirrored(config);
    let commit = mirrored.mirror.fetch().unwrap();
    [
        open_revision(&work, "main", &[], &limits).unwrap(),
        open_work_tree_in(&work, &[], &limits).unwrap(),
        open_staged(&work, None, &[], &limits).unwrap(),
        mirrored.mirror.checkout(&commit).unwrap(),
    ]
}

#[test]
fn trees_indexes_and_the_mirror_leave_out_what_orlojignore_names() {
    for checkout in every_way(&Repository::with(&FILES)) {
        assert_eq!(paths(&checkout), LEFT);
        assert_eq!(found(&checkout.findings), Vec::<String>::new());
    }
}

#[test]
fn what_is_ignored_is_not_judged_either() {
    let repository = Repository::with(&FILES);
    std::os::unix::fs::symlink("/etc", repository.work().join("charts/etc")).unwrap();
    repository.commit(&[("charts/odd\u{202e}.yaml", "")], "odd");
    repository.push();
    for checkout in every_way(&repository) {
        assert_eq!(found(&checkout.findings), Vec::<String>::new());
    }
}

#[test]
fn directory_in_a_clone_is_read_by_the_file_at_the_top() {
    let repository = Repository::with(&FILES);
    let limits = Limits::default();
    let deep = open_work_tree(&repository.work().join("deep"), &limits).unwrap();
    let names = paths(&deep);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].ends_with("deep/charts/b.yaml") && names[1].ends_with("deep/keep.ci.yaml"));
    let charts = open_work_tree(&repository.work().join("charts"), &limits).unwrap();
    assert_eq!(paths(&charts), Vec::<&str>::new());
    let file = open_work_tree(&repository.work().join("charts/values.yaml"), &limits).unwrap();
    assert_eq!(file.files.len(), 1);
}

#[test]
fn directory_outside_a_clone_is_read_by_its_own_file() {
    let home = tempfile::TempDir::new().unwrap();
    fs::write(home.path().join(".orlojignore"), "b.yaml").unwrap();
    fs::write(home.path().join("a.yaml"), "a: 1").unwrap();
    fs::write(home.path().join("b.yaml"), "b: 1").unwrap();
    let checkout = open_work_tree(home.path(), &Limits::default()).unwrap();
    let names = paths(&checkout);
    assert!(
        names.len() == 1 && names[0].ends_with("a.yaml"),
        "{names:?}"
    );
}

#[test]
fn line_that_is_no_pattern_is_a_finding_with_its_line_and_the_others_count() {
    let bad = "charts\n[z-a]x\n*.ci.yaml\n!keep.ci.yaml\n";
    let repository = Repository::with(&FILES);
    repository.commit(&[(".orlojignore", bad)], "bad");
    repository.push();
    for checkout in every_way(&repository) {
        assert_eq!(found(&checkout.findings), ["E-LIMIT-IGNORE .orlojignore"]);
        assert_eq!(checkout.findings[0].origin.span.start.line, 2);
        assert_eq!(paths(&checkout), ["a.yaml", "deep/keep.ci.yaml"]);
    }
}

#[test]
fn orlojignore_that_cannot_be_used_is_a_finding_and_hides_nothing() {
    let repository = Repository::with(&FILES);
    let mut long = String::new();
    for number in 0..3_000 {
        writeln!(long, "dir{number}/*").unwrap();
    }
    repository.commit(&[(".orlojignore", &long)], "long");
    repository.push();
    for checkout in every_way(&repository) {
        assert_eq!(found(&checkout.findings), ["E-LIMIT-IGNORE .orlojignore"]);
        assert_eq!(checkout.files.len(), 5);
    }
    fs::remove_file(repository.work().join(".orlojignore")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repository.work().join(".orlojignore")).unwrap();
    repository.commit(&[], "link");
    repository.push();
    for checkout in every_way(&repository) {
        assert_eq!(found(&checkout.findings), ["E-LIMIT-IGNORE .orlojignore"]);
    }
}

#[test]
fn same_tree_in_two_places_may_be_ignored_in_one_of_them() {
    let repository = Repository::with(&[
        (".orlojignore", "/a/x/\n"),
        ("a/x/one.yaml", "1"),
        ("b/x/one.yaml", "1"),
    ]);
    for checkout in every_way(&repository) {
        assert_eq!(paths(&checkout), ["b/x/one.yaml"]);
    }
}

#[test]
fn selection_narrows_every_way_to_read_a_repository() {
    let repository = Repository::with(&FILES);
    let work = repository.work();
    std::os::unix::fs::symlink("/etc", work.join("outside")).unwrap();
    repository.git(&["add", "-A"]);
    repository.commit_index("link");
    let patterns = |lines: &[&str]| {
        (!lines.is_empty()).then(|| Arc::new(Patterns::parse(lines.iter().copied()).unwrap()))
    };
    for (include, exclude, left) in [
        (
            &["deep"][..],
            &[][..],
            &["deep/charts/b.yaml", "deep/keep.ci.yaml"][..],
        ),
        (
            &["deep/**", "/a.yaml"],
            &["charts", "outside"],
            &["a.yaml", "deep/keep.ci.yaml"],
        ),
        (&[], &["/deep", "outside"], &["a.yaml"]),
    ] {
        let selection = Selection {
            include: patterns(include),
            exclude: patterns(exclude),
        };
        let limits = Limits {
            selection,
            ..Limits::default()
        };
        for checkout in [
            open_revision(&work, "main", &[], &limits).unwrap(),
            open_work_tree_in(&work, &[], &limits).unwrap(),
            open_staged(&work, None, &[], &limits).unwrap(),
        ] {
            assert_eq!(paths(&checkout), left);
            assert_eq!(found(&checkout.findings), Vec::<String>::new());
        }
    }
}
