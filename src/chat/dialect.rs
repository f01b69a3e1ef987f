//! The ways in which clients ask.

use super::ApiError;
use bytes::Bytes;

/// How a client asks: what its body holds, and how answers and errors are written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's Chat Completions, the words that all others are translated to.
    Chat,
    /// OpenAI's Embeddings.
    Embeddings,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Embeddings];

    /// Its path behind the server's root or an endpoint's name.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Embeddings => "/v1/embeddings",
        }
    }

    /// The field of a whole answer that holds what was asked for.
    pub fn content_field(self) -> &'static str {
        match self {
            Self::Chat => "choices",
            Self::Embeddings => "data",
        }
    }

    /// The body of an answer that is an error.
    pub fn error_body(self, error: &ApiError) -> String {
        error.to_json().to_string()
    }

    /// The frame that ends a stream which failed.
    pub fn error_frame(self, error: &ApiError) -> Bytes {
        format!("data: {}\n\n", error.to_json()).into()
    }

    /// Whether an answer can be streamed.
    pub fn streams(self) -> bool {
        !matches!(self, Self::Embeddings)
    }
}
