//! Resources and findings as bytes for the same build of this program to read again.
//!
//! What reads has nothing to judge: a spec is read from the JSON that it was normalised to, and the digest is
//! taken over. Paths are left out, all of one file have the same.

use super::{
    Digest, Finding, Kind, Labels, Metadata, MoveEntry, MovePlace, Origin, Packing, Position,
    Positions, Resource, ResourceId, Span, Spec, Unpacking, code,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;

impl Resource {
    /// Appends the resource. A secret cannot be read again: its values stand in its file alone.
    pub fn pack(&self, out: &mut Packing) {
        self.id.pack(out);
        self.origin.span.pack(out);
        self.metadata.pack(out);
        self.positions.pack(out);
        out.raw(self.digest.as_bytes());
        // The one thing of a spec that its JSON does not say.
        let authorization_first = match &self.spec {
            Spec::ModelEndpoint(endpoint) => endpoint.auth.authorization_first,
            _ => false,
        };
        out.number(authorization_first.into());
        out.text(&self.value);
    }

    /// Reads a resource of a file; `None` for a secret, and for what no resource was packed to.
    pub fn unpack(file: &Arc<str>, from: &mut Unpacking<'_>) -> Option<Self> {
        let id = ResourceId::unpack(from)?;
        let origin = Origin {
            file: file.clone(),
            span: Span::unpack(from)?,
        };
        let metadata = Metadata::unpack(from)?;
        let positions = Positions::unpack(from)?;
        let digest = from.raw(DIGEST_BYTES)?.try_into().ok()?;
        let authorization_first = from.number()? != 0;
        let value = from.text()?;
        let mut spec = Spec::of_json(id.kind, value)?;
        if let Spec::ModelEndpoint(endpoint) = &mut spec {
            endpoint.auth.authorization_first = authorization_first;
        }
        Some(Self {
            id,
            origin,
            metadata,
            spec,
            value: value.into(),
            positions,
            digest: Digest::from_bytes(digest),
        })
    }

    /// Whether both are the same in everything; no secret is the same as another.
    pub fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
            && self.origin == other.origin
            && self.metadata == other.metadata
            && self.spec.is_same(&other.spec)
            && self.value == other.value
            && self.positions.is_same(&other.positions)
            && self.digest == other.digest
    }
}

impl Spec {
    /// Reads a spec from its normalised JSON; `None` for a secret, of which that holds fingerprints.
    fn of_json(kind: Kind, json: &str) -> Option<Self> {
        fn read<T: DeserializeOwned>(json: &str, wrap: impl FnOnce(T) -> Spec) -> Option<Spec> {
            serde_json::from_str(json).ok().map(wrap)
        }
        match kind {
            Kind::Secret => None,
            Kind::ModelEndpoint => read(json, Self::ModelEndpoint),
            Kind::McpServer => read(json, Self::McpServer),
            Kind::Tool => read(json, Self::Tool),
            Kind::Memory => read(json, Self::Memory),
            Kind::AgentRole => read(json, Self::AgentRole),
            Kind::ModelAlias => read(json, Self::ModelAlias),
            Kind::ModelCatalog => read(json, Self::ModelCatalog),
            Kind::Agent => read(json, Self::Agent),
            Kind::ApiKey => read(json, Self::ApiKey),
            Kind::ToolPermission => read(json, Self::ToolPermission),
            Kind::AgentPolicy => read(json, Self::AgentPolicy),
            Kind::AgentSystem => read(json, Self::AgentSystem),
            Kind::Task => read(json, Self::Task),
            Kind::TaskSchedule => read(json, Self::TaskSchedule),
            Kind::TaskWebhook => read(json, Self::TaskWebhook),
            Kind::Worker => read(json, Self::Worker),
            Kind::ToolApproval => read(json, Self::ToolApproval),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ModelEndpoint(one), Self::ModelEndpoint(other)) => one == other,
            (Self::McpServer(one), Self::McpServer(other)) => one == other,
            (Self::Tool(one), Self::Tool(other)) => one == other,
            (Self::Memory(one), Self::Memory(other)) => one == other,
            (Self::AgentRole(one), Self::AgentRole(other)) => one == other,
            (Self::ModelAlias(one), Self::ModelAlias(other)) => one == other,
            (Self::ModelCatalog(one), Self::ModelCatalog(other)) => one == other,
            (Self::Agent(one), Self::Agent(other)) => one == other,
            (Self::ApiKey(one), Self::ApiKey(other)) => one == other,
            (Self::ToolPermission(one), Self::ToolPermission(other)) => one == other,
            (Self::AgentPolicy(one), Self::AgentPolicy(other)) => one == other,
            (Self::AgentSystem(one), Self::AgentSystem(other)) => one == other,
            (Self::Task(one), Self::Task(other)) => one == other,
            (Self::TaskSchedule(one), Self::TaskSchedule(other)) => one == other,
            (Self::TaskWebhook(one), Self::TaskWebhook(other)) => one == other,
            (Self::Worker(one), Self::Worker(other)) => one == other,
            (Self::ToolApproval(one), Self::ToolApproval(other)) => one == other,
            _ => false,
        }
    }
}

impl ResourceId {
    fn pack(&self, out: &mut Packing) {
        let number = Kind::ALL.iter().position(|kind| *kind == self.kind);
        out.count(number.unwrap_or(Kind::ALL.len()));
        out.text(&self.namespace);
        out.text(&self.name);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let kind = *Kind::ALL.get(from.count()?)?;
        Some(Self::new(kind, from.text()?, from.text()?))
    }
}

impl Metadata {
    fn pack(&self, out: &mut Packing) {
        out.text(&self.name);
        out.text_if(self.namespace.as_deref());
        for notes in [&self.labels, &self.annotations] {
            out.count(notes.iter().len());
            for (key, text) in notes.iter() {
                out.text(key);
                out.text(text);
            }
        }
        out.text_if(self.resource_version.as_deref());
        let generation = self.generation.map(|number| number.to_string());
        out.text_if(generation.as_deref());
        out.text_if(self.created_at.as_deref());
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let notes = |from: &mut Unpacking<'_>| -> Option<Labels> {
            let pairs = from.list(|from| Some((from.text()?.into(), from.text()?.into())))?;
            Labels::of_sorted(pairs)
        };
        Some(Self {
            name: from.text()?.to_owned(),
            namespace: from.text_if()?.map(str::to_owned),
            labels: notes(from)?,
            annotations: notes(from)?,
            resource_version: from.text_if()?.map(str::to_owned),
            generation: from.text_if()?.map(str::parse).transpose().ok()?,
            created_at: from.text_if()?.map(str::to_owned),
        })
    }
}

impl Span {
    fn pack(&self, out: &mut Packing) {
        for position in [self.start, self.end] {
            out.number(position.line.into());
            out.number(position.column.into());
        }
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let mut number = || u32::try_from(from.number()?).ok();
        let mut position = || {
            Some(Position {
                line: number()?,
                column: number()?,
            })
        };
        Some(Self {
            start: position()?,
            end: position()?,
        })
    }
}

impl Finding {
    /// Appends the finding.
    pub fn pack(&self, out: &mut Packing) {
        self.origin.span.pack(out);
        out.text(self.code.as_str());
        out.text(&self.message);
        out.text_if(self.hint.as_deref());
        out.number(self.resource.is_some().into());
        if let Some(resource) = &self.resource {
            resource.pack(out);
        }
    }

    /// Reads a finding of a file; its severity follows from its code.
    pub fn unpack(file: &Arc<str>, from: &mut Unpacking<'_>) -> Option<Self> {
        let origin = Origin {
            file: file.clone(),
            span: Span::unpack(from)?,
        };
        let text = from.text()?;
        let (code, _) = code::ALL.iter().find(|(code, _)| code.as_str() == text)?;
        let mut finding = Self::new(*code, origin, from.text()?);
        finding.hint = from.text_if()?.map(str::to_owned);
        if from.number()? != 0 {
            finding.resource = Some(ResourceId::unpack(from)?);
        }
        Some(finding)
    }
}

impl MoveEntry {
    /// Appends the entry.
    pub fn pack(&self, out: &mut Packing) {
        self.origin.span.pack(out);
        out.text(&self.from.to_string());
        out.text(&self.to.to_string());
    }

    /// Reads an entry of a file.
    pub fn unpack(file: &Arc<str>, from: &mut Unpacking<'_>) -> Option<Self> {
        let span = Span::unpack(from)?;
        Some(Self {
            from: MovePlace::parse(from.text()?)?,
            to: MovePlace::parse(from.text()?)?,
            origin: Origin {
                file: file.clone(),
                span,
            },
        })
    }
}
