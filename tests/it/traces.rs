//! Spans of requests and of their attempts, as a collector of OpenTelemetry gets them.

use crate::support::{
    client::{Answer, chat_body, client},
    collector::{Collector, Seen},
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    manifests::{compatible_endpoint, mock_endpoint},
    upstream::{FakeUpstream, Script},
};
use serde_json::json;
use std::{fs, time::Duration};
use tempfile::TempDir;

/// `SpanKind` of OTLP.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// `StatusCode` of OTLP.
const ERROR: i32 = 2;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// `fast`: the first endpoint, then the second; `broken` fails there.
fn repo(upstream: &FakeUpstream) -> TestRepo {
    let endpoint = |name| compatible_endpoint(name, &upstream.openai_url(), "default_model: m-1");
    let fast = "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets: [{endpoint: first, model: broken}]\n  fallbacks: [{endpoint: second, model: m-2}]\n";
    upstream.script("broken", Script::openai_error(503, "overloaded", "later"));
    TestRepo::with(&[
        ("first.yaml", &endpoint("first")),
        ("second.yaml", &endpoint("second")),
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("fast.yaml", fast),
    ])
}

fn traced(repo: &TestRepo, collector: &Collector) -> DaemonBuilder {
    DaemonBuilder::on(repo).arguments(&["--otlp-endpoint", &collector.url()])
}

/// Asks with headers of the caller's choice.
fn ask(daemon: &Daemon, model: &str, stream: bool, headers: &[(&str, &str)]) -> Answer {
    let mut body = chat_body(model);
    body["stream"] = stream.into();
    body["messages"][0]["content"] = "the-prompt-itself".into();
    let mut request = client()
        .post(format!("{}/v1/chat/completions", daemon.url()))
        .json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().unwrap())
}

fn one(spans: &[Seen], what: impl Fn(&Seen) -> bool) -> &Seen {
    let mut found = spans.iter().filter(|span| what(span));
    let (Some(span), None) = (found.next(), found.next()) else {
        panic!("not one span: {spans:#?}");
    };
    span
}

#[test]
fn a_request_with_a_fallback_is_a_span_and_each_attempt_one_below_it() {
    let (upstream, collector) = (FakeUpstream::plain(), Collector::start());
    let repo = repo(&upstream);
    let daemon = traced(&repo, &collector).start();
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [
        ("traceparent", parent.as_str()),
        ("tracestate", "shop=a1"),
        ("tracestate", "desk=b2"),
    ];
    let answer = ask(&daemon, "fast", false, &headers);
    assert_eq!(answer.status, 200, "{}", answer.text);

    let spans = collector.wait_for(3);
    for span in &spans {
        assert_eq!(
            (span.trace.as_str(), span.state.as_str()),
            (TRACE, "shop=a1,desk=b2")
        );
        assert_eq!(span.get("orloj.revision"), daemon.revision());
        assert!(span.took_ns > 0);
    }
    let request = one(&spans, |span| span.kind == SERVER);
    assert_eq!(
        (request.name.as_str(), request.parent.as_str()),
        ("POST /v1/chat/completions", PARENT)
    );
    assert_eq!(request.get("http.response.status_code"), 200);
    assert_eq!(request.get("http.route"), "/v1/chat/completions");
    assert_eq!(request.get("orloj.alias"), "fast");
    assert_eq!(request.get("orloj.attempts"), 2);
    assert_eq!(request.get("error.type"), json!(null));
    assert_eq!(request.status, 0);
    assert!(
        request
            .get("orloj.request_id")
            .as_str()
            .unwrap()
            .starts_with("req-")
    );

    let failed = one(&spans, |span| span.name == "chat broken");
    let answered = one(&spans, |span| span.name == "chat m-2");
    let port: u16 = upstream
        .address()
        .split(':')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    for span in [failed, answered] {
        assert_eq!((span.kind, &span.parent), (CLIENT, &request.id));
        assert_eq!(span.get("gen_ai.operation.name"), "chat");
        assert_eq!(span.get("gen_ai.provider.name"), "openai-compatible");
        assert_eq!(span.get("server.address"), "127.0.0.1");
        assert_eq!(span.get("server.port"), port);
        assert_eq!(span.get("orloj.alias"), "fast");
        assert!(span.took_ns <= request.took_ns);
    }
    assert_eq!(failed.get("orloj.endpoint"), "first");
    assert_eq!(failed.get("gen_ai.request.model"), "broken");
    assert_eq!(failed.get("http.response.status_code"), 503);
    assert_eq!(failed.get("error.type"), "upstream_error");
    assert_eq!(failed.status, ERROR);
    assert_eq!(answered.get("orloj.endpoint"), "second");
    assert_eq!(answered.get("http.response.status_code"), 200);
    assert_eq!(answered.get("http.request.resend_count"), 1);
    assert!(answered.get("gen_ai.usage.input_tokens").as_i64().unwrap() > 0);
    assert!(answered.get("gen_ai.usage.output_tokens").as_i64().unwrap() > 0);
    assert_eq!(answered.status, 0);

    // Each provider was told the span that called it.
    let told: Vec<_> = upstream.requests();
    for (request, span) in told.iter().zip([failed, answered]) {
        let expected = format!("00-{TRACE}-{}-01", span.id);
        assert_eq!(request.header("traceparent"), expected);
        assert_eq!(request.header("tracestate"), "shop=a1,desk=b2");
    }
    assert_eq!(collector.resource()["service.name"], "orloj");
    let sent = collector.requests();
    assert_eq!(sent[0].headers["content-type"], "application/x-protobuf");
    for sent in sent {
        let text = String::from_utf8_lossy(&sent.bytes).into_owned();
        assert!(
            !text.contains("the-prompt-itself") && !text.contains("Recursion"),
            "{text}"
        );
    }
    assert!(daemon.log().contains(TRACE), "the log line names the trace");
}

#[test]
fn a_stream_is_traced_to_its_end_and_a_refusal_has_a_span_of_its_own() {
    let (upstream, collector) = (FakeUpstream::plain(), Collector::start());
    let repo = repo(&upstream);
    upstream.script("cut", Script::cut_after(3));
    let daemon = traced(&repo, &collector).start();
    assert_eq!(ask(&daemon, "second", true, &[]).status, 200);
    let spans = collector.wait_for(2);
    let attempt = one(&spans, |span| span.kind == CLIENT);
    assert_eq!(attempt.get("gen_ai.request.stream"), true);
    let first = attempt.get("gen_ai.response.time_to_first_chunk");
    let whole = Duration::from_nanos(attempt.took_ns).as_secs_f64();
    assert!(first.as_f64().unwrap() <= whole, "{attempt:?}");
    let request = one(&spans, |span| span.kind == SERVER);
    assert_eq!((request.parent.as_str(), request.status), ("", 0));
    assert_eq!(request.get("orloj.outcome"), "finished");

    // What breaks after it has begun is an error, although its status was 200.
    ask(&daemon, "first/cut", true, &[]);
    let spans = collector.wait_for(4);
    let attempt = one(&spans[2..], |span| span.kind == CLIENT);
    assert_eq!(
        (attempt.status, attempt.get("error.type")),
        (ERROR, json!("upstream_error"))
    );
    let request = one(&spans[2..], |span| span.kind == SERVER);
    assert_eq!(
        (request.status, request.get("http.response.status_code")),
        (ERROR, json!(200))
    );
    assert_eq!(request.get("orloj.outcome"), "failed");

    // A name that leads nowhere, and what was asked for is nobody's business.
    assert_eq!(ask(&daemon, "no-such-model", false, &[]).status, 404);
    let spans = collector.wait_for(5);
    let refused = &spans[4];
    assert_eq!(refused.get("http.response.status_code"), 404);
    assert_eq!(refused.get("error.type"), "model_not_found");
    assert_eq!(refused.status, 0);
    assert!(!format!("{refused:?}").contains("no-such-model"));
}

#[test]
fn a_context_that_is_malformed_begins_a_new_trace_and_one_that_is_not_kept_stays_so() {
    let (upstream, collector) = (FakeUpstream::plain(), Collector::start());
    let daemon = traced(&repo(&upstream), &collector).start();
    let malformed = format!("00-{TRACE}-{PARENT}-1");
    ask(
        &daemon,
        "second",
        false,
        &[("traceparent", &malformed), ("tracestate", "a=b")],
    );
    let spans = collector.wait_for(2);
    let request = one(&spans, |span| span.kind == SERVER);
    assert_ne!(request.trace, TRACE);
    assert_eq!((request.parent.as_str(), request.state.as_str()), ("", ""));
    assert!(
        upstream
            .last()
            .header("traceparent")
            .contains(&request.trace)
    );

    // Whoever began it keeps none of it; the provider is told so.
    let unkept = format!("00-{TRACE}-{PARENT}-00");
    ask(&daemon, "second", false, &[("traceparent", &unkept)]);
    let told = upstream.last().header("traceparent").to_owned();
    assert!(
        told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"),
        "{told}"
    );
    assert!(!told.contains(PARENT));
    ask(&daemon, "second", false, &[]);
    let spans = collector.wait_for(4);
    assert!(spans.iter().all(|span| span.trace != TRACE));
}

#[test]
fn without_a_collector_nothing_is_told_to_providers() {
    let upstream = FakeUpstream::plain();
    let daemon = DaemonBuilder::on(&repo(&upstream)).start();
    let parent = format!("00-{TRACE}-{PARENT}-01");
    ask(&daemon, "second", false, &[("traceparent", &parent)]);
    assert_eq!(upstream.last().header("traceparent"), "");
}

#[test]
fn a_collector_that_takes_nothing_holds_up_nobody_and_what_is_lost_is_counted() {
    let (upstream, collector) = (FakeUpstream::plain(), Collector::start());
    let desk = TempDir::new().unwrap();
    let headers = desk.path().join("headers");
    fs::write(&headers, "x-team-key: word\n").unwrap();
    let config = format!(
        "telemetry:\n  otlp_endpoint: {}\n  otlp_headers_file: {}\n",
        collector.url(),
        headers.display()
    );
    let daemon = DaemonBuilder::on(&repo(&upstream)).config(&config).start();
    collector.answer(400);
    assert_eq!(ask(&daemon, "second", false, &[]).status, 200);
    eventually("two spans are lost", || {
        let metrics = daemon.get("/metrics").text;
        metrics
            .contains("orloj_trace_spans_lost_total 2\n")
            .then_some(())
    });
    assert!(daemon.log().contains("does not take spans"));
    assert!(collector.spans().is_empty());

    // It comes back, and what waits when the daemon ends still goes out.
    collector.answer(0);
    assert_eq!(ask(&daemon, "second", false, &[]).status, 200);
    daemon.stop();
    collector.wait_for(2);
    assert_eq!(collector.requests()[0].headers["x-team-key"], "word");
}
