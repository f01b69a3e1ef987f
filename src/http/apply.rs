//! `POST /api/v1/apply`: several manifests by hand, all or none.

use super::{detached::to_the_end, problem::Problem};
use crate::{reconcile::Reconciler, secrets::Opened};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The request's body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplyRequest {
    documents: Vec<ApplyDocument>,
}

/// One file; no `Debug`, because it may hold a secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplyDocument {
    /// What findings call it.
    name: String,
    /// YAML or JSON, one document or many.
    content: String,
}

pub(super) async fn apply(
    State(reconciler): State<Arc<Reconciler>>,
    State(tasks): State<TaskTracker>,
    Json(request): Json<ApplyRequest>,
) -> Result<Json<Value>, Problem> {
    let documents = request.documents.into_iter();
    let documents: Vec<_> = documents
        .map(|document| (document.name, Opened::new(document.content.into_bytes())))
        .collect();
    let report = to_the_end(&tasks, async move { reconciler.apply(&documents).await }).await??;
    let applied = report.applied.iter().map(|(id, existed)| {
        json!({
            "kind": id.kind.as_str(),
            "namespace": &*id.namespace,
            "name": &*id.name,
            "action": if *existed { "configured" } else { "created" },
        })
    });
    Ok(Json(json!({
        "revision": report.revision,
        "applied": applied.collect::<Vec<_>>(),
        "findings": report.findings.to_json_list(),
        "summary": report.findings.summary(),
    })))
}
