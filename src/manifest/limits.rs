//! How much of a file is read, so that hostile input costs bounded time and memory.

/// Largest manifest file in bytes (1 MiB): hundreds of times a realistic one.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Deepest nesting of a document: ten times what the format needs.
pub const MAX_DEPTH: usize = 64;

/// Most nodes (scalars, lists, mappings) in one file.
pub const MAX_NODES: usize = 200_000;

/// Most findings of one file that are listed: more than anybody reads, and little memory.
pub(super) const MAX_FINDINGS: usize = 1_000;

/// Largest integer that every JSON reader keeps exact (2^53).
pub(super) const MAX_EXACT_INTEGER: u64 = 1 << 53;
