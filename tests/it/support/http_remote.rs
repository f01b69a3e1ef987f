//! A Git remote over HTTP: `git http-backend` behind a small server.

use super::{cli::hermetic, git::TestRepo, serving::Server};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Serves the bare repository of a [`TestRepo`], for fetching and pushing.
pub(crate) struct HttpRemote {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    requests: AtomicUsize,
    delay_ms: AtomicU64,
}

impl HttpRemote {
    /// Serves `repo`, which must outlive it.
    pub(crate) fn of(repo: &TestRepo) -> Self {
        let shared = Arc::new(Shared {
            root: repo.bare().parent().unwrap().to_owned(),
            requests: AtomicUsize::new(0),
            delay_ms: AtomicU64::new(0),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        Self {
            server: Server::plain(router),
            shared,
        }
    }

    /// The clone URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/routing.git", self.server.address())
    }

    /// How many requests it has had.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Makes every answer from now on come this much later.
    pub(crate) fn slow_down(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.shared.delay_ms.store(by, Ordering::SeqCst);
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let delay = Duration::from_millis(shared.delay_ms.load(Ordering::SeqCst));
    tokio::time::sleep(delay).await;
    tokio::task::spawn_blocking(move || backend(&shared.root, &method, &uri, &headers, &body))
        .await
        .unwrap()
}

/// Runs `git http-backend` for one request, as CGI (RFC 3875).
fn backend(
    root: &Path,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<axum::body::Body> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut child = hermetic(Path::new("git"), root)
        .arg("http-backend")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("REMOTE_USER", "test")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(body));
        cgi_response(&child.wait_with_output().unwrap().stdout)
    })
}

fn cgi_response(output: &[u8]) -> Response<axum::body::Body> {
    let split = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("http-backend answers with headers");
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..split]).lines() {
        let (name, value) = line.split_once(": ").expect("a header line");
        response = if name.eq_ignore_ascii_case("status") {
            response.status(value.split(' ').next().unwrap())
        } else {
            response.header(name, value)
        };
    }
    response
        .body(axum::body::Body::from(output[split + 4..].to_vec()))
        .unwrap()
}
