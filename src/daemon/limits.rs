//! `limits` in `orloj.yaml`: how much of the repositories is read, how much of the past is kept, and how large
//! requests may be.

use super::{error::DaemonError, sources::setting};
use crate::{
    gateway::Gate, http::BodyLimits, manifest::MAX_FILE_BYTES, model::parse_go_duration,
    source::Limits, store::Retention,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{ops::RangeInclusive, time::Duration};

/// How much of one revision is read, and of one fetch: what goes beyond is refused with a finding that names the
/// limit, and the last good revision goes on; with several sources, each for itself. How much of the past is
/// kept. How large requests may be: a larger one is answered with 413.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Manifest files of one revision; 200000 if absent.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub files: Option<u64>,
    /// Size of one manifest file, such as `256KiB`; `1MiB` if absent and at most.
    pub file_size: Option<String>,
    /// Size of all manifest files of one revision; `256MiB` if absent, `16GiB` at most.
    pub total_size: Option<String>,
    /// Keys, values, lists and mappings of all manifest files of one revision; 13000000 if absent.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub values: Option<u64>,
    /// Directories inside one another; 32 if absent.
    #[schemars(range(min = 1, max = 64))]
    pub directory_depth: Option<u64>,
    /// Time for one fetch, from the first byte to the last; `60s` if absent, from `10ms` to `1h`.
    pub fetch_timeout: Option<String>,
    /// Size of what one fetch receives; `1GiB` if absent, from `1MiB` to `64GiB`.
    pub fetch_size: Option<String>,
    /// Resources of all manifest files of one revision; 500000 if absent.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub objects: Option<u64>,
    /// Newest records of the history that are kept, however old they are; 1000 if absent.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub history_records: Option<u64>,
    /// Records younger than this are kept too, however many there are, such as `720h` or `90d`; `365d` if absent,
    /// from `1h` to `36500d`.
    pub history_age: Option<String>,
    /// Newest revisions that `orloj rollback` can go back to; 20 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub kept_revisions: Option<u64>,
    /// Size of a request to the control and resource API, such as what `orloj apply` sends; `8MiB` if absent,
    /// `1GiB` at most.
    pub api_body_size: Option<String>,
    /// Size of a request to a model; `32MiB` if absent, `1GiB` at most.
    pub chat_body_size: Option<String>,
    /// Requests to models that are under way at once, streams until they end; 4096 if absent. A further one is
    /// answered with 503 and `retry-after`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub chat_concurrency: Option<u64>,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The limits that hold: those that are written, and the defaults of the others.
///
/// # Errors
///
/// [`DaemonError::Setting`] for the first that is no number, size or time, or out of its bounds.
pub(super) fn limits(config: &LimitsConfig) -> Result<Limits, DaemonError> {
    let default = Limits::default();
    let largest_file = MAX_FILE_BYTES as u64;
    Ok(Limits {
        max_files: count(
            "`limits.files`",
            config.files,
            1..=10_000_000,
            default.max_files,
        )?,
        max_file_bytes: size(
            "`limits.file_size`",
            config.file_size.as_deref(),
            1..=largest_file,
            default.max_file_bytes,
        )?,
        max_total_bytes: size(
            "`limits.total_size`",
            config.total_size.as_deref(),
            1..=16 * GIB,
            default.max_total_bytes,
        )?,
        max_values: count(
            "`limits.values`",
            config.values,
            1..=1_000_000_000,
            default.max_values,
        )?,
        max_objects: count(
            "`limits.objects`",
            config.objects,
            1..=10_000_000,
            default.max_objects,
        )?,
        max_depth: count(
            "`limits.directory_depth`",
            config.directory_depth,
            1..=64,
            default.max_depth,
        )?,
        fetch_timeout: time(config.fetch_timeout.as_deref(), default.fetch_timeout)?,
        fetch_bytes: size(
            "`limits.fetch_size`",
            config.fetch_size.as_deref(),
            MIB..=64 * GIB,
            default.fetch_bytes,
        )?,
        ..default
    })
}

/// What is kept of the past.
///
/// # Errors
///
/// [`DaemonError::Setting`] as for [`limits`].
pub(super) fn retention(config: &LimitsConfig) -> Result<Retention, DaemonError> {
    let default = Retention::default();
    Ok(Retention {
        records: count(
            "`limits.history_records`",
            config.history_records,
            1..=1_000_000,
            default.records,
        )?,
        age_us: match config.history_age.as_deref() {
            None => default.age_us,
            Some(text) => age_us(text)?,
        },
        revisions: count(
            "`limits.kept_revisions`",
            config.kept_revisions,
            1..=1000,
            default.revisions,
        )?,
    })
}

/// How large requests may be.
///
/// # Errors
///
/// [`DaemonError::Setting`] as for [`limits`].
pub(super) fn bodies(config: &LimitsConfig) -> Result<BodyLimits, DaemonError> {
    let default = BodyLimits::default();
    let one = |name, written: &Option<String>, default: usize| {
        let bytes = size(name, written.as_deref(), 1..=GIB, default as u64)?;
        // A GiB at most.
        Ok::<_, DaemonError>(usize::try_from(bytes).unwrap_or(usize::MAX))
    };
    Ok(BodyLimits {
        api: one("`limits.api_body_size`", &config.api_body_size, default.api)?,
        chat: one(
            "`limits.chat_body_size`",
            &config.chat_body_size,
            default.chat,
        )?,
    })
}

/// How many requests to models may be under way.
///
/// # Errors
///
/// [`DaemonError::Setting`] as for [`limits`].
pub(super) fn concurrency(config: &LimitsConfig) -> Result<usize, DaemonError> {
    count(
        "`limits.chat_concurrency`",
        config.chat_concurrency,
        1..=1_000_000,
        Gate::DEFAULT_MOST,
    )
}

/// Reads an age, in microseconds: days, or as times are written.
fn age_us(text: &str) -> Result<i64, DaemonError> {
    const DAY: u64 = 24 * 60 * 60;
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.trim().parse::<u64>().ok());
    let days = days.and_then(|days| Some(Duration::from_secs(days.checked_mul(DAY)?)));
    let bounds = Duration::from_hours(1)..=Duration::from_secs(36_500 * DAY);
    let age = days.or_else(|| parse_go_duration(text));
    age.filter(|age| bounds.contains(age))
        .and_then(|age| i64::try_from(age.as_micros()).ok())
        .ok_or_else(|| {
            let problem = format!("is `{text}`; write an age from `1h` to `36500d`");
            setting("`limits.history_age`", problem)
        })
}

fn count<T: TryFrom<u64>>(
    name: &'static str,
    written: Option<u64>,
    bounds: RangeInclusive<u64>,
    default: T,
) -> Result<T, DaemonError> {
    let Some(written) = written else {
        return Ok(default);
    };
    let within = bounds.contains(&written).then_some(written);
    within
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            setting(
                name,
                format!("must be from {least} to {most}, not {written}"),
            )
        })
}

/// Reads a size in bytes within `bounds`.
///
/// # Errors
///
/// [`DaemonError::Setting`] for `name`, which says what would do.
pub(super) fn size(
    name: &'static str,
    written: Option<&str>,
    bounds: RangeInclusive<u64>,
    default: u64,
) -> Result<u64, DaemonError> {
    let Some(text) = written else {
        return Ok(default);
    };
    bytes(text)
        .filter(|bytes| bounds.contains(bytes))
        .ok_or_else(|| {
            let (least, most) = (shown(*bounds.start()), shown(*bounds.end()));
            setting(
                name,
                format!("is `{text}`; write a size from `{least}` to `{most}`"),
            )
        })
}

fn time(written: Option<&str>, default: Duration) -> Result<Duration, DaemonError> {
    let Some(text) = written else {
        return Ok(default);
    };
    let bounds = Duration::from_millis(10)..=Duration::from_hours(1);
    let time = parse_go_duration(text).filter(|time| bounds.contains(time));
    time.ok_or_else(|| {
        let problem = format!("is `{text}`; write a time from `10ms` to `1h`");
        setting("`limits.fetch_timeout`", problem)
    })
}

/// Reads a size: bytes, `KiB`, `MiB` or `GiB`.
fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", KIB), ("MiB", MIB), ("GiB", GIB)];
    let (digits, unit) = units
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))
        .unwrap_or((text, 1));
    digits.trim().parse::<u64>().ok()?.checked_mul(unit)
}

fn shown(bytes: u64) -> String {
    let units = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)];
    let unit = units
        .into_iter()
        .find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match unit {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests;
