#![expect(clippy::unwrap_used, reason = "tests")]

mod envelope;
mod frames;
mod lines;
mod request;
mod usage;
