//! The kinds of resources, their spellings and their order.

use std::fmt;

/// What a resource is.
///
/// The order of the variants is the order of their layers: a kind refers only to kinds before it (an
/// alias may also refer to an alias), so that sorting by kind already puts most dependencies first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Credentials, sealed in Git.
    Secret,
    /// A provider account: where model calls go and with which key.
    ModelEndpoint,
    /// A server of the Model Context Protocol, which offers tools.
    McpServer,
    /// Something an agent may call.
    Tool,
    /// Where agents keep what they learn.
    Memory,
    /// What an agent is permitted to do.
    AgentRole,
    /// A global alias for a model on an endpoint.
    ModelAlias,
    /// What models cost and can do.
    ModelCatalog,
    /// A prompt bound to an endpoint.
    Agent,
    /// A key that clients call models with.
    ApiKey,
    /// What an agent needs to be permitted before it may call a tool.
    ToolPermission,
    /// What agents may call.
    AgentPolicy,
    /// Agents wired together.
    AgentSystem,
    /// One run of an agent system.
    Task,
    /// Runs of a task template by the clock.
    TaskSchedule,
    /// Runs of a task template by HTTP deliveries.
    TaskWebhook,
    /// A process that runs tasks.
    Worker,
    /// A tool call that waits for a person.
    ToolApproval,
}

impl Kind {
    /// Every kind, in layer order.
    pub const ALL: [Self; 18] = [
        Self::Secret,
        Self::ModelEndpoint,
        Self::McpServer,
        Self::Tool,
        Self::Memory,
        Self::AgentRole,
        Self::ModelAlias,
        Self::ModelCatalog,
        Self::Agent,
        Self::ApiKey,
        Self::ToolPermission,
        Self::AgentPolicy,
        Self::AgentSystem,
        Self::Task,
        Self::TaskSchedule,
        Self::TaskWebhook,
        Self::Worker,
        Self::ToolApproval,
    ];

    /// Kinds of upstream's format that are newer than this version.
    pub const NEWER: [&'static str; 7] = [
        "TaskApproval",
        "SealedSecret",
        "ContextAdapter",
        "EvalDataset",
        "EvalRun",
        "AgentCard",
        "Session",
    ];

    /// Kinds of `routing.orloj.dev` that a later version will read.
    pub const PLANNED: [&'static str; 1] = ["RouteTest"];

    /// Whether this version acts on resources of the kind; the others are only validated.
    pub const fn is_served(self) -> bool {
        matches!(
            self,
            Self::Secret
                | Self::ModelEndpoint
                | Self::ModelAlias
                | Self::ModelCatalog
                | Self::Agent
                | Self::ApiKey
                | Self::AgentPolicy
                | Self::AgentSystem
                | Self::Task
        )
    }

    /// The spelling in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ModelEndpoint => "ModelEndpoint",
            Self::McpServer => "McpServer",
            Self::Tool => "Tool",
            Self::Memory => "Memory",
            Self::AgentRole => "AgentRole",
            Self::ModelAlias => "ModelAlias",
            Self::ModelCatalog => "ModelCatalog",
            Self::Agent => "Agent",
            Self::ApiKey => "ApiKey",
            Self::ToolPermission => "ToolPermission",
            Self::AgentPolicy => "AgentPolicy",
            Self::AgentSystem => "AgentSystem",
            Self::Task => "Task",
            Self::TaskSchedule => "TaskSchedule",
            Self::TaskWebhook => "TaskWebhook",
            Self::Worker => "Worker",
            Self::ToolApproval => "ToolApproval",
        }
    }

    /// The spelling in URLs and on the command line, as in `orloj get model-endpoints`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::ModelEndpoint => "model-endpoints",
            Self::McpServer => "mcp-servers",
            Self::Tool => "tools",
            Self::Memory => "memories",
            Self::AgentRole => "agent-roles",
            Self::ModelAlias => "model-aliases",
            Self::ModelCatalog => "model-catalogs",
            Self::Agent => "agents",
            Self::ApiKey => "api-keys",
            Self::ToolPermission => "tool-permissions",
            Self::AgentPolicy => "agent-policies",
            Self::AgentSystem => "agent-systems",
            Self::Task => "tasks",
            Self::TaskSchedule => "task-schedules",
            Self::TaskWebhook => "task-webhooks",
            Self::Worker => "workers",
            Self::ToolApproval => "tool-approvals",
        }
    }

    /// The singular of [`Kind::plural`], as in `created secret/NAME`.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ModelEndpoint => "model-endpoint",
            Self::McpServer => "mcp-server",
            Self::Tool => "tool",
            Self::Memory => "memory",
            Self::AgentRole => "agent-role",
            Self::ModelAlias => "model-alias",
            Self::ModelCatalog => "model-catalog",
            Self::Agent => "agent",
            Self::ApiKey => "api-key",
            Self::ToolPermission => "tool-permission",
            Self::AgentPolicy => "agent-policy",
            Self::AgentSystem => "agent-system",
            Self::Task => "task",
            Self::TaskSchedule => "task-schedule",
            Self::TaskWebhook => "task-webhook",
            Self::Worker => "worker",
            Self::ToolApproval => "tool-approval",
        }
    }

    /// The `apiVersion` a manifest of this kind carries.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::ModelAlias | Self::ModelCatalog | Self::ApiKey => "routing.orloj.dev/v1alpha1",
            _ => "orloj.dev/v1",
        }
    }

    /// Finds the kind a manifest names; letter case does not count, as upstream.
    pub fn from_manifest(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }

    /// Finds the kind a person typed: singular, plural, with or without dashes, in any case.
    pub fn from_word(text: &str) -> Option<Self> {
        let squash = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
        let word = squash(text);
        let short = |kind: Self| match kind {
            Self::AgentPolicy => ["policy", "policies"],
            Self::ModelEndpoint => ["endpoint", "endpoints"],
            Self::ModelAlias => ["alias", "aliases"],
            Self::ModelCatalog => ["catalog", "catalogs"],
            Self::ApiKey => ["key", "keys"],
            Self::AgentSystem => ["system", "systems"],
            Self::AgentRole => ["role", "roles"],
            Self::ToolPermission => ["permission", "permissions"],
            Self::ToolApproval => ["approval", "approvals"],
            Self::TaskSchedule => ["schedule", "schedules"],
            Self::TaskWebhook => ["webhook", "webhooks"],
            _ => ["", ""],
        };
        Self::ALL.into_iter().find(|kind| {
            squash(kind.plural()) == word
                || squash(kind.singular()) == word
                || (!word.is_empty() && short(*kind).contains(&word.as_str()))
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
