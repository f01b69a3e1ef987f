//! A catalog to a routing table.

use super::{
    flatten::{Flat, flatten_all, no_default_model},
    lint,
    pattern::Pattern,
    policy,
    table::{AgentRoute, AliasRoute, EndpointRoute, Names, RoutingTable, Target},
};
use crate::model::{
    Catalog, Finding, Findings, Kind, Resource, ResourceId, Spec, code, parse_go_duration,
    pointer_to,
    spec::{AgentSpec, ModelAliasSpec, ModelEndpointSpec},
};
use std::{cmp::Reverse, sync::Arc, time::Duration};

/// Pause before the second call where the manifest names none.
const DEFAULT_RETRY_BACKOFF: Duration = Duration::from_millis(250);

impl RoutingTable {
    /// Compiles a catalog; names that two resources claim with equal right are findings.
    pub fn build(catalog: &Catalog) -> (Self, Findings) {
        let mut builder = Builder {
            catalog,
            table: Self::default(),
            findings: Findings::default(),
        };
        for resource in catalog.of_kind(Kind::ModelEndpoint) {
            if let Spec::ModelEndpoint(spec) = &resource.spec {
                builder.add_endpoint(resource, spec);
            }
        }
        let mut flat = flatten_all(catalog, &builder.table.endpoints, &mut builder.findings);
        for resource in catalog.of_kind(Kind::ModelAlias) {
            if let (Spec::ModelAlias(spec), Some(flat)) =
                (&resource.spec, flat.remove(&resource.id))
            {
                builder.add_alias(resource, spec, flat);
            }
        }
        for resource in catalog.of_kind(Kind::Agent) {
            if let Spec::Agent(spec) = &resource.spec {
                builder.add_agent(resource, spec);
            }
        }
        for names in builder.table.namespaces.values_mut() {
            names.wildcards.sort_by_key(|(pattern, _)| {
                (Reverse(pattern.literals()), pattern.as_str().to_owned())
            });
        }
        lint::wildcard_ties(&builder.table, &mut builder.findings);
        lint::hidden_names(&builder.table, &mut builder.findings);
        policy::lint(catalog, &builder.table, &mut builder.findings);
        (builder.table, builder.findings)
    }
}

struct Builder<'a> {
    catalog: &'a Catalog,
    table: RoutingTable,
    findings: Findings,
}

impl Builder<'_> {
    fn names(&mut self, id: &ResourceId) -> &mut Names {
        self.table
            .namespaces
            .entry(id.namespace.clone())
            .or_default()
    }

    fn add_endpoint(&mut self, resource: &Resource, spec: &ModelEndpointSpec) {
        let route = Arc::new(endpoint_route(resource, spec));
        self.table
            .endpoints
            .insert(resource.id.clone(), route.clone());
        self.names(&resource.id)
            .endpoints
            .insert(resource.id.name.to_string(), route.clone());
        for (alias, model) in &spec.model_aliases {
            let pointer = pointer_to("/spec/model_aliases", alias);
            let target = Target {
                endpoint: route.clone(),
                model: model.as_str().into(),
            };
            let alias_route = AliasRoute {
                targets: vec![(1, target)],
                fallbacks: Vec::new(),
                origin: resource.origin_of_key(&pointer),
            };
            match Pattern::parse(alias) {
                Some(pattern) => self
                    .names(&resource.id)
                    .wildcards
                    .push((pattern, alias_route)),
                None => self.claim(
                    resource,
                    |names| &mut names.endpoint_aliases,
                    alias,
                    alias_route,
                ),
            }
        }
        for (index, model) in spec.models.iter().enumerate() {
            let target = Target {
                endpoint: route.clone(),
                model: model.as_str().into(),
            };
            let origin = resource.origin_of(&format!("/spec/models/{index}"));
            let model_route = AliasRoute {
                targets: vec![(1, target)],
                fallbacks: Vec::new(),
                origin,
            };
            self.claim(resource, |names| &mut names.models, model, model_route);
        }
    }

    /// Takes a name for a resource; a second claim in the same namespace is a finding.
    fn claim(
        &mut self,
        resource: &Resource,
        list: impl Fn(&mut Names) -> &mut std::collections::BTreeMap<String, AliasRoute>,
        name: &str,
        route: AliasRoute,
    ) {
        let origin = route.origin.clone();
        let names = list(self.names(&resource.id));
        let Some(first) = names.get(name) else {
            names.insert(name.to_owned(), route);
            return;
        };
        let message = format!(
            "`{name}` means two things in namespace {}",
            resource.id.namespace
        );
        let hint = format!("it is also defined at {}; rename one of them", first.origin);
        let finding = Finding::new(code::GRAPH_AMBIGUOUS, origin, message);
        self.findings.push(finding.with_hint(hint).on(&resource.id));
    }

    fn add_alias(&mut self, resource: &Resource, spec: &ModelAliasSpec, flat: Flat) {
        if flat.targets.is_empty() {
            return;
        }
        let name = spec.pattern.as_deref().unwrap_or(&resource.id.name);
        let written = if spec.pattern.is_some() {
            "/spec/match"
        } else {
            "/metadata/name"
        };
        let route = AliasRoute {
            targets: flat.targets,
            fallbacks: flat.fallbacks,
            origin: resource.origin_of(written),
        };
        match Pattern::parse(name) {
            Some(pattern) => self.names(&resource.id).wildcards.push((pattern, route)),
            None => self.claim(resource, |names| &mut names.aliases, name, route),
        }
    }

    fn add_agent(&mut self, resource: &Resource, spec: &AgentSpec) {
        let mut targets = Vec::new();
        let fallbacks = spec.fallback_model_refs.iter().enumerate();
        let fallbacks =
            fallbacks.map(|(index, text)| (format!("/spec/fallback_model_refs/{index}"), text));
        for (pointer, text) in
            std::iter::once(("/spec/model_ref".to_owned(), &spec.model_ref)).chain(fallbacks)
        {
            let id = ResourceId::from_reference(Kind::ModelEndpoint, &resource.id.namespace, text);
            let Some(route) = self.table.endpoints.get(&id).cloned() else {
                continue;
            };
            let Some(model) = route.default_model.clone() else {
                let finding = no_default_model(resource, &pointer, &route);
                self.findings
                    .push(finding.with_hint("add one to the endpoint"));
                continue;
            };
            targets.push(Target {
                endpoint: route,
                model,
            });
        }
        let route = AgentRoute {
            id: resource.id.clone(),
            origin: resource.origin_of("/spec/model_ref"),
            prompt: spec.prompt.trim().to_owned(),
            timeout: spec
                .limits
                .timeout
                .as_deref()
                .and_then(parse_go_duration)
                .filter(|t| !t.is_zero()),
            targets,
            policies: policy::holding_for(self.catalog, &resource.id),
        };
        self.names(&resource.id)
            .agents
            .insert(resource.id.name.to_string(), Arc::new(route));
    }
}

fn endpoint_route(resource: &Resource, spec: &ModelEndpointSpec) -> EndpointRoute {
    let mut route = EndpointRoute {
        id: resource.id.clone(),
        origin: resource.origin.clone(),
        default_model: spec.default_model.as_deref().map(Arc::from),
        models: spec.models.iter().cloned().collect(),
        unknown_models: spec.unknown_models,
        response_model: spec.response_model,
        max_attempts: spec.retry.max_attempts.unwrap_or(1).max(1),
        retry_backoff: spec
            .retry
            .backoff
            .as_deref()
            .and_then(parse_go_duration)
            .unwrap_or(DEFAULT_RETRY_BACKOFF),
        aliases: std::collections::HashMap::new(),
        wildcards: Vec::new(),
    };
    for (alias, model) in &spec.model_aliases {
        let pointer = pointer_to("/spec/model_aliases", alias);
        let origin = resource.origin_of_key(&pointer);
        match Pattern::parse(alias) {
            Some(pattern) => route
                .wildcards
                .push((pattern, model.as_str().into(), origin)),
            None => drop(
                route
                    .aliases
                    .insert(alias.clone(), (model.as_str().into(), origin)),
            ),
        }
    }
    route
        .wildcards
        .sort_by_key(|(pattern, ..)| (Reverse(pattern.literals()), pattern.as_str().to_owned()));
    route
}
