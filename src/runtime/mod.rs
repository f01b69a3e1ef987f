//! Agents: what a request made as an agent sends.
//!
//! `model: agent/NAME` runs one turn: the agent's prompt in front of the client's messages, the agent's
//! endpoint and model, within the agent's time limit.

mod turn;

#[cfg(test)]
mod tests;

pub use turn::{Turn, turn};
