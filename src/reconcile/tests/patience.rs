//! A remote that asks to be left alone.

use super::super::{
    bell::Rings,
    pace::{Cause, Found, Pace},
};
use std::time::{Duration, Instant};

/// When the next look is after a failure that asked for `time`, with somebody ringing all along.
fn next(time: Duration, spread: f64) -> Duration {
    let start = Instant::now();
    let mut pace = Pace::new(Duration::from_mins(1), start);
    pace.begin(&Rings::default(), start);
    pace.end(Cause::Poll, Found::Failure, 0.0, start);
    pace.leave_alone(time, spread, start);
    let rang = Rings {
        proven: true,
        unproven: true,
        ..Rings::default()
    };
    // The remote not showing yet what was told does not shorten it either.
    pace.wait_until(start);
    let (asked, _) = pace.due(&rang);
    asked - start
}

#[test]
fn whoever_rings_waits_as_long_as_the_remote_asked() {
    assert_eq!(next(Duration::from_mins(2), 0.0), Duration::from_mins(2));
    assert_eq!(next(Duration::from_mins(2), 0.1), Duration::from_secs(132));
    // A moment passes as it would without having been asked.
    assert!(next(Duration::ZERO, 0.0) < Duration::from_secs(1));
}

#[test]
fn nobody_asks_for_more_than_an_hour() {
    assert_eq!(
        next(Duration::from_secs(u64::MAX), 0.0),
        Duration::from_hours(1)
    );
}

#[test]
fn pause_of_the_back_off_stays_if_it_is_longer() {
    let start = Instant::now();
    let mut pace = Pace::new(Duration::from_mins(1), start);
    for _ in 0..6 {
        pace.end(Cause::Poll, Found::Failure, 0.0, start);
    }
    pace.leave_alone(Duration::from_secs(2), 0.0, start);
    let (due, cause) = pace.due(&Rings::default());
    assert_eq!((due - start, cause), (Duration::from_secs(32), Cause::Poll));
}
