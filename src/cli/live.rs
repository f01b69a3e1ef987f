//! What is live, as the base of a plan.

use super::{
    client::Client,
    error::CliError,
    manifests::{OwnedSide, Version},
};
use crate::{
    model::{
        Catalog, Kind, Labels, Metadata, Origin, Position, Positions, Resource, ResourceId, Span,
        Spec, SpecJson, spec::SecretSpec,
    },
    plan::Windows,
    source::{CommitId, resolve_revision},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// What stands before anything is live.
const NO_REVISION: &str = "none";

/// The base from the local clone if it has the commit that is live, else from the daemon.
pub(crate) fn from_clone_or_daemon(
    client: &Client,
    clone: Option<&Path>,
    paths: &[String],
) -> Result<OwnedSide, CliError> {
    let Some(clone) = clone else {
        return from_daemon(client);
    };
    let status = client.get(&["api", "v1", "status"], &[])?;
    let commit = status.pointer("/commit/id").and_then(Value::as_str);
    let known =
        commit.filter(|id| CommitId::parse(id).is_some() && resolve_revision(clone, id).is_ok());
    let Some(commit) = known else {
        return from_daemon(client);
    };
    match Version::of_revision(clone, commit, paths) {
        Ok(version) => {
            let mut side = version.into_side();
            side.label = format!("{}, live now", side.label);
            side.windows = windows(status.get("windows").cloned());
            Ok(side)
        }
        // A path that is new in the work tree, or a clone that lacks objects.
        Err(_) => from_daemon(client),
    }
}

/// The base from the daemon's catalog. Secrets come sealed, so comparing needs no key.
pub(crate) fn from_daemon(client: &Client) -> Result<OwnedSide, CliError> {
    let body = client.get(&["api", "v1", "live"], &[])?;
    let live: Live = serde_json::from_value(body).map_err(|error| {
        CliError::new("failed to read what the daemon says is live")
            .because(&error)
            .with_hint("is the daemon's version (`orloj status`) the same as `orloj version`?")
    })?;
    if live.revision == NO_REVISION && live.resources.is_empty() {
        return Ok(OwnedSide::default());
    }
    let mut catalog = Catalog::default();
    for resource in live.resources {
        // A kind that only a newer daemon serves cannot be in the head either.
        if let Some(kind) = Kind::from_manifest(&resource.kind) {
            catalog.insert(Arc::new(rebuild(kind, resource)?));
        }
    }
    let name = live.commit.unwrap_or(live.revision);
    let label = format!(
        "{}, live now",
        CommitId::parse(&name).map_or_else(|| name.clone(), |id| id.short())
    );
    let mut side = OwnedSide::of(catalog, name, label);
    side.windows = windows(live.windows);
    Ok(side)
}

/// The daemon's windows; those of a newer one that are not known here say nothing.
fn windows(entries: Option<Value>) -> Windows {
    let entries = entries.and_then(|entries| serde_json::from_value(entries).ok());
    Windows::read(entries.unwrap_or_default()).unwrap_or_default()
}

#[derive(Deserialize)]
struct Live {
    revision: String,
    #[serde(default, deserialize_with = "commit_id")]
    commit: Option<String>,
    #[serde(default)]
    windows: Option<Value>,
    resources: Vec<LiveResource>,
}

#[derive(Deserialize)]
struct LiveResource {
    kind: String,
    namespace: String,
    name: String,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    spec: Value,
    #[serde(default)]
    source: Option<LiveSource>,
}

#[derive(Deserialize)]
struct LiveSource {
    file: String,
    line: u32,
}

/// A commit as its id, or as an object that has one.
fn commit_id<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let id = value.get("id").unwrap_or(&value);
    Ok(id.as_str().map(str::to_owned))
}

fn rebuild(kind: Kind, live: LiveResource) -> Result<Resource, CliError> {
    let id = ResourceId::new(kind, &live.namespace, &live.name);
    let spec = spec(kind, &live.spec).map_err(|error| {
        CliError::new(format!("failed to read {id} as the daemon has it")).because(&error)
    })?;
    let metadata = Metadata {
        name: live.name,
        labels: live.labels,
        annotations: live.annotations,
        ..Metadata::default()
    };
    let origin = live.source.map_or_else(|| Origin::file("live"), origin);
    let json = SpecJson::of(&live.spec).map_err(|error| {
        CliError::new(format!("failed to read {id} as the daemon has it")).because(&error)
    })?;
    Ok(Resource::new(
        id,
        origin,
        metadata,
        spec,
        json,
        Positions::default(),
    ))
}

fn origin(source: LiveSource) -> Origin {
    let start = Position {
        line: source.line,
        column: 1,
    };
    Origin {
        file: source.file.into(),
        span: Span { start, end: start },
    }
}

/// The files that values of a secret come from: fingerprints say them in the open.
fn files(value: &Value) -> BTreeMap<String, String> {
    let values = value.get("values").and_then(Value::as_object);
    let values = values.into_iter().flatten();
    let files = values.filter_map(|(key, value)| {
        let path = value.get("file")?.as_str()?;
        Some((key.clone(), path.to_owned()))
    });
    files.collect()
}

fn spec(kind: Kind, value: &Value) -> Result<Spec, serde_json::Error> {
    fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
        T::deserialize(value)
    }
    Ok(match kind {
        // The values are fingerprints, which no manifest can hold; they are compared as `value`.
        Kind::Secret => Spec::Secret(SecretSpec {
            allowed_hosts: value
                .get("allowed_hosts")
                .map(typed)
                .transpose()?
                .unwrap_or_default(),
            from_file: files(value),
            ..SecretSpec::default()
        }),
        Kind::ModelEndpoint => Spec::ModelEndpoint(typed(value)?),
        Kind::McpServer => Spec::McpServer(typed(value)?),
        Kind::Tool => Spec::Tool(typed(value)?),
        Kind::Memory => Spec::Memory(typed(value)?),
        Kind::AgentRole => Spec::AgentRole(typed(value)?),
        Kind::ModelAlias => Spec::ModelAlias(typed(value)?),
        Kind::ModelCatalog => Spec::ModelCatalog(typed(value)?),
        Kind::Agent => Spec::Agent(typed(value)?),
        Kind::ApiKey => Spec::ApiKey(typed(value)?),
        Kind::ToolPermission => Spec::ToolPermission(typed(value)?),
        Kind::AgentPolicy => Spec::AgentPolicy(typed(value)?),
        Kind::AgentSystem => Spec::AgentSystem(typed(value)?),
        Kind::Task => Spec::Task(typed(value)?),
        Kind::TaskSchedule => Spec::TaskSchedule(typed(value)?),
        Kind::TaskWebhook => Spec::TaskWebhook(typed(value)?),
        Kind::Worker => Spec::Worker(typed(value)?),
        Kind::ToolApproval => Spec::ToolApproval(typed(value)?),
    })
}
