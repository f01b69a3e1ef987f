//! One chat request: pin → resolve → check → attempt → stream.
//!
//! [`decide`] is everything up to the upstream call and needs no IO; [`forward`] attempts the targets in
//! order until one begins to answer. A caller that drops the answer cancels the upstream.
//!
//! Nothing is retried after the first byte went out, and no error is turned into a made-up success.

mod admit;
mod attempts;
mod books;
mod decide;
mod forward;
mod ledger;
mod reader;
mod recorder;
mod window;

#[cfg(test)]
mod tests;

pub use admit::{Shown, authenticate};
pub use attempts::Attempt;
pub use books::Books;
pub use decide::{Caller, Decided, decide, refused};
pub use forward::{Answer, Content, Forward, forward};
pub use ledger::{Amount, Exceeded, Headroom, Ledger, Limited, Measure, Reservation, Scope};
pub use reader::Reader;
pub use recorder::{Recorder, keep_usage};
