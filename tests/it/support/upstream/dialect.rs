//! What the dialects share: recording, failing, streaming.

use super::script::Script;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, Uri},
};
use futures_util::stream;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The text of an answer that no script changes.
pub(super) const TEXT: &str = "Recursion is a function that calls itself.";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) bytes: Bytes,
}

impl Recorded {
    /// A header's value; empty if absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The model in the body; empty if absent.
    pub(crate) fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) requests: Mutex<Vec<Recorded>>,
    pub(super) scripts: Mutex<HashMap<String, Script>>,
    pub(super) cancelled: Arc<AtomicUsize>,
}

impl Shared {
    /// Keeps the request; a body that is no JSON is kept as null.
    pub(super) fn record(&self, uri: &Uri, headers: &HeaderMap, bytes: Bytes) -> Recorded {
        let recorded = Recorded {
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    (name.as_str().to_owned(), value.into_owned())
                })
                .collect(),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        };
        self.requests.lock().unwrap().push(recorded.clone());
        recorded
    }

    pub(super) fn script_for(&self, model: &str) -> Script {
        let scripts = self.scripts.lock().unwrap();
        scripts.get(model).cloned().unwrap_or_default()
    }

    /// Waits as the script says; an answer if it is one of failure.
    pub(super) async fn begin(&self, script: &Script) -> Option<Response<Body>> {
        tokio::time::sleep(script.delay).await;
        let failure = script.failure.as_ref()?;
        let mut response = Response::builder()
            .status(failure.status)
            .header("content-type", "application/json");
        for (name, value) in &failure.headers {
            response = response.header(name, value);
        }
        Some(response.body(Body::from(failure.body.clone())).unwrap())
    }

    /// Streams `pieces`, cut as the script says, and counts a reader that leaves before the end.
    pub(super) fn stream(
        &self,
        content_type: &str,
        pieces: Vec<String>,
        script: &Script,
    ) -> Response<Body> {
        let cut = script.cut_after.filter(|cut| *cut < pieces.len());
        let mut pieces: Vec<Option<String>> = pieces.into_iter().map(Some).collect();
        if let Some(cut) = cut {
            pieces.truncate(cut);
            pieces.push(None);
        }
        let watch = Watch {
            counter: Arc::clone(&self.cancelled),
            delay: script.chunk_delay,
            finished: false,
        };
        let body = stream::unfold((pieces.into_iter(), watch), next_piece);
        Response::builder()
            .header("content-type", content_type)
            .header("cache-control", "no-cache")
            .body(Body::from_stream(body))
            .unwrap()
    }
}

/// How long a server waits before it breaks a connection.
const HANGS_UP_AFTER: Duration = Duration::from_millis(50);

type Rest = (std::vec::IntoIter<Option<String>>, Watch);

/// The next piece; where the stream is cut, a broken connection.
async fn next_piece((mut rest, mut watch): Rest) -> Option<(io::Result<Bytes>, Rest)> {
    // The shortest sleep is a millisecond, even one of no length.
    if !watch.delay.is_zero() {
        tokio::time::sleep(watch.delay).await;
    }
    let Some(piece) = rest.next() else {
        watch.finished = true;
        return None;
    };
    watch.finished = piece.is_none();
    if watch.finished {
        // What was sent before is on its way by then.
        tokio::time::sleep(HANGS_UP_AFTER).await;
    }
    let hang_up = || io::Error::other("the script hangs up here");
    let item = piece.map(Bytes::from).ok_or_else(hang_up);
    Some((item, (rest, watch)))
}

struct Watch {
    counter: Arc<AtomicUsize>,
    delay: Duration,
    finished: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.finished {
            self.counter.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The words of `text`, each with the blank that follows it.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(' ').collect()
}

/// A JSON answer.
pub(super) fn json(status: u16, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}
