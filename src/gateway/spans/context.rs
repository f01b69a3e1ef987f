//! Where a trace comes from and goes on to: the headers `traceparent` and `tracestate`.
//!
//! Source: W3C Trace Context, <https://www.w3.org/TR/trace-context/>.

use crate::providers::Propagation;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use reqwest::header::{HeaderMap, HeaderValue};
use std::str::FromStr as _;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Length of `00-TRACE-PARENT-FLAGS`, in bytes; later versions may append to it.
const TRACEPARENT_BYTES: usize = 55;

/// A longer `tracestate` is left out, in bytes: as much as everybody has to pass on.
const MAX_TRACESTATE_BYTES: usize = 512;

/// The caller's span; `None` if there is none, or more than one, or one that is not well-formed.
pub(super) fn remote(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else {
        return None;
    };
    let (trace, span, flags) = parse(parent.to_str().ok()?.trim())?;
    let state = state(headers).unwrap_or_default();
    let context = SpanContext::new(trace, span, flags, true, state);
    context.is_valid().then_some(context)
}

/// The headers of a call that is made in a span.
pub(super) fn propagation(context: &SpanContext) -> Option<Propagation> {
    let parent = format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags().to_u8()
    );
    let state = context.trace_state().header();
    Some(Propagation {
        parent: HeaderValue::try_from(parent).ok()?,
        state: HeaderValue::try_from(state)
            .ok()
            .filter(|state| !state.is_empty()),
    })
}

fn parse(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let known = text.get(..TRACEPARENT_BYTES)?;
    let rest = &text[TRACEPARENT_BYTES..];
    let mut parts = known.split('-');
    let mut part = |digits: usize| parts.next().filter(|part| is_hex(part, digits));
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let is_as_long = match version {
        "ff" => false,
        "00" => rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    if !is_as_long {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    Some((
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        // The others are not ours to pass on.
        flags & TraceFlags::SAMPLED,
    ))
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What several systems say of the trace; several headers are as one.
fn state(headers: &HeaderMap) -> Option<TraceState> {
    let mut all = String::new();
    for value in headers.get_all(TRACESTATE) {
        let value = value.to_str().ok()?;
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(value);
    }
    if all.is_empty() || all.len() > MAX_TRACESTATE_BYTES {
        return None;
    }
    TraceState::from_str(&all).ok()
}
