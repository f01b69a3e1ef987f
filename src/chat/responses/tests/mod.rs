//! Responses said as chats, and chats as responses.
#![expect(clippy::unwrap_used, reason = "tests")]

mod answer;
mod events;
mod request;

use crate::chat::Fallback;

fn fallback() -> Fallback {
    Fallback {
        id: "chatcmpl-fresh".into(),
        model: "asked".into(),
        created: 7,
        prompt_bytes: 400,
    }
}
