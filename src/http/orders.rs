//! `/api/v1/{suspend,resume,rollback,confirm}`: what people tell the loop.

use super::{control::report, detached::to_the_end, problem::Problem};
use crate::reconcile::{Outcome, Reconciler, RollbackOrder, Suspension};
use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Why, and who says so; nothing of it has to be said.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SuspendRequest {
    reason: String,
    by: String,
    /// RFC 3339; until somebody resumes without it.
    until: Option<Timestamp>,
}

pub(super) async fn suspend(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
    request: Option<Json<SuspendRequest>>,
) -> Result<Json<Value>, Problem> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    let suspension = Suspension {
        reason: request.reason,
        by: request.by,
        since_us: Timestamp::now().as_microsecond(),
        until_us: request.until.map(Timestamp::as_microsecond),
    };
    if suspension.is_over(suspension.since_us) {
        return Err(Problem::bad_request("`until` is in the past"));
    }
    let suspending = reconciler.clone();
    to_the_end(&tasks, async move { suspending.suspend(suspension).await }).await??;
    Ok(report(&reconciler, Outcome::Suspended))
}

pub(super) async fn resume(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
) -> Result<Json<Value>, Problem> {
    let resuming = reconciler.clone();
    let outcome = to_the_end(&tasks, async move { resuming.resume().await }).await??;
    Ok(report(&reconciler, outcome))
}

/// Where to go back to, why, and who says so; nothing of it has to be said.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RollbackRequest {
    to: Option<String>,
    reason: String,
    by: String,
}

pub(super) async fn rollback(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
    request: Option<Json<RollbackRequest>>,
) -> Result<Json<Value>, Problem> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    let order = RollbackOrder {
        to: request.to,
        reason: request.reason,
        by: request.by,
    };
    let going_back = reconciler.clone();
    let outcome = to_the_end(&tasks, async move { going_back.rollback(order).await }).await??;
    Ok(report(&reconciler, outcome))
}

/// Which plan, why, and who says yes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmRequest {
    digest: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    by: String,
}

pub(super) async fn confirm(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
    Json(request): Json<ConfirmRequest>,
) -> Result<Json<Value>, Problem> {
    let confirming = reconciler.clone();
    let yes = async move {
        confirming
            .confirm(&request.digest, &request.reason, &request.by)
            .await
    };
    let outcome = to_the_end(&tasks, yes).await??;
    Ok(report(&reconciler, outcome))
}
