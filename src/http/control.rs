//! `/api/v1`: how the loop stands, and what it is told.

use super::{detached::to_the_end, live_export, problem::Problem, status_json};
use crate::reconcile::{Outcome, Phase, Reconciler};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Records returned when the query names no limit.
const DEFAULT_LIMIT: u32 = 20;

/// Most records returned.
const MAX_LIMIT: u32 = 1000;

pub(super) async fn status(State(reconciler): State<Arc<Reconciler>>) -> Json<Value> {
    Json(status_json::status(&reconciler))
}

/// Reconciles now and waits for what comes of it.
pub(super) async fn sync(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
) -> Result<Json<Value>, Problem> {
    let looking = reconciler.clone();
    let outcome = to_the_end(&tasks, async move { looking.sync().await }).await?;
    Ok(report(&reconciler, outcome))
}

/// What came of a look at the source.
pub(super) fn report(reconciler: &Reconciler, outcome: Outcome) -> Json<Value> {
    let status = reconciler.status();
    let served = reconciler.live().pin();
    let findings = match &outcome {
        Outcome::Rejected(findings) => findings.clone(),
        _ => status_json::shown_findings(&served, &status),
    };
    let (word, error) = match outcome {
        // Still refused: the same commit is not reviewed twice.
        Outcome::Unchanged if status.phase == Phase::Rejected => ("rejected", None),
        Outcome::Unchanged => ("unchanged", None),
        Outcome::Applied(_) => ("applied", None),
        Outcome::Rejected(_) => ("rejected", None),
        Outcome::Held(held) => ("held", Some(held.message)),
        Outcome::Suspended => ("suspended", None),
        Outcome::Retry(cause) | Outcome::Waiting(cause) => ("retry", Some(cause)),
    };
    Json(json!({
        "outcome": word,
        "revision": served.revision,
        "findings": findings.to_json_list(),
        "summary": findings.summary(),
        "error": error,
        "refused": status_json::refused(reconciler),
        "held": status.held.as_ref().map(status_json::held),
    }))
}

#[derive(Deserialize)]
pub(super) struct HistoryQuery {
    limit: Option<u32>,
}

pub(super) async fn revisions(
    State(reconciler): State<Arc<Reconciler>>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Value>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let records = reconciler.history(limit).await?;
    Ok(Json(
        json!({ "items": records.iter().map(status_json::record).collect::<Vec<_>>() }),
    ))
}

/// The newest record of one revision, named by its id, the beginning of that, or its number.
pub(super) async fn revision(
    State(reconciler): State<Arc<Reconciler>>,
    Path(revision): Path<String>,
) -> Result<Json<Value>, Problem> {
    let found = reconciler.record_of(&revision).await?;
    let found = found
        .ok_or_else(|| Problem::not_found(format!("the history has no revision `{revision}`")))?;
    Ok(Json(status_json::record(&found)))
}

pub(super) async fn live(State(reconciler): State<Arc<Reconciler>>) -> Json<Value> {
    Json(live_export::live(
        &reconciler.live().pin(),
        reconciler.windows(),
    ))
}

pub(super) async fn graph(State(reconciler): State<Arc<Reconciler>>) -> Json<Value> {
    Json(live_export::graph(&reconciler.live().pin()))
}
