//! The first look at a file: size, encoding, byte order mark.

use super::limits::MAX_FILE_BYTES;
use crate::model::{Finding, Origin, Position, Span, code};

/// The file's text without a byte order mark.
///
/// # Errors
///
/// The finding that keeps the file from being read at all: too large, not UTF-8, or with a NUL.
pub(super) fn read_text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Finding>> {
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {} bytes; at most {MAX_FILE_BYTES} are read",
            bytes.len()
        );
        let finding = Finding::new(code::LIMIT_FILE_SIZE, Origin::file(file), message);
        return Err(Box::new(
            finding.with_hint("split it: one file may hold one resource or many"),
        ));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let origin = origin_at(file, &bytes[..error.valid_up_to()]);
        Box::new(
            Finding::new(
                code::YAML_ENCODING,
                origin,
                "the file is not UTF-8 text from here on",
            )
            .with_hint("save it as UTF-8"),
        )
    })?;
    match text.find('\0') {
        None => Ok(text),
        Some(at) => Err(Box::new(Finding::new(
            code::YAML_ENCODING,
            origin_at(file, &bytes[..at]),
            "the file holds a NUL character",
        ))),
    }
}

/// The position right behind `before`, which is valid UTF-8 up to a cut-off character.
pub(super) fn origin_at(file: &str, before: &[u8]) -> Origin {
    // Lines end as they do for YAML: with LF, with CR LF, or with CR alone.
    let ends = |at: &usize| match before[*at] {
        b'\n' => true,
        b'\r' => before.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let breaks = (0..before.len()).filter(ends);
    let (line, line_start) = breaks.fold((1, 0), |(line, _), at| (line + 1, at + 1));
    let column = String::from_utf8_lossy(&before[line_start..])
        .chars()
        .count()
        + 1;
    let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let position = Position {
        line: clamp(line),
        column: clamp(column),
    };
    Origin {
        file: file.into(),
        span: Span {
            start: position,
            end: position,
        },
    }
}
