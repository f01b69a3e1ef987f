//! A collector of OpenTelemetry: it reads OTLP in protobuf over HTTP and keeps what it was sent.

use super::{eventually, serving::Server};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::any_value::Value as Any,
    trace::v1::Span,
};
use prost::Message as _;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

/// A collector on a free port.
pub(crate) struct Collector {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What is answered; 0 is good.
    status: AtomicU16,
    requests: Mutex<Vec<Sent>>,
}

/// A request as it arrived.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// A span, with its attributes by name.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty if there is none.
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) attributes: BTreeMap<String, Value>,
    /// 2 is an error.
    pub(crate) status: i32,
    pub(crate) took_ns: u64,
}

impl Collector {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .with_state(Arc::clone(&shared));
        Self {
            server: Server::plain(router),
            shared,
        }
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Answers everything with `status` from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// What it was sent.
    pub(crate) fn requests(&self) -> Vec<Sent> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The spans of everything it was sent, in the order in which they ended.
    pub(crate) fn spans(&self) -> Vec<Seen> {
        let mut spans = Vec::new();
        for sent in self.requests() {
            let request = ExportTraceServiceRequest::decode(sent.bytes).unwrap();
            for resource in request.resource_spans {
                for scope in resource.scope_spans {
                    spans.extend(scope.spans.iter().map(Seen::of));
                }
            }
        }
        spans
    }

    /// The attributes of who sent the first spans.
    pub(crate) fn resource(&self) -> BTreeMap<String, Value> {
        let first = self.requests().into_iter().next().unwrap();
        let request = ExportTraceServiceRequest::decode(first.bytes).unwrap();
        let resource = request.resource_spans[0].resource.clone().unwrap();
        let attributes = resource.attributes.iter();
        attributes
            .map(|it| {
                (
                    it.key.clone(),
                    value(it.value.as_ref().and_then(|it| it.value.as_ref())),
                )
            })
            .collect()
    }

    /// Waits for so many spans; more are an error.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Seen> {
        let spans = eventually(&format!("{count} spans"), || {
            let spans = self.spans();
            (spans.len() >= count).then_some(spans)
        });
        assert_eq!(spans.len(), count, "{spans:#?}");
        spans
    }
}

impl Seen {
    fn of(span: &Span) -> Self {
        let attributes = span.attributes.iter();
        Self {
            name: span.name.clone(),
            kind: span.kind,
            trace: hex::encode(&span.trace_id),
            id: hex::encode(&span.span_id),
            parent: hex::encode(&span.parent_span_id),
            state: span.trace_state.clone(),
            attributes: attributes
                .map(|it| {
                    (
                        it.key.clone(),
                        value(it.value.as_ref().and_then(|it| it.value.as_ref())),
                    )
                })
                .collect(),
            status: span.status.as_ref().map_or(0, |status| status.code),
            took_ns: span.end_time_unix_nano - span.start_time_unix_nano,
        }
    }

    /// An attribute; null if there is none.
    pub(crate) fn get(&self, name: &str) -> Value {
        self.attributes.get(name).cloned().unwrap_or_default()
    }
}

fn value(value: Option<&Any>) -> Value {
    match value {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::BoolValue(is)) => json!(is),
        other => panic!("an attribute is {other:?}"),
    }
}

async fn traces(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> (StatusCode, Vec<u8>) {
    let status = shared.status.load(Ordering::SeqCst);
    if let Ok(status) = StatusCode::from_u16(status) {
        return (status, Vec::new());
    }
    shared
        .requests
        .lock()
        .unwrap()
        .push(Sent { headers, bytes });
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    (StatusCode::OK, answer)
}
