//! Anthropic's Messages API.
//!
//! Source: <https://docs.anthropic.com/en/api/messages>.

mod answer;
mod names;
mod request;
mod stream;

use super::relay::relay;
use super::transport::Transport;
use super::{ChatCall, ChatContent};
use crate::chat::{ApiError, ChatRequest};
use names::Names;
use url::Url;

/// An endpoint that speaks Anthropic's Messages.
pub(super) struct Anthropic {
    transport: Transport,
    url: Url,
    max_tokens: Option<u64>,
}

impl Anthropic {
    /// `max_tokens` is the endpoint's, for requests that say nothing.
    pub(super) fn new(transport: Transport, url: Url, max_tokens: Option<u64>) -> Self {
        Self {
            transport,
            url,
            max_tokens,
        }
    }

    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatContent, ApiError> {
        let site = &self.transport.site;
        let request = ChatRequest::read(&call.body).map_err(|error| site.refused(error))?;
        let names = Names::new(&request);
        let body = request::translate(&request, &names, &call, self.max_tokens)
            .map_err(|error| site.refused(error))?;
        let reply = self
            .transport
            .post(self.url.clone(), body.to_string().into(), &call)
            .await?;
        if !call.stream {
            return answer::whole(reply, &names, &call).await;
        }
        if !reply.is_type("text/event-stream") {
            return Err(site.broken("answered with something else than the stream asked for"));
        }
        let decoder = stream::Events::new(&reply, names, &call);
        relay(call.dialect, reply, Box::new(decoder))
            .await
            .map(ChatContent::Stream)
    }
    /// Anthropic makes no vectors.
    pub(super) fn no_embeddings(&self) -> ApiError {
        let error = ApiError::invalid_request("provider `anthropic` has no embeddings");
        let error = error.with_code("unsupported_operation").with_param("model");
        self.transport.site.refused(error)
    }
}
