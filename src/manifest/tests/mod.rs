#![expect(clippy::unwrap_used, reason = "tests")]

mod committed_schemas;
