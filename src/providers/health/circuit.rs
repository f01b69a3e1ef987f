//! A circuit breaker: one model of one endpoint that failed lately.

use super::Standing;
use std::time::{Duration, Instant};

/// The longest that a circuit stays open, whatever the provider asks for.
const LONGEST: Duration = Duration::from_mins(5);

/// A probe that says nothing for so long was given up by its client; another one may be made.
const PROBE: Duration = Duration::from_mins(1);

/// Closed while it counts failures, then open, then half open while one call tries it.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// One after the other.
    failures: u32,
    /// How often it opened without an answer in between.
    opened: u32,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    HalfOpen {
        until: Instant,
    },
}

impl Circuit {
    /// Whether a call may be made now.
    pub(super) fn standing(&mut self, now: Instant) -> Standing {
        match self.state {
            State::Closed => Standing::Well,
            State::Open { until } | State::HalfOpen { until } if now < until => {
                Standing::LeftAlone { until }
            }
            State::Open { .. } | State::HalfOpen { .. } => {
                self.state = State::HalfOpen { until: now + PROBE };
                Standing::Probed
            }
        }
    }

    /// Notes a failure; opens after `most` of them for `pause`, which doubles each time, or for as long as
    /// the provider `asked` for.
    pub(super) fn fail(
        &mut self,
        now: Instant,
        most: u32,
        pause: Duration,
        asked: Option<Duration>,
    ) {
        self.failures = self.failures.saturating_add(1);
        let is_open = !matches!(self.state, State::Closed);
        if !is_open && self.failures < most {
            return;
        }
        // Calls that were under way when it opened say nothing new.
        if matches!(self.state, State::Open { until } if now < until) {
            return;
        }
        let pause = pause.saturating_mul(1 << self.opened.min(6));
        let pause = asked.map_or(pause, |asked| pause.max(asked)).min(LONGEST);
        self.opened = self.opened.saturating_add(1);
        self.state = State::Open { until: now + pause };
    }
}
