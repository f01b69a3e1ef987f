//! What agents may call.

use super::{
    decision::Decision,
    offered::Offered,
    table::{AgentRoute, PolicyRoute, RoutingTable, Target},
};
use crate::manifest::did_you_mean;
use crate::model::{
    Catalog, Finding, Findings, Kind, Resource, ResourceId, Spec, code,
    spec::{AgentPolicySpec, ApplyMode},
};
use std::sync::Arc;

/// Why a request made as an agent is refused.
#[derive(Debug, Clone)]
pub struct Denial {
    /// The policy that says no.
    pub policy: Arc<PolicyRoute>,
    /// The agent that asked.
    pub agent: Arc<AgentRoute>,
    /// The model it resolved to.
    pub model: Arc<str>,
}

/// Checks a decision against the policies of its agent; fallbacks that are not allowed are dropped.
///
/// Requests that were not made as an agent pass.
///
/// # Errors
///
/// - [`Denial`] if the first target's model is not allowed.
pub fn check_policies(mut decision: Decision) -> Result<Decision, Denial> {
    let Some(agent) = decision.agent.clone() else {
        return Ok(decision);
    };
    if let Some(first) = decision.targets.first()
        && let Some(policy) = denying(&agent, first)
    {
        return Err(Denial {
            policy: policy.clone(),
            model: first.model.clone(),
            agent,
        });
    }
    decision
        .targets
        .retain(|target| denying(&agent, target).is_none());
    Ok(decision)
}

fn denying<'a>(agent: &'a AgentRoute, target: &Target) -> Option<&'a Arc<PolicyRoute>> {
    let model = target.model.to_lowercase();
    agent.policies.iter().find(|policy| {
        policy
            .allowed_models
            .as_ref()
            .is_some_and(|allowed| !allowed.contains(&model))
    })
}

/// The policies that hold for an agent.
///
/// A policy with targets holds for every agent of the systems it names, also when the agent is called
/// directly: a policy fails closed.
pub(super) fn holding_for(catalog: &Catalog, agent: &ResourceId) -> Vec<Arc<PolicyRoute>> {
    catalog
        .of_kind(Kind::AgentPolicy)
        .filter(|resource| match &resource.spec {
            Spec::AgentPolicy(spec) => holds_for(catalog, resource, spec, agent),
            _ => false,
        })
        .map(|resource| Arc::new(policy_route(resource)))
        .collect()
}

fn policy_route(resource: &Resource) -> PolicyRoute {
    let Spec::AgentPolicy(spec) = &resource.spec else {
        return PolicyRoute {
            id: resource.id.clone(),
            origin: resource.origin.clone(),
            allowed_models: None,
        };
    };
    let allowed: std::collections::HashSet<_> = spec
        .allowed_models
        .iter()
        .map(|model| model.to_lowercase())
        .collect();
    PolicyRoute {
        id: resource.id.clone(),
        origin: resource.origin_of_key("/spec/allowed_models"),
        allowed_models: (!allowed.is_empty()).then_some(allowed),
    }
}

fn holds_for(
    catalog: &Catalog,
    policy: &Resource,
    spec: &AgentPolicySpec,
    agent: &ResourceId,
) -> bool {
    match spec.apply_mode {
        Some(ApplyMode::Global) => true,
        None if !spec.has_targets() => policy.id.namespace == agent.namespace,
        Some(ApplyMode::Scoped) | None => target_systems(catalog, spec).iter().any(|system| {
            let Spec::AgentSystem(spec) = &system.spec else {
                return false;
            };
            spec.agents.iter().any(|name| {
                ResourceId::from_reference(Kind::Agent, &system.id.namespace, name) == *agent
            })
        }),
    }
}

/// The systems a policy names, directly or through tasks, in any namespace as upstream.
fn target_systems<'a>(catalog: &'a Catalog, spec: &AgentPolicySpec) -> Vec<&'a Arc<Resource>> {
    let named = |names: &[String], id: &ResourceId| {
        names.iter().any(|name| name.eq_ignore_ascii_case(&id.name))
    };
    let of_tasks: Vec<_> = catalog
        .of_kind(Kind::Task)
        .filter(|task| named(&spec.target_tasks, &task.id))
        .filter_map(|task| match &task.spec {
            Spec::Task(spec) => {
                let system = spec.system.as_deref()?;
                Some(ResourceId::from_reference(
                    Kind::AgentSystem,
                    &task.id.namespace,
                    system,
                ))
            }
            _ => None,
        })
        .collect();
    catalog
        .of_kind(Kind::AgentSystem)
        .filter(|system| named(&spec.target_systems, &system.id) || of_tasks.contains(&system.id))
        .collect()
}

/// Warns of policies that hold for nothing and of agents that can never answer.
pub(super) fn lint(catalog: &Catalog, table: &RoutingTable, findings: &mut Findings) {
    let mut offered = Offered::of(catalog);
    for resource in catalog.of_kind(Kind::AgentPolicy) {
        let Spec::AgentPolicy(spec) = &resource.spec else {
            continue;
        };
        if let Some(offered) = &mut offered {
            findings.extend(offered.check(resource));
        }
        match inert(catalog, resource, spec) {
            Some(finding) => findings.push(finding),
            None => findings.extend(missing_targets(catalog, resource, spec)),
        }
    }
    for agent in table.agents() {
        let Some(target) = agent.targets.first() else {
            continue;
        };
        if let Some(policy) = denying(agent, target) {
            let message = format!(
                "{} denies {}: its model {} ({}) is not in allowed_models",
                policy.id, agent.id, target.model, target.endpoint.id
            );
            let hint = format!(
                "requests as the agent ({}) answer 403; add the model or change the agent",
                agent.origin
            );
            let finding = Finding::new(code::POLICY_DENIES, policy.origin.clone(), message);
            findings.push(finding.with_hint(hint).on(&policy.id));
        }
    }
}

/// Targets that do not exist, of a policy that holds for something all the same.
fn missing_targets(catalog: &Catalog, resource: &Resource, spec: &AgentPolicySpec) -> Vec<Finding> {
    let lists = [
        (Kind::AgentSystem, "target_systems", &spec.target_systems),
        (Kind::Task, "target_tasks", &spec.target_tasks),
    ];
    let mut findings = Vec::new();
    if spec.apply_mode == Some(ApplyMode::Global) {
        return findings;
    }
    for (kind, list, names) in lists {
        for (index, name) in names.iter().enumerate() {
            let mut named = catalog.of_kind(kind).map(|one| &one.id);
            let mut unreadable = catalog.unreadable().filter(|id| id.kind == kind);
            if named.any(|id| name.eq_ignore_ascii_case(&id.name))
                || unreadable.any(|id| name.eq_ignore_ascii_case(&id.name))
            {
                continue;
            }
            let message = format!(
                "{} targets the {kind} `{name}`, which does not exist",
                resource.id
            );
            let origin = resource.origin_of(&format!("/spec/{list}/{index}"));
            let finding = Finding::new(code::POLICY_TARGET, origin, message);
            let known: Vec<_> = catalog
                .of_kind(kind)
                .map(|one| one.id.name.clone())
                .collect();
            let near = did_you_mean(name, known.iter().map(AsRef::as_ref));
            let near = near.map(|near| format!("did you mean `{near}`?"));
            findings.push(finding.with_hint_if(near).on(&resource.id));
        }
    }
    findings
}

fn inert(catalog: &Catalog, resource: &Resource, spec: &AgentPolicySpec) -> Option<Finding> {
    let (pointer, message, hint) =
        if spec.apply_mode == Some(ApplyMode::Scoped) && !spec.has_targets() {
            let message = format!(
                "{} is scoped and names no target, so it holds for nothing",
                resource.id
            );
            (
                "/spec/apply_mode",
                message,
                "add `target_systems`, or write `apply_mode: global`",
            )
        } else if spec.has_targets()
            && spec.apply_mode != Some(ApplyMode::Global)
            && target_systems(catalog, spec).is_empty()
        {
            let message = format!(
                "none of the targets of {} exists, so it holds for nothing",
                resource.id
            );
            let pointer = if spec.target_systems.is_empty() {
                "/spec/target_tasks"
            } else {
                "/spec/target_systems"
            };
            (
                pointer,
                message,
                "name an AgentSystem or Task of this repository",
            )
        } else {
            return None;
        };
    let finding = Finding::new(code::POLICY_INERT, resource.origin_of(pointer), message);
    Some(finding.with_hint(hint).on(&resource.id))
}
