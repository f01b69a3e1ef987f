//! `validate` and age identities that Git has, or would take.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, GOOD, Ran};
use crate::cli::exit::Exit;

/// A repository with a committed key under some name, which the work tree does not have any more.
fn with_committed(name: &str) -> Bench {
    let bench = Bench::repository(&GOOD);
    let ran = bench.run(&["secret", "keygen", "--out", name]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    bench.commit("a key by mistake");
    std::fs::remove_file(bench.path().join(name)).unwrap();
    bench
}

#[track_caller]
fn assert_found(ran: &Ran, place: &str) {
    assert_eq!(ran.exit, Exit::Invalid, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("E-SECRET-IDENTITY"), "{}", ran.out);
    assert!(ran.out.contains(place), "{}", ran.out);
    assert!(!ran.out.contains("AGE-SECRET-KEY-1"), "{}", ran.out);
}

#[test]
fn a_key_is_found_in_the_index_and_in_a_commit_whatever_its_name() {
    for name in ["mykey.bak", ".hidden.yaml", "LICENSE"] {
        let bench = with_committed(name);
        let place = format!("{name}:3");
        assert_found(&bench.run(&["validate", "--staged"]), &place);
        assert_found(&bench.run(&["validate", "--rev", "HEAD"]), &place);
        let before = bench.run(&["validate", "--rev", "HEAD~1"]);
        assert_eq!(before.exit, Exit::Done, "{}", before.out);
        let left_out = bench.run(&["validate", "--staged", "--exclude", name]);
        assert_eq!(left_out.exit, Exit::Done, "{}", left_out.out);
    }
}

#[test]
fn only_the_paths_that_are_asked_for_are_searched() {
    let bench = Bench::repository(&[("a/small.yaml", GOOD[1].1), ("b/small.yaml", GOOD[1].1)]);
    let _ = bench.run(&["secret", "keygen", "--out", "b/key"]);
    bench.commit("a key by mistake");
    for which in [&["--staged"][..], &["--rev", "main"]] {
        let words = |path| [&["validate"], which, &[path]].concat();
        assert_eq!(bench.run(&words("a")).exit, Exit::Done);
        assert_found(&bench.run(&words("b")), "b/key:3");
    }
}

#[test]
fn an_ignored_file_is_searched_on_disk_if_git_tracks_it_all_the_same() {
    let bench = Bench::repository(&GOOD);
    let _ = bench.run(&["secret", "keygen", "--out", "deploy.key"]);
    bench.commit("a key by mistake");
    bench.write(".gitignore", "*.key\n");
    assert_found(&bench.run(&["validate"]), "deploy.key:3");
    bench.write("other.key", &bench.read("deploy.key"));
    let found = bench.run(&["validate"]);
    assert!(!found.out.contains("other.key"), "{}", found.out);
}

#[test]
fn a_large_file_and_one_that_is_no_text_are_no_obstacle() {
    let bench = Bench::repository(&GOOD);
    let _ = bench.run(&["secret", "keygen", "--out", "age.key"]);
    let key = std::fs::read(bench.path().join("age.key")).unwrap();
    std::fs::write(bench.path().join("odd"), [b"\xff\xfe\n", &*key].concat()).unwrap();
    bench.write("large.txt", &"x".repeat(20 * 1024));
    std::fs::remove_file(bench.path().join("age.key")).unwrap();
    assert_found(&bench.run(&["validate"]), "odd:4");
}
