//! What must hold of any bytes, one module a fuzz target. `tests/fuzz_seeds.rs` holds the same against the
//! committed seeds, so that what was found once stays found.

pub mod decoders;
pub mod dialects;
pub mod differential;
pub mod idempotence;
pub mod lines;
pub mod positions;
pub mod reader;
pub mod sealed;
