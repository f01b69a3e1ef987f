//! Sealed values and the identities that open them; what is opened cannot be printed.

mod opened;

pub use opened::Opened;
