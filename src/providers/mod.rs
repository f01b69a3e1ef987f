//! Chat words to and from model providers over HTTP.
//!
//! An [`Upstream`] is one endpoint, ready to be called: base URL, key, options and time limits were
//! judged when it was built. A call goes out either as the client's own bytes (providers that speak
//! OpenAI's dialect) or translated (`anthropic`, `ollama`), and comes back as OpenAI's words. What a
//! provider cannot do is refused by the field's name. Nothing here retries, chooses or counts
//! money.

mod address;
mod anthropic;
mod asked_usage;
mod build;
mod call;
mod connector;
mod credential;
mod failure;
mod fitting;
mod health;
mod mock;
mod network;
mod observed;
mod ollama;
mod openai;
mod passthrough;
mod pause;
mod relay;
mod site;
mod timeouts;
mod translated;
mod transport;
mod upstream;
mod uri;

#[cfg(test)]
mod tests;

pub use call::{ChatAnswer, ChatCall, ChatContent, Propagation};
pub use health::Standing;
pub use network::{Network, NetworkError, NetworkOptions};
pub use observed::Observation;
pub use pause::asked_pause;
pub use upstream::{Upstream, UpstreamBuildError};
