use super::super::Watch;
use std::{fs, time::Duration};
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
