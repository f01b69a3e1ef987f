//! Limits as they are written.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{LimitsConfig, bodies, concurrency, limits, retention};
use crate::{http::BodyLimits, source::Limits, store::Retention};

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
        objects: Some(7),
        ..LimitsConfig::default()
    };
    let read = limits(&written).unwrap();
    assert_eq!(
        (read.max_files, read.max_values, read.max_depth),
        (10, 500, 4)
    );
    let sizes = (read.max_file_bytes, read.max_total_bytes, read.fetch_bytes);
    assert_eq!(sizes, (65_536, 2 << 30, 1 << 20));
    assert_eq!((read.fetch_timeout.as_secs(), read.max_objects), (90, 7));
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

#[test]
fn past_and_requests_have_limits_too() {
    let nothing = LimitsConfig::default();
    assert_eq!(retention(&nothing).unwrap(), Retention::default());
    assert_eq!(bodies(&nothing).unwrap(), BodyLimits::default());
    let text = |text: &str| Some(text.to_owned());
    let written = LimitsConfig {
        history_records: Some(50),
        history_age: text("90d"),
        kept_revisions: Some(3),
        api_body_size: text("1MiB"),
        chat_body_size: text("64KiB"),
        ..LimitsConfig::default()
    };
    let kept = retention(&written).unwrap();
    assert_eq!((kept.records, kept.revisions), (50, 3));
    assert_eq!(kept.age_us, 90 * 24 * 60 * 60 * 1_000_000);
    let sizes = bodies(&written).unwrap();
    assert_eq!((sizes.api, sizes.chat), (1 << 20, 64 << 10));
    for age in ["30m", "1y", "d", "99999999999999999999d", "40000d"] {
        let written = LimitsConfig {
            history_age: text(age),
            ..LimitsConfig::default()
        };
        let problem = retention(&written).err().unwrap().to_string();
        assert!(problem.contains("from `1h` to `36500d`"), "{problem}");
    }
    let written = LimitsConfig {
        api_body_size: text("2GiB"),
        ..LimitsConfig::default()
    };
    let problem = bodies(&written).err().unwrap().to_string();
    assert!(problem.contains("`limits.api_body_size`"), "{problem}");
}

#[test]
fn how_many_requests_are_under_way_at_once_is_read_within_its_bounds() {
    let with = |chat_concurrency| LimitsConfig {
        chat_concurrency,
        ..LimitsConfig::default()
    };
    assert_eq!(concurrency(&with(None)).unwrap(), 4096);
    assert_eq!(concurrency(&with(Some(1))).unwrap(), 1);
    let refused = concurrency(&with(Some(0))).unwrap_err().to_string();
    assert!(refused.contains("from 1 to 1000000"), "{refused}");
}
