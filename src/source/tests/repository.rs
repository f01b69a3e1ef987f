//! Real repositories, made with `git` in an environment of their own.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A work tree with its repository, and a bare one that it pushes to.
pub(super) struct Repository {
    home: TempDir,
}

impl Repository {
    /// An empty pair with the branch `main`.
    pub(super) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let made = Self { home };
        made.run(
            &["init", "-q", "--bare", "-b", "main", "bare.git"],
            made.home.path(),
        );
        made.run(&["init", "-q", "-b", "main", "work"], made.home.path());
        made.git(&["remote", "add", "origin", "../bare.git"]);
        made
    }

    /// A pair with one commit of `files`, pushed.
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let made = Self::new();
        made.commit(files, "first");
        made.push();
        made
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn bare(&self) -> PathBuf {
        self.home.path().join("bare.git")
    }

    pub(super) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits files and returns the commit's id.
    pub(super) fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (path, content) in files {
            self.write(path, content);
        }
        self.git(&["add", "-A"]);
        self.commit_index(message)
    }

    /// Commits what is staged.
    pub(super) fn commit_index(&self, message: &str) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn push(&self) {
        self.git(&["push", "-q", "--force", "--tags", "origin", "HEAD:main"]);
    }

    /// Runs `git` in the work tree and returns its trimmed output.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.run(arguments, &self.work())
    }

    /// Stores an object and returns its id.
    pub(super) fn object(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = self
            .command(arguments, &self.work())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits a tree object, makes it `main` and pushes it.
    pub(super) fn push_tree(&self, tree: &str) -> String {
        let commit = self.git(&["commit-tree", tree, "-m", "tree"]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
        self.git(&["push", "-q", "--force", "origin", "main"]);
        commit
    }

    fn run(&self, arguments: &[&str], directory: &Path) -> String {
        let output = self.command(arguments, directory).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, arguments: &[&str], directory: &Path) -> Command {
        let mut command = Command::new("git");
        clear_git(&mut command);
        command
            .args(arguments)
            .current_dir(directory)
            .envs(hermetic(self.home.path()))
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000");
        command
    }
}

/// Variables that keep the user's and the system's configuration away from `git`.
pub(super) fn hermetic(home: &Path) -> Vec<(&'static str, &OsStr)> {
    vec![
        ("HOME", home.as_os_str()),
        ("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null")),
        ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
    ]
}

/// Forgets the repository that the tests themselves may be running for, as in a hook.
pub(super) fn clear_git(command: &mut Command) {
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
    ] {
        command.env_remove(name);
    }
}
