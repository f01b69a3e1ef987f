//! How long a server asks to be left alone.

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::Duration;

/// GitHub's limit on requests: how many are left, and when there are more (seconds since 1970).
const LEFT: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else GitHub's own headers. A date counts from
/// the server's clock, if it says how late that is.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let until = |end: Timestamp| {
        let now = server_time(headers).unwrap_or_else(Timestamp::now);
        Duration::try_from(end.duration_since(now)).unwrap_or_default()
    };
    if let Some(given) = text(RETRY_AFTER) {
        let seconds = given.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| Some(until(rfc2822::parse(given).ok()?.timestamp())));
    }
    let none_left = text(LEFT) == Some("0");
    let reset = text(RESET).filter(|_| none_left)?.parse().ok()?;
    Some(until(Timestamp::from_second(reset).ok()?))
}

/// How late it is where an answer came from.
pub(super) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp())
}
