//! The ways in which clients ask.

use super::ApiError;
use super::messages::error_json;
use super::responses::error_event;
use bytes::Bytes;

/// How a client asks: what its body holds, and how answers and errors are written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's Chat Completions, the words that all others are translated to.
    Chat,
    /// OpenAI's Embeddings.
    Embeddings,
    /// Anthropic's Messages.
    Messages,
    /// Anthropic's count of a message's tokens.
    CountTokens,
    /// OpenAI's Responses.
    Responses,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 5] = [
        Self::Chat,
        Self::Embeddings,
        Self::Messages,
        Self::CountTokens,
        Self::Responses,
    ];

    /// Its path behind the server's root or an endpoint's name.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Messages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::Responses => "/v1/responses",
        }
    }

    /// The field of a whole answer that holds what was asked for.
    pub fn content_field(self) -> &'static str {
        match self {
            Self::Chat => "choices",
            Self::Embeddings => "data",
            Self::Messages => "content",
            Self::CountTokens => "input_tokens",
            Self::Responses => "output",
        }
    }

    /// What a chat's field is called by who asked for it in this dialect.
    pub fn name_of(self, chat_field: &str) -> &str {
        match (self, chat_field) {
            (Self::Messages, "stop") => "stop_sequences",
            (Self::Messages, "parallel_tool_calls") => "tool_choice.disable_parallel_tool_use",
            (Self::Messages, "reasoning_effort") => "thinking",
            (Self::Messages, "response_format") => "output_config.format",
            (Self::Messages, "user") => "metadata.user_id",
            (Self::Responses, "reasoning_effort") => "reasoning.effort",
            (Self::Responses, "response_format") => "text.format",
            (_, same) => same,
        }
    }

    /// The body of an answer that is an error.
    pub fn error_body(self, error: &ApiError) -> String {
        match self {
            Self::Chat | Self::Embeddings | Self::Responses => error.to_json().to_string(),
            Self::Messages | Self::CountTokens => error_json(error).to_string(),
        }
    }

    /// The frame that ends a stream which failed.
    pub fn error_frame(self, error: &ApiError) -> Bytes {
        let body = self.error_body(error);
        match self {
            Self::Responses => error_event(error, None),
            Self::Chat | Self::Embeddings => format!("data: {body}\n\n").into(),
            Self::Messages | Self::CountTokens => format!("event: error\ndata: {body}\n\n").into(),
        }
    }

    /// Whether an event of this type ends a stream that is complete; a chat's last one has no type and no JSON.
    pub fn ends_with(self, kind: Option<&str>) -> bool {
        match self {
            Self::Messages => kind == Some("message_stop"),
            Self::Responses => matches!(
                kind,
                Some("response.completed" | "response.incomplete" | "response.failed")
            ),
            Self::Chat | Self::Embeddings | Self::CountTokens => false,
        }
    }

    /// Whether an answer can be streamed.
    pub fn streams(self) -> bool {
        matches!(self, Self::Chat | Self::Messages | Self::Responses)
    }
}
