//! One decoded, normalised manifest.

use super::{
    Digest, Kind, Labels, Origin, Positions, ResourceId, Span, SpecJson,
    spec::{
        AgentPolicySpec, AgentRoleSpec, AgentSpec, AgentSystemSpec, ApiKeySpec, McpServerSpec,
        MemorySpec, ModelAliasSpec, ModelCatalogSpec, ModelEndpointSpec, SecretSpec,
        TaskScheduleSpec, TaskSpec, TaskWebhookSpec, ToolApprovalSpec, ToolPermissionSpec,
        ToolSpec, WorkerSpec,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Pruning a resource with this annotation set to `"true"` is refused.
pub const PROTECT_ANNOTATION: &str = "orloj.dev/protect";

/// Who a resource is and what people noted on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// Name, unique for its kind in the namespace.
    #[schemars(length(min = 1, max = 253))]
    #[schemars(extend("examples" = ["openai-default"]))]
    pub name: String,
    /// Namespace; `default` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "default", "examples" = ["team-a"]))]
    pub namespace: Option<String>,
    /// Labels to select by.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    #[schemars(extend("examples" = [{"team": "search"}]))]
    pub labels: Labels,
    /// Notes for people and tools.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    #[schemars(extend("examples" = [{"orloj.dev/protect": "true"}]))]
    pub annotations: Labels,
    /// Set by the server; accepted so that exported manifests can be committed.
    #[serde(default, skip_serializing)]
    #[schemars(extend("examples" = ["7"]))]
    pub resource_version: Option<String>,
    /// Set by the server; accepted so that exported manifests can be committed.
    #[serde(default, skip_serializing)]
    #[schemars(extend("examples" = [1]))]
    pub generation: Option<i64>,
    /// Set by the server; accepted so that exported manifests can be committed.
    #[serde(default, skip_serializing)]
    #[schemars(extend("examples" = ["2026-01-31T08:00:00Z"]))]
    pub created_at: Option<String>,
}

/// What the resource says, by kind.
#[derive(Debug)]
pub enum Spec {
    /// See [`SecretSpec`].
    Secret(SecretSpec),
    /// See [`ModelEndpointSpec`].
    ModelEndpoint(ModelEndpointSpec),
    /// See [`McpServerSpec`].
    McpServer(McpServerSpec),
    /// See [`ToolSpec`].
    Tool(ToolSpec),
    /// See [`MemorySpec`].
    Memory(MemorySpec),
    /// See [`AgentRoleSpec`].
    AgentRole(AgentRoleSpec),
    /// See [`ModelAliasSpec`].
    ModelAlias(ModelAliasSpec),
    /// See [`ModelCatalogSpec`].
    ModelCatalog(ModelCatalogSpec),
    /// See [`ApiKeySpec`].
    ApiKey(ApiKeySpec),
    /// See [`AgentSpec`].
    Agent(AgentSpec),
    /// See [`ToolPermissionSpec`].
    ToolPermission(ToolPermissionSpec),
    /// See [`AgentPolicySpec`].
    AgentPolicy(AgentPolicySpec),
    /// See [`AgentSystemSpec`].
    AgentSystem(AgentSystemSpec),
    /// See [`TaskSpec`].
    Task(TaskSpec),
    /// See [`TaskScheduleSpec`].
    TaskSchedule(TaskScheduleSpec),
    /// See [`TaskWebhookSpec`].
    TaskWebhook(TaskWebhookSpec),
    /// See [`WorkerSpec`].
    Worker(WorkerSpec),
    /// See [`ToolApprovalSpec`].
    ToolApproval(ToolApprovalSpec),
}

/// One resource of the desired state. Immutable; catalogs share it.
#[derive(Debug)]
pub struct Resource {
    /// Who it is.
    pub id: ResourceId,
    /// The file and the document's span in it.
    pub origin: Origin,
    /// Labels and annotations.
    pub metadata: Metadata,
    /// The typed, normalised spec.
    pub spec: Spec,
    /// See [`Resource::value`].
    ///
    /// Kept as text, which takes a quarter of the memory: a catalog holds one per resource, and few are
    /// ever looked at.
    pub(super) value: Box<str>,
    /// Where each field was written.
    pub positions: Positions,
    /// Fingerprint of identity, metadata and normalised spec.
    pub digest: Digest,
}

impl Resource {
    /// Puts a resource together and fingerprints it.
    pub fn new(
        id: ResourceId,
        origin: Origin,
        metadata: Metadata,
        spec: Spec,
        json: SpecJson,
        positions: Positions,
    ) -> Self {
        let digest = json.digest(&id, &metadata);
        Self {
            id,
            origin,
            metadata,
            spec,
            value: json.text,
            positions,
            digest,
        }
    }

    /// The normalised spec as JSON, for comparing and showing. A Secret's values are not in it: clear
    /// text stands as `{"clear": fingerprint}`, sealed text as `{"sealed": fingerprint}`.
    pub fn value(&self) -> Value {
        // It was written from a value, so it is one.
        serde_json::from_str(&self.value).unwrap_or_default()
    }

    /// Where the value at `pointer` (such as `/spec/model_ref`) was written, or the document's start.
    pub fn origin_of(&self, pointer: &str) -> Origin {
        self.at(self.positions.value(pointer))
    }

    /// Where the key at `pointer` was written, or the document's start.
    pub fn origin_of_key(&self, pointer: &str) -> Origin {
        self.at(self.positions.key(pointer))
    }

    /// Whether the resource asks never to be pruned.
    pub fn is_protected(&self) -> bool {
        self.metadata
            .annotations
            .get(PROTECT_ANNOTATION)
            .is_some_and(|value| value == "true")
    }

    /// Whether it holds values that are nobody's business.
    pub fn is_secret(&self) -> bool {
        self.id.kind == Kind::Secret
    }

    fn at(&self, span: Option<Span>) -> Origin {
        Origin {
            file: self.origin.file.clone(),
            span: span.unwrap_or(self.origin.span),
        }
    }
}
