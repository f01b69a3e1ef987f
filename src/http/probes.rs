//! `/healthz` and `/readyz`.

use super::problem::Problem;
use crate::reconcile::Reconciler;
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// The process answers.
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// A revision is served; else why not.
pub(super) async fn readyz(
    State(reconciler): State<Arc<Reconciler>>,
) -> Result<Json<Value>, Problem> {
    let served = reconciler.live().pin();
    if served.is_something() {
        return Ok(Json(json!({ "status": "ok", "revision": served.revision })));
    }
    let status = reconciler.status();
    let reason = match (&status.error, &status.attempt) {
        (Some(error), _) => error.clone(),
        (None, Some(attempt)) if attempt.findings.has_errors() => {
            let errors = match attempt.findings.summary().errors {
                1 => "1 error; `orloj status` shows it".to_owned(),
                many => format!("{many} errors; `orloj status` shows them"),
            };
            format!("the first revision is refused: {errors}")
        }
        _ => "no revision is served yet".to_owned(),
    };
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_ready",
        reason,
    ))
}
