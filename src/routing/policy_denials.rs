//! What the policies of the repository forbid its own agents.

use super::{
    policy::denying,
    table::{AgentRoute, PolicyRoute},
};
use crate::model::{Catalog, Finding, Resource, Spec, code};
use std::sync::Arc;

/// What `policies`, those that hold for an agent, do not let it do.
pub(super) fn denials(
    catalog: &Catalog,
    agent: &AgentRoute,
    policies: &[&Arc<PolicyRoute>],
) -> Vec<Finding> {
    if policies.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::from_iter(model_denial(agent, policies));
    if let Some(resource) = catalog.get(&agent.id) {
        findings.extend(fallback_denials(resource, agent, policies));
        findings.extend(tool_denials(catalog, resource, policies));
    }
    findings
}

/// The policy under which an agent can never answer.
fn model_denial(agent: &AgentRoute, policies: &[&Arc<PolicyRoute>]) -> Option<Finding> {
    let target = agent.targets.first()?;
    let policy = denying(policies, target)?;
    let message = format!(
        "{} denies {}: its model {} ({}) is not in allowed_models",
        policy.id, agent.id, target.model, target.endpoint.id
    );
    let hint = format!(
        "requests as the agent ({}) answer 403; add the model or change the agent",
        agent.origin
    );
    let finding = Finding::new(code::POLICY_DENIES, policy.origin.clone(), message);
    Some(finding.with_hint(hint).on(&policy.id))
}

/// Fallbacks that are never called.
fn fallback_denials<'a>(
    resource: &'a Resource,
    agent: &'a AgentRoute,
    policies: &'a [&'a Arc<PolicyRoute>],
) -> impl Iterator<Item = Finding> + 'a {
    agent.targets.iter().skip(1).filter_map(move |target| {
        let policy = denying(policies, target)?;
        let message = format!(
            "{} denies {} a fallback: {} ({}) is not in allowed_models",
            policy.id, agent.id, target.model, target.endpoint.id
        );
        let hint = format!(
            "it is passed over ({}); add the model, or take the fallback off",
            resource.origin_of("/spec/fallback_model_refs")
        );
        let finding = Finding::new(code::POLICY_DENIES, policy.origin.clone(), message);
        Some(finding.with_hint(hint).on(&policy.id))
    })
}

/// Tools that an agent has and may not have.
fn tool_denials<'a>(
    catalog: &'a Catalog,
    agent: &'a Resource,
    policies: &'a [&'a Arc<PolicyRoute>],
) -> impl Iterator<Item = Finding> + 'a {
    let tools = match &agent.spec {
        Spec::Agent(spec) => spec.tools.as_slice(),
        _ => &[],
    };
    tools.iter().enumerate().filter_map(move |(index, tool)| {
        let tool = tool.trim();
        let name = tool.to_lowercase();
        let mut blocking = policies
            .iter()
            .filter_map(|policy| Some((policy, policy.blocked_tools.get(&name)?)));
        let (policy, at) = blocking.next()?;
        let message = format!(
            "{} denies {}: it blocks the tool `{tool}`",
            policy.id, agent.id
        );
        let hint = format!(
            "a run of the agent fails; take the tool off the agent ({}) or off the list",
            agent.origin_of(&format!("/spec/tools/{index}"))
        );
        let written = catalog.get(&policy.id)?;
        let origin = written.origin_of(&format!("/spec/blocked_tools/{at}"));
        let finding = Finding::new(code::POLICY_DENIES, origin, message);
        Some(finding.with_hint(hint).on(&policy.id))
    })
}
