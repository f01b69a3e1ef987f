//! Reading again what a watch tells of, against a reading from nothing, on a real file system.

use super::super::{Changed, Checkout, Limits, Watch, WorkTree, open_work_tree};
use super::edits::{Directory, Edit, Node, apply, history, limits};
use super::{found, paths};
use proptest::{
    prop_assert, prop_assert_eq, proptest,
    test_runner::{Config, TestCaseResult},
};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

fn write(path: &Path, node: &Node) {
    if !matches!(node, Node::File(_)) || path.is_dir() {
        remove(path);
    }
    match node {
        Node::Directory(below) => {
            fs::create_dir(path).unwrap();
            for (name, node) in below {
                write(&path.join(name), node);
            }
        }
        // As some editors save, and as others do.
        Node::File(text) if text.len() % 2 == 0 => {
            let aside = path.with_extension("new~");
            fs::write(&aside, text).unwrap();
            fs::rename(&aside, path).unwrap();
        }
        Node::File(text) => {
            remove_link(path);
            fs::write(path, text).unwrap();
        }
        Node::Link => symlink("/etc", path).unwrap(),
        Node::Repository => fs::create_dir_all(path.join(".git")).unwrap(),
    }
}

fn remove_link(path: &Path) {
    if path.is_symlink() {
        remove(path);
    }
}

/// Makes way for a path as the model does.
fn make_way(top: &Path, path: &[&str]) -> PathBuf {
    let (name, above) = path.split_last().unwrap();
    let mut place = top.to_owned();
    for part in above {
        place.push(part);
        if place.is_symlink() || !place.is_dir() || place.join(".git").exists() {
            remove(&place);
            fs::create_dir(&place).unwrap();
        }
    }
    place.join(name)
}

fn find<'a>(top: &'a Directory, path: &[&'static str]) -> Option<&'a Node> {
    let (name, above) = path.split_last()?;
    let mut place = top;
    for part in above {
        match place.get(part) {
            Some(Node::Directory(next)) => place = next,
            _ => return None,
        }
    }
    place.get(name)
}

/// Does on disk what `apply` does to the model.
fn edit_disk(top: &Path, before: &Directory, edit: &Edit) {
    let at = |path: &[&str]| path.iter().fold(top.to_owned(), |at, part| at.join(part));
    match edit {
        Edit::Put(path, node) => write(&make_way(top, path), node),
        Edit::Remove(path) if find(before, path).is_some() => remove(&at(path)),
        Edit::Copy(from, to) => {
            if let Some(node) = find(before, from) {
                write(&make_way(top, to), &node.clone());
            }
        }
        Edit::Move(from, to) => {
            if find(before, from).is_some() {
                // By way of a hidden name: one of the two may be inside the other.
                let aside = top.join(".aside");
                fs::rename(at(from), &aside).unwrap();
                let to = make_way(top, to);
                remove(&to);
                fs::rename(&aside, to).unwrap();
            }
        }
        Edit::Remove(_) => {}
    }
}

fn check(history: &[Vec<Edit>], limits: &Limits) -> TestCaseResult {
    let home = tempfile::TempDir::new().unwrap();
    let top = home.path().join("top");
    fs::create_dir(&top).unwrap();
    let watch = Watch::start(std::slice::from_ref(&top)).unwrap();
    let mut reader = WorkTree::new(top.clone());
    let mut directory = Directory::new();
    let mut before: Option<Checkout> = None;
    reader.read(&Changed::Everything, limits).unwrap();
    for (step, edits) in history.iter().enumerate() {
        for edit in edits {
            edit_disk(&top, &directory, edit);
            apply(&mut directory, edit);
        }
        // The last thing to happen, so that there is an end to wait for.
        fs::write(top.join(format!("end{step}.yaml")), "end").unwrap();
        let mut changed = Changed::nothing();
        let end = top.join(format!("end{step}.yaml"));
        while !matches!(&changed, Changed::Paths(paths) if paths.contains(&end)) {
            changed.add(&watch.wait(LONG).unwrap());
            prop_assert!(changed != Changed::Everything);
        }
        let next = reader.read(&changed, limits).unwrap();
        let fresh = open_work_tree(&top, limits).unwrap();
        prop_assert_eq!(&next.files, &fresh.files);
        prop_assert_eq!(&next.findings, &fresh.findings);
        for file in next.files.iter() {
            prop_assert_eq!(
                next.read(file).unwrap(),
                fs::read(&*file.path).unwrap().into()
            );
        }
        if let Some(before) = &before {
            let told = next.changes_since(&before.files);
            prop_assert_eq!(told, fresh.files.every_change_since(&before.files));
        }
        before = Some(next);
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config::with_cases(16))]

    #[test]
    fn reading_what_a_watch_tells_of_is_reading_everything(history in history(12)) {
        check(&history, &Limits::default())?;
    }

    #[test]
    fn reading_what_a_watch_tells_of_keeps_within_limits(
        history in history(8),
        limits in limits(),
    ) {
        check(&history, &limits)?;
    }
}

/// A directory with some files, and what reads it.
fn read_once(files: &[(&str, &str)], limits: &Limits) -> (tempfile::TempDir, WorkTree) {
    let home = tempfile::TempDir::new().unwrap();
    for (path, content) in files {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let mut reader = WorkTree::new(home.path().to_owned());
    reader.read(&Changed::Everything, limits).unwrap();
    (home, reader)
}

fn named(paths: &[PathBuf]) -> Changed {
    let resolved = paths.iter().map(|path| {
        let directory = path.parent().unwrap().canonicalize().unwrap();
        directory.join(path.file_name().unwrap())
    });
    Changed::Paths(resolved.collect())
}

#[test]
fn only_what_is_named_is_looked_at() {
    let limits = Limits::default();
    let (home, mut reader) = read_once(&[("a/x.yaml", "1"), ("b/y.yaml", "1")], &limits);
    let at = |path: &str| home.path().join(path);
    fs::write(at("a/x.yaml"), "2").unwrap();
    fs::write(at("b/y.yaml"), "2").unwrap();
    let part = reader.read(&named(&[at("a/x.yaml")]), &limits).unwrap();
    let whole = open_work_tree(home.path(), &limits).unwrap();
    let missed = whole.changes_since(&part.files);
    let missed: Vec<_> = missed
        .iter()
        .map(|change| change.path.to_string())
        .collect();
    assert_eq!(missed, [at("b/y.yaml").display().to_string()]);
    let all = reader.read(&Changed::Everything, &limits).unwrap();
    assert_eq!(all.files, whole.files);
}

#[test]
fn change_that_could_not_be_read_is_read_the_next_time() {
    let limits = Limits::default();
    let (home, mut reader) = read_once(&[("a/x.yaml", "1"), ("b/y.yaml", "1")], &limits);
    let at = |path: &str| home.path().join(path);
    fs::write(at("a/x.yaml"), "2").unwrap();
    let away = home.path().with_extension("away");
    fs::rename(home.path(), &away).unwrap();
    let changed = Changed::Paths([away.join("nothing")].into());
    let x = home.path().join("a/x.yaml");
    assert!(reader.read(&Changed::Paths([x].into()), &limits).is_err());
    fs::rename(&away, home.path()).unwrap();
    let next = reader.read(&changed, &limits).unwrap();
    assert_eq!(
        next.files,
        open_work_tree(home.path(), &limits).unwrap().files
    );
}

#[test]
fn other_orlojignore_changes_everything_without_being_named() {
    let limits = Limits::default();
    let (home, mut reader) = read_once(&[("a/x.yaml", "1"), ("b/y.yaml", "1")], &limits);
    let at = |path: &str| home.path().join(path);
    fs::write(at(".orlojignore"), "/b\n").unwrap();
    let next = reader.read(&Changed::nothing(), &limits).unwrap();
    assert_eq!(paths(&next), [at("a/x.yaml").to_str().unwrap()]);
}

#[test]
fn file_that_grows_becomes_a_link_or_a_repository_is_refused_as_at_first() {
    let limits = Limits {
        max_file_bytes: 4,
        ..Limits::default()
    };
    let (home, mut reader) = read_once(
        &[("a/x.yaml", "1"), ("a/y.yaml", "1"), ("lib/z.yaml", "1")],
        &limits,
    );
    let at = |path: &str| home.path().join(path);
    fs::write(at("a/x.yaml"), "12345").unwrap();
    remove(&at("a/y.yaml"));
    symlink("x.yaml", at("a/y.yaml")).unwrap();
    fs::create_dir(at("lib/.git")).unwrap();
    let changed = named(&[at("a/x.yaml"), at("a/y.yaml"), at("lib/.git")]);
    let next = reader.read(&changed, &limits).unwrap();
    let shown = |path: &str| at(path).display().to_string();
    assert_eq!(paths(&next), Vec::<&str>::new());
    assert_eq!(
        found(&next.findings),
        [
            format!("E-LIMIT-FILE-SIZE {}", shown("a/x.yaml")),
            format!("E-LIMIT-SYMLINK {}", shown("a/y.yaml")),
            format!("E-LIMIT-SUBMODULE {}", shown("lib")),
        ]
    );
}
