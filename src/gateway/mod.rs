//! One chat request: resolve, check, attempt, stream.
