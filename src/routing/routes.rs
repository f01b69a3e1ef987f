//! What one resource contributes to the table.

use super::{
    limits::rules,
    pattern::Pattern,
    table::{AgentRoute, EndpointRoute, Target},
};
use crate::model::{
    Kind, Resource, ResourceId, SortedMap, parse_go_duration, pointer_to,
    spec::{AgentSpec, ModelAliasSpec, ModelEndpointSpec},
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, time::Duration};

/// Pause before the second call where the manifest names none.
const DEFAULT_RETRY_BACKOFF: Duration = Duration::from_millis(250);

/// The name that an alias claims, and the pointer of the field that says so.
pub(super) fn alias_name<'a>(
    resource: &'a Resource,
    spec: &'a ModelAliasSpec,
) -> (&'a str, &'static str) {
    match &spec.pattern {
        Some(pattern) => (pattern, "/spec/match"),
        None => (&resource.id.name, "/metadata/name"),
    }
}

/// An agent and where it leads; `missing` hears of the endpoints without a default model.
pub(super) fn agent_route(
    resource: &Resource,
    spec: &AgentSpec,
    endpoints: &SortedMap<ResourceId, Arc<EndpointRoute>>,
    mut missing: impl FnMut(&str, &EndpointRoute),
) -> AgentRoute {
    let mut targets: Vec<Target> = Vec::new();
    let fallbacks = spec.fallback_model_refs.iter().enumerate();
    let fallbacks =
        fallbacks.map(|(index, text)| (format!("/spec/fallback_model_refs/{index}"), text));
    let first = ("/spec/model_ref".to_owned(), &spec.model_ref);
    for (pointer, text) in std::iter::once(first).chain(fallbacks) {
        let id = ResourceId::from_reference(Kind::ModelEndpoint, &resource.id.namespace, text);
        let Some(endpoint) = endpoints.get(&id).cloned() else {
            continue;
        };
        match endpoint.default_model.clone() {
            Some(model) => {
                let target = Target { endpoint, model };
                if !targets.iter().any(|known| known.is_same(&target)) {
                    targets.push(target);
                }
            }
            None => missing(&pointer, &endpoint),
        }
    }
    let timeout = spec.limits.timeout.as_deref().and_then(parse_go_duration);
    AgentRoute {
        id: resource.id.clone(),
        origin: resource.origin_of("/spec/model_ref"),
        prompt: spec.prompt.trim().to_owned(),
        timeout: timeout.filter(|timeout| !timeout.is_zero()),
        targets,
    }
}

/// An endpoint with the names that it knows itself.
pub(super) fn endpoint_route(resource: &Resource, spec: &ModelEndpointSpec) -> EndpointRoute {
    let mut route = EndpointRoute {
        id: resource.id.clone(),
        origin: resource.origin.clone(),
        default_model: spec.default_model.as_deref().map(Arc::from),
        pins_model: false,
        models: spec.models.iter().cloned().collect(),
        provider: spec.provider.as_str().into(),
        limits: rules(resource, "/spec/limits", &spec.limits),
        unknown_models: spec.unknown_models,
        response_model: spec.response_model,
        max_attempts: spec.retry.max_attempts.unwrap_or(1).max(1),
        retry_backoff: spec
            .retry
            .backoff
            .as_deref()
            .and_then(parse_go_duration)
            .unwrap_or(DEFAULT_RETRY_BACKOFF),
        total: spec
            .timeouts
            .total
            .as_deref()
            .and_then(parse_go_duration)
            .filter(|total| !total.is_zero()),
        aliases: BTreeMap::new(),
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
    if spec.pin_model {
        pin(&mut route);
    }
    route
}

/// Fixes the model: what the endpoint's own alias of its name says, else the name. Nothing else is looked up then.
fn pin(route: &mut EndpointRoute) {
    let Some(named) = route.default_model.clone() else {
        return;
    };
    let exact = route.aliases.get(&*named).map(|(to, _)| to);
    let mut wildcards = route.wildcards.iter();
    let to = exact.or_else(|| {
        let fits = wildcards.find(|(pattern, ..)| pattern.matches(&named))?;
        Some(&fits.1)
    });
    route.default_model = Some(to.cloned().unwrap_or(named));
    route.pins_model = true;
    route.aliases.clear();
    route.wildcards.clear();
}
