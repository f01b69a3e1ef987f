//! Runs the binary as a user would, in an environment that holds nothing else.

use super::PATIENCE;
use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The built binary.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_orloj"))
}

/// A command of `program` that sees only PATH, HOME and what is added later.
#[expect(clippy::disallowed_methods, reason = "PATH is handed on to Git")]
pub(crate) fn hermetic(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// A user at a shell: a home folder, a server to talk to, a working directory.
pub(crate) struct Cli {
    home: TempDir,
    program: PathBuf,
    directory: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

/// What a command left behind.
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    command: String,
}

impl Cli {
    /// The binary under its own name.
    pub(crate) fn new() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            program: binary().to_owned(),
            directory: None,
            variables: Vec::new(),
        }
    }

    /// The binary under another name, such as `orlojctl`.
    pub(crate) fn called(name: &str) -> Self {
        let mut cli = Self::new();
        cli.program = link(cli.home.path(), name);
        cli
    }

    /// Runs in `directory`.
    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// Adds an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Runs the command to its end.
    #[must_use = "check the exit code"]
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = hermetic(&self.program, self.home.path());
        command.args(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory.as_deref().unwrap_or(self.home.path()));
        finish(command, &format!("orloj {}", arguments.join(" ")))
    }
}

/// Makes the binary reachable as `name` in `folder`.
pub(crate) fn link(folder: &Path, name: &str) -> PathBuf {
    let link = folder.join(name);
    std::os::unix::fs::symlink(binary(), &link).unwrap();
    link
}

/// Runs `command` to its end, for at most twice the usual patience.
#[must_use = "check the exit code"]
#[track_caller]
pub(crate) fn finish(mut command: Command, shown: &str) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start `{shown}`: {error}"));
    let stdout = read_aside(child.stdout.take().unwrap());
    let stderr = read_aside(child.stderr.take().unwrap());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > PATIENCE * 2 {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("`{shown}` did not end");
        }
        thread::sleep(Duration::from_millis(5));
    };
    Output {
        code: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        command: shown.to_owned(),
    }
}

fn read_aside(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Output {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            Some(expected),
            "exit code of `{}`\n--- stdout\n{}\n--- stderr\n{}",
            self.command,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.code(0)
    }

    /// Asserts that stdout holds `part`.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(
            self.stdout.contains(part),
            "`{}` does not print `{part}`\n{}",
            self.command,
            self.stdout
        );
        self
    }

    /// Asserts that stderr holds `part`.
    #[track_caller]
    pub(crate) fn complains(self, part: &str) -> Self {
        assert!(
            self.stderr.contains(part),
            "`{}` does not complain of `{part}`\n{}",
            self.command,
            self.stderr
        );
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "`{}` prints no JSON: {error}\n{}\n{}",
                self.command, self.stdout, self.stderr
            )
        })
    }

    /// Stdout and stderr together.
    pub(crate) fn everything(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// One finding of `-o json`.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Finding {
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) file: Option<String>,
    #[serde(default)]
    pub(crate) line: Option<u64>,
    #[serde(default)]
    pub(crate) column: Option<u64>,
    #[serde(default)]
    pub(crate) hint: Option<String>,
}

/// The findings of `validate -o json` or `status -o json`.
#[derive(Debug)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    /// Reads `document.findings`.
    #[track_caller]
    pub(crate) fn of(document: &Value) -> Self {
        // `validate` prints the report itself; `status` holds it under `.findings`.
        let list = match &document["findings"] {
            report @ Value::Object(_) => &report["findings"],
            list => list,
        };
        Self(
            serde_json::from_value(list.clone())
                .unwrap_or_else(|error| panic!("no findings ({error}) in {document:#}")),
        )
    }

    /// The one finding with `code` in a file whose path ends in `file`.
    #[track_caller]
    pub(crate) fn one(&self, code: &str, file: &str) -> &Finding {
        let hits: Vec<_> = self
            .0
            .iter()
            .filter(|finding| finding.code == code && finding.is_in(file))
            .collect();
        match hits.as_slice() {
            [hit] => hit,
            _ => panic!("expected one {code} in {file}: {:#?}", self.0),
        }
    }

    /// Whether a finding has `code`.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.0.iter().any(|finding| finding.code == code)
    }

    /// The codes of the errors, sorted.
    pub(crate) fn errors(&self) -> Vec<&str> {
        let mut codes: Vec<_> = self
            .0
            .iter()
            .filter(|finding| finding.severity == "error")
            .map(|finding| finding.code.as_str())
            .collect();
        codes.sort_unstable();
        codes
    }
}

impl Finding {
    /// Whether the finding stands in a file whose path ends in `file`.
    pub(crate) fn is_in(&self, file: &str) -> bool {
        self.file
            .as_deref()
            .is_some_and(|path| path.ends_with(file))
    }
}
