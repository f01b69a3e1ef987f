//! What `validate` reads: commits, the index, parts of either.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, FAST, GOOD, SMALL};
use crate::cli::exit::Exit;

const STRAY: &str = "replicas: 3\n";

fn stage(bench: &Bench, path: &str) {
    let repository = git2::Repository::open(bench.path()).unwrap();
    let mut index = repository.index().unwrap();
    index.add_path(path.as_ref()).unwrap();
    index.write().unwrap();
}

#[test]
fn validate_of_a_revision_does_not_look_at_the_work_tree() {
    let bench = Bench::repository(&GOOD);
    bench.write("small.yaml", STRAY);
    assert_eq!(bench.run(&["validate"]).exit, Exit::Invalid);
    let ran = bench.run(&["validate", "--rev", "main"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.out);
    assert_eq!(ran.err, "ok: 2 resources in 2 files, no findings\n");
    let second = bench.commit("second");
    assert_eq!(
        bench.run(&["validate", "--rev", &second]).exit,
        Exit::Invalid
    );
    assert_eq!(bench.run(&["validate", "--rev", "HEAD~1"]).exit, Exit::Done);
}

#[test]
fn validate_of_a_revision_that_is_not_there_is_an_error_that_names_it() {
    let ran = Bench::repository(&GOOD).run(&["validate", "--rev", "nope"]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(ran.err.contains("`nope` names no commit"), "{}", ran.err);
    let outside = Bench::new().run(&["validate", "--rev", "main"]);
    assert_eq!(outside.exit, Exit::Error);
    assert!(
        outside.err.contains("not in a Git repository"),
        "{}",
        outside.err
    );
}

#[test]
fn validate_of_what_is_staged_reads_the_index_alone() {
    let bench = Bench::repository(&GOOD);
    bench.write("small.yaml", STRAY);
    assert_eq!(bench.run(&["validate", "--staged"]).exit, Exit::Done);
    stage(&bench, "small.yaml");
    bench.write("small.yaml", SMALL);
    let ran = bench.run(&["validate", "--staged"]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains("E-FIELD-KIND"), "{}", ran.out);
    assert_eq!(bench.run(&["validate"]).exit, Exit::Done);
}

#[test]
fn paths_limit_a_revision_and_the_index_too() {
    let bench = Bench::repository(&[("a/fast.yaml", FAST), ("b/small.yaml", SMALL)]);
    for how in [&["--rev", "main"][..], &["--staged"]] {
        let run = |paths: &[&str]| bench.run(&[&["validate"], how, paths].concat());
        assert_eq!(run(&["b"]).err, "ok: 1 resource in 1 file, no findings\n");
        assert_eq!(run(&["./a/../b/", "-f", "a"]).exit, Exit::Done);
        let absent = run(&["c"]);
        assert_eq!(absent.exit, Exit::Error);
        assert!(absent.err.contains("`c`"), "{}", absent.err);
        assert_eq!(run(&["../x"]).exit, Exit::Usage);
        assert_eq!(run(&["-"]).exit, Exit::Usage);
    }
}

#[test]
fn modes_exclude_one_another() {
    let bench = Bench::repository(&GOOD);
    for flags in [
        &["--rev", "main", "--staged"][..],
        &["--watch", "--staged"],
        &["--watch", "--rev", "main"],
        &["--watch", "-"],
        &["--include", "[z-a]"],
    ] {
        let ran = bench.run(&[&["validate"], flags].concat());
        assert_eq!(ran.exit, Exit::Usage, "{flags:?}: {}", ran.err);
    }
}

#[test]
fn stray_file_is_one_finding_and_a_glob_or_orlojignore_keeps_it_out() {
    let bench = Bench::repository(&GOOD);
    bench.write("charts/values.yaml", STRAY);
    let stray = bench.run(&["validate", "-o", "json"]);
    assert_eq!(stray.exit, Exit::Invalid);
    let findings = stray.json()["findings"].as_array().unwrap().clone();
    assert_eq!(findings.len(), 1, "{}", stray.out);
    assert_eq!(findings[0]["code"], "E-FIELD-KIND");
    assert!(
        findings[0]["hint"]
            .as_str()
            .unwrap()
            .contains(".orlojignore"),
        "{}",
        stray.out
    );
    for flags in [
        &["--exclude", "charts"][..],
        &["--exclude", "/charts/*.yaml"],
        &["--include", "/*.yaml"],
        &["--include", "fast.yaml", "--include", "small.yaml"],
    ] {
        let ran = bench.run(&[&["validate"], flags].concat());
        assert_eq!(ran.exit, Exit::Done, "{flags:?}: {}", ran.out);
        assert_eq!(ran.err, "ok: 2 resources in 2 files, no findings\n");
    }
    bench.write(".orlojignore", "/charts/\n");
    assert_eq!(bench.run(&["validate"]).exit, Exit::Done);
    bench.commit("with charts");
    assert_eq!(bench.run(&["validate", "--rev", "main"]).exit, Exit::Done);
    assert_eq!(bench.run(&["validate", "--staged"]).exit, Exit::Done);
}
