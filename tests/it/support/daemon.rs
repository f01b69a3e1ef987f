//! The daemon as its own process.

use super::{
    cli::{Cli, binary, hermetic},
    client::{self, Answer},
    eventually,
    git::TestRepo,
};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};
use tempfile::TempDir;

/// How a daemon is started.
pub(crate) struct DaemonBuilder {
    home: Arc<TempDir>,
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    config: String,
    wrapper: Option<String>,
    data_directory: Option<PathBuf>,
}

/// A running daemon; it is killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    home: Arc<TempDir>,
    base_url: String,
    log: Arc<Mutex<String>>,
}

impl DaemonBuilder {
    /// `orloj serve` on a free port, with a data directory of its own.
    pub(crate) fn new() -> Self {
        Self {
            home: Arc::new(TempDir::new().unwrap()),
            program: binary().to_owned(),
            arguments: vec!["serve".into()],
            variables: Vec::new(),
            config: String::new(),
            wrapper: None,
            data_directory: None,
        }
    }

    /// A daemon on `repo`. It polls rarely: tests say when they want a sync.
    pub(crate) fn on(repo: &TestRepo) -> Self {
        Self::new().repo(&repo.url())
    }

    /// The binary under the name of a link to it, which needs no `serve`.
    pub(crate) fn called(name: &str) -> Self {
        let mut builder = Self::new();
        builder.program = super::cli::link(builder.home.path(), name);
        builder.arguments.clear();
        builder
    }

    /// The repository: a path or a URL.
    pub(crate) fn repo(self, url: &str) -> Self {
        self.arguments(&["--repo", url, "--poll", "1h"])
    }

    /// Further arguments.
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(OsString::from));
        self
    }

    /// An identity that opens sealed secrets.
    pub(crate) fn age_key_file(mut self, file: &Path) -> Self {
        self.arguments.push("--age-key-file".into());
        self.arguments.push(file.into());
        self
    }

    /// An environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Lines of `orloj.yaml`.
    pub(crate) fn config(mut self, yaml: &str) -> Self {
        self.config.push_str(yaml);
        self
    }

    /// The data directory of `other`, which must have ended.
    pub(crate) fn data_of(mut self, home: &Arc<TempDir>) -> Self {
        self.home = Arc::clone(home);
        self
    }

    /// Starts it through words of a shell, which end in the program and its arguments.
    pub(crate) fn behind(mut self, wrapper: &str) -> Self {
        self.wrapper = Some(wrapper.to_owned());
        self
    }

    /// Another data directory than its home's.
    pub(crate) fn data_directory(mut self, path: &Path) -> Self {
        self.data_directory = Some(path.to_owned());
        self
    }

    /// Starts it and waits until it serves a revision.
    #[track_caller]
    pub(crate) fn start(self) -> Daemon {
        let mut daemon = self.start_unready();
        daemon.wait("it is ready", |daemon| {
            (daemon.get("/readyz").status == 200).then_some(())
        });
        daemon
    }

    /// Starts it and waits until it answers at all.
    #[track_caller]
    pub(crate) fn start_unready(self) -> Daemon {
        let mut daemon = self.spawn();
        daemon.base_url = daemon.wait("it prints where it listens", |daemon| {
            printed_addresses(&daemon.log())
                .into_iter()
                .find(|url| is_alive(url))
        });
        daemon
    }

    /// Starts it and waits for nothing.
    pub(crate) fn spawn(self) -> Daemon {
        let home = Arc::clone(&self.home);
        let log = Arc::new(Mutex::new(String::new()));
        let mut child = self.command().spawn().unwrap();
        keep(child.stdout.take().unwrap(), &log);
        keep(child.stderr.take().unwrap(), &log);
        Daemon {
            child,
            home,
            base_url: String::new(),
            log,
        }
    }

    /// Starts it, expecting that it ends by itself.
    #[track_caller]
    pub(crate) fn run_to_end(self) -> super::cli::Output {
        // Kept to the end: the process works in it.
        let _home = Arc::clone(&self.home);
        super::cli::finish(self.command(), "orloj serve")
    }

    fn command(self) -> Command {
        let home = self.home.path();
        let mut command = match &self.wrapper {
            None => hermetic(&self.program, home),
            Some(wrapper) => {
                let mut shell = hermetic(Path::new("sh"), home);
                shell.args(["-c", &format!("exec {wrapper} \"$@\""), "sh"]);
                shell.arg(&self.program);
                shell
            }
        };
        command.args(&self.arguments);
        if !self.arguments.contains(&"--addr".into()) {
            command.args(["--addr", "127.0.0.1:0"]);
        }
        let data = self.data_directory.unwrap_or_else(|| home.join("data"));
        command.arg("--data-dir").arg(data);
        if !self.config.is_empty() {
            let file = home.join("orloj.yaml");
            fs::write(&file, &self.config).unwrap();
            command.arg("--config").arg(file);
        }
        command.envs(self.variables);
        command.current_dir(home);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Daemon {
    /// The base URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.base_url
    }

    /// What it has printed so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The most memory it has had resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let digits = peak.unwrap().trim().trim_end_matches(" kB");
        digits.parse().unwrap()
    }

    /// Waits until it has printed `text`.
    #[track_caller]
    pub(crate) fn wait_for_log(&mut self, text: &str) {
        self.wait(&format!("it prints `{text}`"), |daemon| {
            daemon.log().contains(text).then_some(())
        });
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A user at a shell who talks to it.
    pub(crate) fn cli(&self) -> Cli {
        Cli::new().variable("ORLOJ_SERVER", &self.base_url)
    }

    /// Asks it to reconcile now, and expects that something good is served then.
    #[track_caller]
    pub(crate) fn sync(&self) {
        self.cli().run(&["sync"]).success();
    }

    /// Gets a path.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        client::get(&format!("{}{path}", self.base_url))
    }

    /// Posts JSON to a path.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        client::post(&format!("{}{path}", self.base_url), body)
    }

    /// Asks `model` to chat.
    #[track_caller]
    pub(crate) fn chat(&self, model: &str) -> Answer {
        self.post("/v1/chat/completions", &client::chat_body(model))
    }

    /// Asks `model` to chat, streamed.
    #[track_caller]
    pub(crate) fn stream(&self, model: &str) -> client::OpenStream {
        client::open_stream(
            &format!("{}/v1/chat/completions", self.base_url),
            client::chat_body(model),
        )
    }

    /// The revision that answers carry now.
    #[track_caller]
    pub(crate) fn revision(&self) -> String {
        self.get("/v1/models")
            .revision
            .expect("answers carry the revision")
    }

    /// Kills it at once, as a power cut would, and hands its folder on.
    pub(crate) fn kill(mut self) -> Arc<TempDir> {
        self.end();
        Arc::clone(&self.home)
    }

    /// Asks it to end, as a service manager does, and waits.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.unwrap().success());
        self.child.wait().unwrap();
    }

    #[track_caller]
    fn wait<T>(&mut self, what: &str, mut probe: impl FnMut(&Self) -> Option<T>) -> T {
        eventually(what, || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the daemon ended ({status}):\n{}", self.log());
            }
            probe(self)
        })
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            eprintln!("--- the daemon's output\n{}", self.log());
        }
    }
}

fn keep(pipe: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { break };
            let mut log = log.lock().unwrap();
            log.push_str(&String::from_utf8_lossy(&line));
            log.push('\n');
        }
    });
}

/// Every `http://127.0.0.1:PORT` in `text`; a log may name other servers too.
pub(crate) fn printed_addresses(text: &str) -> Vec<String> {
    const START: &str = "http://127.0.0.1:";
    text.split(START)
        .skip(1)
        .filter_map(|rest| {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            rest[..end].parse::<u16>().ok()
        })
        .map(|port| format!("{START}{port}"))
        .collect()
}

fn is_alive(url: &str) -> bool {
    client::client()
        .get(format!("{url}/healthz"))
        .send()
        .is_ok_and(|answer| answer.status() == 200)
}
