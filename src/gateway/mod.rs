//! One request, whatever its dialect: pin → resolve → check → attempt → stream.
//!
//! [`decide`] is everything up to the upstream call and needs no IO; [`forward`] attempts the targets in
//! order until one begins to answer. A caller that drops the answer cancels the upstream.
//!
//! Nothing is retried after the first byte went out, and no error is turned into a made-up success.

mod attempts;
mod decide;
mod explain;
mod forward;

#[cfg(test)]
mod tests;

pub use attempts::Attempt;
pub use decide::{Caller, Decided, decide, refused};
pub use explain::{Question, explain};
pub use forward::{Answer, Content, Forward, forward};
