//! Anthropic's Messages API.
//!
//! Source: <https://docs.anthropic.com/en/api/messages>.

mod answer;
mod ids;
mod names;
mod request;
mod stream;
mod thoughts;

use super::passthrough;
use super::relay::relay;
use super::site::Site;
use super::transport::Transport;
use super::uri::under;
use super::{ChatAnswer, ChatCall, ChatContent, UpstreamBuildError};
use crate::chat::{ApiError, ChatRequest, Dialect};
use hyper::{
    Uri,
    header::{HeaderMap, HeaderValue},
};
use names::Names;
use std::sync::Arc;
use url::Url;

/// What is tried out, by name.
const BETA: &str = "anthropic-beta";

/// An endpoint that speaks Anthropic's Messages.
pub(super) struct Anthropic {
    transport: Transport,
    messages: Uri,
    count_tokens: Uri,
    max_tokens: Option<u64>,
}

impl Anthropic {
    /// `max_tokens` is the endpoint's, for requests that say nothing.
    pub(super) fn new(
        transport: Transport,
        base: &Url,
        max_tokens: Option<u64>,
    ) -> Result<Self, UpstreamBuildError> {
        Ok(Self {
            transport,
            messages: under(base, "messages")?,
            count_tokens: under(base, "messages/count_tokens")?,
            max_tokens,
        })
    }

    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = &self.transport.site;
        let mut request = ChatRequest::read(&call.body).map_err(|error| site.refused(error))?;
        let names = Names::new(&request);
        let mut adjusted = std::mem::take(&mut request.adjusted);
        let limit = self.max_tokens;
        let body = request::translate(&mut request, &names, &call, limit, &mut adjusted)
            .map_err(|error| site.refused(error))?;
        let reply = self
            .transport
            .post(self.messages.clone(), body, &call)
            .await?;
        if !call.stream {
            let content = answer::whole(reply, &names, &call).await?;
            return Ok(ChatAnswer { content, adjusted });
        }
        if !reply.is_type("text/event-stream") {
            return Err(site.broken("answered with something else than the stream asked for"));
        }
        let decoder = stream::Events::new(&reply, names, &call);
        let frames = relay(call.dialect, reply, Box::new(decoder)).await?;
        let content = ChatContent::Stream(frames);
        Ok(ChatAnswer { content, adjusted })
    }
    /// Who is called.
    pub(super) fn site(&self) -> &Arc<Site> {
        &self.transport.site
    }

    /// A call in Anthropic's own words: the client's bytes go out, without thoughts that the model cannot have signed, and
    /// the provider's come back.
    pub(super) async fn native(&self, mut call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let mut adjusted = Vec::new();
        if let Some(body) = thoughts::without_others(&call, &mut adjusted) {
            call.body = body;
        }
        let uri = match call.dialect {
            Dialect::CountTokens => self.count_tokens.clone(),
            _ => self.messages.clone(),
        };
        let headers = self.with_betas(&call);
        let body = call.body.clone();
        let reply = self.transport.post_with(headers, uri, body, &call).await?;
        let content = passthrough::answer(reply, call).await?;
        Ok(ChatAnswer { content, adjusted })
    }

    /// The endpoint's headers, and the client's betas behind the endpoint's own.
    fn with_betas(&self, call: &ChatCall) -> HeaderMap {
        let mut headers = self.transport.headers().clone();
        let asked = call.betas.as_deref().map(str::trim);
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
            return headers;
        };
        let own = headers.get(BETA).and_then(|own| own.to_str().ok());
        let both = own.map_or_else(|| asked.to_owned(), |own| format!("{own},{asked}"));
        if let Ok(value) = HeaderValue::from_str(&both) {
            headers.insert(BETA, value);
        }
        headers
    }

    /// Anthropic makes no vectors.
    pub(super) fn no_embeddings(&self) -> ApiError {
        let error = ApiError::invalid_request("provider `anthropic` has no embeddings");
        let error = error.with_code("unsupported_operation").with_param("model");
        self.transport.site.refused(error)
    }
}
