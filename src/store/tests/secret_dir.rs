//! Files of the operator's directory, and everything that is none.

use crate::store::{MAX_SECRET_FILE_BYTES, SecretDir, SecretFileError};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

struct Scene {
    home: TempDir,
    secrets: SecretDir,
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join("secrets")).unwrap();
        fs::write(home.path().join("outside"), "not for you").unwrap();
        let secrets = SecretDir::new(home.path().join("secrets"));
        Self { home, secrets }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.home.path().join("secrets").join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    fn link(&self, target: impl AsRef<Path>, path: &str) {
        symlink(target, self.at(path)).unwrap();
    }

    #[track_caller]
    fn value(&self, path: &str) -> String {
        let (value, _) = self.secrets.read(path).unwrap();
        String::from_utf8(value.expose_bytes().to_vec()).unwrap()
    }

    #[track_caller]
    fn problem(&self, path: &str) -> SecretFileError {
        self.secrets.read(path).err().unwrap()
    }
}

#[test]
fn a_file_gives_its_text_without_the_white_space_around_it() {
    let scene = Scene::new();
    scene.write("openai/api-key", "sk-1\r\n");
    assert_eq!(scene.value("openai/api-key"), "sk-1");
    scene.write("plain", " two words ");
    assert_eq!(scene.value("plain"), "two words");
}

#[test]
fn a_mount_of_kubernetes_is_read_through_its_links() {
    let scene = Scene::new();
    scene.write("openai/..2026_11_23/value", "sk-1");
    scene.link("..2026_11_23", "openai/..data");
    scene.link("..data/value", "openai/value");
    assert_eq!(scene.value("openai/value"), "sk-1");
    // The directory itself may be one too.
    symlink(scene.at(""), scene.home.path().join("mounted")).unwrap();
    let linked = SecretDir::new(scene.home.path().join("mounted"));
    assert!(linked.read("openai/value").is_ok());
}

#[test]
fn nothing_outside_of_the_directory_is_read() {
    let scene = Scene::new();
    scene.link("../outside", "up");
    scene.link(scene.home.path().join("outside"), "absolute");
    scene.link("..", "around");
    scene.link(".", "self");
    let absolute = scene.home.path().join("outside");
    let outside = [
        "up",
        "absolute",
        "around/outside",
        "self",
        "../outside",
        "a/../../outside",
        "./up",
        absolute.to_str().unwrap(),
        "",
    ];
    for path in outside {
        let problem = scene.problem(path);
        assert!(
            matches!(problem, SecretFileError::Outside),
            "{path}: {problem}"
        );
        assert!(!problem.to_string().contains("not for you"));
    }
    // A directory beside it that begins with the same letters is another one.
    fs::create_dir(scene.home.path().join("secrets-of-others")).unwrap();
    fs::write(scene.home.path().join("secrets-of-others/value"), "x").unwrap();
    scene.link("../secrets-of-others/value", "beside");
    assert!(matches!(scene.problem("beside"), SecretFileError::Outside));
}

#[test]
fn what_is_no_file_with_a_value_is_refused_by_name() {
    let scene = Scene::new();
    scene.write("folder/value", "x");
    scene.write("empty", " \n");
    let large = "x".repeat(usize::try_from(MAX_SECRET_FILE_BYTES).unwrap());
    scene.write("largest", &large);
    scene.write("too-large", &format!("{large}x"));
    let pipe = Command::new("mkfifo").arg(scene.at("pipe")).status();
    assert!(pipe.unwrap().success());
    scene.link("circle", "circle");
    assert_eq!(scene.value("largest").len(), large.len());
    assert!(matches!(scene.problem("none"), SecretFileError::Missing));
    let below_a_file = scene.problem("empty/value");
    assert!(matches!(below_a_file, SecretFileError::Missing));
    assert!(matches!(scene.problem("folder"), SecretFileError::NotAFile));
    // Nobody waits for whoever may write into it.
    assert!(matches!(scene.problem("pipe"), SecretFileError::NotAFile));
    assert!(matches!(scene.problem("empty"), SecretFileError::Empty));
    let too_large = scene.problem("too-large");
    assert!(matches!(too_large, SecretFileError::TooLarge));
    let circle = scene.problem("circle");
    assert!(matches!(circle, SecretFileError::Unreadable(_)));
}

#[test]
fn a_mark_shows_that_a_file_changed_or_may_have() {
    let scene = Scene::new();
    let old = SecretDir::new(env!("CARGO_MANIFEST_DIR"));
    let mark = old.mark("LICENSE").unwrap();
    assert!(mark.is_still(&old.mark("LICENSE").unwrap()));
    assert!(!mark.is_still(&old.mark("deny.toml").unwrap()));
    // What was written just now may be written again in the same tick of the clock.
    scene.write("value", "sk-1");
    let young = scene.secrets.mark("value").unwrap();
    assert!(!young.is_still(&young));
    assert!(scene.secrets.mark("none").is_none());
    assert!(scene.secrets.mark("../outside").is_none());
}
