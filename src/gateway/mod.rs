//! One request, whatever its dialect: pin → resolve → check → attempt → stream.
//!
//! [`decide`] is everything up to the upstream call and needs no IO; [`forward`] attempts the targets in
//! order until one begins to answer. A caller that drops the answer cancels the upstream.
//!
//! Nothing is retried after the first byte went out, and no error is turned into a made-up success.

mod admit;
mod attempts;
mod books;
mod budget;
mod decide;
mod estimate;
mod explain;
mod forward;
mod gate;
mod genai;
mod ledger;
mod meter;
mod metered;
mod reader;
mod recorder;
mod spans;
mod traced;
mod window;

#[cfg(test)]
mod tests;

pub use admit::{REQUEST_HEADERS, Shown, TOKEN_HEADERS, authenticate, seconds_until};
pub use attempts::Attempt;
pub use books::Books;
pub use decide::{Caller, Decided, decide, refused};
pub use explain::{Question, explain};
pub use forward::{Answer, Content, Forward, Room, forward};
pub use gate::{Gate, Pass};
pub use ledger::{Amount, Exceeded, Headroom, Ledger, Limited, Measure, Reservation, Scope};
pub use meter::{Meter, Metered};
pub use reader::Reader;
pub use recorder::{Recorder, keep_usage};
pub use spans::{Asked, Collector, CollectorError, RequestSpan, Tracer, export_spans};
