//! Attempts the targets of a decision until one begins to answer.

use super::{
    attempts::{Attempt, Course},
    decide::Decided,
    ledger::Headroom,
    meter::Meter,
    metered::metered,
};
use crate::{
    chat::{ApiError, Dialect, Envelope, Frame, Usage},
    model::spec::ResponseModel,
    providers::{ChatAnswer, ChatCall, ChatContent, StreamCounts, Upstream},
    reconcile::{EndpointState, Pinned},
    routing::Target,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::{sync::Arc, time::Duration};

/// A request that is decided and ready to go out.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The body to send, its `model` still the client's.
    pub body: Bytes,
    /// What was found in the body.
    pub envelope: Envelope,
    /// The client's `anthropic-beta`, for Anthropic alone.
    pub betas: Option<String>,
    /// Time for all attempts together; that of the first target's endpoint holds too.
    pub deadline: Option<Duration>,
}

/// An answer that has begun.
pub struct Answer {
    /// What is sent to the client.
    pub content: Content,
    /// The upstream calls it took, the last of which answers.
    pub attempts: Vec<Attempt>,
    /// The way the request went, as [`Decided::route`]; another one after a fallback.
    pub route: String,
    /// How long providers were waited for, pauses between calls included.
    pub waited: Duration,
    /// Fields that could not be passed on as they were, with what became of them.
    pub adjusted: Vec<String>,
    /// What is left of the requests and tokens that the caller and the endpoint may use, where that is limited.
    pub room: Room,
}

/// What is left of the limits that are nearest to their end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    /// Of requests.
    pub requests: Option<Headroom>,
    /// Of tokens.
    pub tokens: Option<Headroom>,
}

/// The body of an answer.
pub enum Content {
    /// A whole JSON document.
    Full(Bytes, Option<Usage>),
    /// Server-sent events.
    Stream(BoxStream<'static, Frame>),
}

/// Sends a request to its first target; retries it and falls back as the manifests say. What it uses is settled and
/// recorded when the answer ends, or is dropped.
///
/// # Errors
///
/// The [`ApiError`] of the last attempt.
pub async fn forward(
    served: &Pinned,
    decided: &Decided,
    request: Forward,
    mut meter: Meter,
) -> Result<Answer, Box<ApiError>> {
    let course = Course::new(served, decided, &request, &mut meter);
    let mut answer = match course.run().await {
        Ok(answer) => answer,
        Err(error) => {
            meter.failed(&error);
            return Err(error);
        }
    };
    answer.room = meter.room();
    answer.content = match answer.content {
        Content::Full(body, usage) => {
            meter.answered(body.len(), usage);
            Content::Full(body, usage)
        }
        Content::Stream(frames) => {
            Content::Stream(metered(frames, meter, request.envelope.dialect))
        }
    };
    Ok(answer)
}

/// Who hears of the token counts of a stream.
fn counts(asked: &Envelope) -> StreamCounts {
    match asked.include_usage {
        Some(true) => StreamCounts::Told,
        None if asked.dialect == Dialect::Chat && !asked.has_stream_options => StreamCounts::Kept,
        _ => StreamCounts::Unasked,
    }
}

/// The target's endpoint, if it can be called.
pub(super) fn ready<'a>(
    served: &'a Pinned,
    target: &Target,
) -> Result<&'a Arc<Upstream>, Box<ApiError>> {
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

pub(super) fn call(
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
        counts: counts(&request.envelope),
        agent: decided
            .decision
            .agent
            .as_ref()
            .map(|agent| agent.id.qualified_name()),
        revision: served.revision.clone(),
        response_model: echo.then(|| requested.clone()),
        betas: request.betas.clone(),
        refuses: Arc::default(),
        is_substitute: is_substitute(decided, target),
        known_output: None,
        max_output: None,
        deadline,
        trace: None,
    }
}

/// Whether a target stands in for another model: signatures of that one are refused by it.
fn is_substitute(decided: &Decided, target: &Target) -> bool {
    let first = decided.decision.targets.first();
    first.is_some_and(|first| first.model != target.model)
}

pub(super) fn begun(
    answer: ChatAnswer,
    attempts: Vec<Attempt>,
    route: String,
    waited: Duration,
) -> Answer {
    let content = match answer.content {
        ChatContent::Full { body, usage } => Content::Full(body, usage),
        ChatContent::Stream(stream) => Content::Stream(stream),
    };
    Answer {
        content,
        attempts,
        route,
        waited,
        adjusted: answer.adjusted,
        room: Room::default(),
    }
}
