//! Which targets are called, how often, and what came of it.

use super::{
    decide::Decided,
    forward::{Answer, Forward, begun, call, ready},
    meter::Meter,
};
use crate::{
    chat::ApiError,
    providers::{Standing, Upstream, asked_pause},
    reconcile::Pinned,
    routing::Target,
};
use jiff::Timestamp;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// A provider that wants to be left alone for longer is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// `endpoint/model` or `namespace/endpoint/model`.
    pub target: String,
    /// What the client would have been told, or 200.
    pub status: u16,
    /// The code of the error.
    pub code: Option<String>,
}

impl fmt::Display for Attempt {
    /// `openai/gpt-4o 503 overloaded`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.target, self.status)?;
        match &self.code {
            Some(code) => write!(f, " {code}"),
            None => Ok(()),
        }
    }
}

/// One request on its way through its targets.
pub(super) struct Course<'a> {
    served: &'a Pinned,
    decided: &'a Decided,
    request: &'a Forward,
    meter: &'a mut Meter,
    clock: Clock,
    attempts: Vec<Attempt>,
    /// How long providers were waited for.
    waited: Duration,
    /// The last error, if there was one.
    last: Option<Box<ApiError>>,
}

/// How a target was left.
enum Left {
    Answered(Box<Answer>),
    /// Another target may do better.
    Elsewhere,
    /// No target would do better.
    Ended(Box<ApiError>),
}

impl<'a> Course<'a> {
    pub(super) fn new(
        served: &'a Pinned,
        decided: &'a Decided,
        request: &'a Forward,
        meter: &'a mut Meter,
    ) -> Self {
        let first = decided.decision.targets.first();
        let total = first.and_then(|target| target.endpoint.total);
        Self {
            served,
            decided,
            request,
            meter,
            clock: Clock::start([request.deadline, total].into_iter().flatten().min()),
            attempts: Vec::new(),
            waited: Duration::ZERO,
            last: None,
        }
    }

    /// Calls the targets in order until one begins to answer. One that failed too often lately is passed over,
    /// unless there is no other: then the one is called whose pause is over first.
    pub(super) async fn run(mut self) -> Result<Answer, Box<ApiError>> {
        let targets = &self.decided.decision.targets;
        let mut resting: Option<(Instant, &Target, &Arc<Upstream>)> = None;
        let mut left_alone = 0;
        for (number, target) in targets.iter().enumerate() {
            let upstream = match ready(self.served, target) {
                Ok(upstream) => upstream,
                Err(error) => {
                    self.last = self.last.or(Some(error));
                    continue;
                }
            };
            if let Standing::LeftAlone { until } = upstream.standing(&target.model) {
                left_alone += 1;
                if resting.is_none_or(|(first, ..)| until < first) {
                    resting = Some((until, target, upstream));
                }
                continue;
            }
            let is_last = number + 1 == targets.len();
            match self.call_target(target, upstream, is_last).await {
                Left::Answered(answer) => return Ok(*answer),
                Left::Ended(error) => return Err(Box::new(self.told(*error))),
                Left::Elsewhere => {}
            }
        }
        if let Some((until, target, upstream)) = resting.filter(|_| self.attempts.is_empty()) {
            match self.call_target(target, upstream, true).await {
                Left::Answered(answer) => return Ok(*answer),
                Left::Ended(error) => return Err(Box::new(self.told(*error))),
                // The only one there is was never given up.
                Left::Elsewhere if left_alone > 1 => {
                    self.last = self.last.map(|error| Box::new(none_healthy(*error, until)));
                }
                Left::Elsewhere => {}
            }
        }
        let error = self.last.take().unwrap_or_else(|| {
            let message = "no endpoint could be called";
            Box::new(ApiError::new(503, "service_unavailable", message))
        });
        Err(Box::new(self.told(*error)))
    }

    /// Calls one target, again as often as its endpoint says.
    async fn call_target(
        &mut self,
        target: &Target,
        upstream: &Arc<Upstream>,
        is_last: bool,
    ) -> Left {
        upstream.count_first_call();
        let mut repeat = 0;
        loop {
            let left = self.clock.left();
            if left.is_some_and(|left| left.is_zero()) {
                let error = self.last.take();
                return Left::Ended(error.unwrap_or_else(|| Box::new(out_of_time())));
            }
            if let Err(error) = self.meter.begin(target) {
                // What a provider answered says more than that there is no room for another call.
                self.last = self.last.take().or(Some(error));
                return Left::Elsewhere;
            }
            let mut call = call(self.served, self.decided, target, self.request, left);
            call.refuses = self.meter.refused_parameters();
            call.max_output = self.meter.unsaid_limit();
            call.trace = self.meter.attempt(target, upstream);
            let called = Instant::now();
            let answer = upstream.chat(call).await;
            self.waited += called.elapsed();
            let error = answer.as_ref().err();
            self.attempts.push(Attempt {
                target: format!("{}/{}", target.endpoint.id.qualified_name(), target.model),
                status: error.map_or(200, |error| error.status),
                code: error.and_then(|error| error.code.as_deref().map(str::to_owned)),
            });
            let error = match answer {
                Ok(answer) => {
                    let attempts = std::mem::take(&mut self.attempts);
                    let route = self.decided.route_to(target);
                    return Left::Answered(Box::new(begun(answer, attempts, route, self.waited)));
                }
                // The line that the endpoint, its limits of time and its key are to be found at.
                Err(error) => error.with_detail("manifest", target.endpoint.origin.to_string()),
            };
            self.meter.attempt_failed(&error);
            if !is_of_this_target(&error) {
                return Left::Ended(Box::new(error));
            }
            let asked = asked_pause(&error, Timestamp::now());
            let is_retryable = error.is_retryable();
            self.last = Some(Box::new(error));
            repeat += 1;
            if !is_retryable || repeat >= target.endpoint.max_attempts {
                return Left::Elsewhere;
            }
            let backoff = jittered(backoff(target, repeat));
            let pause = backoff.max(asked.unwrap_or_default());
            let is_too_long = pause > LONGEST_PAUSE.max(backoff) || pause > backoff && !is_last;
            if is_too_long || !upstream.may_repeat() || !self.clock.pause(pause).await {
                return Left::Elsewhere;
            }
            self.waited += pause;
        }
    }

    /// The error with the number of the call that it came of, and what was tried if that was more than one call.
    fn told(&self, error: ApiError) -> ApiError {
        let error = match self.attempts.len() {
            0 => return error,
            1 => return error.with_detail("attempt", 1),
            calls => error.with_detail("attempt", calls),
        };
        let list: Vec<_> = self.attempts.iter().map(ToString::to_string).collect();
        let error = error.with_header("x-orloj-attempts", list.join(", "));
        error.with_detail("attempts", list)
    }
}

/// Whether another target may do better: the provider or its place in the manifests is to blame, not the request.
fn is_of_this_target(error: &ApiError) -> bool {
    error.is_retryable() || error.status == 429 || error.status >= 500
}

/// The pause before a repetition: doubled from one to the next, up to 64 times the first.
fn backoff(target: &Target, repeat: u32) -> Duration {
    target
        .endpoint
        .retry_backoff
        .saturating_mul(1 << (repeat - 1).min(6))
}

/// From half of a pause to all of it, so that clients which failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let draw = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    pause.mul_f64(0.5f64.mul_add(draw, 0.5))
}

/// 503: each of several targets is left alone, and the one whose turn comes first failed again when it was tried all the same.
/// The client is told when that is, and the error keeps what the provider said.
fn none_healthy(error: ApiError, until: Instant) -> ApiError {
    if !error.is_retryable() || error.status == 429 {
        return error;
    }
    let left = until.saturating_duration_since(Instant::now());
    let seconds = left.as_secs().saturating_add(1);
    let message = format!("no target is healthy: {}", error.message);
    let mut none = ApiError::new(503, "service_unavailable", message)
        .with_code("no_healthy_upstream")
        .with_header("retry-after", seconds.to_string());
    none.details.orloj = error.details.orloj;
    none
}

fn out_of_time() -> ApiError {
    let message = "the time limit was over before an endpoint could be called";
    ApiError::new(504, "timeout", message).with_code("timeout")
}

/// The time that all attempts together may take.
struct Clock {
    started: Instant,
    deadline: Option<Duration>,
}

impl Clock {
    fn start(deadline: Option<Duration>) -> Self {
        Self {
            started: Instant::now(),
            deadline,
        }
    }

    fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_sub(self.started.elapsed()))
    }

    /// Waits; false at once if no time would be left afterwards.
    async fn pause(&self, pause: Duration) -> bool {
        if self.left().is_some_and(|left| left <= pause) {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}
