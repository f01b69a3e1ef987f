//! `POST /webhooks/{provider}`: bells that are verified before anything else happens.

use super::{problem::Problem, state::Doors};
use crate::forge::{Provider, verify};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};

/// Rings for a look at the source. The payload is only a hint and is not read.
pub(super) async fn ring(
    State(doors): State<Doors>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let configured = doors
        .webhooks
        .get(&provider)
        .zip(Provider::parse(&provider));
    let Some((secrets, known)) = configured else {
        return Err(Problem::not_found(format!(
            "no webhook `{provider}` is configured"
        )));
    };
    verify(known, secrets, &headers, &body).map_err(|error| {
        tracing::warn!(
            webhook.provider = provider,
            error = error.to_string(),
            "webhook refused"
        );
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unverified",
            "the signature does not fit",
        )
    })?;
    doors.bell.ring();
    Ok(StatusCode::ACCEPTED)
}
