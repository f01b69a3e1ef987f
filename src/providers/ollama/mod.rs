//! Ollama's own API.
//!
//! Source: <https://docs.ollama.com/api/chat>.

mod answer;
mod embed;
mod request;
mod stream;

use super::relay::relay;
use super::site::Site;
use super::transport::Transport;
use super::uri::under;
use super::{ChatAnswer, ChatCall, ChatContent, UpstreamBuildError};
use crate::chat::{ApiError, ChatRequest, EmbeddingsRequest, Message};
use hyper::Uri;
use std::sync::Arc;
use url::Url;

/// An endpoint that speaks Ollama's `/api/chat` and `/api/embed`.
pub(super) struct Ollama {
    transport: Transport,
    chat: Uri,
    embed: Uri,
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
    /// `base` is the server's root.
    pub(super) fn new(
        transport: Transport,
        base: &Url,
        num_ctx: Option<u64>,
        keep_alive: Option<String>,
    ) -> Result<Self, UpstreamBuildError> {
        let settings = Settings {
            num_ctx,
            keep_alive,
        };
        Ok(Self {
            transport,
            chat: under(base, "api/chat")?,
            embed: under(base, "api/embed")?,
            settings,
        })
    }

    /// Who is called.
    pub(super) fn site(&self) -> &Arc<Site> {
        &self.transport.site
    }

    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = &self.transport.site;
        let mut request = ChatRequest::read(&call.body).map_err(|error| site.refused(error))?;
        // Who asks changes no answer.
        let user = request.user.as_ref().map(|_| "user=left out".to_owned());
        let mut adjusted = Vec::from_iter(user);
        adjusted.append(&mut request.adjusted);
        if request
            .tools
            .iter()
            .any(|tool| tool.cache_control.is_some())
        {
            adjusted.push("tools.cache_control=left out".to_owned());
        }
        let is_signed = |message: &Message| !message.thinking_blocks.is_empty();
        if request.messages.iter().any(is_signed) {
            adjusted.push("messages.thinking_blocks=left out".to_owned());
        }
        let body = request::translate(request, &self.settings, &call, &mut adjusted)
            .map_err(|error| site.refused(error))?;
        let uri = self.chat.clone();
        let reply = self.transport.post(uri, body, &call).await?;
        if !call.stream {
            let content = answer::whole(reply, &call).await?;
            return Ok(ChatAnswer { content, adjusted });
        }
        let decoder = stream::Lines::new(&reply, &call);
        let frames = relay(call.dialect, reply, Box::new(decoder)).await?;
        let content = ChatContent::Stream(frames);
        Ok(ChatAnswer { content, adjusted })
    }

    pub(super) async fn embed(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = &self.transport.site;
        let request = EmbeddingsRequest::read(&call.body).map_err(|error| site.refused(error))?;
        let keep_alive = self.settings.keep_alive.as_deref();
        let body = embed::translate(&request, keep_alive, &call.model);
        let uri = self.embed.clone();
        let body = body.to_string().into();
        let reply = self.transport.post(uri, body, &call).await?;
        let mut answer = ChatAnswer::from(embed::whole(reply, &request, &call).await?);
        // Who asks changes no vector.
        answer
            .adjusted
            .extend(request.user.map(|_| "user=left out".to_owned()));
        Ok(answer)
    }
}
