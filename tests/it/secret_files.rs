//! Sealed files through the hands of people: an editor, a terminal, and the genuine `age`.

use crate::support::{
    cli::{Cli, Output, binary, finish, hermetic},
    eventually,
};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

const CLEAR: &str = "\
# keys of the team
kind: Secret
metadata: {name: openai}
spec:
  stringData:
    # from the console
    value: sk-canary-first   # May
    other: sk-canary-second
";

/// A folder with a key and a sealed manifest.
struct Desk {
    folder: TempDir,
    public: String,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let cli = Cli::new().in_directory(folder.path());
        let made = cli.run(&["secret", "keygen", "--out", "age.key"]).success();
        let public = made.stdout.trim().to_owned();
        let desk = Self { folder, public };
        desk.write(".orloj/recipients", &desk.public);
        desk.write("openai.yaml", CLEAR);
        let seal = ["secret", "encrypt", "--in-place", "openai.yaml"];
        desk.cli().run(&seal).success();
        assert!(!desk.read("openai.yaml").contains("sk-canary"));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn cli(&self) -> Cli {
        Cli::new()
            .in_directory(self.folder.path())
            .variable("ORLOJ_AGE_KEY_FILE", self.path("age.key").to_str().unwrap())
    }

    /// An editor that is a script: `$1` is the file, `$HERE` the desk; it notes the file's path first.
    fn editor(&self, script: &str) -> String {
        let here = self.folder.path().display();
        let text = format!("#!/bin/sh\nHERE='{here}'\necho \"$1\" > \"$HERE/edited\"\n{script}\n");
        self.write("editor.sh", &text);
        let path = self.path("editor.sh");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The same at a terminal where `answers` are typed.
    fn edit_at_terminal(&self, script: &str, answers: &str) -> Output {
        let editor = self.editor(script);
        self.write("answers", answers);
        let words = format!(
            "EDITOR='{editor}' '{}' secret edit openai.yaml --age-key-file age.key",
            binary().display()
        );
        let mut script = hermetic(Path::new("script"), self.folder.path());
        script
            .args(["--quiet", "--return", "--command", &words, "/dev/null"])
            .stdin(fs::File::open(self.path("answers")).unwrap())
            .current_dir(self.folder.path());
        finish(script, "script")
    }

    fn edit(&self, script: &str) -> Output {
        let editor = self.editor(script);
        let cli = self.cli().variable("EDITOR", &editor);
        cli.run(&["secret", "edit", "openai.yaml"])
    }

    /// Asserts that what the editor had before it is gone.
    #[track_caller]
    fn assert_wiped(&self) {
        let edited = PathBuf::from(self.read("edited").trim());
        assert!(edited.is_absolute());
        assert!(!edited.exists(), "{} is left", edited.display());
        assert!(!edited.parent().unwrap().exists());
        assert!(!self.read("openai.yaml").contains("sk-canary"));
    }
}

/// The armors of a text, in order.
fn armors(text: &str) -> Vec<String> {
    let begin = "-----BEGIN AGE ENCRYPTED FILE-----";
    let parts = text.split(begin).skip(1);
    parts
        .map(|part| {
            let end = "-----END AGE ENCRYPTED FILE-----";
            let lines = part.split(end).next().unwrap().lines().map(str::trim);
            format!("{begin}{}\n{end}\n", lines.collect::<Vec<_>>().join("\n"))
        })
        .map(|text| text.replace("\n\n", "\n"))
        .collect()
}

/// What the genuine `age` makes of an armor.
fn age_opens(armor: &str, key: &Path) -> String {
    let mut age = Command::new("age")
        .args(["--decrypt", "--identity"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian's `age` is installed");
    let mut stdin = age.stdin.take().unwrap();
    stdin.write_all(armor.as_bytes()).unwrap();
    drop(stdin);
    let output = age.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_edited_value_is_sealed_anew_and_the_others_keep_their_ciphertext() {
    let desk = Desk::new();
    let before = desk.read("openai.yaml");
    let script = "cp \"$1\" \"$HERE/seen\"; stat -c %a \"$1\" \"$(dirname \"$1\")\" > \"$HERE/modes\"\n\
                  touch \"$1~\"; cp \"$1\" \"$(dirname \"$1\")/.swap\"\n\
                  sed -i 's/sk-canary-second/sk-canary-third/; s/# May/# June/' \"$1\"\n\
                  echo '    third: sk-canary-new' >> \"$1\"";
    let saved = desk.edit(script).success();
    saved.complains("2 values sealed, 1 value kept as they were");
    assert_eq!(desk.read("seen"), CLEAR);
    assert_eq!(desk.read("modes"), "600\n700\n");
    if Path::new("/dev/shm").is_dir() {
        assert!(desk.read("edited").starts_with("/dev/shm/"));
    }
    desk.assert_wiped();
    let after = desk.read("openai.yaml");
    let (before, now) = (armors(&before), armors(&after));
    assert_eq!(now.len(), 3);
    assert_eq!(now[0], before[0]);
    assert_ne!(now[1], before[1]);
    assert!(after.starts_with("# keys of the team\nkind: Secret\n"));
    assert!(
        after.contains("    # from the console\n    value: |   # June\n"),
        "{after}"
    );
    for (armor, value) in now
        .iter()
        .zip(["sk-canary-first", "sk-canary-third", "sk-canary-new"])
    {
        let opened = age_opens(armor, &desk.path("age.key"));
        assert!(opened.ends_with(&format!("\n{value}")), "{opened}");
    }
    let show = ["secret", "decrypt", "openai.yaml", "--force"];
    desk.cli()
        .run(&show)
        .success()
        .says("other: sk-canary-third\n");
}

#[test]
fn what_age_sealed_is_edited_and_keeps_its_form_while_it_does_not_change() {
    let desk = Desk::new();
    let mut age = Command::new("age")
        .args(["--armor", "--recipient", &desk.public])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian's `age` is installed");
    let mut stdin = age.stdin.take().unwrap();
    stdin.write_all(b"sk-canary-of-age").unwrap();
    drop(stdin);
    let armor = String::from_utf8(age.wait_with_output().unwrap().stdout).unwrap();
    let indented = armor.trim().replace('\n', "\n        ");
    let text = format!(
        "kind: Secret\nmetadata: {{name: bare}}\nspec:\n  encryptedData:\n    value: |-\n        {indented}\n    # end\n"
    );
    desk.write("openai.yaml", &text);
    let saved = desk
        .edit("echo '    more: sk-canary-more' >> \"$1\"")
        .success();
    saved.complains("1 value sealed, 1 value kept");
    let after = desk.read("openai.yaml");
    assert!(after.starts_with(&text), "{after}");
    desk.assert_wiped();
}

#[test]
fn a_mistake_comes_back_to_the_editor_with_what_is_wrong() {
    let desk = Desk::new();
    let before = desk.read("openai.yaml");
    let script = "cp \"$1\" \"$HERE/seen\"\n\
                  if [ -e \"$HERE/once\" ]; then sed -i 's/value: \\[$/value: sk-canary-good/' \"$1\"\n\
                  else touch \"$HERE/once\"; sed -i 's/sk-canary-first.*/[/' \"$1\"; fi";
    let saved = desk.edit_at_terminal(script, "y\n").success();
    saved.says("E-YAML-SYNTAX").says("edit it again? [Y/n]");
    let seen = desk.read("seen");
    assert!(
        seen.starts_with("#! error: `openai.yaml` cannot be used\n"),
        "{seen}"
    );
    assert!(seen.contains("E-YAML-SYNTAX"), "{seen}");
    assert!(seen.contains("    value: [\n"), "{seen}");
    desk.assert_wiped();
    let after = desk.read("openai.yaml");
    assert_ne!(after, before);
    assert!(!after.contains("#!"), "{after}");
}

#[test]
fn an_editor_that_never_mends_is_given_up_by_who_is_asked_or_without_a_terminal() {
    let desk = Desk::new();
    let before = desk.read("openai.yaml");
    // Changes the file and leaves it wrong, every time.
    let script = "echo x >> \"$HERE/times\"; printf '\\n- [\\n' >> \"$1\"";
    let stopped = desk.edit(script).code(3);
    stopped.complains("without a terminal nobody can be asked");
    assert_eq!(desk.read("times"), "x\n");
    desk.assert_wiped();
    let given_up = desk.edit_at_terminal(script, "y\nn\n").code(1);
    given_up.says("given up; nothing was changed");
    assert_eq!(desk.read("times"), "x\nx\nx\n");
    desk.assert_wiped();
    assert_eq!(desk.read("openai.yaml"), before);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_and_what_runs_is_not() {
    let desk = Desk::new();
    let start = || {
        let editor = desk.editor("echo $$ > \"$HERE/pid\"; exec sleep 60");
        let _ = (
            fs::remove_file(desk.path("edited")),
            fs::remove_file(desk.path("pid")),
        );
        let mut command = hermetic(binary(), desk.folder.path());
        command
            .args(["secret", "edit", "openai.yaml", "--age-key-file", "age.key"])
            .env("VISUAL", editor)
            .current_dir(desk.folder.path())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let edited = eventually("the editor runs", || {
            let path = fs::read_to_string(desk.path("edited")).ok()?;
            let pid = fs::read_to_string(desk.path("pid")).ok()?;
            let is_whole = path.ends_with('\n') && pid.ends_with('\n');
            is_whole.then(|| PathBuf::from(path.trim()))
        });
        (child, edited)
    };
    let (mut killed, left) = start();
    killed.kill().unwrap();
    killed.wait().unwrap();
    // Its editor runs on by itself.
    let editor = desk.read("pid");
    let ended = Command::new("kill").arg(editor.trim()).status().unwrap();
    assert!(ended.success());
    let (mut running, used) = start();
    assert!(!left.parent().unwrap().exists(), "{}", left.display());
    assert!(used.exists());
    desk.edit("touch \"$1\"").success();
    assert!(used.exists());
    let pid = running.id().to_string();
    let asked = Command::new("kill").arg(&pid).status().unwrap();
    assert!(asked.success());
    running.wait().unwrap();
    assert!(!used.exists());
}

#[test]
fn nothing_is_saved_that_would_stand_in_clear_text_or_is_refused_twice() {
    let desk = Desk::new();
    let before = desk.read("openai.yaml");
    let output = desk
        .edit("sed -i 's/^kind: Secret$/kind: Secrets/' \"$1\"")
        .code(3);
    output.complains("E-FIELD-KIND");
    desk.assert_wiped();
    let moved = "grep -q allowed_hosts \"$1\" || sed -i 's/^  stringData:/  allowed_hosts: [sk-canary-second]\\n&/' \"$1\"";
    let output = desk.edit(moved).code(1);
    output.complains("would be saved in clear text");
    desk.assert_wiped();
    assert_eq!(desk.read("openai.yaml"), before);
}

#[test]
fn an_empty_file_an_editor_that_fails_and_no_change_leave_all_as_it_was() {
    let desk = Desk::new();
    let before = desk.read("openai.yaml");
    desk.edit(": > \"$1\"").code(1).complains("left empty");
    desk.assert_wiped();
    desk.edit("exit 3").code(1).complains("nothing was changed");
    desk.assert_wiped();
    desk.edit("touch \"$1\"")
        .success()
        .complains("nothing was changed");
    desk.assert_wiped();
    desk.edit("echo x >> \"$HERE/openai.yaml\"; echo '#' >> \"$1\"")
        .code(1)
        .complains("changed by somebody else");
    assert_eq!(desk.read("openai.yaml"), format!("{before}x\n"));
}

#[test]
fn the_clear_text_is_wiped_when_the_command_is_told_to_end() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let desk = Desk::new();
        let before = desk.read("openai.yaml");
        let editor = desk.editor("exec sleep 60");
        let mut command = hermetic(binary(), desk.folder.path());
        command
            .args(["secret", "edit", "openai.yaml", "--age-key-file", "age.key"])
            .env("VISUAL", editor)
            .current_dir(desk.folder.path())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let edited = eventually("the editor runs", || {
            let path = fs::read_to_string(desk.path("edited")).ok()?;
            path.ends_with('\n').then(|| PathBuf::from(path.trim()))
        });
        assert!(
            fs::read_to_string(&edited)
                .unwrap()
                .contains("sk-canary-first")
        );
        let pid = child.id().to_string();
        let asked = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(asked.success());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{signal}");
        desk.assert_wiped();
        assert_eq!(desk.read("openai.yaml"), before);
    }
}

#[test]
fn decrypt_prints_to_a_terminal() {
    let desk = Desk::new();
    let words = format!(
        "'{}' secret decrypt openai.yaml --age-key-file age.key",
        binary().display()
    );
    let mut script = hermetic(Path::new("script"), desk.folder.path());
    script
        .args(["--quiet", "--return", "--command", &words, "/dev/null"])
        .current_dir(desk.folder.path());
    let output = finish(script, "script").success();
    output.says("value: sk-canary-first   # May");
}

#[test]
fn identities_come_from_flags_variables_and_where_sops_keeps_its_own() {
    let desk = Desk::new();
    let identity = desk.read("age.key");
    let plain = || Cli::new().in_directory(desk.folder.path());
    let show = ["secret", "decrypt", "openai.yaml", "--force"];
    plain().run(&show).code(1).complains("SOPS_AGE_KEY");
    let line = identity.lines().last().unwrap();
    for name in ["ORLOJ_AGE_KEY", "SOPS_AGE_KEY"] {
        plain().variable(name, line).run(&show).success();
    }
    let file = desk.path("age.key");
    let file = file.to_str().unwrap();
    plain()
        .variable("SOPS_AGE_KEY_FILE", file)
        .run(&show)
        .success();
    desk.write("config/sops/age/keys.txt", &identity);
    let config = desk.path("config");
    let config = config.to_str().unwrap();
    let shown = plain()
        .variable("XDG_CONFIG_HOME", config)
        .run(&show)
        .success();
    shown.complains("open to others").complains("chmod 600");
}
