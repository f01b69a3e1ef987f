//! A real HTTP remote: `git http-backend` behind a small server that can also misbehave.

use super::repository::{clear_git, hermetic};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Request, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use base64::Engine as _;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

/// What the server does to a request before Git sees it.
#[derive(Clone, Default)]
pub(in crate::source) enum Behaviour {
    /// Answers everybody.
    #[default]
    Open,
    /// Wants this `Authorization`.
    Guarded(String),
    /// Answers with a status alone.
    Status(u16),
    /// Answers with a status and `Retry-After`.
    Busy(u16, String),
    /// Sends every request elsewhere: the prefix of the new address.
    Redirect(String),
    /// Answers with a redirect from any other path to `bare.git` on the same host.
    Moved,
    /// Answers the list of references byte by byte, for ever.
    Drip,
    /// Names one reference after another, as fast as it can, for ever.
    Endless,
    /// Answers with a page.
    Page,
}

/// The server; it ends with this value.
pub(in crate::source) struct HttpRemote {
    pub(in crate::source) address: String,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

struct Shared {
    root: PathBuf,
    behaviour: Mutex<Behaviour>,
    /// The path of every request.
    requests: Mutex<Vec<String>>,
    /// Every `Authorization` received.
    authorizations: Mutex<Vec<String>>,
}

impl HttpRemote {
    /// Serves the repositories below `root`.
    pub(in crate::source) fn start(root: &Path, behaviour: Behaviour) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            behaviour: Mutex::new(behaviour),
            requests: Mutex::new(Vec::new()),
            authorizations: Mutex::new(Vec::new()),
        });
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    pub(in crate::source) fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// How many requests have come in.
    pub(in crate::source) fn requests(&self) -> usize {
        self.shared.requests.lock().unwrap().len()
    }

    pub(in crate::source) fn requested(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(in crate::source) fn authorizations(&self) -> Vec<String> {
        self.shared.authorizations.lock().unwrap().clone()
    }
}

/// The `Authorization` of a user and a password.
pub(in crate::source) fn basic(user: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    shared.requests.lock().unwrap().push(path);
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    if let Some(text) = &authorization {
        shared.authorizations.lock().unwrap().push(text.clone());
    }
    let behaviour = shared.behaviour.lock().unwrap().clone();
    match behaviour {
        Behaviour::Open => {}
        Behaviour::Guarded(wanted) => {
            if authorization != Some(wanted) {
                return StatusCode::UNAUTHORIZED.into_response();
            }
        }
        Behaviour::Status(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Behaviour::Busy(status, after) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [(header::RETRY_AFTER, after)]).into_response();
        }
        Behaviour::Redirect(prefix) => {
            let target = format!("{prefix}{}", request.uri());
            return (StatusCode::FOUND, [(header::LOCATION, target)]).into_response();
        }
        Behaviour::Moved => {
            let uri = request.uri().to_string();
            if let Some(rest) = uri.strip_prefix("/old.git") {
                let target = format!("/bare.git{rest}");
                return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, target)])
                    .into_response();
            }
        }
        Behaviour::Drip => return drip(),
        Behaviour::Endless => return endless(),
        Behaviour::Page => return axum::response::Html("<h1>Sign in</h1>").into_response(),
    }
    git(&shared.root, request).await
}

/// One valid line after another, each after a tenth of a second.
fn drip() -> Response {
    let lines = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"0")), ()))
    });
    let sort = "application/x-git-upload-pack-advertisement";
    ([(header::CONTENT_TYPE, sort)], Body::from_stream(lines)).into_response()
}

/// As much of a list as somebody will read.
fn endless() -> Response {
    let commit = "1".repeat(40);
    let line = move |text: String| format!("{:04x}{text}", text.len() + 4);
    let begin = line("# service=git-upload-pack\n".to_owned()) + "0000";
    let lines = futures_util::stream::unfold(0_u64, move |number| {
        let pieces: String = (number..number + 1_000)
            .map(|number| line(format!("{commit} refs/heads/b{number}\n")))
            .collect();
        let piece = if number == 0 {
            begin.clone() + &pieces
        } else {
            pieces
        };
        async move { Some((Ok::<_, std::io::Error>(Bytes::from(piece)), number + 1_000)) }
    });
    let sort = "application/x-git-upload-pack-advertisement";
    ([(header::CONTENT_TYPE, sort)], Body::from_stream(lines)).into_response()
}

/// Runs `git http-backend` as a CGI program (RFC 3875).
async fn git(root: &Path, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let root = root.to_owned();
    tokio::task::spawn_blocking(move || cgi(&root, &parts, &body))
        .await
        .unwrap()
}

fn cgi(root: &Path, parts: &Parts, body: &[u8]) -> Response {
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let mut command = Command::new("git");
    clear_git(&mut command);
    let mut child = command
        .arg("http-backend")
        .envs(hermetic(root))
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env(
            "CONTENT_TYPE",
            kind.map_or("", |kind| kind.to_str().unwrap()),
        )
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(body).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap().stdout;
    let split = output
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let mut response = Response::builder();
    for line in std::str::from_utf8(&output[..split]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = if name == "Status" {
            response.status(value.split(' ').next().unwrap())
        } else {
            response.header(name, value)
        };
    }
    response
        .body(Body::from(output[split + 4..].to_vec()))
        .unwrap()
}
