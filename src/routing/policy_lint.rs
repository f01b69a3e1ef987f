//! Policies that hold for nothing or limit nothing, and whose policies are to be looked at again.

use super::{
    policies::{Policies, Reach},
    policy_denials::denials,
    policy_names::{Known, missing_targets, unknown_tools},
    table::RoutingTable,
};
use crate::{
    graph::DependencyGraph,
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
        unsure.extend(self.policies.note_tools(after, changed));
        unsure.extend(self.offered.update(before, after, changed));
        let targets = [Kind::AgentSystem, Kind::Task, Kind::Tool, Kind::McpServer];
        if changed.iter().any(|id| targets.contains(&id.kind)) {
            unsure.extend(self.policies.unresolved.iter().cloned());
        }
        for id in &unsure {
            self.check_policy(after, id);
        }
        for id in agents {
            let agent = self.agent(&id);
            let denials = agent.map(|agent| denials(after, agent, &self.policies_of(&id)));
            self.findings.denials.set(id, denials.unwrap_or_default());
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
            let known = Known {
                policies: &self.policies,
                catalog,
            };
            match inert(&self.policies, catalog, policy, spec) {
                Some(finding) => findings.push(finding),
                None => {
                    findings = missing_targets(known, policy, spec);
                    unresolved = !findings.is_empty();
                    findings.extend(limits_nothing(policy, spec));
                }
            }
            let unknown = unknown_tools(known, policy, spec);
            unresolved |= !unknown.is_empty();
            findings.extend(unknown);
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
}

fn inert(
    policies: &Policies,
    catalog: &Catalog,
    resource: &Resource,
    spec: &AgentPolicySpec,
) -> Option<Finding> {
    // These hold for callers of the namespace, whatever the policy is for.
    let nothing = if spec.namespace_limits.is_empty() {
        "it holds for nothing"
    } else {
        "nothing of it but its namespace_limits holds"
    };
    let (pointer, message, hint) =
        if spec.apply_mode == Some(ApplyMode::Scoped) && !spec.has_targets() {
            let message = format!(
                "{} is scoped and names no target, so {nothing}",
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
                "none of the targets of {} exists, so {nothing}",
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

/// A policy that allows whatever anybody does.
fn limits_nothing(resource: &Resource, spec: &AgentPolicySpec) -> Option<Finding> {
    let limits = spec.max_tokens_per_run > 0
        || !spec.allowed_models.is_empty()
        || !spec.blocked_tools.is_empty()
        || !spec.limits.is_empty()
        || !spec.namespace_limits.is_empty();
    if limits {
        return None;
    }
    let message = format!(
        "{} names no model, no tool and no budget, so it limits nothing",
        resource.id
    );
    let finding = Finding::new(code::POLICY_INERT, resource.origin_of("/spec"), message);
    let hint = "add `allowed_models`, `blocked_tools`, `limits` or `max_tokens_per_run`";
    Some(finding.with_hint(hint).on(&resource.id))
}
