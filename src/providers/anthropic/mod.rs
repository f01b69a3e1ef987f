//! placeholder
use super::transport::Transport;
use super::{ChatAnswer, ChatCall};
use crate::chat::ApiError;
use url::Url;
pub(super) struct Anthropic {
    transport: Transport,
}
impl Anthropic {
    pub(super) fn new(transport: Transport, _url: Url, max_tokens: Option<u64>) -> Self {
        Self { transport }
    }
    pub(super) async fn chat(&self, _call: ChatCall) -> Result<ChatAnswer, ApiError> {
        Err(self.transport.site.broken("x"))
    }
}
