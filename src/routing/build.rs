//! A catalog to a routing table.

use super::{
    lint,
    pattern::Pattern,
    policy,
    table::{AgentRoute, AliasRoute, EndpointRoute, Names, RoutingTable, Target},
};
use crate::model::{
    Catalog, Finding, Findings, Kind, Resource, ResourceId, Spec, code, parse_go_duration,
    spec::{AgentSpec, AliasTarget, ModelAliasSpec, ModelEndpointSpec},
};
use std::{cmp::Reverse, sync::Arc, time::Duration};

/// Aliases of aliases are followed this far; longer chains are circles, which `graph` reports.
const MAX_ALIAS_HOPS: usize = 32;

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
        for resource in catalog.of_kind(Kind::ModelAlias) {
            if let Spec::ModelAlias(spec) = &resource.spec {
                builder.add_alias(resource, spec);
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
            let pointer = format!(
                "/spec/model_aliases/{}",
                alias.replace('~', "~0").replace('/', "~1")
            );
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
            "\"{name}\" means two things in namespace {}",
            resource.id.namespace
        );
        let hint = format!("it is also defined at {}; rename one of them", first.origin);
        let finding = Finding::new(code::GRAPH_AMBIGUOUS, origin, message);
        self.findings.push(finding.with_hint(hint).on(&resource.id));
    }

    fn add_alias(&mut self, resource: &Resource, spec: &ModelAliasSpec) {
        let mut targets = Vec::new();
        for (index, target) in spec.targets.iter().enumerate() {
            let pointer = format!("/spec/targets/{index}");
            let weight = target.weight.unwrap_or(1);
            targets.extend(
                self.flatten(resource, &pointer, target, 0)
                    .into_iter()
                    .map(|(share, target)| (weight.saturating_mul(share), target)),
            );
        }
        let mut fallbacks = Vec::new();
        for (index, target) in spec.fallbacks.iter().enumerate() {
            let pointer = format!("/spec/fallbacks/{index}");
            fallbacks.extend(
                self.flatten(resource, &pointer, target, 0)
                    .into_iter()
                    .map(|(_, target)| target),
            );
        }
        if targets.is_empty() {
            return;
        }
        let name = spec.pattern.as_deref().unwrap_or(&resource.id.name);
        let written = if spec.pattern.is_some() {
            "/spec/match"
        } else {
            "/metadata/name"
        };
        let route = AliasRoute {
            targets,
            fallbacks,
            origin: resource.origin_of(written),
        };
        match Pattern::parse(name) {
            Some(pattern) => self.names(&resource.id).wildcards.push((pattern, route)),
            None => self.claim(resource, |names| &mut names.aliases, name, route),
        }
    }

    /// The endpoints a target leads to, with their shares. Missing ones are `graph`'s finding.
    fn flatten(
        &mut self,
        resource: &Resource,
        pointer: &str,
        target: &AliasTarget,
        hops: usize,
    ) -> Vec<(u32, Target)> {
        let namespace = &resource.id.namespace;
        if let Some(alias) = &target.alias {
            let id = ResourceId::from_reference(Kind::ModelAlias, namespace, alias);
            let Some(next) = self.catalog.get(&id).cloned() else {
                return Vec::new();
            };
            let Spec::ModelAlias(spec) = &next.spec else {
                return Vec::new();
            };
            if hops >= MAX_ALIAS_HOPS {
                return Vec::new();
            }
            let inner = spec.targets.iter().flat_map(|inner| {
                let weight = inner.weight.unwrap_or(1);
                let found = self.flatten(&next, pointer, inner, hops + 1);
                found
                    .into_iter()
                    .map(move |(share, target)| (weight.saturating_mul(share), target))
            });
            return inner.collect();
        }
        let Some(endpoint) = &target.endpoint else {
            return Vec::new();
        };
        let id = ResourceId::from_reference(Kind::ModelEndpoint, namespace, endpoint);
        let Some(route) = self.table.endpoints.get(&id).cloned() else {
            return Vec::new();
        };
        let model = target
            .model
            .as_deref()
            .map(Arc::from)
            .or_else(|| route.default_model.clone());
        match model {
            Some(model) => vec![(
                1,
                Target {
                    endpoint: route,
                    model,
                },
            )],
            None => {
                self.no_default_model(resource, pointer, &route, "name a `model` beside it");
                Vec::new()
            }
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
            match route.default_model.clone() {
                Some(model) => targets.push(Target {
                    endpoint: route,
                    model,
                }),
                None => {
                    self.no_default_model(resource, &pointer, &route, "add one to the endpoint")
                }
            }
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

    fn no_default_model(
        &mut self,
        resource: &Resource,
        pointer: &str,
        route: &EndpointRoute,
        hint: &str,
    ) {
        let message = format!(
            "{} has no default_model, which {} needs",
            route.id, resource.id
        );
        let finding = Finding::new(code::REF_MISSING, resource.origin_of(pointer), message);
        self.findings.push(finding.with_hint(hint).on(&resource.id));
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
        let pointer = format!(
            "/spec/model_aliases/{}",
            alias.replace('~', "~0").replace('/', "~1")
        );
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
