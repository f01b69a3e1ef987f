use super::super::{Changed, Watch, watch::told};
use notify::{
    Error, Event, EventKind,
    event::{AccessKind, CreateKind, Flag, ModifyKind},
};
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;

const LONG: Option<Duration> = Some(Duration::from_secs(20));
const SHORT: Option<Duration> = Some(Duration::from_millis(300));

#[test]
fn saving_removing_and_making_files_below_a_directory_is_noticed_and_reading_is_not() {
    let home = TempDir::new().unwrap();
    let at = |path: &str| home.path().join(path);
    fs::create_dir_all(at("deep")).unwrap();
    fs::write(at("deep/a.yaml"), "a: 1").unwrap();
    let watch = Watch::start(&[home.path().to_owned()]).unwrap();
    assert!(watch.wait(SHORT).is_none(), "nothing happened yet");
    fs::read(at("deep/a.yaml")).unwrap();
    assert!(watch.wait(SHORT).is_none(), "reading is no change");
    fs::write(at("deep/a.yaml"), "a: 2").unwrap();
    assert!(watch.wait(LONG).is_some());
    fs::write(at("deep/new.yaml"), "n: 1").unwrap();
    assert!(watch.wait(LONG).is_some());
    fs::remove_file(at("deep/new.yaml")).unwrap();
    assert!(watch.wait(LONG).is_some());
}

#[test]
fn hidden_files_do_not_count_except_orlojignore() {
    let home = TempDir::new().unwrap();
    let at = |path: &str| home.path().join(path);
    fs::create_dir_all(at(".git")).unwrap();
    let watch = Watch::start(&[home.path().to_owned()]).unwrap();
    fs::write(at(".git/index"), "x").unwrap();
    fs::write(at(".a.yaml.swp"), "x").unwrap();
    assert!(watch.wait(SHORT).is_none());
    fs::write(at(".orlojignore"), "x").unwrap();
    assert!(watch.wait(LONG).is_some());
}

#[test]
fn file_that_an_editor_replaces_is_still_watched() {
    let home = TempDir::new().unwrap();
    let at = |path: &str| home.path().join(path);
    fs::write(at("a.yaml"), "a: 1").unwrap();
    let watch = Watch::start(&[at("a.yaml")]).unwrap();
    fs::write(at("other.yaml"), "o: 1").unwrap();
    assert!(watch.wait(SHORT).is_none(), "another file");
    for content in ["a: 2", "a: 3"] {
        fs::write(at("a.yaml~"), content).unwrap();
        fs::rename(at("a.yaml~"), at("a.yaml")).unwrap();
        assert!(watch.wait(LONG).is_some(), "{content}");
    }
}

#[test]
fn changes_are_told_by_their_paths() {
    let home = TempDir::new().unwrap();
    let at = |path: &str| home.path().canonicalize().unwrap().join(path);
    fs::create_dir(at("deep")).unwrap();
    let watch = Watch::start(&[home.path().to_owned()]).unwrap();
    fs::write(at("deep/a.yaml"), "a: 1").unwrap();
    fs::write(at("deep/.a.swp"), "a: 1").unwrap();
    let expected = Changed::Paths([at("deep/a.yaml")].into());
    assert_eq!(watch.wait(LONG), Some(expected));
}

#[test]
fn what_the_system_cannot_tell_is_everything() {
    let roots = [PathBuf::from("/top")];
    let paths = |paths: &[&str]| Changed::Paths(paths.iter().map(PathBuf::from).collect());
    let event = |kind, path: &str| Ok(Event::new(kind).add_path(path.into()));
    let written = EventKind::Modify(ModifyKind::Any);
    let made = EventKind::Create(CreateKind::Any);
    let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    for (event, changed) in [
        (Ok(overflow), Changed::Everything),
        (Err(Error::generic("lost")), Changed::Everything),
        (event(written, "/top/a.yaml"), paths(&["/top/a.yaml"])),
        (event(written, "/elsewhere/a.yaml"), paths(&[])),
        (
            event(EventKind::Access(AccessKind::Read), "/top/a.yaml"),
            paths(&[]),
        ),
        (event(written, "/top/.git"), paths(&[])),
        (event(made, "/top/.git/index.lock"), paths(&[])),
        // A directory becomes a repository of its own.
        (event(made, "/top/lib/.git"), paths(&["/top/lib/.git"])),
    ] {
        assert_eq!(told(&roots, event), changed);
    }
}

#[test]
fn very_many_changes_are_everything() {
    let some = |from: u32, to: u32| {
        Changed::Paths(
            (from..to)
                .map(|n| PathBuf::from(format!("/top/{n}")))
                .collect(),
        )
    };
    let mut changed = some(0, 5_000);
    changed.add(&some(5_000, 9_999));
    assert_eq!(changed, some(0, 9_999));
    changed.add(&some(9_999, 10_001));
    assert_eq!(changed, Changed::Everything);
    changed.add(&some(0, 1));
    assert_eq!(changed, Changed::Everything);
}
