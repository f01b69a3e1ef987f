//! A place to run commands in.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::cli::{
    environment::Environment, exit::Exit, main::run, output::Terminal, session::Session,
};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::{
    cell::RefCell,
    ffi::OsString,
    fs,
    io::{self, Cursor, Write},
    path::Path,
    rc::Rc,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

/// What a command did.
#[derive(Debug)]
#[must_use]
pub(super) struct Ran {
    pub(super) exit: Exit,
    pub(super) out: String,
    pub(super) err: String,
    /// What went out, as it is.
    pub(super) bytes: Vec<u8>,
}

impl Ran {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A temporary directory.
pub(super) struct Bench(TempDir);

impl Bench {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A repository whose first commit holds `files`.
    pub(super) fn repository(files: &[(&str, &str)]) -> Self {
        let bench = Self::new();
        git2::Repository::init_opts(
            bench.path(),
            git2::RepositoryInitOptions::new().initial_head("main"),
        )
        .unwrap();
        for (path, content) in files {
            bench.write(path, content);
        }
        bench.commit("first");
        bench
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Commits the work tree; returns the commit's id.
    pub(super) fn commit(&self, summary: &str) -> String {
        let repository = git2::Repository::open(self.path()).unwrap();
        let mut index = repository.index().unwrap();
        index
            .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
            .unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let time = git2::Time::new(1_800_000_000, 0);
        let who = git2::Signature::new("Ana", "ana@example.com", &time).unwrap();
        let parent = repository
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        repository
            .commit(Some("HEAD"), &who, &who, summary, &tree, &parents)
            .unwrap()
            .to_string()
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "", false)
    }

    /// Runs `orloj` here; the directory's own path is taken out of what it says.
    pub(super) fn run_with(&self, arguments: &[&str], stdin: &str, color: bool) -> Ran {
        let (out, err) = (Shared::default(), Shared::default());
        let terminal = Terminal::new(Box::new(out.clone()), Box::new(err.clone()), color, color);
        let stdin = Box::new(Cursor::new(stdin.as_bytes().to_vec()));
        let directory = self.path().to_owned();
        let mut session = Session::new(terminal, directory, Environment::default(), stdin);
        let words = std::iter::once("orloj").chain(arguments.iter().copied());
        let exit = run(words.map(OsString::from).collect(), &mut session);
        let here = format!("{}/", self.path().display());
        let text = |shared: &Shared| {
            let bytes = shared.0.borrow().clone();
            String::from_utf8_lossy(&bytes).replace(&here, "")
        };
        let bytes = out.0.borrow().clone();
        Ran {
            exit,
            bytes,
            out: text(&out),
            err: text(&err),
        }
    }
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A request that the stand-in received.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) line: String,
    pub(super) authorization: Option<String>,
    pub(super) body: Value,
}

/// A daemon that gives canned answers; a request that none was made for is answered with 404.
pub(super) struct StandIn {
    pub(super) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Answers `METHOD /path?query` with a status and a body.
    pub(super) fn new(answers: &[(&str, u16, Value)]) -> Self {
        let answers: Vec<(String, u16, Value)> = answers
            .iter()
            .map(|(line, status, body)| ((*line).to_owned(), *status, body.clone()))
            .collect();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = received.clone();
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let line = format!("{method} {uri}");
            let answer = answers.iter().find(|(each, ..)| *each == line).cloned();
            let authorization = headers.get("authorization");
            log.lock().unwrap().push(Received {
                line,
                authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
                body: serde_json::from_slice(&body).unwrap_or_default(),
            });
            std::future::ready(respond(answer))
        };
        let router = Router::new().fallback(handler);
        let (address, tell) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                let server = axum::serve(listener, router);
                tokio::select! {
                    _ = server => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            url: format!("http://{}", tell.recv().unwrap()),
            received,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn respond(answer: Option<(String, u16, Value)>) -> Response {
    let Some((_, status, body)) = answer else {
        let body = serde_json::json!({ "title": "no answer was made for this request" });
        return (StatusCode::NOT_FOUND, body.to_string()).into_response();
    };
    let status = StatusCode::from_u16(status).unwrap();
    if body.is_null() {
        return status.into_response();
    }
    (status, body.to_string()).into_response()
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

pub(super) const SMALL: &str = "\
apiVersion: orloj.dev/v1
kind: ModelEndpoint
metadata:
  name: small
spec:
  provider: mock
  default_model: small-v1
";

pub(super) const FAST: &str = "\
apiVersion: routing.orloj.dev/v1alpha1
kind: ModelAlias
metadata:
  name: fast
spec:
  targets:
    - endpoint: small
      model: small-v1
";

pub(super) const GOOD: [(&str, &str); 2] = [("fast.yaml", FAST), ("small.yaml", SMALL)];
