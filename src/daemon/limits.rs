//! `limits` in `orloj.yaml`: how much of the repositories is read.

use super::{error::DaemonError, sources::setting};
use crate::{manifest::MAX_FILE_BYTES, model::parse_go_duration, source::Limits};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{ops::RangeInclusive, time::Duration};

/// How much of one revision is read, and of one fetch. What goes beyond is refused with a finding that names the
/// limit, and the last good revision goes on. With several sources, each for itself.
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

fn size(
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{LimitsConfig, limits};
    use crate::source::Limits;

    #[test]
    fn what_is_not_written_is_as_ever() {
        let read = limits(&LimitsConfig::default()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Limits::default()));
    }

    #[test]
    fn sizes_times_and_counts_are_read_within_their_bounds() {
        let written = LimitsConfig {
            files: Some(10),
            file_size: Some("64KiB".to_owned()),
            total_size: Some("2 GiB".to_owned()),
            values: Some(500),
            directory_depth: Some(4),
            fetch_timeout: Some("1m30s".to_owned()),
            fetch_size: Some("1048576".to_owned()),
        };
        let read = limits(&written).unwrap();
        assert_eq!(
            (read.max_files, read.max_values, read.max_depth),
            (10, 500, 4)
        );
        let sizes = (read.max_file_bytes, read.max_total_bytes, read.fetch_bytes);
        assert_eq!(sizes, (65_536, 2 << 30, 1 << 20));
        assert_eq!(read.fetch_timeout.as_secs(), 90);
    }

    #[test]
    fn what_is_out_of_bounds_says_what_would_do() {
        let text = |text: &str| Some(text.to_owned());
        let none = LimitsConfig::default;
        for (written, says) in [
            (
                LimitsConfig {
                    files: Some(0),
                    ..none()
                },
                "`limits.files` must be from 1 to 10000000",
            ),
            (
                LimitsConfig {
                    file_size: text("2MiB"),
                    ..none()
                },
                "from `1` to `1MiB`",
            ),
            (
                LimitsConfig {
                    total_size: text("many"),
                    ..none()
                },
                "is `many`; write a size",
            ),
            (
                LimitsConfig {
                    fetch_size: text("1KiB"),
                    ..none()
                },
                "from `1MiB` to `64GiB`",
            ),
            (
                LimitsConfig {
                    fetch_timeout: text("2h"),
                    ..none()
                },
                "from `10ms` to `1h`",
            ),
            (
                LimitsConfig {
                    directory_depth: Some(65),
                    ..none()
                },
                "must be from 1 to 64, not 65",
            ),
        ] {
            let problem = limits(&written).err().unwrap().to_string();
            assert!(problem.contains(says), "{problem}");
        }
    }
}
