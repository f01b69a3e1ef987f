//! `GET /v1/models` and `GET /v1/models/{id}`: the names a caller may use.

use super::{chat::error_response, headers};
use crate::{
    chat::ApiError,
    gateway::refused,
    model::DEFAULT_NAMESPACE,
    reconcile::{Live, Pinned},
    routing::{ModelListing, find_listing, list_endpoint_models, list_models},
};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

pub(super) async fn list(State(live): State<Live>) -> Response {
    let served = live.pin();
    let data: Vec<_> = list_models(served.snapshot.table())
        .iter()
        .map(|model| object(model, &served))
        .collect();
    with_revision(
        Json(json!({ "object": "list", "data": data })).into_response(),
        &served,
    )
}

/// The names within one endpoint.
pub(super) fn scoped(live: &Live, scope: &str) -> Response {
    let served = live.pin();
    let response = match list_endpoint_models(served.snapshot.table(), DEFAULT_NAMESPACE, scope) {
        Ok(models) => {
            let data: Vec<_> = models.iter().map(|model| object(model, &served)).collect();
            Json(json!({ "object": "list", "data": data })).into_response()
        }
        Err(refusal) => error_response(&refused(&refusal)),
    };
    with_revision(response, &served)
}

pub(super) async fn one(State(live): State<Live>, Path(id): Path<String>) -> Response {
    let served = live.pin();
    let response = match find_listing(served.snapshot.table(), &id) {
        Some(model) => Json(object(&model, &served)).into_response(),
        None => {
            let message = format!("the model `{id}` does not exist");
            let error = ApiError::new(404, "invalid_request_error", message);
            error_response(&error.with_code("model_not_found").with_param("model"))
        }
    };
    with_revision(response, &served)
}

/// OpenAI's model object, with what the name is and where it leads.
fn object(model: &ModelListing, served: &Pinned) -> Value {
    json!({
        "id": model.id,
        "object": "model",
        "created": served.since_us / MICROS,
        "owned_by": "orloj",
        "orloj": { "kind": model.kind, "target": model.target },
    })
}

fn with_revision(mut response: Response, served: &Pinned) -> Response {
    headers::set(response.headers_mut(), headers::REVISION, &served.revision);
    headers::set(
        response.headers_mut(),
        headers::REQUEST_ID,
        &headers::new_request_id(),
    );
    response
}
