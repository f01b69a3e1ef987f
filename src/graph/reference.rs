//! What a resource refers to.

use super::field::Field;
use crate::model::{
    Kind, Resource, ResourceId, SecretRef, Spec,
    spec::{AgentSpec, AliasTarget, McpServerSpec},
};

/// One reference: which field of which resource names what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The field that refers.
    pub field: Field,
    /// What it names; it may not exist.
    pub to: ResourceId,
}

/// Every reference of a resource, in field order.
pub fn references(resource: &Resource) -> Vec<Reference> {
    let mut found = Collector {
        owner: &resource.id,
        found: Vec::new(),
    };
    match &resource.spec {
        Spec::Secret(_) | Spec::AgentPolicy(_) | Spec::AgentRole(_) | Spec::Worker(_) => {}
        Spec::ModelEndpoint(spec) => {
            found.secret(
                Field::only("/spec/auth/secretRef"),
                spec.auth.secret_ref.as_deref(),
            );
        }
        Spec::McpServer(spec) => found.mcp_server(spec),
        Spec::Tool(spec) => {
            found.secret(
                Field::only("/spec/auth/secretRef"),
                spec.auth.secret_ref.as_deref(),
            );
            let server = spec.mcp_server_ref.as_deref();
            found.maybe("/spec/mcp_server_ref", Kind::McpServer, server);
        }
        Spec::Memory(spec) => {
            let endpoint = spec.embedding_model.as_deref();
            found.maybe("/spec/embedding_model", Kind::ModelEndpoint, endpoint);
            found.secret(
                Field::only("/spec/auth/secretRef"),
                spec.auth.secret_ref.as_deref(),
            );
        }
        Spec::ModelAlias(spec) => {
            found.targets("/spec/targets", &spec.targets);
            found.targets("/spec/fallbacks", &spec.fallbacks);
        }
        Spec::ModelCatalog(spec) => {
            for (index, model) in spec.models.iter().enumerate() {
                let field = Field::of_entry("/spec/models", index, "/endpoint");
                let endpoint = model.endpoint.as_deref().unwrap_or_default();
                found.add(field, Kind::ModelEndpoint, endpoint);
            }
        }
        Spec::ApiKey(spec) => found.each("/spec/agents", Kind::Agent, &spec.agents),
        Spec::Agent(spec) => found.agent(spec),
        Spec::ToolPermission(spec) => {
            let written = resource.positions.contains("/spec/tool_ref");
            let field = if written {
                "/spec/tool_ref"
            } else {
                "/metadata/name"
            };
            found.tool(
                Field::only(field),
                spec.tool_ref.as_deref().unwrap_or_default(),
            );
            found.each("/spec/target_agents", Kind::Agent, &spec.target_agents);
        }
        Spec::AgentSystem(spec) => found.each("/spec/agents", Kind::Agent, &spec.agents),
        Spec::Task(spec) => {
            found.maybe("/spec/system", Kind::AgentSystem, spec.system.as_deref());
        }
        Spec::ToolApproval(spec) => {
            found.add(Field::only("/spec/task_ref"), Kind::Task, &spec.task_ref);
            found.tool(Field::only("/spec/tool"), &spec.tool);
            found.maybe("/spec/agent", Kind::Agent, spec.agent.as_deref());
        }
        Spec::TaskSchedule(spec) => {
            found.add(Field::only("/spec/task_ref"), Kind::Task, &spec.task_ref);
        }
        Spec::TaskWebhook(spec) => {
            found.add(Field::only("/spec/task_ref"), Kind::Task, &spec.task_ref);
            found.secret(
                Field::only("/spec/auth/secret_ref"),
                Some(&spec.auth.secret_ref),
            );
        }
    }
    found.found
}

struct Collector<'a> {
    owner: &'a ResourceId,
    found: Vec<Reference>,
}

impl Collector<'_> {
    fn add(&mut self, field: Field, kind: Kind, text: &str) {
        if text.is_empty() {
            return;
        }
        let to = if text.contains('/') {
            ResourceId::from_reference(kind, &self.owner.namespace, text)
        } else {
            // The usual case shares the text of the namespace.
            ResourceId {
                kind,
                namespace: self.owner.namespace.clone(),
                name: text.into(),
            }
        };
        self.found.push(Reference { field, to });
    }

    fn maybe(&mut self, field: &'static str, kind: Kind, text: Option<&str>) {
        self.add(Field::only(field), kind, text.unwrap_or_default());
    }

    /// Every entry of a list of the spec.
    fn each(&mut self, list: &'static str, kind: Kind, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            self.add(Field::of_entry(list, index, ""), kind, name.trim());
        }
    }

    fn secret(&mut self, field: Field, text: Option<&str>) {
        if let Some(secret) = text.and_then(SecretRef::parse) {
            let namespace = secret.namespace_or(&self.owner.namespace);
            let to = ResourceId::new(Kind::Secret, namespace, &secret.name);
            self.found.push(Reference { field, to });
        }
    }

    /// The operations of a memory are tools that no manifest defines.
    fn tool(&mut self, field: Field, name: &str) {
        let name = name.trim();
        if !name.starts_with("memory.") {
            self.add(field, Kind::Tool, name);
        }
    }

    fn agent(&mut self, spec: &AgentSpec) {
        let endpoint = Kind::ModelEndpoint;
        self.add(Field::only("/spec/model_ref"), endpoint, &spec.model_ref);
        self.each(
            "/spec/fallback_model_refs",
            endpoint,
            &spec.fallback_model_refs,
        );
        for (list, tools) in [
            ("/spec/tools", &spec.tools),
            ("/spec/allowed_tools", &spec.allowed_tools),
        ] {
            for (index, tool) in tools.iter().enumerate() {
                self.tool(Field::of_entry(list, index, ""), tool);
            }
        }
        self.each("/spec/roles", Kind::AgentRole, &spec.roles);
        let memory = spec.memory.reference.as_deref().map(str::trim);
        self.maybe("/spec/memory/ref", Kind::Memory, memory);
    }

    fn mcp_server(&mut self, spec: &McpServerSpec) {
        for (index, variable) in spec.env.iter().enumerate() {
            let field = Field::of_entry("/spec/env", index, "/secretRef");
            self.secret(field, variable.secret_ref.as_deref());
        }
        self.secret(
            Field::only("/spec/auth/secretRef"),
            spec.auth.secret_ref.as_deref(),
        );
    }

    fn targets(&mut self, list: &'static str, targets: &[AliasTarget]) {
        for (index, target) in targets.iter().enumerate() {
            if let Some(endpoint) = &target.endpoint {
                let field = Field::of_entry(list, index, "/endpoint");
                self.add(field, Kind::ModelEndpoint, endpoint);
            }
            if let Some(alias) = &target.alias {
                let field = Field::of_entry(list, index, "/alias");
                self.add(field, Kind::ModelAlias, alias);
            }
        }
    }
}
