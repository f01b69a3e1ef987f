//! The text around packets.
//!
//! Format: RFC 9580 §6. The checksum at its end guards against damage alone, and need not be there.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The bytes of the first block; `None` if it is not whole.
pub(super) fn open(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().map(str::trim_end);
    let sort = lines
        .next()?
        .strip_prefix("-----BEGIN ")?
        .strip_suffix("-----")?;
    let end = format!("-----END {sort}-----");
    let mut encoded = String::new();
    let mut in_header = true;
    for line in lines {
        if line == end {
            return BASE64_STANDARD.decode(encoded).ok();
        }
        if in_header {
            in_header = !line.is_empty();
            // `Version: …`, `Comment: …`; nothing else stands before the empty line.
            if in_header && !line.contains(": ") && !line.ends_with(':') {
                return None;
            }
        } else if !line.starts_with('=') {
            encoded.push_str(line);
        }
    }
    None
}
