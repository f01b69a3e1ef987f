//! A folder with keys, sealed files, an editor, and the genuine `sops` and `age`.

use super::{
    cli::{Cli, Output, finish, hermetic},
    program,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A folder with two keys, whose first one is the recipient.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    /// The public keys of `age.key` and `new.key`.
    pub(crate) publics: [String; 2],
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let key = |name: &str| {
            let cli = Cli::new().in_directory(folder.path());
            let made = cli.run(&["secret", "keygen", "--out", name]).success();
            made.stdout.trim().to_owned()
        };
        let publics = [key("age.key"), key("new.key")];
        let desk = Self { folder, publics };
        desk.write(".orloj/recipients", &desk.publics[0]);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Seals the text of a file with the genuine `sops`.
    pub(crate) fn sops(&self, name: &str, text: &str, more: &[&str]) {
        self.write(name, text);
        let mut command = self.tool(&program("ORLOJ_TEST_SOPS", ".venv/bin/sops"));
        command.args(["--encrypt", "--in-place", "--age", &self.publics[0]]);
        command.args(more).arg(self.path(name));
        let _ = finish(command, "sops encrypt").success();
        assert!(!self.read(name).contains("sk-canary"));
    }

    /// What the genuine `sops` makes of a file, with a key.
    pub(crate) fn sops_opens(&self, name: &str, key: &str) -> Output {
        let mut command = self.tool(&program("ORLOJ_TEST_SOPS", ".venv/bin/sops"));
        command.env("SOPS_AGE_KEY_FILE", self.path(key));
        command.arg("--decrypt").arg(self.path(name));
        finish(command, "sops decrypt")
    }

    /// Seals a text with the genuine `age`.
    pub(crate) fn age(&self, name: &str, text: &str, more: &[&str]) {
        self.write("plain", text);
        let mut command = self.tool(Path::new("age"));
        command.args(["--encrypt", "--recipient", &self.publics[0]]);
        command.args(more).arg("--output").arg(self.path(name));
        command.arg(self.path("plain"));
        let _ = finish(command, "age").success();
        fs::remove_file(self.path("plain")).unwrap();
    }

    pub(crate) fn age_opens(&self, name: &str, key: &str) -> Output {
        let mut command = self.tool(Path::new("age"));
        command
            .arg("--decrypt")
            .arg("--identity")
            .arg(self.path(key));
        command.arg(self.path(name));
        finish(command, "age --decrypt")
    }

    pub(crate) fn tool(&self, program: &Path) -> std::process::Command {
        hermetic(program, self.folder.path())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let cli = Cli::new().in_directory(self.folder.path());
        let cli = cli.variable("ORLOJ_AGE_KEY_FILE", self.path("age.key").to_str().unwrap());
        let cli = cli.variable("EDITOR", self.path("editor.sh").to_str().unwrap());
        cli.run(arguments)
    }

    pub(crate) fn shows(&self, name: &str) -> String {
        let show = ["secret", "decrypt", name, "--force"];
        self.run(&show).success().stdout
    }

    /// Edits a file with a script; `$1` is what the editor is given.
    pub(crate) fn edit(&self, name: &str, script: &str) -> Output {
        let here = self.folder.path().display();
        let text = format!("#!/bin/sh\nHERE='{here}'\necho \"$1\" > \"$HERE/edited\"\n{script}\n");
        self.write("editor.sh", &text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path("editor.sh"), mode).unwrap();
        let output = self.run(&["secret", "edit", name]);
        let edited = PathBuf::from(self.read("edited").trim());
        assert!(!edited.exists(), "{} is left", edited.display());
        output
    }
}
