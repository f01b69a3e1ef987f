//! Neutral chat words: the OpenAI-shaped request, messages, chunks, usage and errors.
//!
//! A request comes in as bytes. [`scan`] finds the few places the gateway decides on and leaves the
//! rest alone, so that a provider of the same dialect gets the client's own bytes. Only a provider of
//! another dialect has the body parsed into a [`ChatRequest`] and writes its answer through
//! [`Completion`] and [`ChunkWriter`]. What is asked in Anthropic's words, or as a Response, is said as a
//! chat to all who do not speak so ([`chat_of_messages`], [`chat_of_responses`]), and the answer said back. Nothing here talks to anybody.

mod answer;
mod bounds;
mod chat_wire;
mod chunk;
mod completion;
mod cutter;
mod depth;
mod dialect;
mod embeddings;
mod envelope;
mod error;
mod fallback;
mod frame;
mod frames;
mod json_key;
mod leaving_out;
mod lines;
mod media;
mod message;
mod messages;
mod prompt;
mod rename;
mod request;
mod responses;
mod usage;

#[cfg(test)]
mod tests;

pub use answer::{AnswerError, AnswerScan, scan_answer};
pub use chunk::{ChunkWriter, DONE_FRAME};
pub use completion::{Completion, FinishReason, ToolCall};
pub use cutter::FrameTooLarge;
pub use dialect::Dialect;
pub use embeddings::{Embeddings, EmbeddingsRequest};
pub use envelope::{BodyError, Envelope, scan, scan_as};
pub use error::{ApiError, ErrorDetails};
pub use fallback::Fallback;
pub use frame::Frame;
pub use frames::{FrameSplitter, frame_data};
pub use leaving_out::{with_field, without_fields};
pub use lines::LineSplitter;
pub use media::Media;
pub use message::{Image, Message, Part, Role};
pub use messages::{
    ChatForm, MessageCounts, MessageEvents, TranslatedRequest, chat_of_messages, estimated_count,
    message_of_chat,
};
pub use rename::with_newer_limit;
pub use request::{ChatRequest, OutputFormat, RequestError, Tool, ToolChoice};
pub use responses::{ResponseEvents, ResponseRequest, chat_of_responses, response_of_chat};
pub use usage::Usage;
