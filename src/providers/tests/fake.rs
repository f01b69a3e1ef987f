//! An upstream of our own that answers as it is told and remembers what it was asked.

use crate::chat::{ApiError, Dialect};
use crate::model::spec::ModelEndpointSpec;
use crate::model::{Kind, ResourceId};
use crate::providers::{
    ChatCall, ChatContent, Network, NetworkOptions, Upstream, UpstreamBuildError,
};
use crate::secrets::Opened;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) const KEY: &str = "sk-canary-4711";

/// What to answer.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) pieces: Vec<Bytes>,
    pub(super) end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Close,
    /// Says nothing more and keeps the connection.
    Hang,
    /// Breaks the connection off.
    Break,
}

impl Script {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(super) fn text(status: u16, media_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", media_type.to_owned())],
            pieces: vec![Bytes::from(body.to_owned())],
            end: End::Close,
        }
    }

    pub(super) fn sse(body: &str) -> Self {
        Self::text(200, "text/event-stream; charset=utf-8", body)
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn end(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// The same bytes in two pieces.
    pub(super) fn cut(mut self, at: usize) -> Self {
        let whole: Bytes = self.pieces.concat().into();
        self.pieces = vec![whole.slice(..at), whole.slice(at..)];
        self
    }
}

pub(super) struct Asked {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<Script>,
    asked: Mutex<Vec<Asked>>,
    gone: AtomicBool,
}

/// Notices that the answer's body was dropped.
struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::SeqCst);
    }
}

impl Fake {
    pub(super) async fn start(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            asked: Mutex::default(),
            gone: AtomicBool::new(false),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        // Pieces are to travel alone, not to wait for each other's acknowledgement.
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
        #[expect(clippy::disallowed_methods, reason = "ends with the test")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shared }
    }

    pub(super) fn set(&self, script: Script) {
        *self.shared.script.lock().unwrap() = script;
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn last(&self) -> Asked {
        self.shared.asked.lock().unwrap().pop().unwrap()
    }

    pub(super) fn calls(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    /// Waits at most a second for the answer's body to be dropped.
    pub(super) async fn was_cancelled(&self) -> bool {
        for _ in 0..100 {
            if self.shared.gone.load(Ordering::SeqCst) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    shared.asked.lock().unwrap().push(Asked {
        path: head.uri.path_and_query().unwrap().to_string(),
        headers: head.headers,
        body,
    });
    let script = shared.script.lock().unwrap().clone();
    let mut response = Response::builder().status(script.status);
    for (name, value) in &script.headers {
        response = response.header(*name, value);
    }
    let guard = Guard(shared);
    let pieces = stream::iter(script.pieces).then(|piece| async move {
        // Long enough for each piece to travel alone.
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok::<_, std::io::Error>(piece)
    });
    let end = stream::once(async move {
        let _guard = guard;
        match script.end {
            End::Close => None,
            End::Hang => std::future::pending().await,
            End::Break => {
                // What was written before must be out, or it is lost with the connection.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some(Err(std::io::Error::other("broken off")))
            }
        }
    });
    let body = pieces.chain(end.filter_map(std::future::ready));
    response.body(Body::from_stream(body)).unwrap()
}

/// An endpoint `default/here` whose spec is `extra` over a keyed, private one.
pub(super) fn build(
    provider: &str,
    base_url: &str,
    extra: &Value,
    options: &NetworkOptions,
) -> Result<Upstream, UpstreamBuildError> {
    let mut spec = json!({
        "provider": provider, "base_url": base_url, "allowPrivate": true,
        "auth": {"secretRef": "key"},
    });
    for (name, value) in extra.as_object().unwrap() {
        spec[name] = value.clone();
    }
    let mut spec: ModelEndpointSpec = serde_json::from_value(spec).unwrap();
    spec.normalise();
    let key = Opened::new(format!("Bearer {KEY}\n").into_bytes());
    let key = spec.auth.secret_ref.is_some().then_some(&key);
    let id = ResourceId::new(Kind::ModelEndpoint, "default", "here");
    Upstream::new(&id, &spec, key, &Network::new(options).unwrap())
}

pub(super) fn upstream(provider: &str, base_url: &str, extra: &Value) -> Upstream {
    build(provider, base_url, extra, &NetworkOptions::default()).unwrap()
}

pub(super) fn call(body: &Value) -> ChatCall {
    asking(Dialect::Chat, body)
}

pub(super) fn asking(dialect: Dialect, body: &Value) -> ChatCall {
    ChatCall {
        dialect,
        model: body["model"].as_str().unwrap_or("up-model").to_owned(),
        stream: body["stream"] == true,
        include_usage: body["stream_options"]["include_usage"] == true,
        // Of no consequence but to a chat.
        asks_usage: dialect != Dialect::Chat,
        body: body.to_string().into(),
        requested: "fast".into(),
        agent: None,
        revision: "abc123".into(),
        response_model: None,
        betas: None,
        refuses: Arc::default(),
        max_output: None,
        deadline: None,
        trace: None,
    }
}

pub(super) fn hello() -> Value {
    json!({"model": "up-model", "messages": [{"role": "user", "content": "hi"}]})
}

pub(super) fn hello_stream() -> Value {
    let mut body = hello();
    body["stream"] = true.into();
    body
}

pub(super) async fn full(upstream: &Upstream, call: ChatCall) -> Value {
    match upstream.chat(call).await.unwrap().content {
        ChatContent::Full { body, .. } => serde_json::from_slice(&body).unwrap(),
        ChatContent::Stream(_) => panic!("a stream where a whole answer was asked for"),
    }
}

pub(super) async fn streamed(upstream: &Upstream, call: ChatCall) -> Result<String, ApiError> {
    match upstream.chat(call).await?.content {
        ChatContent::Stream(frames) => {
            let frames: Vec<Bytes> = frames.map(|frame| frame.bytes).collect().await;
            Ok(String::from_utf8(frames.concat()).unwrap())
        }
        ChatContent::Full { .. } => panic!("a whole answer where a stream was asked for"),
    }
}

/// The JSON of each `data:` line but `[DONE]`.
pub(super) fn chunks(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}
