//! A schema-checked document to a typed, normalised resource.

use super::{kinds::Form, node::Node, rules};
use crate::model::{
    Code, DEFAULT_NAMESPACE, Finding, Kind, Metadata, Origin, Positions, Resource, ResourceId,
    Span, Spec, SpecJson, code, pointer_to,
    spec::{
        AgentPolicySpec, AgentRoleSpec, AgentSpec, AgentSystemSpec, AgentgatewayBackendSpec,
        ApiKeySpec, McpServerSpec, MemorySpec, ModelAliasSpec, ModelCatalogSpec, ModelEndpointSpec,
        SealedFile, SecretSpec, TaskScheduleSpec, TaskSpec, TaskWebhookSpec, ToolApprovalSpec,
        ToolPermissionSpec, ToolSpec, WorkerSpec,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// What is known of a document before its spec is decoded.
pub(super) struct Draft<'a> {
    pub(super) file: &'a Arc<str>,
    pub(super) form: Form,
    pub(super) metadata: Metadata,
    pub(super) positions: Positions,
    pub(super) span: Span,
    /// The file that its values are sealed in.
    pub(super) sealed: Option<Box<SealedFile>>,
}

/// Decodes, normalises and checks; what a schema cannot say becomes findings.
pub(super) fn decode(
    draft: Draft<'_>,
    document: &Node,
    findings: &mut Vec<Finding>,
) -> Option<Resource> {
    let namespace = draft
        .metadata
        .namespace
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let namespace = namespace.unwrap_or(DEFAULT_NAMESPACE);
    let id = ResourceId::new(draft.form.kind(), namespace, draft.metadata.name.trim());
    let origin = Origin {
        file: draft.file.clone(),
        span: draft.span,
    };
    let spec = &document.entry("spec")?.value;
    let positions = match draft.form.pointers() {
        [] => draft.positions,
        renames => draft.positions.renamed(renames),
    };
    match decode_spec(draft.form, &id, spec, draft.sealed) {
        Ok((spec, json, unreadable)) => {
            let resource = Resource::new(id, origin, draft.metadata, spec, json, positions);
            let mut found: Vec<_> = unreadable
                .iter()
                .map(|key| bad_base64(&resource, key))
                .collect();
            rules::check(&resource, draft.form, &mut found);
            if !unreadable.is_empty() {
                // It looks empty only because what it holds cannot be read.
                found.retain(|finding| finding.code != code::SECRET_EMPTY);
            }
            findings.append(&mut found);
            Some(resource)
        }
        Err((code, pointer, message)) => {
            let span = positions.value(&pointer).unwrap_or(draft.span);
            findings.push(
                Finding::new(
                    code,
                    Origin {
                        file: origin.file,
                        span,
                    },
                    message,
                )
                .on(&id),
            );
            None
        }
    }
}

/// What keeps a spec from being read: code, pointer, message.
type Problem = (Code, String, String);

/// The typed spec, its normalised JSON, and the values of a secret that cannot be read.
type Decoded = (Spec, SpecJson, Vec<String>);

fn bad_base64(resource: &Resource, key: &str) -> Finding {
    let message = format!("`spec.data.{key}` must be standard base64 with padding");
    let origin = resource.origin_of(&pointer_to("/spec/data", key));
    Finding::new(code::SECRET_BASE64, origin, message).on(&resource.id)
}

fn decode_spec(
    form: Form,
    id: &ResourceId,
    spec: &Node<'_>,
    sealed: Option<Box<SealedFile>>,
) -> Result<Decoded, Problem> {
    if form == Form::AgentgatewayBackend {
        let mut endpoint = typed::<AgentgatewayBackendSpec>(spec)?.into_endpoint();
        endpoint.normalise();
        let json = json(&endpoint)?;
        return Ok((Spec::ModelEndpoint(endpoint), json, Vec::new()));
    }
    match form.kind() {
        Kind::Secret => decode_secret(id, spec, sealed),
        Kind::ModelEndpoint => normalised(spec, ModelEndpointSpec::normalise, Spec::ModelEndpoint),
        Kind::McpServer => normalised(spec, McpServerSpec::normalise, Spec::McpServer),
        Kind::Tool => normalised(spec, ToolSpec::normalise, Spec::Tool),
        Kind::Memory => normalised(spec, MemorySpec::normalise, Spec::Memory),
        Kind::AgentRole => normalised(spec, AgentRoleSpec::normalise, Spec::AgentRole),
        Kind::ModelAlias => normalised(spec, |_: &mut ModelAliasSpec| {}, Spec::ModelAlias),
        Kind::ModelCatalog => normalised(spec, ModelCatalogSpec::normalise, Spec::ModelCatalog),
        Kind::ApiKey => normalised(spec, ApiKeySpec::normalise, Spec::ApiKey),
        Kind::Agent => normalised(spec, AgentSpec::normalise, Spec::Agent),
        Kind::ToolPermission => normalised(
            spec,
            |spec: &mut ToolPermissionSpec| spec.normalise(&id.name),
            Spec::ToolPermission,
        ),
        Kind::AgentPolicy => normalised(spec, AgentPolicySpec::normalise, Spec::AgentPolicy),
        Kind::AgentSystem => normalised(spec, AgentSystemSpec::normalise, Spec::AgentSystem),
        Kind::Task => normalised(spec, TaskSpec::normalise, Spec::Task),
        Kind::TaskSchedule => normalised(spec, TaskScheduleSpec::normalise, Spec::TaskSchedule),
        Kind::TaskWebhook => normalised(spec, TaskWebhookSpec::normalise, Spec::TaskWebhook),
        Kind::Worker => normalised(spec, WorkerSpec::normalise, Spec::Worker),
        Kind::ToolApproval => normalised(spec, ToolApprovalSpec::normalise, Spec::ToolApproval),
    }
}

fn decode_secret(
    id: &ResourceId,
    spec: &Node<'_>,
    sealed: Option<Box<SealedFile>>,
) -> Result<Decoded, Problem> {
    let mut secret = typed::<SecretSpec>(spec)?;
    secret.file = sealed;
    let unreadable = secret.normalise();
    let value = secret.to_redacted_value(&id.to_string());
    Ok((Spec::Secret(secret), json(&value)?, unreadable))
}

fn normalised<T: DeserializeOwned + Serialize>(
    spec: &Node<'_>,
    normalise: impl FnOnce(&mut T),
    wrap: impl FnOnce(T) -> Spec,
) -> Result<Decoded, Problem> {
    let mut spec = typed::<T>(spec)?;
    normalise(&mut spec);
    let value = json(&spec)?;
    Ok((wrap(spec), value, Vec::new()))
}

/// The error never quotes the document: serde's text may hold a value.
fn typed<T: DeserializeOwned>(spec: &Node<'_>) -> Result<T, Problem> {
    let message = "`spec` passes its schema and still cannot be read";
    T::deserialize(spec).map_err(|_| (code::SCHEMA_DECODE, "/spec".into(), message.into()))
}

fn json<T: Serialize>(spec: &T) -> Result<SpecJson, Problem> {
    let message = "`spec` cannot be written as JSON";
    SpecJson::of(spec).map_err(|_| (code::SCHEMA_DECODE, "/spec".into(), message.into()))
}
