//! One call of an endpoint and its answer.

use crate::chat::Usage;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::fmt;
use std::time::Duration;

/// One chat call.
#[derive(Debug, Clone)]
pub struct ChatCall {
    /// OpenAI chat JSON whose `model` is already the upstream's.
    pub body: Bytes,
    /// The upstream's model.
    pub model: String,
    /// What the client wrote as `model`.
    pub requested: String,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a streamed answer ends with its token counts.
    pub include_usage: bool,
    /// The agent the call is made as.
    pub agent: Option<String>,
    /// The revision the call was resolved with.
    pub revision: String,
    /// What the answer's `model` is to say instead of the upstream's name.
    pub response_model: Option<String>,
    /// Time left for the whole call; the endpoint's own limit holds too.
    pub deadline: Option<Duration>,
}

impl ChatCall {
    /// Whether the client itself wrote the upstream's model, so that a model which does not exist is
    /// its mistake and not the manifests'.
    pub(super) fn client_named_model(&self) -> bool {
        self.requested
            .strip_suffix(&self.model)
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }
}

/// The answer to a call, in OpenAI's words.
pub enum ChatAnswer {
    /// A whole answer.
    Full {
        /// A `chat.completion` object.
        body: Bytes,
        /// Tokens, if the provider counted them.
        usage: Option<Usage>,
    },
    /// Server-sent events, ready to be sent. Ends with `[DONE]`, or with an error frame and without.
    /// Dropping it cancels the call upstream.
    Stream(BoxStream<'static, Bytes>),
}

impl fmt::Debug for ChatAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { usage, .. } => f
                .debug_struct("Full")
                .field("usage", usage)
                .finish_non_exhaustive(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}
