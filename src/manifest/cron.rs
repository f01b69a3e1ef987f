//! Times of a schedule: five fields, numbers only.

use jiff::civil::{Date, DateTime};
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
pub enum CronError {
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

/// The times of a schedule, by whatever clock it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// For each field a bit for each of its numbers.
    fields: [u64; 5],
    /// Whether the day of month, and the day of week, is `*`.
    any: [bool; 2],
}

impl Cron {
    /// Reads a schedule: `*`, `n`, `a-b`, lists of them and `/step` behind each.
    ///
    /// Sunday is 0 or 7, and 7 is read as 0, so that a range ending in 7 ends before it begins, as upstream.
    ///
    /// # Errors
    ///
    /// - [`CronError`] of the first field that is wrong.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let texts: Vec<_> = text.split_whitespace().collect();
        if texts.len() != FIELDS.len() {
            return Err(CronError::Fields(texts.len()));
        }
        let mut fields = [0; 5];
        for ((text, numbers), (field, range)) in texts.iter().zip(&mut fields).zip(&FIELDS) {
            for part in text.split(',') {
                *numbers |= check_part(part, field, range)?;
            }
        }
        Ok(Self {
            fields,
            any: [texts[2] == "*", texts[4] == "*"],
        })
    }

    /// Every minute of a day at which it is time, in order. If both a day of month and a day of week are
    /// asked for, one of them is enough, as in cron.
    pub fn times_on(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let [minutes, hours, days, months, weekdays] = self.fields;
        let day = has(days, date.day());
        let weekday = has(weekdays, date.weekday().to_sunday_zero_offset());
        let is_day = match self.any {
            [false, false] => day || weekday,
            _ => day && weekday,
        };
        let hours = if is_day && has(months, date.month()) {
            hours
        } else {
            0
        };
        let hours = (0..24_i8).filter(move |hour| has(hours, *hour));
        hours.flat_map(move |hour| {
            let minutes = (0..60_i8).filter(move |minute| has(minutes, *minute));
            minutes.map(move |minute| date.at(hour, minute, 0, 0))
        })
    }
}

fn has(numbers: u64, number: i8) -> bool {
    numbers >> number & 1 == 1
}

/// Checks a schedule.
///
/// # Errors
///
/// - [`CronError`] of the first field that is wrong.
pub(super) fn check(text: &str) -> Result<(), CronError> {
    Cron::parse(text).map(drop)
}

/// The numbers of one part of a field.
fn check_part(
    part: &str,
    field: &'static str,
    range: &RangeInclusive<u32>,
) -> Result<u64, CronError> {
    let wrong = || CronError::Part {
        field,
        part: part.to_owned(),
    };
    let (base, step) = match part.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (part, None),
    };
    let step = match step {
        Some(step) => Some(number(step).filter(|step| *step > 0).ok_or_else(wrong)?),
        None => None,
    };
    let every = |first, last| bits(first, last, step.unwrap_or(1));
    if base == "*" {
        return Ok(every(*range.start(), *range.end()));
    }
    let is_alone = !base.contains('-');
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
    // `5/10` is from 5 on every 10, as in cron.
    let last = if is_alone && step.is_some() {
        *range.end()
    } else {
        sunday(last)
    };
    Ok(every(sunday(first), last))
}

/// A bit for each number from the first to the last; the 7 of a week is its 0.
fn bits(first: u32, last: u32, step: u32) -> u64 {
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    let numbers = (first..=last).step_by(step);
    numbers.fold(0, |bits, number| bits | 1 << number)
}

/// Digits only: `+5` is no number here.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
