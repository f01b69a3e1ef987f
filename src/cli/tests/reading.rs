//! Typed paths read again, against the same paths read once.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::Bench;
use crate::{
    cli::{environment::Environment, output::Terminal, reading::Reading, session::Session},
    reconcile::SourceFiles,
    source::{Changed, Limits},
};
use std::{fs, io, path::PathBuf};

fn session(bench: &Bench) -> Session {
    let terminal = Terminal::new(Box::new(io::sink()), Box::new(io::sink()), false, false);
    let directory = bench.path().to_owned();
    Session::new(
        terminal,
        directory,
        Environment::default(),
        Box::new(io::empty()),
    )
}

fn read(reading: &mut Reading, bench: &Bench, changed: &Changed) -> SourceFiles {
    let typed = ["a", "a/x.yaml", "b", "b/../a"].map(PathBuf::from);
    let limits = Limits::default();
    let read = reading.read(&typed, &mut session(bench), &limits, changed);
    read.unwrap()
}

fn texts(files: &SourceFiles) -> Vec<(String, String)> {
    let text = |content: &[u8]| String::from_utf8(content.to_vec()).unwrap();
    let files = files.files.iter();
    files
        .map(|(path, file)| (path.to_string(), text(&file.content)))
        .collect()
}

#[test]
fn places_that_overlap_read_again_are_as_read_once() {
    let bench = Bench::new();
    for path in ["a/x.yaml", "a/y.yaml", "b/z.yaml"] {
        bench.write(path, "first: 1");
    }
    let mut reading = Reading::default();
    let first = read(&mut reading, &bench, &Changed::Everything);
    assert_eq!(first.changed.len(), first.files.size());
    let at = |path: &str| bench.path().canonicalize().unwrap().join(path);
    bench.write("a/x.yaml", "second: 2");
    fs::remove_file(at("a/y.yaml")).unwrap();
    fs::remove_dir_all(at("b")).unwrap();
    bench.write("b/deep/z.yaml", "third: 3");
    let changed = ["a/x.yaml", "a/y.yaml", "b/z.yaml", "b/deep"].map(at);
    let second = read(&mut reading, &bench, &Changed::Paths(changed.into()));
    let fresh = read(&mut Reading::default(), &bench, &Changed::Everything);
    assert_eq!(texts(&second), texts(&fresh));
    // Also named by way of `b/..`.
    let names = |files: &SourceFiles| -> Vec<String> {
        let below = format!("{}/", bench.path().display());
        let name = |path: &str| path.strip_prefix(&below).unwrap().to_owned();
        files.changed.iter().map(|path| name(path)).collect()
    };
    assert_eq!(
        names(&second),
        [
            "a/x.yaml",
            "a/y.yaml",
            "b/../a/x.yaml",
            "b/../a/y.yaml",
            "b/deep/z.yaml",
            "b/z.yaml"
        ]
    );
}

#[test]
fn change_of_one_place_is_not_lost_when_another_cannot_be_read() {
    let bench = Bench::new();
    for path in ["a/x.yaml", "b/z.yaml"] {
        bench.write(path, "first: 1");
    }
    let mut reading = Reading::default();
    read(&mut reading, &bench, &Changed::Everything);
    let at = |path: &str| bench.path().canonicalize().unwrap().join(path);
    bench.write("a/x.yaml", "second: 2");
    fs::rename(at("b"), at("away")).unwrap();
    let typed = ["a", "a/x.yaml", "b", "b/../a"].map(PathBuf::from);
    let changed = Changed::Paths([at("a/x.yaml")].into());
    let limits = Limits::default();
    let failed = reading.read(&typed, &mut session(&bench), &limits, &changed);
    assert!(failed.is_err());
    fs::rename(at("away"), at("b")).unwrap();
    let next = read(&mut reading, &bench, &Changed::nothing());
    let fresh = read(&mut Reading::default(), &bench, &Changed::Everything);
    assert_eq!(texts(&next), texts(&fresh));
    assert!(next.changed.iter().any(|path| path.ends_with("/a/x.yaml")));
}
