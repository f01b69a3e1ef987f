//! Time limits of a call.

use super::UpstreamBuildError;
use crate::model::parse_go_duration;
use crate::model::spec::EndpointTimeouts;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// To open a connection: a host that does not answer within it is down or far away.
const CONNECT: Duration = Duration::from_secs(5);

/// Until the answer starts: whole answers of large models take up to two minutes.
const FIRST_BYTE: Duration = Duration::from_mins(2);

/// Between two pieces: providers send keep-alives every 15 s or so.
const IDLE: Duration = Duration::from_mins(1);

/// An endpoint's limits; `None` is no limit (written `0`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timeouts {
    pub(super) connect: Option<Duration>,
    first_byte: Option<Duration>,
    idle: Option<Duration>,
    total: Option<Duration>,
    keep_alive: Option<Duration>,
}

/// The pause between signs of life to a client that waits for the first token, if the endpoint says none: what proxies on
/// the way bear.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Connect,
    FirstByte,
    Idle,
    Total,
}

/// The limits of one call under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    first_byte: Option<Instant>,
    idle: Option<Duration>,
    ends: Option<Instant>,
    keep_alive: Option<Duration>,
}

impl Timeouts {
    pub(super) fn read(spec: &EndpointTimeouts) -> Result<Self, UpstreamBuildError> {
        let read = |field, text: &Option<String>, default| match text {
            None => Ok(default),
            Some(text) => parse_go_duration(text.trim())
                .map(|limit| Some(limit).filter(|limit| !limit.is_zero()))
                .ok_or_else(|| UpstreamBuildError::Duration {
                    field,
                    text: text.clone(),
                }),
        };
        Ok(Self {
            connect: read("timeouts.connect", &spec.connect, Some(CONNECT))?,
            first_byte: read("timeouts.first_byte", &spec.first_byte, Some(FIRST_BYTE))?,
            idle: read("timeouts.idle", &spec.idle, Some(IDLE))?,
            total: read("timeouts.total", &spec.total, None)?,
            keep_alive: Some(KEEP_ALIVE),
        })
    }

    /// The same limits with this pause between signs of life; `0` sends none.
    pub(super) fn with_keep_alive(self, pause: Duration) -> Self {
        let keep_alive = Some(pause).filter(|pause| !pause.is_zero());
        Self { keep_alive, ..self }
    }

    /// Starts the clock of a call that must be over after `deadline`.
    pub(super) fn start(&self, deadline: Option<Duration>) -> Clock {
        let total = [self.total, deadline].into_iter().flatten().min();
        let now = Instant::now();
        let after = |limit: Duration| now.checked_add(limit);
        Clock {
            first_byte: self.first_byte.and_then(after),
            idle: self.idle,
            keep_alive: self.keep_alive,
            ends: total.and_then(after),
        }
    }
}

impl Clock {
    /// The pause between signs of life to a client that waits for the first token; `None` sends none.
    pub(super) fn keep_alive(&self) -> Option<Duration> {
        self.keep_alive
    }

    /// Works until the answer has to have begun: one time for everything up to there, from the start of the call.
    pub(super) async fn first_byte<T>(&self, work: impl Future<Output = T>) -> Result<T, Limit> {
        self.run(self.first_byte, Limit::FirstByte, work).await
    }

    pub(super) async fn piece<T>(&self, work: impl Future<Output = T>) -> Result<T, Limit> {
        let idle = self.idle.and_then(|idle| Instant::now().checked_add(idle));
        self.run(idle, Limit::Idle, work).await
    }

    async fn run<T>(
        &self,
        own: Option<Instant>,
        limit: Limit,
        work: impl Future<Output = T>,
    ) -> Result<T, Limit> {
        let (at, limit) = match (own, self.ends) {
            (Some(own), Some(ends)) if own <= ends => (own, limit),
            (_, Some(ends)) => (ends, Limit::Total),
            (Some(own), None) => (own, limit),
            (None, None) => return Ok(work.await),
        };
        tokio::time::timeout_at(at, work).await.map_err(|_| limit)
    }
}

impl Limit {
    /// The manifest's field.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstByte => "first_byte",
            Self::Idle => "idle",
            Self::Total => "total",
        }
    }
}
