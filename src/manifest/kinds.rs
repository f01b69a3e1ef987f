//! The forms a document can have: one per kind, plus foreign spellings.

use crate::model::{Kind, spec::AgentgatewayBackendSpec};

/// What a document is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A kind of our own.
    Native(Kind),
    /// agentgateway's spelling of a `ModelEndpoint`.
    AgentgatewayBackend,
}

impl Form {
    /// Every form, in the order of `schemas/`.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Kind::ALL
            .into_iter()
            .map(Self::Native)
            .chain([Self::AgentgatewayBackend])
    }

    /// Finds the form that a manifest's `kind` names.
    pub(super) fn from_manifest(kind: &str) -> Option<Self> {
        if kind.trim().eq_ignore_ascii_case("AgentgatewayBackend") {
            return Some(Self::AgentgatewayBackend);
        }
        Kind::from_manifest(kind).map(Self::Native)
    }

    /// The spelling of `kind` in the manifest.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native(kind) => kind.as_str(),
            Self::AgentgatewayBackend => "AgentgatewayBackend",
        }
    }

    /// The `apiVersion` of the manifest.
    pub(super) const fn api_version(self) -> &'static str {
        match self {
            Self::Native(kind) => kind.api_version(),
            Self::AgentgatewayBackend => "agentgateway.dev/v1alpha1",
        }
    }

    /// The kind of the resource it becomes.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Native(kind) => kind,
            Self::AgentgatewayBackend => Kind::ModelEndpoint,
        }
    }

    /// Pointers of this spelling and where they stand in the kind's own.
    pub(super) const fn pointers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Native(_) => &[],
            Self::AgentgatewayBackend => &AgentgatewayBackendSpec::POINTERS,
        }
    }
}
