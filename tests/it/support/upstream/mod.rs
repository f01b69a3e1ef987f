//! Upstream servers that speak the providers' wire formats and record what they receive.
//!
//! They are as strict as the real ones about what makes a request fail: credentials, version headers,
//! required fields. What they answer can be scripted by model.

mod anthropic;
mod dialect;
mod ollama;
mod openai;
mod script;

pub(crate) use dialect::Recorded;
pub(crate) use script::Script;

use super::serving::{Authority, Server};
use axum::{Router, routing::post};
use dialect::Shared;
use std::sync::Arc;

/// A server that speaks OpenAI, Azure OpenAI, Anthropic and Ollama, each on its own paths.
pub(crate) struct FakeUpstream {
    server: Server,
    shared: Arc<Shared>,
}

impl FakeUpstream {
    /// Serves plain HTTP.
    pub(crate) fn plain() -> Self {
        let (router, shared) = router();
        Self {
            server: Server::plain(router),
            shared,
        }
    }

    /// Serves HTTPS as every host that `authority` vouches for.
    pub(crate) fn tls(authority: &Authority) -> Self {
        let (router, shared) = router();
        Self {
            server: Server::tls(router, authority),
            shared,
        }
    }

    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.server.address()
    }

    /// The base URL of its OpenAI side, plain.
    pub(crate) fn openai_url(&self) -> String {
        format!("http://{}/v1", self.address())
    }

    /// Answers every request for `model` as `script` says.
    pub(crate) fn script(&self, model: &str, script: Script) {
        let mut scripts = self.shared.scripts.lock().unwrap();
        scripts.insert(model.to_owned(), script);
    }

    /// What it has received, oldest first.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The latest request.
    #[track_caller]
    pub(crate) fn last(&self) -> Recorded {
        self.requests().pop().expect("the upstream was called")
    }

    /// How many answers were given up by the one who asked, before their end.
    pub(crate) fn cancelled(&self) -> usize {
        self.shared
            .cancelled
            .load(std::sync::atomic::Ordering::SeqCst)
    }
}

fn router() -> (Router, Arc<Shared>) {
    let shared = Arc::new(Shared::default());
    let router = Router::new()
        .route("/v1/chat/completions", post(openai::chat))
        .route(
            "/openai/deployments/{deployment}/chat/completions",
            post(openai::azure_chat),
        )
        .route("/v1/messages", post(anthropic::messages))
        .route("/api/chat", post(ollama::chat))
        .with_state(Arc::clone(&shared));
    (router, shared)
}
