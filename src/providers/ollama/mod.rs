//! Ollama's own chat API.
//!
//! Source: <https://docs.ollama.com/api/chat>.

mod answer;
mod request;
mod stream;

use super::relay::relay;
use super::transport::Transport;
use super::{ChatAnswer, ChatCall};
use crate::chat::{ApiError, ChatRequest};
use url::Url;

/// An endpoint that speaks Ollama's `/api/chat`.
pub(super) struct Ollama {
    transport: Transport,
    url: Url,
    settings: Settings,
}

/// What the endpoint's options add to each call.
struct Settings {
    /// Size of the context in tokens; Ollama cuts longer conversations silently.
    num_ctx: Option<u64>,
    /// How long the model stays loaded, in Ollama's words.
    keep_alive: Option<String>,
}

impl Ollama {
    pub(super) fn new(
        transport: Transport,
        url: Url,
        num_ctx: Option<u64>,
        keep_alive: Option<String>,
    ) -> Self {
        let settings = Settings {
            num_ctx,
            keep_alive,
        };
        Self {
            transport,
            url,
            settings,
        }
    }

    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = &self.transport.site;
        let request = ChatRequest::read(&call.body).map_err(|error| site.refused(error))?;
        let body = request::translate(request, &self.settings, &call)
            .map_err(|error| site.refused(error))?;
        let reply = self
            .transport
            .post(self.url.clone(), body.to_string().into(), &call)
            .await?;
        if !call.stream {
            return answer::whole(reply, &call).await;
        }
        let decoder = stream::Lines::new(&reply, &call);
        relay(reply, Box::new(decoder))
            .await
            .map(ChatAnswer::Stream)
    }
}
