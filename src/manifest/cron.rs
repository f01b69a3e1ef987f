//! Times of a schedule: five fields, numbers only.

use std::ops::RangeInclusive;

/// The fields in their order: name, smallest and largest number.
const FIELDS: [(&str, RangeInclusive<u32>); 5] = [
    ("minute", 0..=59),
    ("hour", 0..=23),
    ("day of month", 1..=31),
    ("month", 1..=12),
    ("day of week", 0..=7),
];

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CronError {
    /// Not five fields.
    #[error(
        "a schedule has 5 fields (minute, hour, day of month, month, day of week), this one has {0}"
    )]
    Fields(usize),
    /// A part of a field that is no `*`, number, range or step of these.
    #[error("its {field} `{part}` is no `*`, number or range")]
    Part {
        /// The field's name.
        field: &'static str,
        /// What was written.
        part: String,
    },
    /// A number outside the field's range.
    #[error("its {field} must be from {smallest} to {largest}, not {number}")]
    Range {
        /// The field's name.
        field: &'static str,
        /// The smallest number.
        smallest: u32,
        /// The largest number.
        largest: u32,
        /// What was written.
        number: u32,
    },
    /// A range that ends before it begins.
    #[error("its {field} range `{part}` ends before it begins")]
    Backwards {
        /// The field's name.
        field: &'static str,
        /// What was written.
        part: String,
    },
}

/// Checks a schedule: `*`, `n`, `a-b`, lists of them and `/step` behind each.
///
/// Sunday is 0 or 7, and 7 is read as 0, so that a range ending in 7 ends before it begins, as upstream.
///
/// # Errors
///
/// - [`CronError`] of the first field that is wrong.
pub(super) fn check(text: &str) -> Result<(), CronError> {
    let fields: Vec<_> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(CronError::Fields(fields.len()));
    }
    for (text, (field, range)) in fields.iter().zip(&FIELDS) {
        for part in text.split(',') {
            check_part(part, field, range)?;
        }
    }
    Ok(())
}

fn check_part(
    part: &str,
    field: &'static str,
    range: &RangeInclusive<u32>,
) -> Result<(), CronError> {
    let wrong = || CronError::Part {
        field,
        part: part.to_owned(),
    };
    let (base, step) = match part.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (part, None),
    };
    if let Some(step) = step {
        number(step).filter(|step| *step > 0).ok_or_else(wrong)?;
    }
    if base == "*" {
        return Ok(());
    }
    let (first, last) = base.split_once('-').unwrap_or((base, base));
    let first = number(first).ok_or_else(wrong)?;
    let last = number(last).ok_or_else(wrong)?;
    for number in [first, last] {
        if !range.contains(&number) {
            let (smallest, largest) = (*range.start(), *range.end());
            return Err(CronError::Range {
                field,
                smallest,
                largest,
                number,
            });
        }
    }
    let sunday = |number: u32| {
        if *range.end() == 7 {
            number % 7
        } else {
            number
        }
    };
    if sunday(first) > sunday(last) {
        let part = part.to_owned();
        return Err(CronError::Backwards { field, part });
    }
    Ok(())
}

/// Digits only: `+5` is no number here.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
