//! `fetch` of the configuration: what one fetch may cost.

use super::{error::DaemonError, file::FetchConfig};
use crate::{model::parse_go_duration, source::Limits};
use std::time::Duration;

/// Times of one fetch that make sense.
const TIMES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(10)..=Duration::from_hours(1);

/// The usual limits, with those of the configuration.
///
/// # Errors
///
/// [`DaemonError::Setting`] for a time or a size that is none.
pub(super) fn limits(configured: &FetchConfig) -> Result<Limits, DaemonError> {
    let mut limits = Limits::default();
    if let Some(text) = &configured.timeout {
        let time = parse_go_duration(text).filter(|time| TIMES.contains(time));
        limits.fetch_timeout = time.ok_or_else(|| DaemonError::Setting {
            setting: "`fetch.timeout`",
            problem: format!("is `{text}`; write a time such as `60s`, at most `1h`"),
        })?;
    }
    if let Some(text) = &configured.max_bytes {
        limits.fetch_bytes = size(text).ok_or_else(|| DaemonError::Setting {
            setting: "`fetch.max_bytes`",
            problem: format!("is `{text}`; write a size such as `512MiB`"),
        })?;
    }
    Ok(limits)
}

/// A size in bytes: a number, with a unit or without.
fn size(text: &str) -> Option<u64> {
    let units = [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("", 1),
    ];
    let (digits, unit) = units
        .into_iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))?;
    let number: u64 = digits.trim().parse().ok()?;
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}
