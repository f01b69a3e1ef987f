//! `GET /metrics`, in the text format of Prometheus.

use super::{state::Doors, status_json::shown_findings};
use crate::{
    forge::Provider,
    reconcile::{Served, Status},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Bounds of the duration histogram in seconds: from what a mock takes to what a long answer takes.
const DURATION_BOUNDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0,
];

/// Bounds of the gateway's own time in seconds.
const OVERHEAD_BOUNDS: [f64; 12] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_2, 0.000_4, 0.000_8, 0.001_6, 0.003_2, 0.01, 0.05, 0.25,
    1.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevisionLabel {
    revision: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    provider: &'static str,
    result: &'static str,
}

/// The counters of one process.
pub struct Metrics {
    registry: Registry,
    requests: Family<StatusLabel, Counter>,
    durations: Histogram,
    overhead: Histogram,
    revision: Family<RevisionLabel, Gauge>,
    lag: Gauge<f64, AtomicU64>,
    ready: Gauge,
    findings: Gauge,
    revision_since: Gauge,
    webhooks: Family<WebhookLabels, Counter>,
    webhooks_missed: Counter,
    usage_lost: Counter,
    spans_lost: Counter,
    under_way: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("orloj");
        let requests = Family::default();
        let durations = Histogram::new(DURATION_BOUNDS);
        let (ready, findings, revision_since) =
            (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register(
            "gateway_requests",
            "Chat requests by HTTP status",
            requests.clone(),
        );
        registry.register_with_unit(
            "gateway_request_duration",
            "Time until the answer began",
            Unit::Seconds,
            durations.clone(),
        );
        let overhead = Histogram::new(OVERHEAD_BOUNDS);
        registry.register_with_unit(
            "gateway_overhead",
            "Time until the answer began, without waiting for providers",
            Unit::Seconds,
            overhead.clone(),
        );
        let (revision, lag) = (Family::default(), Gauge::default());
        registry.register("revision", "The served revision", revision.clone());
        registry.register_with_unit(
            "revision_lag",
            "How long the newest commit that was looked at is not served; 0 if it is",
            Unit::Seconds,
            lag.clone(),
        );
        registry.register("ready", "Whether a revision is served", ready.clone());
        registry.register(
            "revision_errors",
            "Errors of the newest commits",
            findings.clone(),
        );
        registry.register_with_unit(
            "revision_live_since_timestamp",
            "When the served revision went live",
            Unit::Seconds,
            revision_since.clone(),
        );
        let (webhooks, webhooks_missed) = (Family::default(), Counter::default());
        registry.register(
            "webhooks",
            "Webhooks by provider and what became of them",
            webhooks.clone(),
        );
        registry.register(
            "webhook_missed",
            "Commits that a poll found and a webhook should have told of",
            webhooks_missed.clone(),
        );
        let usage_lost = Counter::default();
        registry.register(
            "usage_records_lost",
            "Records of usage that found no room, because the store was too slow",
            usage_lost.clone(),
        );
        let under_way = Gauge::default();
        registry.register(
            "gateway_requests_under_way",
            "Requests to models whose answers have not ended",
            under_way.clone(),
        );
        let spans_lost = Counter::default();
        registry.register(
            "trace_spans_lost",
            "Spans that found no room, or that the collector did not take",
            spans_lost.clone(),
        );
        Self {
            registry,
            requests,
            durations,
            overhead,
            revision,
            lag,
            ready,
            findings,
            revision_since,
            webhooks,
            webhooks_missed,
            usage_lost,
            spans_lost,
            under_way,
        }
    }
}

impl Metrics {
    /// Counts a chat request whose answer began after `took`.
    pub(super) fn request(&self, status: u16, took: Duration) {
        self.requests.get_or_create(&StatusLabel { status }).inc();
        self.durations.observe(took.as_secs_f64());
    }

    /// Counts what the gateway itself took until an answer began.
    pub(super) fn overhead(&self, took: Duration) {
        self.overhead.observe(took.as_secs_f64());
    }

    /// Counts a webhook.
    pub(super) fn webhook(&self, provider: Provider, result: &'static str) {
        let provider = provider.as_str();
        let labels = WebhookLabels { provider, result };
        self.webhooks.get_or_create(&labels).inc();
    }
}

/// Seconds since the newest attempt that did not go live; each look at the same commit leaves its time as it is.
fn lag(served: &Served, status: &Status) -> f64 {
    let waiting = status.refused.values().chain(&status.attempt);
    let waiting = waiting.filter(|one| {
        let commits = || served.commits().map(|(_, commit)| commit.id.to_string());
        one.commit
            .as_ref()
            .is_some_and(|id| !commits().any(|served| served == *id))
    });
    let Some(since_us) = waiting.map(|one| one.at_us).min() else {
        return 0.0;
    };
    let passed =
        Timestamp::now().duration_since(Timestamp::from_microsecond(since_us).unwrap_or_default());
    passed.as_secs_f64().max(0.0)
}

pub(super) async fn metrics(State(doors): State<Doors>) -> Response {
    let metrics = &doors.metrics;
    let served = doors.reconciler.live().pin();
    metrics.ready.set(i64::from(served.is_something()));
    metrics.revision_since.set(served.since_us / 1_000_000);
    let status = doors.reconciler.status();
    metrics.revision.clear();
    let revision = served.revision.clone();
    metrics
        .revision
        .get_or_create(&RevisionLabel { revision })
        .set(1);
    metrics.lag.set(lag(&served, &status));
    let known = status.attempt.is_some() || !status.refused.is_empty();
    let findings = known.then(|| shown_findings(&served, &status));
    let errors = findings.map_or(0, |findings| findings.summary().errors);
    metrics
        .findings
        .set(i64::try_from(errors).unwrap_or(i64::MAX));
    let missed = metrics.webhooks_missed.inner();
    missed.store(doors.bells.missed(), Ordering::Relaxed);
    let lost = doors.admission.books.recorder().lost();
    metrics.usage_lost.inner().store(lost, Ordering::Relaxed);
    let under_way = doors.admission.gate.under_way();
    let under_way = i64::try_from(under_way).unwrap_or(i64::MAX);
    metrics.under_way.set(under_way);
    let lost = doors.admission.tracer.as_ref().map_or(0, |it| it.lost());
    metrics.spans_lost.inner().store(lost, Ordering::Relaxed);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode_registry(&mut text, &metrics.registry);
    let _ = encode_registry(&mut text, doors.admission.books.genai().registry());
    let _ = encode_eof(&mut text);
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
