//! OpenAI's Responses for providers of chats: request → chat, chat → response and events.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

mod answer;
mod earlier;
mod error;
mod events;
mod input;
mod items;
mod request;

#[cfg(test)]
mod tests;

pub use answer::response_of_chat;
pub(super) use error::{error_event, read_error_event};
pub use events::ResponseEvents;
pub use request::{ResponseRequest, chat_of_responses};
