//! One call of an endpoint and its answer.

use crate::chat::{Dialect, Frame, Usage};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use hyper::header::HeaderValue;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One call.
#[derive(Debug, Clone)]
pub struct ChatCall {
    /// How the client asks, and is answered.
    pub dialect: Dialect,
    /// The client's JSON, whose `model` is already the upstream's.
    pub body: Bytes,
    /// The upstream's model.
    pub model: String,
    /// What the client wrote as `model`.
    pub requested: String,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a streamed answer ends with its token counts.
    pub include_usage: bool,
    /// Whether the provider is asked for these counts although the client leaves them open: it is not told them then.
    pub asks_usage: bool,
    /// The agent the call is made as.
    pub agent: Option<String>,
    /// The revision the call was resolved with.
    pub revision: String,
    /// What the answer's `model` is to say instead of the upstream's name.
    pub response_model: Option<String>,
    /// The client's `anthropic-beta`, for Anthropic alone.
    pub betas: Option<String>,
    /// Parameters that the model refuses, as OpenAI names them.
    pub refuses: Arc<[String]>,
    /// Tokens that an answer may have, where that was reserved and the body does not say it.
    pub max_output: Option<u64>,
    /// Time left for the whole call; the endpoint's own limit holds too.
    pub deadline: Option<Duration>,
    /// The span of the call, told to the provider; `None` if nothing is traced.
    pub trace: Option<Propagation>,
}

/// The span that a call is made in, as W3C Trace Context writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Propagation {
    /// `traceparent`.
    pub parent: HeaderValue,
    /// `tracestate`, if the trace has one.
    pub state: Option<HeaderValue>,
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

/// The answer to a call, in the words that the client asked with.
#[derive(Debug)]
pub struct ChatAnswer {
    /// What is sent to the client.
    pub content: ChatContent,
    /// Fields of the request that could not be passed on as they were, with what became of them.
    pub adjusted: Vec<String>,
}

/// The body of an answer.
pub enum ChatContent {
    /// A whole JSON document.
    Full {
        /// `chat.completion` and the like.
        body: Bytes,
        /// Tokens, if the provider counted them.
        usage: Option<Usage>,
    },
    /// Server-sent events. Ends as the dialect ends what is complete, or with an error frame and without.
    /// Dropping it cancels the call upstream.
    Stream(BoxStream<'static, Frame>),
}

impl From<ChatContent> for ChatAnswer {
    fn from(content: ChatContent) -> Self {
        Self {
            content,
            adjusted: Vec::new(),
        }
    }
}

impl fmt::Debug for ChatContent {
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
