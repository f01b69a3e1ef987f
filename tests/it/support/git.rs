//! A bare repository and a clone of it, worked on with the `git` program.

use super::cli::{Output, finish, hermetic};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A bare repository that a daemon pulls from, and the clone that a person pushes from.
pub(crate) struct TestRepo {
    folder: TempDir,
}

impl TestRepo {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        let repo = Self {
            folder: TempDir::new().unwrap(),
        };
        let root = repo.folder.path();
        git(
            root,
            root,
            &["init", "--quiet", "--bare", "-b", "main", "routing.git"],
        );
        git(root, root, &["init", "--quiet", "-b", "main", "work"]);
        let work = repo.work();
        git(root, &work, &["remote", "add", "origin", "../routing.git"]);
        repo
    }

    /// A repository whose first commit holds `files`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        for (path, text) in files {
            repo.write(path, text);
        }
        repo.commit_and_push("first");
        repo
    }

    /// A repository whose first commit holds the files below `folder`.
    pub(crate) fn with_folder(folder: &Path) -> Self {
        let repo = Self::new();
        copy(folder, &repo.work());
        repo.commit_and_push("first");
        repo
    }

    /// The bare repository.
    pub(crate) fn bare(&self) -> PathBuf {
        self.folder.path().join("routing.git")
    }

    /// The bare repository as an argument.
    pub(crate) fn url(&self) -> String {
        self.bare().to_string_lossy().into_owned()
    }

    /// The clone.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file of the clone.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.work().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Replaces `from`, which must be there, in a file of the clone.
    #[track_caller]
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.work().join(path)).unwrap();
        assert!(text.contains(from), "`{from}` is not in {path}");
        self.write(path, &text.replace(from, to));
    }

    /// Removes a file of the clone.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.work().join(path)).unwrap();
    }

    /// Commits everything; returns the commit's id.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits and pushes everything; returns the commit's id.
    #[track_caller]
    pub(crate) fn commit_and_push(&self, message: &str) -> String {
        let commit = self.commit(message);
        self.push();
        commit
    }

    /// Pushes what is committed.
    #[track_caller]
    pub(crate) fn push(&self) {
        self.git(&["push", "--quiet", "origin", "HEAD:main"]);
    }

    /// Deletes the bare repository: its server is gone.
    pub(crate) fn delete_remote(&self) {
        fs::remove_dir_all(self.bare()).unwrap();
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        git(self.folder.path(), &self.work(), arguments)
            .stdout
            .trim()
            .to_owned()
    }
}

/// Runs `git` without the user's or the system's configuration.
#[track_caller]
pub(crate) fn git(home: &Path, directory: &Path, arguments: &[&str]) -> Output {
    let mut command = hermetic(Path::new("git"), home);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Test");
        command.env(format!("GIT_{role}_EMAIL"), "test@example.com");
    }
    command.current_dir(directory).args(arguments);
    finish(command, &format!("git {}", arguments.join(" "))).success()
}

/// Copies the files below `from` to `to`.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
