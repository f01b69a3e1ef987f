//! The `orloj` binary.
fn main() {}
