//! `POST /webhooks/{provider}`: bells that are verified before anything else happens.
//!
//! No answer waits for the loop, the database or the Git host.

use super::{problem::Problem, state::Doors};
use crate::forge::{Concern, Delivery, MovedTo, Provider, VerifyError};
use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Bodies beyond this many bytes are verified aside, so that other requests need not wait.
const LARGE: usize = 64 * 1024;

/// What became of a verified webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Rung,
    Duplicate,
    NotAPush,
    OtherRepository,
    OtherReference,
}

impl Heard {
    /// The word in answers and metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rung => "rung",
            Self::Duplicate => "duplicate",
            Self::NotAPush => "not_a_push",
            Self::OtherRepository => "other_repository",
            Self::OtherReference => "other_ref",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Rung => "the source is looked at",
            Self::Duplicate => "this delivery was received before; nothing is done",
            Self::NotAPush => "this event moves no reference; nothing is done",
            Self::OtherRepository => "this repository is not followed; nothing is done",
            Self::OtherReference => "no reference that is followed moved; nothing is done",
        }
    }
}

/// Rings for a look at the source, if the webhook may be about it.
pub(super) async fn ring(
    State(doors): State<Doors>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let configured = doors
        .webhooks
        .secrets
        .get(&provider)
        .zip(Provider::parse(&provider));
    let Some((secrets, provider)) = configured else {
        return Err(Problem::not_found(format!(
            "no webhook `{provider}` is configured"
        )));
    };
    let body = received(&doors, provider, &headers, body).await?;
    let open = || Delivery::open(provider, secrets, &headers, &body);
    let opened = if body.len() > LARGE {
        tokio::task::block_in_place(open)
    } else {
        open()
    };
    let delivery = opened.map_err(|error| refused(&doors, provider, error))?;
    let heard = hear(&doors, provider, &delivery);
    doors.metrics.webhook(provider, heard.as_str());
    tracing::debug!(
        webhook.provider = provider.as_str(),
        webhook.delivery = delivery.id(),
        webhook.result = heard.as_str(),
        "webhook"
    );
    let said = json!({"outcome": heard.as_str(), "detail": heard.detail()});
    Ok((StatusCode::ACCEPTED, Json(said)))
}

/// The whole body. One that is too large cannot be verified, so that it rings for an ordinary look only.
async fn received(
    doors: &Doors,
    provider: Provider,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    let most = doors.webhooks.max_body;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let too_large = || {
        doors.metrics.webhook(provider, "too_large");
        doors.bells.ring_unproven();
        let detail = format!(
            "the body is larger than {most} bytes (`webhooks.max_body`); the source is polled"
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    };
    if announced.is_some_and(|bytes| bytes > most as u64) {
        return Err(too_large());
    }
    match time::timeout(BODY_TIMEOUT, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large()),
        Ok(Err(_)) => {
            doors.metrics.webhook(provider, "cut_off");
            Err(Problem::bad_request("the body was cut off"))
        }
        Err(_) => {
            doors.metrics.webhook(provider, "slow");
            let detail = "the body did not arrive in time";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "slow", detail))
        }
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}

fn refused(doors: &Doors, provider: Provider, error: VerifyError) -> Problem {
    doors.metrics.webhook(provider, "unverified");
    tracing::warn!(
        webhook.provider = provider.as_str(),
        error = error.to_string(),
        "webhook refused"
    );
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unverified",
        "the signature does not fit",
    )
}

/// Rings, unless the webhook is about something else or came before.
fn hear(doors: &Doors, provider: Provider, delivery: &Delivery) -> Heard {
    let mut silent = Heard::OtherRepository;
    let mut moved = Vec::new();
    for watched in &doors.webhooks.watched {
        match delivery.concern(watched) {
            Concern::Moved(to) => moved.push((watched.name(), to)),
            Concern::NotAPush => silent = Heard::NotAPush,
            Concern::OtherReference => silent = Heard::OtherReference,
            Concern::OtherRepository => {}
        }
    }
    if moved.is_empty() && !doors.webhooks.watched.is_empty() {
        return silent;
    }
    let is_named = |(_, to): &&(&str, MovedTo)| to.is_named;
    let named = moved.iter().find(is_named).map(|(name, _)| *name);
    if let Some(id) = delivery.id()
        && !doors.inbox.receive(provider, id, named)
    {
        return Heard::Duplicate;
    }
    if moved.is_empty() {
        doors.bells.ring();
    }
    for (name, to) in moved {
        doors.bells.moved(name, to);
    }
    Heard::Rung
}
