//! A provider in all its moods; the model that is asked for says which one. It keeps counts alone, so that an hour
//! of it costs no more than a minute.

use crate::support::serving::Server;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{Response, StatusCode},
    response::IntoResponse as _,
    routing::post,
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    future, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// Pieces of a stream that is read to its end.
pub(super) const PIECES: usize = 8;

/// Pieces of a stream that is read slowly, and bytes of each: more than the buffers on its way.
pub(super) const LARGE_PIECES: usize = 400;
const LARGE_PIECE: usize = 4_096;

/// Pieces that come before a stream is cut.
const CUT_AFTER: usize = 3;

/// Between two pieces.
const PACE: Duration = Duration::from_millis(5);

/// How long one that answers late takes.
const LATE: Duration = Duration::from_millis(250);

/// The provider, on a free port.
pub(super) struct Upstream {
    server: Server,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Requests that are neither answered to the end nor given up.
    open: AtomicUsize,
    most_open: AtomicUsize,
    /// Who waits for an answer that never comes.
    waiting: Mutex<HashSet<String>>,
}

impl Upstream {
    pub(super) fn start() -> Self {
        let counts = Arc::new(Counts::default());
        let router = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/embeddings", post(embeddings))
            .with_state(Arc::clone(&counts));
        Self {
            server: Server::plain(router),
            counts,
        }
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://{}/v1", self.server.address())
    }

    /// Requests that are neither answered to the end nor given up.
    pub(super) fn open(&self) -> usize {
        self.counts.open.load(SeqCst)
    }

    /// The most that were open at once.
    pub(super) fn most_open(&self) -> usize {
        self.counts.most_open.load(SeqCst)
    }

    /// Whether the request that says `text` has come, and waits.
    pub(super) fn has(&self, text: &str) -> bool {
        self.counts.waiting.lock().unwrap().contains(text)
    }
}

/// An open request; dropped when it is answered or given up.
struct Open(Arc<Counts>, String);

impl Open {
    fn new(counts: &Arc<Counts>, text: &str) -> Self {
        let open = counts.open.fetch_add(1, SeqCst) + 1;
        counts.most_open.fetch_max(open, SeqCst);
        Self(Arc::clone(counts), text.to_owned())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, SeqCst);
        self.0.waiting.lock().unwrap().remove(&self.1);
    }
}

async fn chat(State(counts): State<Arc<Counts>>, Json(request): Json<Value>) -> Response<Body> {
    let text = request["messages"][0]["content"].as_str();
    let open = Open::new(&counts, text.unwrap_or_default());
    match request["model"].as_str().unwrap_or_default() {
        "limited" => return failure(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error"),
        "broken" => return failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        "held" => {
            counts.waiting.lock().unwrap().insert(open.1.clone());
            future::pending::<()>().await;
        }
        "late" => tokio::time::sleep(LATE).await,
        _ => {}
    }
    if request["stream"] == true {
        return streamed(&request, open);
    }
    let message = json!({"role": "assistant", "content": "All is well."});
    Json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000,
        "model": request["model"], "usage": usage(),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }))
    .into_response()
}

async fn embeddings(
    State(counts): State<Arc<Counts>>,
    Json(request): Json<Value>,
) -> Response<Body> {
    let _open = Open::new(&counts, "");
    Json(json!({
        "object": "list", "model": request["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25, 1.0]}],
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }))
    .into_response()
}

fn failure(status: StatusCode, kind: &str) -> Response<Body> {
    let error = json!({"message": "not now", "type": kind, "param": null, "code": null});
    (status, Json(json!({"error": error}))).into_response()
}

fn streamed(request: &Value, open: Open) -> Response<Body> {
    let model = request["model"].as_str().unwrap_or_default().to_owned();
    let (pieces, piece, pace) = match model.as_str() {
        "endless" => (usize::MAX, "word ".to_owned(), PACE),
        "large" => (LARGE_PIECES, "x".repeat(LARGE_PIECE), Duration::ZERO),
        _ => (PIECES, "word ".to_owned(), PACE),
    };
    let is_cut = model == "cut";
    let last = [
        frame(&model, &json!({}), &json!("stop")),
        ending(&model),
        "data: [DONE]\n\n".to_owned(),
    ];
    let content = frame(&model, &json!({"content": piece}), &Value::Null);
    let pieces = stream::iter(0..pieces).then(move |number| {
        let content = Bytes::from(content.clone());
        async move {
            if !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            if is_cut && number == CUT_AFTER {
                return Err(io::Error::other("hangs up here"));
            }
            Ok(content)
        }
    });
    let last = stream::iter(last.map(|frame| Ok(Bytes::from(frame))));
    let body = pieces.chain(last).map(move |item| {
        // It is open for as long as somebody may ask for more.
        let _ = &open;
        item
    });
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Body::from_stream(body))
        .unwrap()
}

fn frame(model: &str, delta: &Value, finish: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": model, "choices": [choice],
    });
    format!("data: {chunk}\n\n")
}

fn ending(model: &str) -> String {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": model, "choices": [], "usage": usage(),
    });
    format!("data: {chunk}\n\n")
}

fn usage() -> Value {
    json!({"prompt_tokens": 11, "completion_tokens": PIECES, "total_tokens": 11 + PIECES})
}
