//! `GET /v1/models` and `GET /v1/models/{id}`, also within one endpoint: the names a caller may use.

use super::{
    access::check_local,
    chat::error_response,
    credentials::shown,
    headers,
    state::{Admission, Doors},
};
use crate::{
    chat::ApiError,
    gateway::{Reader, refused},
    reconcile::{Live, Pinned},
    routing::{ModelListing, find_listing, list_endpoint_models, list_models},
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

pub(super) async fn list(
    State(live): State<Live>,
    State(admission): State<Admission>,
    headers: HeaderMap,
) -> Response {
    let served = live.pin();
    let response = match reader(&admission, &served, &headers) {
        Ok(reader) => {
            let all = list_models(served.snapshot.table());
            let allowed = all.iter().filter(|model| reader.may_call(None, &model.id));
            of_all(allowed, &served)
        }
        Err(error) => error_response(&error),
    };
    with_revision(response, &served)
}

/// The names within one endpoint.
pub(super) fn scoped(doors: &Doors, scope: &str, headers: &HeaderMap) -> Response {
    let served = doors.reconciler.live().pin();
    let response = match within(doors, scope, &served, headers) {
        Ok(models) => of_all(models.iter(), &served),
        Err(error) => error_response(&error),
    };
    with_revision(response, &served)
}

/// One of the names within one endpoint; `id` as the path has it.
pub(super) fn one_scoped(doors: &Doors, scope: &str, id: &str, headers: &HeaderMap) -> Response {
    let served = doors.reconciler.live().pin();
    let id = percent_decode_str(id).decode_utf8_lossy();
    let found = within(doors, scope, &served, headers).and_then(|models| {
        let found = models.into_iter().find(|model| model.id == id);
        found.ok_or_else(|| Box::new(unknown(&id)))
    });
    let response = match found {
        Ok(model) => Json(object(&model, &served)).into_response(),
        Err(error) => error_response(&error),
    };
    with_revision(response, &served)
}

/// What a caller may call within one endpoint.
fn within(
    doors: &Doors,
    scope: &str,
    served: &Pinned,
    headers: &HeaderMap,
) -> Result<Vec<ModelListing>, Box<ApiError>> {
    let reader = reader(&doors.admission, served, headers)?;
    let table = served.snapshot.table();
    let models = list_endpoint_models(table, reader.namespace(), scope);
    let mut models = models.map_err(|refusal| Box::new(refused(&refusal)))?;
    models.retain(|model| reader.may_call(Some(scope), &model.id));
    Ok(models)
}

pub(super) async fn one(
    State(live): State<Live>,
    State(admission): State<Admission>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let served = live.pin();
    let response = match reader(&admission, &served, &headers) {
        Ok(reader) => {
            let found = find_listing(served.snapshot.table(), &id);
            match found.filter(|model| reader.may_call(None, &model.id)) {
                Some(model) => Json(object(&model, &served)).into_response(),
                None => error_response(&unknown(&id)),
            }
        }
        Err(error) => error_response(&error),
    };
    with_revision(response, &served)
}

fn reader<'s>(
    admission: &Admission,
    served: &'s Pinned,
    headers: &HeaderMap,
) -> Result<Reader<'s>, Box<ApiError>> {
    let reader = Reader::admit(served, shown(headers), admission.require_key)?;
    check_local(admission, reader.has_key(), headers)?;
    Ok(reader)
}

/// What a key may not call does not exist for it.
fn unknown(id: &str) -> ApiError {
    let message = format!("the model `{id}` does not exist");
    let error = ApiError::new(404, "invalid_request_error", message);
    error.with_code("model_not_found").with_param("model")
}

fn of_all<'m>(models: impl Iterator<Item = &'m ModelListing>, served: &Pinned) -> Response {
    let data: Vec<_> = models.map(|model| object(model, served)).collect();
    Json(json!({ "object": "list", "data": data })).into_response()
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
        &headers::request_id(Uuid::now_v7()),
    );
    response
}
