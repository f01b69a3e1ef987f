//! What a resource refers to.

use crate::model::{Kind, Resource, ResourceId, SecretRef, Spec, spec::AliasTarget};

/// One reference: which field of which resource names what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// JSON pointer of the field that refers.
    pub pointer: String,
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
        Spec::Secret(_) | Spec::AgentPolicy(_) => {}
        Spec::ModelEndpoint(spec) => {
            if let Some(secret) = spec.auth.secret_ref.as_deref().and_then(SecretRef::parse) {
                let namespace = secret.namespace_or(&resource.id.namespace);
                let to = ResourceId::new(Kind::Secret, namespace, &secret.name);
                found.found.push(Reference {
                    pointer: "/spec/auth/secretRef".into(),
                    to,
                });
            }
        }
        Spec::ModelAlias(spec) => {
            found.targets("targets", &spec.targets);
            found.targets("fallbacks", &spec.fallbacks);
        }
        Spec::Agent(spec) => {
            found.add(
                "/spec/model_ref".into(),
                Kind::ModelEndpoint,
                &spec.model_ref,
            );
            for (index, endpoint) in spec.fallback_model_refs.iter().enumerate() {
                found.add(
                    format!("/spec/fallback_model_refs/{index}"),
                    Kind::ModelEndpoint,
                    endpoint,
                );
            }
        }
        Spec::AgentSystem(spec) => {
            for (index, agent) in spec.agents.iter().enumerate() {
                found.add(format!("/spec/agents/{index}"), Kind::Agent, agent);
            }
        }
        Spec::Task(spec) => {
            if let Some(system) = &spec.system {
                found.add("/spec/system".into(), Kind::AgentSystem, system);
            }
        }
    }
    found.found
}

struct Collector<'a> {
    owner: &'a ResourceId,
    found: Vec<Reference>,
}

impl Collector<'_> {
    fn add(&mut self, pointer: String, kind: Kind, text: &str) {
        if !text.is_empty() {
            self.found.push(Reference {
                pointer,
                to: ResourceId::from_reference(kind, &self.owner.namespace, text),
            });
        }
    }

    fn targets(&mut self, list: &str, targets: &[AliasTarget]) {
        for (index, target) in targets.iter().enumerate() {
            if let Some(endpoint) = &target.endpoint {
                self.add(
                    format!("/spec/{list}/{index}/endpoint"),
                    Kind::ModelEndpoint,
                    endpoint,
                );
            }
            if let Some(alias) = &target.alias {
                self.add(
                    format!("/spec/{list}/{index}/alias"),
                    Kind::ModelAlias,
                    alias,
                );
            }
        }
    }
}
