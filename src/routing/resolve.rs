//! What a request's `model` means.

use super::{
    decision::{Decision, Facts, Outcome, Refusal, Rule, Step, Trace},
    table::{AgentRoute, AliasRoute, EndpointRoute, Names, RoutingTable, Target},
};
use crate::{
    manifest::did_you_mean,
    model::{Kind, Origin, ResourceId, spec::UnknownModels},
};
use std::sync::Arc;

/// Resolves a request against a table. Pure: the same facts give the same decision.
pub fn resolve(table: &RoutingTable, facts: &Facts<'_>) -> (Result<Decision, Refusal>, Trace) {
    let mut resolver = Resolver {
        table,
        draw: facts.draw,
        trace: Trace::default(),
    };
    let decision = match facts.scope {
        _ if facts.model.is_some_and(|model| model.trim().is_empty()) => Err(Refusal::MissingModel),
        Some(scope) => resolver.scoped(facts.namespace, scope, facts.model),
        None => match facts.model {
            None => Err(Refusal::MissingModel),
            Some(model) => resolver.unscoped(facts.namespace, model),
        },
    };
    (decision, resolver.trace)
}

struct Resolver<'a> {
    table: &'a RoutingTable,
    draw: u32,
    trace: Trace,
}

impl Resolver<'_> {
    fn scoped(
        &mut self,
        caller: &str,
        scope: &str,
        model: Option<&str>,
    ) -> Result<Decision, Refusal> {
        let endpoint = find_endpoint(self.table, caller, scope)?;
        let Some(model) = model else {
            let target = default_target(&endpoint).map_err(|_| Refusal::MissingModel)?;
            let origin = endpoint.origin.clone();
            return Ok(decision(scope, vec![target], None, Rule::Endpoint, origin));
        };
        let namespace = endpoint.id.namespace.clone();
        let rule = Rule::EndpointModel;
        let Some((target, origin)) = on_endpoint(&endpoint, model) else {
            self.note(rule, &namespace, Outcome::Passed);
            let near = did_you_mean(model, names_on(&endpoint)).map(str::to_owned);
            let name = model.to_owned();
            return Err(Refusal::ModelNotFound { name, near });
        };
        self.note(rule, &namespace, Outcome::Decided(origin.clone()));
        Ok(decision(model, vec![target], None, rule, origin))
    }

    fn unscoped(&mut self, caller: &str, name: &str) -> Result<Decision, Refusal> {
        if let Some(found) = self.in_namespace(caller, name, Rule::EXACT) {
            return found;
        }
        // Before the caller's wildcards: whoever writes a namespace means what is in it.
        if let Some((namespace, rest)) = split_namespace(self.table, name)
            && let Some(found) = self.in_namespace(namespace, &rest, &Rule::ALL)
        {
            return found.map(|decision| Decision {
                requested: name.to_owned(),
                ..decision
            });
        }
        if let Some(found) = self.in_namespace(caller, name, &[Rule::Wildcard]) {
            return found;
        }
        self.elsewhere(caller, name)
    }

    fn in_namespace(
        &mut self,
        namespace: &str,
        name: &str,
        rules: &[Rule],
    ) -> Option<Result<Decision, Refusal>> {
        let (namespace, names) = self.table.namespaces.get_key_value(namespace)?;
        for &rule in rules {
            match self.try_rule(rule, names, name) {
                Some(Ok(found)) => {
                    self.note(rule, namespace, Outcome::Decided(found.origin.clone()));
                    return Some(Ok(found));
                }
                Some(Err(refusal)) => return Some(Err(refusal)),
                None => self.note(rule, namespace, Outcome::Passed),
            }
        }
        None
    }

    /// Every other namespace: the first rule that fits anywhere decides, if it fits once.
    fn elsewhere(&mut self, caller: &str, name: &str) -> Result<Decision, Refusal> {
        let others: Vec<_> = self
            .table
            .namespaces
            .iter()
            .filter(|(namespace, _)| &***namespace != caller)
            .collect();
        for &rule in &Rule::ALL {
            let mut hits = Vec::new();
            for (namespace, names) in &others {
                if let Some(found) = self.try_rule(rule, names, name) {
                    hits.push(((*namespace).clone(), found));
                }
            }
            match hits.len() {
                0 => {}
                1 => {
                    let (namespace, hit) = hits.swap_remove(0);
                    if let Ok(found) = &hit {
                        self.note(rule, &namespace, Outcome::Decided(found.origin.clone()));
                    }
                    return hit;
                }
                _ => {
                    let candidates = hits
                        .iter()
                        .map(|(namespace, _)| format!("{namespace}/{name}"))
                        .collect();
                    for (namespace, hit) in hits {
                        if let Ok(found) = hit {
                            self.note(rule, &namespace, Outcome::Tied(found.origin));
                        }
                    }
                    return Err(Refusal::Ambiguous {
                        name: name.to_owned(),
                        candidates,
                    });
                }
            }
        }
        Err(Refusal::ModelNotFound {
            name: name.to_owned(),
            near: nearest(self.table, name),
        })
    }

    fn try_rule(&self, rule: Rule, names: &Names, name: &str) -> Option<Result<Decision, Refusal>> {
        let by_alias = |route: &Arc<AliasRoute>| {
            let targets = choose(route, self.draw);
            let found = decision(name, targets, None, rule, route.origin.clone());
            Ok(Decision {
                route: Some(route.clone()),
                ..found
            })
        };
        match rule {
            Rule::Agent => names.agents.get(name.strip_prefix("agent/")?).map(|agent| {
                let targets = agent.targets.clone();
                Ok(decision(
                    name,
                    targets,
                    Some(agent.clone()),
                    rule,
                    agent.origin.clone(),
                ))
            }),
            Rule::Alias => names.aliases.get(name).map(by_alias),
            Rule::EndpointAlias => names.endpoint_aliases.get(name).map(by_alias),
            Rule::EndpointModel => {
                let (endpoint, model) = name
                    .split_once('/')
                    .filter(|(_, model)| !model.is_empty())?;
                let (target, origin) = on_endpoint(names.endpoints.get(endpoint)?, model)?;
                Some(Ok(decision(name, vec![target], None, rule, origin)))
            }
            Rule::Endpoint => names.endpoints.get(name).map(|endpoint| {
                let target = default_target(endpoint)?;
                Ok(decision(
                    name,
                    vec![target],
                    None,
                    rule,
                    endpoint.origin.clone(),
                ))
            }),
            Rule::Model => names.models.get(name).map(by_alias),
            // An agent that does not exist is no model: its policies would be gone with it.
            Rule::Wildcard if means_agent(self.table, name) => None,
            Rule::Wildcard => {
                let mut wildcards = names.wildcards.values();
                let found = wildcards.find(|(pattern, _)| pattern.matches(name));
                found.map(|(_, route)| by_alias(route))
            }
        }
    }

    fn note(&mut self, rule: Rule, namespace: &Arc<str>, outcome: Outcome) {
        self.trace.steps.push(Step {
            rule,
            namespace: namespace.clone(),
            outcome,
        });
    }
}

/// The endpoint of a path: in the caller's namespace, as `ns/name`, or the only one of its name.
pub(super) fn find_endpoint(
    table: &RoutingTable,
    caller: &str,
    scope: &str,
) -> Result<Arc<EndpointRoute>, Refusal> {
    let id = ResourceId::from_reference(Kind::ModelEndpoint, caller, scope);
    if let Some(endpoint) = table.endpoints.get(&id) {
        return Ok(endpoint.clone());
    }
    let everywhere = table
        .endpoints
        .values()
        .filter(|endpoint| &*endpoint.id.name == scope);
    match everywhere.collect::<Vec<_>>().as_slice() {
        [] => Err(Refusal::EndpointNotFound(scope.to_owned())),
        [one] => Ok((*one).clone()),
        many => Err(Refusal::Ambiguous {
            name: scope.to_owned(),
            candidates: many
                .iter()
                .map(|e| format!("{}/{}", e.id.namespace, e.id.name))
                .collect(),
        }),
    }
}

fn decision(
    requested: &str,
    targets: Vec<Target>,
    agent: Option<Arc<AgentRoute>>,
    rule: Rule,
    origin: Origin,
) -> Decision {
    Decision {
        requested: requested.to_owned(),
        targets,
        agent,
        rule,
        origin,
        route: None,
    }
}

/// What a model name means on one endpoint: the model that it pins, or else its aliases, exact before wildcard, then its own models,
/// then what it does with unknown ones.
pub(super) fn on_endpoint(endpoint: &Arc<EndpointRoute>, model: &str) -> Option<(Target, Origin)> {
    let target = |model: &Arc<str>| Target {
        endpoint: endpoint.clone(),
        model: model.clone(),
    };
    if endpoint.pins_model
        && let Some(pinned) = &endpoint.default_model
    {
        return Some((target(pinned), endpoint.origin.clone()));
    }
    if let Some((to, origin)) = endpoint.aliases.get(model) {
        return Some((target(to), origin.clone()));
    }
    let wildcard = endpoint
        .wildcards
        .iter()
        .find(|(pattern, ..)| pattern.matches(model));
    if let Some((_, to, origin)) = wildcard {
        return Some((target(to), origin.clone()));
    }
    let listed =
        endpoint.models.contains(model) || endpoint.default_model.as_deref() == Some(model);
    (listed || endpoint.unknown_models == UnknownModels::Passthrough)
        .then(|| (target(&model.into()), endpoint.origin.clone()))
}

fn default_target(endpoint: &Arc<EndpointRoute>) -> Result<Target, Refusal> {
    let model = endpoint.default_model.clone();
    let model = model.ok_or_else(|| Refusal::NoDefaultModel(endpoint.id.clone()))?;
    Ok(Target {
        endpoint: endpoint.clone(),
        model,
    })
}

/// The target the draw falls on, then the fallbacks. Among those the same one would be tried as often again.
fn choose(route: &AliasRoute, draw: u32) -> Vec<Target> {
    let weights = route.targets.iter().map(|(weight, _)| u128::from(*weight));
    // Maps the draw evenly onto [0, total).
    let mut left = (u128::from(draw) * weights.sum::<u128>()) >> 32;
    let chosen = route.targets.iter().find(|(weight, _)| {
        let weight = u128::from(*weight);
        let hit = left < weight;
        left = left.saturating_sub(weight);
        hit
    });
    let chosen = chosen
        .or(route.targets.first())
        .map(|(_, target)| target.clone());
    let fallbacks = route.fallbacks.iter();
    let others = fallbacks.filter(|it| !chosen.as_ref().is_some_and(|chosen| it.is_same(chosen)));
    let others: Vec<_> = others.cloned().collect();
    chosen.into_iter().chain(others).collect()
}

/// `NS/` may stand before a name, and before the name of an agent in `agent/NS/NAME`.
fn split_namespace<'a>(table: &RoutingTable, name: &'a str) -> Option<(&'a str, String)> {
    let (agent, path) = match name.strip_prefix("agent/") {
        Some(path) => ("agent/", path),
        None => ("", name),
    };
    let (namespace, rest) = path.split_once('/')?;
    table
        .namespaces
        .contains_key(namespace)
        .then(|| (namespace, format!("{agent}{rest}")))
}

/// Whether a name can only be an agent's: `agent/…`, also behind `NS/`.
fn means_agent(table: &RoutingTable, name: &str) -> bool {
    let behind = name.split_once('/');
    let behind = behind.filter(|(namespace, _)| table.namespaces.contains_key(*namespace));
    name.starts_with("agent/") || behind.is_some_and(|(_, rest)| rest.starts_with("agent/"))
}

fn names_on(endpoint: &EndpointRoute) -> impl Iterator<Item = &str> {
    let listed = endpoint.models.iter().map(String::as_str);
    listed
        .chain(endpoint.aliases.keys().map(String::as_str))
        .chain(endpoint.default_model.as_deref())
}

fn nearest(table: &RoutingTable, name: &str) -> Option<String> {
    let listed = super::list_models(table);
    did_you_mean(name, listed.iter().map(|model| model.id.as_str())).map(str::to_owned)
}
