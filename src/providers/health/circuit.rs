//! A circuit breaker: one model of one endpoint that failed lately.

use super::Standing;
use std::time::{Duration, Instant};

/// The longest that a circuit stays open, whatever the provider asks for.
const LONGEST: Duration = Duration::from_mins(5);

/// A probe that has not ended after so long is a long answer; another one may be made.
const PROBE: Duration = Duration::from_mins(1);

/// Closed while it counts failures, then open, then half open while one call tries it.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// One after the other.
    failures: u32,
    /// How often it opened without an answer in between.
    opened: u32,
    /// When it did so last.
    opened_at: Option<Instant>,
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

    /// Whether a call tries it now.
    pub(super) fn is_probed(&self) -> bool {
        matches!(self.state, State::HalfOpen { .. })
    }

    /// The call that was to try it said nothing; the next one may.
    pub(super) fn give_back(&mut self, now: Instant) {
        if self.is_probed() {
            self.state = State::Open { until: now };
        }
    }

    /// Whether a call that began then tells anything: what was under way when it opened does not, and a stream may be so for long.
    pub(super) fn is_news(&self, began: Instant) -> bool {
        self.opened_at.is_none_or(|opened_at| began >= opened_at)
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
        // Calls that were made all the same say nothing new.
        if matches!(self.state, State::Open { until } if now < until) {
            return;
        }
        let pause = pause.saturating_mul(1 << self.opened.min(6));
        let pause = asked.map_or(pause, |asked| pause.max(asked)).min(LONGEST);
        self.opened = self.opened.saturating_add(1);
        self.opened_at = Some(now);
        self.state = State::Open { until: now + pause };
    }
}
