//! `/v1/agents`, `/v1/model-endpoints`, …: resources in Orloj's shapes.

use super::{problem::Problem, resource_json};
use crate::{
    model::{DEFAULT_NAMESPACE, Kind, ResourceId},
    reconcile::Reconciler,
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

pub(super) async fn list(
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
        .catalog
        .of_kind(kind)
        .filter(|resource| wanted(&resource.id.namespace));
    Json(
        json!({ "items": items.map(|item| resource_json::resource(item, &served)).collect::<Vec<_>>() }),
    )
}

pub(super) async fn get(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    Path(name): Path<String>,
    Query(scope): Query<Scope>,
) -> Result<Json<Value>, Problem> {
    let served = reconciler.live().pin();
    let id = scope.id(kind, &name);
    let found = served
        .catalog
        .get(&id)
        .ok_or_else(|| Problem::not_found(format!("{id} does not exist")))?;
    Ok(Json(resource_json::resource(found, &served)))
}

/// Adds or replaces a resource that Git does not manage; the body is its manifest, JSON or YAML.
pub(super) async fn put(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    body: Bytes,
) -> Result<Response, Problem> {
    let document = (
        format!("request:{}", kind.singular()),
        Opened::new(body.to_vec()),
    );
    let report = reconciler.apply(&[document]).await?;
    let Some((id, existed)) = report.applied.first() else {
        return Err(Problem::bad_request("the body holds no manifest"));
    };
    let served = reconciler.live().pin();
    let status = if *existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let body = served
        .catalog
        .get(id)
        .map(|found| resource_json::resource(found, &served));
    Ok((status, Json(body.unwrap_or_default())).into_response())
}

pub(super) async fn delete(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    Path(name): Path<String>,
    Query(scope): Query<Scope>,
) -> Result<StatusCode, Problem> {
    reconciler.delete(&scope.id(kind, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
