//! Anthropic's Messages for providers that speak another dialect: request → chat, chat → answer and events.
//!
//! Source: <https://docs.anthropic.com/en/api/messages>.

mod answer;
mod blocks;
mod count;
mod counts;
mod error;
mod events;
mod inputs;
mod message_block;
mod open_blocks;
mod request;
mod thoughts;
mod turns;

#[cfg(test)]
mod tests;

pub use answer::message_of_chat;
pub use count::estimated_count;
pub use counts::MessageCounts;
pub(super) use error::error_json;
pub use events::MessageEvents;
pub use message_block::{MessageBlock, ToolUse};
pub use request::{ChatForm, TranslatedRequest, chat_of_messages};
pub use thoughts::{without_signed_thinking, without_thoughts};
