#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::panic, reason = "tests")]

mod anthropic;
mod breaker;
mod build;
mod embeddings;
mod errors;
mod fake;
mod fitting;
mod lines_answer;
mod lines_request;
mod messages;
mod mock;
mod ollama;
mod openai;
mod responses;
mod streams;
mod thoughts;
