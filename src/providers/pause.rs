//! The pause that a provider asks for.

use crate::chat::ApiError;
use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

/// How long a provider wants to be left alone, by its `retry-after`: seconds or a date (RFC 9110, 10.2.3).
/// `None` if it says nothing that can be read; a date that has passed is no pause at all.
pub fn asked_pause(error: &ApiError, now: Timestamp) -> Option<Duration> {
    let text = error.retry_after()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::asked_pause;
    use crate::chat::ApiError;
    use std::time::Duration;

    #[test]
    fn b60_retry_after_is_seconds_or_a_date() {
        let now = "2026-11-22T10:00:00Z".parse().unwrap_or_default();
        let pause = |text: &str| {
            let error = ApiError::new(429, "rate_limit_error", "slow down");
            asked_pause(&error.with_header("retry-after", text), now)
        };
        let seconds = |count| Some(Duration::from_secs(count));
        assert_eq!(pause("7"), seconds(7));
        assert_eq!(pause(" 7 "), seconds(7));
        assert_eq!(pause("Sun, 22 Nov 2026 10:01:30 GMT"), seconds(90));
        assert_eq!(pause("Sun, 22 Nov 2026 09:00:00 GMT"), seconds(0));
        for nonsense in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(pause(nonsense), None, "{nonsense}");
        }
    }
}
