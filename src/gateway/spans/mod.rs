//! Spans of requests and of their attempts, for a collector of OpenTelemetry.
//!
//! A request is a span, each call of an endpoint one below it. They are made only while a [`Tracer`] is there, hold
//! names and numbers alone, never a prompt, an answer, an error's text or a secret, and wait for the collector in a
//! queue that has an end: no request waits for them.

mod attributes;
mod context;
mod export;
mod request;
mod tracer;

#[cfg(test)]
mod tests;

pub use export::{Collector, CollectorError, export_spans};
pub use request::RequestSpan;
pub use tracer::{Asked, Tracer};
