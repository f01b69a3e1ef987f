//! Policies that hold for nothing, and agents that can never answer.

use super::{
    policies::{Policies, Reach},
    policy::denying,
    table::{AgentRoute, RoutingTable},
};
use crate::{
    graph::DependencyGraph,
    manifest::did_you_mean,
    model::{
        Catalog, Finding, Kind, Resource, ResourceId, Spec, code,
        spec::{AgentPolicySpec, ApplyMode},
    },
};
use std::collections::BTreeSet;

impl RoutingTable {
    /// Brings the policies in line with what changed; `agents` were compiled anew.
    pub(super) fn update_policies(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        graph: &DependencyGraph,
        changed: &BTreeSet<ResourceId>,
        agents: &BTreeSet<ResourceId>,
    ) {
        let concerned = self.policies.note_targets(after, graph, changed);
        let mut agents = agents.clone();
        for id in &concerned {
            self.extend_with_reached(id, &mut agents);
            self.policies.withdraw(before, id);
            if let Some(policy) = after.get(id)
                && let Spec::AgentPolicy(spec) = &policy.spec
            {
                self.policies.add(after, policy, spec);
            }
            self.extend_with_reached(id, &mut agents);
        }
        let mut unsure = concerned;
        unsure.extend(self.offered.update(before, after, changed));
        let targets = [Kind::AgentSystem, Kind::Task];
        if changed.iter().any(|id| targets.contains(&id.kind)) {
            unsure.extend(self.policies.unresolved.iter().cloned());
        }
        for id in &unsure {
            self.check_policy(after, id);
        }
        for id in agents {
            let denial = self.agent(&id).and_then(|agent| self.denial(agent));
            self.findings.denials.set(id, Vec::from_iter(denial));
        }
    }

    fn extend_with_reached(&self, policy: &ResourceId, agents: &mut BTreeSet<ResourceId>) {
        match self.policies.reach(policy) {
            None => {}
            Some(Reach::Everywhere) => agents.extend(self.agents().map(|agent| agent.id.clone())),
            Some(Reach::Namespace(namespace)) => {
                let names = self.namespaces.get(namespace).into_iter();
                let held = names.flat_map(|names| names.agents.values());
                agents.extend(held.map(|agent| agent.id.clone()));
            }
            Some(Reach::Agents(held)) => agents.extend(held.iter().cloned()),
        }
    }

    fn check_policy(&mut self, catalog: &Catalog, id: &ResourceId) {
        let mut findings = Vec::new();
        let mut unresolved = false;
        if let Some(policy) = catalog.get(id)
            && let Spec::AgentPolicy(spec) = &policy.spec
        {
            match inert(&self.policies, catalog, policy, spec) {
                Some(finding) => findings.push(finding),
                None => {
                    findings = missing_targets(&self.policies, catalog, policy, spec);
                    unresolved = !findings.is_empty();
                }
            }
            findings.extend(self.offered.check(policy, spec));
        } else {
            self.offered.forget(id);
        }
        if unresolved {
            self.policies.unresolved.insert_mut(id.clone());
        } else {
            self.policies.unresolved.remove_mut(id);
        }
        self.findings.policies.set(id.clone(), findings);
    }

    /// The policy under which an agent can never answer.
    fn denial(&self, agent: &AgentRoute) -> Option<Finding> {
        let target = agent.targets.first()?;
        let policy = denying(&self.policies_of(&agent.id), target)?;
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
}

/// Targets that do not exist, of a policy that holds for something all the same.
fn missing_targets(
    policies: &Policies,
    catalog: &Catalog,
    resource: &Resource,
    spec: &AgentPolicySpec,
) -> Vec<Finding> {
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
            let mut unreadable = catalog.unreadable().filter(|id| id.kind == kind);
            if policies.called(kind, name).next().is_some()
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

fn inert(
    policies: &Policies,
    catalog: &Catalog,
    resource: &Resource,
    spec: &AgentPolicySpec,
) -> Option<Finding> {
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
            && policies.systems_of(catalog, spec).is_empty()
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
