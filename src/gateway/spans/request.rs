//! The span of one request, with the attempt that is under way.

use super::{
    attributes,
    context::propagation,
    tracer::{Tracer, new_span_id},
};
use crate::{
    chat::{ApiError, Frame},
    gateway::genai,
    providers::{Propagation, Upstream},
    routing::Target,
    store::UsageRecord,
};
use opentelemetry::{
    KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// What ended without anybody saying how: the client left.
const CANCELLED: &str = "cancelled";

/// The span of one request. Dropped before its end, the client left.
pub struct RequestSpan {
    tracer: Arc<Tracer>,
    span: Option<Open>,
    attempt: Option<Open>,
    /// What went wrong last.
    error: Option<String>,
}

/// A span that has not ended.
struct Open {
    context: SpanContext,
    parent: Option<SpanId>,
    is_parent_remote: bool,
    kind: SpanKind,
    name: String,
    attributes: Vec<KeyValue>,
    started: SystemTime,
    clock: Instant,
    /// When the first piece of a streamed answer came.
    first: Option<Duration>,
}

impl RequestSpan {
    pub(super) fn begin(
        tracer: Arc<Tracer>,
        context: SpanContext,
        parent: Option<SpanId>,
        name: String,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let span = Open {
            context,
            is_parent_remote: parent.is_some(),
            parent,
            kind: SpanKind::Server,
            name,
            attributes,
            started: SystemTime::now(),
            clock: Instant::now(),
            first: None,
        };
        Self {
            tracer,
            span: Some(span),
            attempt: None,
            error: None,
        }
    }

    /// The trace's number, for log lines.
    pub fn trace_id(&self) -> String {
        let span = self.span.as_ref();
        span.map_or_else(String::new, |span| span.context.trace_id().to_string())
    }

    /// The request was refused before anything was called.
    pub fn refused(mut self: Box<Self>, error: &ApiError) {
        let status = KeyValue::new("http.response.status_code", i64::from(error.status));
        self.error = Some(attributes::error_type(error));
        self.end(vec![status], error.status >= 500);
    }

    /// An endpoint is called. The headers that tell it of its span; `None` if there is none to tell of.
    pub(in crate::gateway) fn attempt(
        &mut self,
        record: &UsageRecord,
        target: &Target,
        upstream: &Upstream,
    ) -> Option<Propagation> {
        let parent = &self.span.as_ref()?.context;
        let context = SpanContext::new(
            parent.trace_id(),
            new_span_id(),
            parent.trace_flags(),
            false,
            parent.trace_state().clone(),
        );
        let propagation = propagation(&context);
        if context.is_sampled() {
            let operation = genai::operation(&record.dialect);
            let endpoint = target.endpoint.id.qualified_name();
            let attributes = attributes::attempt(record, endpoint, &target.model, upstream);
            self.attempt = Some(Open {
                parent: Some(parent.span_id()),
                context,
                is_parent_remote: false,
                kind: SpanKind::Client,
                name: format!("{operation} {}", attributes::name(&target.model)),
                attributes,
                started: SystemTime::now(),
                clock: Instant::now(),
                first: None,
            });
        }
        propagation
    }

    /// The attempt under way failed, or what it answered with did; without one, the request itself.
    pub(in crate::gateway) fn failed(&mut self, error: &ApiError) {
        let word = attributes::error_type(error);
        if let Some(mut attempt) = self.attempt.take() {
            attempt
                .attributes
                .extend(attributes::upstream_status(error));
            attempt.fail(&word);
            self.tracer.send(attempt.ended(&self.tracer));
        }
        self.error = Some(word);
    }

    /// A piece of a streamed answer came; it may say that the rest will not.
    pub(in crate::gateway) fn piece(&mut self, frame: &Frame) {
        if let Some(attempt) = self.attempt.as_mut().filter(|_| frame.is_content()) {
            attempt.first.get_or_insert_with(|| attempt.clock.elapsed());
        }
        if let Some(error) = &frame.error {
            self.failed(error);
        }
    }

    /// The request ended, and with it the attempt that answered it.
    pub(in crate::gateway) fn ended(mut self: Box<Self>, record: &UsageRecord) {
        let is_finished = record.outcome == "finished";
        if let Some(mut attempt) = self.attempt.take() {
            let first = attempt.first.map(|first| first.as_secs_f64());
            attempt.attributes.extend(attributes::used(record, first));
            if first.is_some() || is_finished {
                let status = KeyValue::new("http.response.status_code", 200);
                attempt.attributes.push(status);
            }
            if !is_finished {
                attempt.fail(&record.outcome);
            }
            self.tracer.send(attempt.ended(&self.tracer));
        }
        if is_finished {
            self.error = None;
        } else if self.error.is_none() {
            self.error = Some(record.outcome.clone());
        }
        // Who leaves does no harm; what broke after it had begun to answer did.
        let is_harm = record.status >= 500 || record.status == 200 && record.outcome == "failed";
        self.end(attributes::ended(record), is_harm);
    }

    fn end(&mut self, attributes: Vec<KeyValue>, is_harm: bool) {
        let Some(mut span) = self.span.take() else {
            return;
        };
        if !span.context.is_sampled() {
            return;
        }
        span.attributes.extend(attributes);
        if let Some(error) = self.error.take() {
            span.attributes.push(KeyValue::new("error.type", error));
        }
        let mut data = span.ended(&self.tracer);
        if is_harm {
            data.status = Status::error("");
        }
        self.tracer.send(data);
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        if let Some(mut attempt) = self.attempt.take() {
            attempt.fail(CANCELLED);
            self.tracer.send(attempt.ended(&self.tracer));
        }
        self.error.get_or_insert_with(|| CANCELLED.to_owned());
        self.end(Vec::new(), false);
    }
}

impl Open {
    fn fail(&mut self, word: &str) {
        let error = KeyValue::new("error.type", word.to_owned());
        self.attributes.push(error);
    }

    /// The span as it is sent. A call that failed says so in its status.
    fn ended(self, tracer: &Tracer) -> SpanData {
        let has_failed = self
            .attributes
            .iter()
            .any(|it| it.key.as_str() == "error.type");
        let is_call = self.kind == SpanKind::Client;
        SpanData {
            end_time: self.started + self.clock.elapsed(),
            span_context: self.context,
            parent_span_id: self.parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: self.is_parent_remote,
            span_kind: self.kind,
            name: Cow::Owned(self.name),
            start_time: self.started,
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if is_call && has_failed {
                Status::error("")
            } else {
                Status::Unset
            },
            instrumentation_scope: tracer.scope.clone(),
        }
    }
}
