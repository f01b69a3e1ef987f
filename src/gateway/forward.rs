//! Attempts the targets of a decision until one begins to answer.

use super::decide::Decided;
use crate::{
    chat::{ApiError, Envelope, Frame, Usage},
    model::spec::ResponseModel,
    providers::{ChatAnswer, ChatCall, ChatContent, Upstream},
    reconcile::{EndpointState, Pinned},
    routing::Target,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A request that is decided and ready to go out.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The body to send, its `model` still the client's.
    pub body: Bytes,
    /// What was found in the body.
    pub envelope: Envelope,
    /// The client's `anthropic-beta`, for Anthropic alone.
    pub betas: Option<String>,
    /// Time for all attempts together.
    pub deadline: Option<Duration>,
}

/// An answer that has begun.
pub struct Answer {
    /// What is sent to the client.
    pub content: Content,
    /// Upstream calls it took.
    pub attempts: u32,
    /// The way the request went, as [`Decided::route`]; another one after a fallback.
    pub route: String,
    /// Fields that could not be passed on as they were, with what became of them.
    pub adjusted: Vec<String>,
}

/// The body of an answer.
pub enum Content {
    /// A whole JSON document.
    Full(Bytes, Option<Usage>),
    /// Server-sent events.
    Stream(BoxStream<'static, Frame>),
}

/// Sends a request to its first target; retries it and falls back as the manifests say.
///
/// # Errors
///
/// The [`ApiError`] of the last attempt.
pub async fn forward(
    served: &Pinned,
    decided: &Decided,
    request: Forward,
) -> Result<Answer, Box<ApiError>> {
    let clock = Clock::start(request.deadline);
    let mut attempts = 0;
    let mut last = None;
    for target in &decided.decision.targets {
        let upstream = match upstream(served, target) {
            Ok(upstream) => upstream,
            Err(error) => {
                last = last.or(Some(error));
                continue;
            }
        };
        for repeat in 0..target.endpoint.max_attempts {
            if repeat > 0 && !clock.pause(backoff(target, repeat)).await {
                break;
            }
            let left = clock.left();
            if left.is_some_and(|left| left.is_zero()) {
                return Err(last.unwrap_or_else(|| Box::new(out_of_time())));
            }
            attempts += 1;
            match upstream
                .chat(call(served, decided, target, &request, left))
                .await
            {
                Ok(answer) => return Ok(begun(answer, attempts, decided.route_to(target))),
                Err(error) if error.is_retryable() => last = Some(Box::new(error)),
                Err(error) => return Err(Box::new(error)),
            }
        }
    }
    Err(last.unwrap_or_else(|| {
        Box::new(ApiError::new(
            503,
            "service_unavailable",
            "no endpoint could be called",
        ))
    }))
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

/// The pause before a repetition: doubled from one to the next, up to 64 times the first.
fn backoff(target: &Target, repeat: u32) -> Duration {
    target
        .endpoint
        .retry_backoff
        .saturating_mul(1 << (repeat - 1).min(6))
}

fn out_of_time() -> ApiError {
    let message = "the agent's time limit was over before an endpoint could be called";
    ApiError::new(504, "timeout", message).with_code("timeout")
}

fn upstream<'a>(served: &'a Pinned, target: &Target) -> Result<&'a Arc<Upstream>, Box<ApiError>> {
    let id = &target.endpoint.id;
    match served.endpoints.get(id) {
        Some(EndpointState::Ready { upstream, .. }) => Ok(upstream),
        Some(EndpointState::NotReady(condition)) => {
            let message = format!(
                "endpoint `{}` is not ready: {}",
                id.qualified_name(),
                condition.message
            );
            Err(Box::new(
                ApiError::new(503, "service_unavailable", message)
                    .with_code("endpoint_not_ready")
                    .with_detail("reason", condition.reason)
                    .with_detail("source", target.endpoint.origin.to_string()),
            ))
        }
        None => {
            let message = format!("endpoint `{}` is not served", id.qualified_name());
            Err(Box::new(
                ApiError::new(503, "service_unavailable", message).with_code("endpoint_not_ready"),
            ))
        }
    }
}

fn call(
    served: &Pinned,
    decided: &Decided,
    target: &Target,
    request: &Forward,
    deadline: Option<Duration>,
) -> ChatCall {
    let requested = &decided.decision.requested;
    let echo = target.endpoint.response_model == ResponseModel::Requested;
    ChatCall {
        dialect: request.envelope.dialect,
        body: request.envelope.with_model(&request.body, &target.model),
        model: target.model.to_string(),
        requested: requested.clone(),
        stream: request.envelope.stream,
        include_usage: request.envelope.include_usage.unwrap_or(false),
        agent: decided
            .decision
            .agent
            .as_ref()
            .map(|agent| agent.id.qualified_name()),
        revision: served.revision.clone(),
        response_model: echo.then(|| requested.clone()),
        betas: request.betas.clone(),
        deadline,
    }
}

fn begun(answer: ChatAnswer, attempts: u32, route: String) -> Answer {
    let content = match answer.content {
        ChatContent::Full { body, usage } => Content::Full(body, usage),
        ChatContent::Stream(stream) => Content::Stream(stream),
    };
    Answer {
        content,
        attempts,
        route,
        adjusted: answer.adjusted,
    }
}
