//! placeholder
use super::transport::Transport;
use super::{ChatAnswer, ChatCall};
use crate::chat::ApiError;
use url::Url;
pub(super) struct Ollama {
    transport: Transport,
}
impl Ollama {
    pub(super) fn new(
        transport: Transport,
        _url: Url,
        num_ctx: Option<u64>,
        keep_alive: Option<String>,
    ) -> Self {
        Self { transport }
    }
    pub(super) async fn chat(&self, _call: ChatCall) -> Result<ChatAnswer, ApiError> {
        Err(self.transport.site.broken("x"))
    }
}
