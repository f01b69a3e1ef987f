//! `/v1/agents`, `/v1/model-endpoints`, …: resources in Orloj's shapes.

use super::{
    detached::to_the_end, label_selector::LabelSelector, problem::Problem, resource_json,
    state::Doors,
};
use crate::{
    manifest::parse_file,
    model::{DEFAULT_NAMESPACE, Findings, Kind, ResourceId},
    reconcile::{ApplyError, Precondition, Reconciler},
    secrets::Opened,
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
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

/// What a list is narrowed to.
#[derive(Deserialize)]
pub(super) struct Narrowed {
    namespace: Option<String>,
    #[serde(rename = "labelSelector")]
    label_selector: Option<String>,
    /// As `labelSelector`, as upstream.
    labels: Option<String>,
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
    Query(narrowed): Query<Narrowed>,
) -> Result<Json<Value>, Problem> {
    let texts = [&narrowed.label_selector, &narrowed.labels];
    let selectors = texts.into_iter().flatten();
    let selectors: Vec<_> = selectors
        .map(|text| LabelSelector::parse(text))
        .collect::<Result<_, _>>()
        .map_err(Problem::bad_request)?;
    let served = reconciler.live().pin();
    let versions = reconciler.versions(&served).await;
    let wanted = |namespace: &str| {
        narrowed
            .namespace
            .as_deref()
            .is_none_or(|wanted| wanted == namespace)
    };
    let items = served
        .snapshot
        .catalog()
        .of_kind(kind)
        .filter(|resource| wanted(&resource.id.namespace))
        .filter(|resource| {
            selectors
                .iter()
                .all(|one| one.selects(&resource.metadata.labels))
        });
    let items =
        items.map(|item| resource_json::resource(item, &served, versions.get(&item.id).copied()));
    Ok(Json(json!({ "items": items.collect::<Vec<_>>() })))
}

pub(super) async fn get(
    kind: Kind,
    State(reconciler): State<Arc<Reconciler>>,
    Path(name): Path<String>,
    Query(scope): Query<Scope>,
) -> Result<Json<Value>, Problem> {
    let id = scope.id(kind, &name);
    let shown = shown(&reconciler, &id).await;
    let found = shown.ok_or_else(|| Problem::not_found(format!("{id} does not exist")))?;
    Ok(Json(found))
}

/// A resource as it is live.
async fn shown(reconciler: &Reconciler, id: &ResourceId) -> Option<Value> {
    let served = reconciler.live().pin();
    let found = served.snapshot.catalog().get(id)?;
    let version = reconciler.versions(&served).await.get(id).copied();
    Some(resource_json::resource(found, &served, version))
}

/// Adds or replaces a resource that Git does not manage; the body is its manifest, JSON or YAML.
///
/// `name` is that of the path, if the path has one; then what exists is replaced only by who names its version, in
/// `metadata.resourceVersion` or `If-Match`.
pub(super) async fn put(
    kind: Kind,
    name: Option<String>,
    State(doors): State<Doors>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let file = format!("request:{}", kind.singular());
    let (id, in_manifest) = sole_resource(kind, name.as_deref(), &file, &body)?;
    let if_match = headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok());
    let precondition = Precondition {
        is_required: name.is_some(),
        in_manifest,
        if_match: if_match.map(|text| version_of(text).to_owned()),
    };
    let documents = [(file, Opened::new(body.to_vec()))];
    let applying = doors.reconciler.clone();
    let applied = async move { applying.apply_if(&documents, &precondition).await };
    let report = to_the_end(&doors.tasks, applied).await??;
    let existed = report.applied.iter().any(|(_, existed)| *existed);
    let status = if existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let body = shown(&doors.reconciler, &id).await;
    Ok((status, Json(body.unwrap_or_default())).into_response())
}

/// The version in `"3"`, `3` or `W/"3"`.
fn version_of(if_match: &str) -> &str {
    let text = if_match.trim();
    text.strip_prefix("W/").unwrap_or(text).trim_matches('"')
}

/// The one resource of a body, which must be what the path says, and the version it says that it has.
fn sole_resource(
    kind: Kind,
    name: Option<&str>,
    file: &str,
    body: &[u8],
) -> Result<(ResourceId, Option<String>), Problem> {
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
    let version = resource.metadata.resource_version.as_deref().map(str::trim);
    Ok((id.clone(), version.map(str::to_owned)))
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
