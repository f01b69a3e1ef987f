//! Begins spans, and takes those that ended to the one who sends them.

use super::{
    attributes,
    context::remote,
    export::{Collector, Outbox},
    request::RequestSpan,
};
use crate::chat::Dialect;
use opentelemetry::{
    InstrumentationScope,
    trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::SpanData;
use reqwest::header::HeaderMap;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// How many spans may wait for the collector, of about a KiB each. Beyond that they are lost, and counted: at 1,000
/// requests a second with one attempt each, a collector may be away for 4 seconds.
const QUEUE: usize = 8192;

/// How many numbers 32 bits hold.
const ALL_NUMBERS: f64 = 4_294_967_296.0;

/// Where spans begin and go in.
pub struct Tracer {
    queue: mpsc::Sender<SpanData>,
    /// Taken by the one who sends.
    outbox: Mutex<Option<Outbox>>,
    lost: AtomicU64,
    /// Share of the traces that begin here and are kept, from 0 to 1.
    ratio: f64,
    pub(super) scope: InstrumentationScope,
}

/// A request as it came.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// How it is asked.
    pub dialect: Dialect,
    /// Whether the path names an endpoint.
    pub is_scoped: bool,
    /// The answer's `x-orloj-request-id`.
    pub request_id: &'a str,
    /// The revision that answers.
    pub revision: &'a str,
}

impl Tracer {
    /// A tracer that keeps a share (0 to 1) of the traces that begin here; of others it keeps what their beginning
    /// says.
    pub fn sampling(ratio: f64, collector: Collector) -> Self {
        Self::with_room(QUEUE, ratio, collector)
    }

    /// As [`Self::sampling`], with so much room for spans that wait.
    pub(super) fn with_room(room: usize, ratio: f64, collector: Collector) -> Self {
        let (queue, waiting) = mpsc::channel(room);
        Self {
            queue,
            outbox: Mutex::new(Some(Outbox { waiting, collector })),
            lost: AtomicU64::new(0),
            ratio,
            scope: InstrumentationScope::builder("orloj")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }
    }

    /// Begins the span of a request, below the caller's if it names one.
    pub fn request(self: &Arc<Self>, asked: Asked<'_>) -> Box<RequestSpan> {
        let parent = remote(asked.headers);
        let (trace, flags, state) = match &parent {
            Some(parent) => (
                parent.trace_id(),
                parent.trace_flags(),
                parent.trace_state().clone(),
            ),
            None => self.new_trace(),
        };
        let context = SpanContext::new(trace, new_span_id(), flags, false, state);
        let scope = if asked.is_scoped { "/{endpoint}" } else { "" };
        let route = format!("{scope}{}", asked.dialect.path());
        let name = format!("POST {route}");
        let attributes = if context.is_sampled() {
            attributes::asked(route, asked.request_id, asked.revision)
        } else {
            Vec::new()
        };
        let parent = parent.map(|parent| parent.span_id());
        Box::new(RequestSpan::begin(
            self.clone(),
            context,
            parent,
            name,
            attributes,
        ))
    }

    /// Spans that found no room, or that the collector did not take.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Takes a span that ended; never waits.
    pub(super) fn send(&self, span: SpanData) {
        if self.queue.try_send(span).is_err() {
            self.lose(1);
        }
    }

    pub(super) fn lose(&self, spans: usize) {
        self.lost.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(super) fn take_outbox(&self) -> Option<Outbox> {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.take()
    }

    /// A part of a trace's number decides whether it is kept.
    fn new_trace(&self) -> (TraceId, TraceFlags, TraceState) {
        let mut bytes = [0; 16];
        // Without randomness the trace is not valid, and is not kept.
        let is_drawn = getrandom::fill(&mut bytes).is_ok();
        let [_, _, _, _, _, _, _, _, one, two, three, four, ..] = bytes;
        let number = u32::from_be_bytes([one, two, three, four]);
        let is_kept = is_drawn && f64::from(number) < self.ratio * ALL_NUMBERS;
        let flags = TraceFlags::default().with_sampled(is_kept);
        (TraceId::from_bytes(bytes), flags, TraceState::default())
    }
}

/// An identifier of a span.
pub(super) fn new_span_id() -> SpanId {
    let number = getrandom::u64().unwrap_or_default();
    // Zero is none.
    SpanId::from_bytes(number.max(1).to_be_bytes())
}
