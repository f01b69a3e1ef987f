//! The doors: gateway, resource and control API, webhooks, probes, metrics, console.
//!
//! Handlers read the request, call one function of an inner room, and write what it returns. Gateway
//! errors are OpenAI's JSON; all others are problem JSON (RFC 9457).

mod access;
mod apply;
mod aside;
mod body;
mod chat;
mod console;
mod control;
mod credentials;
mod detached;
mod encoding;
mod events;
mod explain;
mod headers;
mod label_selector;
mod live_export;
mod metrics;
mod models;
mod openapi;
mod orders;
mod pieces;
mod probes;
mod problem;
mod resource_json;
mod resources;
mod router;
mod state;
mod status_json;
mod usage;
mod webhooks;

#[cfg(test)]
mod tests;

pub use metrics::Metrics;
pub use router::router;
pub use state::{Admission, BodyLimits, Decoration, Doors, WebhookSecrets, Webhooks};
