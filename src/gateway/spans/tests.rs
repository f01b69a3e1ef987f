#![expect(clippy::unwrap_used, reason = "tests")]

use super::{
    Asked, Collector, Tracer,
    context::{propagation, remote},
};
use crate::chat::{ApiError, Dialect};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use reqwest::header::{HeaderMap, HeaderValue};
use std::sync::Arc;
use url::Url;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn tracer(room: usize, ratio: f64) -> Arc<Tracer> {
    let url = Url::parse("http://127.0.0.1:4318/v1/traces").unwrap();
    let collector = Collector::new(&url, HeaderMap::new(), &[]).unwrap();
    Arc::new(Tracer::with_room(room, ratio, collector))
}

fn asked(headers: &HeaderMap) -> Asked<'_> {
    Asked {
        headers,
        dialect: Dialect::Chat,
        is_scoped: true,
        request_id: "req-1",
        revision: "abc",
    }
}

fn with_parent(parent: &str) -> HeaderMap {
    let value = HeaderValue::from_str(parent).unwrap();
    HeaderMap::from_iter([("traceparent".parse().unwrap(), value)])
}

fn sent(tracer: &Tracer) -> Vec<SpanData> {
    let mut outbox = tracer.take_outbox().unwrap();
    std::iter::from_fn(|| outbox.waiting.try_recv().ok()).collect()
}

fn said(span: &SpanData, name: &str) -> Option<String> {
    let mut found = span.attributes.iter().filter(|it| it.key.as_str() == name);
    found.next().map(|it| it.value.to_string())
}

#[test]
fn a_well_formed_context_is_written_as_it_was_read() {
    let mut headers = with_parent(PARENT);
    headers.append("tracestate", HeaderValue::from_static("a=1, b=2"));
    headers.append("tracestate", HeaderValue::from_static("c=3"));
    let context = remote(&headers).unwrap();
    let written = propagation(&context).unwrap();
    assert_eq!(written.parent, PARENT);
    assert_eq!(written.state.unwrap(), "a=1,b=2,c=3");
    // A later version may say more behind it, and flags that nobody here knows are not passed on.
    let later = remote(&with_parent(
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-more",
    ));
    assert_eq!(propagation(&later.unwrap()).unwrap().parent, PARENT);
}

#[test]
fn a_context_that_is_not_well_formed_is_none() {
    for parent in [
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "+0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
    ] {
        assert!(remote(&with_parent(parent)).is_none(), "{parent}");
    }
    let mut twice = with_parent(PARENT);
    twice.append("traceparent", HeaderValue::from_static(PARENT));
    assert!(remote(&twice).is_none());
    let bytes = HeaderValue::from_bytes(b"00-\xff").unwrap();
    let headers = HeaderMap::from_iter([("traceparent".parse().unwrap(), bytes)]);
    assert!(remote(&headers).is_none());
}

#[test]
fn a_state_that_is_not_well_formed_or_too_long_is_left_out() {
    for state in ["no-value", "A=b", &format!("a={}", "x".repeat(600))] {
        let mut headers = with_parent(PARENT);
        headers.insert("tracestate", HeaderValue::from_str(state).unwrap());
        let context = remote(&headers).unwrap();
        assert!(propagation(&context).unwrap().state.is_none(), "{state}");
    }
}

#[test]
fn a_refusal_is_no_error_of_the_server_and_a_failure_of_it_is_one() {
    let tracer = tracer(8, 1.0);
    let headers = with_parent(PARENT);
    for status in [404, 503] {
        let error = ApiError::new(status, "x", "what somebody wrote").with_code("a_code");
        tracer.request(asked(&headers)).refused(&error);
    }
    let spans = sent(&tracer);
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(span.span_kind, SpanKind::Server);
        assert_eq!(span.name, "POST /{endpoint}/v1/chat/completions");
        assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
        assert!(span.parent_span_is_remote);
        assert_eq!(said(span, "error.type").unwrap(), "a_code");
        assert!(!format!("{span:?}").contains("somebody"));
    }
    assert_eq!(spans[0].status, Status::Unset);
    assert_eq!(spans[1].status, Status::error(""));
}

#[test]
fn a_code_that_is_no_word_does_not_get_into_a_span() {
    let tracer = tracer(8, 1.0);
    for code in ["", "key sk-123 is wrong", &"x".repeat(65)] {
        let error = ApiError::new(502, "x", "y").with_code(code.to_owned());
        tracer.request(asked(&HeaderMap::new())).refused(&error);
    }
    let types: Vec<_> = sent(&tracer)
        .iter()
        .map(|it| said(it, "error.type"))
        .collect();
    assert_eq!(types, vec![Some("502".to_owned()); 3]);
}

#[test]
fn a_request_that_nobody_ends_was_cancelled() {
    let tracer = tracer(8, 1.0);
    drop(tracer.request(asked(&HeaderMap::new())));
    let spans = sent(&tracer);
    assert_eq!(said(&spans[0], "error.type").unwrap(), "cancelled");
    assert_eq!(spans[0].status, Status::Unset);
    assert!(said(&spans[0], "http.response.status_code").is_none());
}

#[test]
fn what_finds_no_room_is_lost_and_counted() {
    let tracer = tracer(3, 1.0);
    for _ in 0..5 {
        drop(tracer.request(asked(&HeaderMap::new())));
    }
    assert_eq!(tracer.lost(), 2);
    assert_eq!(sent(&tracer).len(), 3);
}

#[test]
fn a_share_of_the_traces_that_begin_here_is_kept_and_of_others_what_their_beginning_says() {
    let kept = |ratio: f64, headers: &HeaderMap| {
        let tracer = tracer(1000, ratio);
        for _ in 0..1000 {
            drop(tracer.request(asked(headers)));
        }
        sent(&tracer).len()
    };
    let new = HeaderMap::new();
    assert_eq!((kept(0.0, &new), kept(1.0, &new)), (0, 1000));
    // Six standard deviations around the middle.
    assert!((405..=595).contains(&kept(0.5, &new)));
    assert_eq!(kept(0.0, &with_parent(PARENT)), 1000);
    let unkept = with_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    assert_eq!(kept(1.0, &unkept), 0);
}
