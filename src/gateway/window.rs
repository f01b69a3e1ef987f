//! When windows begin and end, in UTC.

use crate::model::spec::LimitWindow;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

const MINUTE_US: i64 = 60 * 1_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;

/// The windows of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Windows {
    /// Microseconds since 1970 (UTC), as are the others.
    now: i64,
    month_start: i64,
    month_end: i64,
}

impl Windows {
    /// The windows that hold a moment, in microseconds since 1970 (UTC).
    pub(super) fn at(now_us: i64) -> Self {
        let moment = Timestamp::from_microsecond(now_us).unwrap_or_default();
        let first = moment.to_zoned(TimeZone::UTC).date().first_of_month();
        let next = first.checked_add(1.month()).unwrap_or(first);
        Self {
            now: now_us,
            month_start: midnight_us(first),
            month_end: midnight_us(next),
        }
    }

    /// When a window began, in microseconds since 1970 (UTC).
    pub(super) fn start_us(&self, window: LimitWindow) -> i64 {
        match length_us(window) {
            Some(length) => self.now - self.now.rem_euclid(length),
            None => self.month_start,
        }
    }

    /// When the next one begins, in microseconds since 1970 (UTC).
    pub(super) fn end_us(&self, window: LimitWindow) -> i64 {
        match length_us(window) {
            Some(length) => self.start_us(window) + length,
            None => self.month_end,
        }
    }
}

/// How long a window is; months differ.
const fn length_us(window: LimitWindow) -> Option<i64> {
    match window {
        LimitWindow::Minute => Some(MINUTE_US),
        LimitWindow::Hour => Some(HOUR_US),
        LimitWindow::Day => Some(DAY_US),
        LimitWindow::Month => None,
    }
}

fn midnight_us(date: Date) -> i64 {
    let midnight = date.to_zoned(TimeZone::UTC);
    midnight.map_or(0, |midnight| midnight.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{LimitWindow, Windows};
    use jiff::Timestamp;

    #[test]
    fn windows_begin_and_end_by_the_clock_in_utc() {
        let us = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let windows = Windows::at(us("2028-02-29T23:59:59.999999Z"));
        for (window, start, end) in [
            (
                LimitWindow::Minute,
                "2028-02-29T23:59:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                LimitWindow::Hour,
                "2028-02-29T23:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                LimitWindow::Day,
                "2028-02-29T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                LimitWindow::Month,
                "2028-02-01T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
        ] {
            assert_eq!(windows.start_us(window), us(start), "{window:?}");
            assert_eq!(windows.end_us(window), us(end), "{window:?}");
        }
        let december = Windows::at(us("2026-12-31T12:00:00Z"));
        assert_eq!(
            december.end_us(LimitWindow::Month),
            us("2027-01-01T00:00:00Z")
        );
    }
}
