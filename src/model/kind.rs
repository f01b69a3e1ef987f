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
    /// A global alias for a model on an endpoint.
    ModelAlias,
    /// A prompt bound to an endpoint.
    Agent,
    /// What agents may call.
    AgentPolicy,
    /// Agents wired together.
    AgentSystem,
    /// One run of an agent system.
    Task,
}

impl Kind {
    /// Every kind that is served, in layer order.
    pub const ALL: [Self; 7] = [
        Self::Secret,
        Self::ModelEndpoint,
        Self::ModelAlias,
        Self::Agent,
        Self::AgentPolicy,
        Self::AgentSystem,
        Self::Task,
    ];

    /// Kinds of the format that are recognised by name and not served by this version.
    pub const UNSERVED: [&'static str; 10] = [
        "Tool",
        "Memory",
        "AgentRole",
        "ToolPermission",
        "ToolApproval",
        "TaskSchedule",
        "TaskWebhook",
        "Worker",
        "McpServer",
        "SealedSecret",
    ];

    /// The spelling in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ModelEndpoint => "ModelEndpoint",
            Self::ModelAlias => "ModelAlias",
            Self::Agent => "Agent",
            Self::AgentPolicy => "AgentPolicy",
            Self::AgentSystem => "AgentSystem",
            Self::Task => "Task",
        }
    }

    /// The spelling in URLs and on the command line, as in `orloj get model-endpoints`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::ModelEndpoint => "model-endpoints",
            Self::ModelAlias => "model-aliases",
            Self::Agent => "agents",
            Self::AgentPolicy => "agent-policies",
            Self::AgentSystem => "agent-systems",
            Self::Task => "tasks",
        }
    }

    /// The singular of [`Kind::plural`], as in `created secret/NAME`.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ModelEndpoint => "model-endpoint",
            Self::ModelAlias => "model-alias",
            Self::Agent => "agent",
            Self::AgentPolicy => "agent-policy",
            Self::AgentSystem => "agent-system",
            Self::Task => "task",
        }
    }

    /// The `apiVersion` a manifest of this kind carries.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::ModelAlias => "routing.orloj.dev/v1alpha1",
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
            Self::AgentSystem => ["system", "systems"],
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
