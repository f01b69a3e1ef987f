//! `/v1/agents`, `/v1/model-endpoints`, …: resources in Orloj's shapes.

use super::{detached::to_the_end, problem::Problem, resource_json, state::Doors};
use crate::{
    manifest::parse_file,
    model::{DEFAULT_NAMESPACE, Findings, Kind, ResourceId},
    reconcile::{ApplyError, Reconciler},
    secrets::Opened,
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `?namespace=`: for one resource `default` if absent, for lists every namespace.
#[derive(Deserialize)]
pub(super) struct Scope {
    namespace: Option<String>,
}

impl Scope {
    fn id(&self, kind: Kind, name: &str) -> ResourceId {
        ResourceId::new(
            kind,
            self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE),
            name,
        )
    }
}

pub(super) fn list(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    Query(scope): Query<Scope>,
) -> Json<Value> {
    let served = reconciler.live().pin();
    let wanted = |namespace: &str| {
        scope
            .namespace
            .as_deref()
            .is_none_or(|wanted| wanted == namespace)
    };
    let items = served
        .snapshot
        .catalog()
        .of_kind(kind)
        .filter(|resource| wanted(&resource.id.namespace));
    Json(
        json!({ "items": items.map(|item| resource_json::resource(item, &served)).collect::<Vec<_>>() }),
    )
}

pub(super) fn get(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    Path(name): Path<String>,
    Query(scope): Query<Scope>,
) -> Result<Json<Value>, Problem> {
    let served = reconciler.live().pin();
    let id = scope.id(kind, &name);
    let found = served
        .snapshot
        .catalog()
        .get(&id)
        .ok_or_else(|| Problem::not_found(format!("{id} does not exist")))?;
    Ok(Json(resource_json::resource(found, &served)))
}

/// Adds or replaces a resource that Git does not manage; the body is its manifest, JSON or YAML.
///
/// `name` is that of the path, if the path has one.
pub(super) async fn put(
    kind: Kind,
    name: Option<String>,
    State(doors): State<Doors>,
    body: Bytes,
) -> Result<Response, Problem> {
    let file = format!("request:{}", kind.singular());
    let id = sole_resource(kind, name.as_deref(), &file, &body)?;
    let documents = [(file, Opened::new(body.to_vec()))];
    let applying = doors.reconciler.clone();
    let applied = async move { applying.apply(&documents).await };
    let report = to_the_end(&doors.tasks, applied).await??;
    let existed = report.applied.iter().any(|(_, existed)| *existed);
    let served = doors.reconciler.live().pin();
    let status = if existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let body = served
        .snapshot
        .catalog()
        .get(&id)
        .map(|found| resource_json::resource(found, &served));
    Ok((status, Json(body.unwrap_or_default())).into_response())
}

/// The one resource of a body, which must be what the path says.
fn sole_resource(
    kind: Kind,
    name: Option<&str>,
    file: &str,
    body: &[u8],
) -> Result<ResourceId, Problem> {
    let parsed = parse_file(&file.into(), body);
    let [resource] = parsed.resources.as_slice() else {
        let findings: Findings = parsed.findings.into_iter().collect();
        if findings.has_errors() {
            return Err(ApplyError::Invalid(findings).into());
        }
        return Err(Problem::bad_request(
            "the body must hold exactly one manifest",
        ));
    };
    let id = &resource.id;
    if id.kind != kind || name.is_some_and(|name| name != &*id.name) {
        let detail = format!(
            "the path is that of a {kind}{}, the body is {id}",
            name.map(|name| format!(" `{name}`")).unwrap_or_default()
        );
        return Err(Problem::bad_request(detail));
    }
    Ok(id.clone())
}

pub(super) async fn delete(
    kind: Kind,
    State(doors): State<Doors>,
    Path(name): Path<String>,
    Query(scope): Query<Scope>,
) -> Result<StatusCode, Problem> {
    let id = scope.id(kind, &name);
    let deleted = async move { doors.reconciler.delete(&id).await };
    to_the_end(&doors.tasks, deleted).await??;
    Ok(StatusCode::NO_CONTENT)
}
