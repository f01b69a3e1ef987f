//! Which policy holds for which agent.

use super::{limits::rules, pairs::starting_with, table::PolicyRoute};
use crate::{
    graph::DependencyGraph,
    model::{
        Catalog, Kind, Resource, ResourceId, SortedMap, SortedSet, Spec,
        spec::{AgentPolicySpec, ApplyMode},
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// The policies of a catalog, found by the agents they hold for. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub(super) struct Policies {
    routes: SortedMap<ResourceId, (Reach, Arc<PolicyRoute>)>,
    everywhere: SortedSet<ResourceId>,
    by_namespace: SortedSet<(Arc<str>, ResourceId)>,
    by_agent: SortedSet<(ResourceId, ResourceId)>,
    /// The policies that limit their namespace.
    budgets: SortedSet<(Arc<str>, ResourceId)>,
    /// The names that policies target or block, in lower case, and the policies.
    targeted: SortedSet<(Target, ResourceId)>,
    /// Systems, tasks, tools and servers of tools by their names in lower case.
    targets: SortedSet<(Target, ResourceId)>,
    /// Whether any file defines a tool: else those that policies block come from elsewhere.
    pub(super) has_tools: bool,
    /// Policies with a target that does not exist; what to suggest depends on every name there is.
    pub(super) unresolved: SortedSet<ResourceId>,
}

/// A system, a task, a tool or a server by its name in lower case, in any namespace as upstream.
pub(super) type Target = (Kind, String);

/// What defines tools.
const TOOLS: [Kind; 2] = [Kind::Tool, Kind::McpServer];

/// For whom a policy holds.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    Everywhere,
    Namespace(Arc<str>),
    Agents(Arc<BTreeSet<ResourceId>>),
}

impl Policies {
    /// The policies that hold for an agent, sorted.
    pub(super) fn holding_for(&self, agent: &ResourceId) -> Vec<&Arc<PolicyRoute>> {
        let here = starting_with(&self.by_namespace, agent.namespace.clone());
        let own = starting_with(&self.by_agent, agent.clone());
        let mut ids: Vec<_> = self.everywhere.iter().chain(here).chain(own).collect();
        ids.sort();
        let routes = ids.into_iter().filter_map(|id| self.routes.get(id));
        routes.map(|(_, route)| route).collect()
    }

    /// The policies that limit what a namespace may use, sorted.
    pub(super) fn limiting<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Arc<PolicyRoute>> {
        let ids =
            (!self.budgets.is_empty()).then(|| starting_with(&self.budgets, namespace.into()));
        let routes = ids.into_iter().flatten();
        routes.filter_map(|id| self.routes.get(id).map(|(_, route)| route))
    }

    /// For whom a policy holds.
    pub(super) fn reach(&self, policy: &ResourceId) -> Option<&Reach> {
        self.routes.get(policy).map(|(reach, _)| reach)
    }

    /// Notes the tools and servers that came or went, and returns the policies whose lists name them.
    pub(super) fn note_tools(
        &mut self,
        catalog: &Catalog,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<ResourceId> {
        let mut named = BTreeSet::new();
        for id in changed.iter().filter(|id| TOOLS.contains(&id.kind)) {
            let entry = (target(id.kind, &id.name), id.clone());
            let exists = catalog.get(id).is_some();
            // What cannot be read may have come or gone without having been here.
            if exists && self.targets.contains(&entry) {
                continue;
            }
            named.extend(starting_with(&self.targeted, entry.0.clone()).cloned());
            if exists {
                self.targets.insert_mut(entry);
            } else {
                self.targets.remove_mut(&entry);
            }
        }
        let has_tools = TOOLS
            .iter()
            .any(|kind| catalog.of_kind(*kind).next().is_some());
        if has_tools != self.has_tools {
            self.has_tools = has_tools;
            let targeted = self.targeted.iter();
            let blocking = targeted.filter(|((kind, _), _)| *kind == Kind::Tool);
            named.extend(blocking.map(|(_, policy)| policy.clone()));
        }
        named
    }

    /// Notes the systems and tasks that changed, and returns the policies that this may concern.
    pub(super) fn note_targets(
        &mut self,
        catalog: &Catalog,
        graph: &DependencyGraph,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<ResourceId> {
        let mut concerned = BTreeSet::new();
        for id in changed {
            match id.kind {
                Kind::AgentPolicy => drop(concerned.insert(id.clone())),
                Kind::AgentSystem | Kind::Task => {
                    let entry = (target(id.kind, &id.name), id.clone());
                    if catalog.get(id).is_some() {
                        self.targets.insert_mut(entry);
                    } else {
                        self.targets.remove_mut(&entry);
                    }
                    let users = graph.referrers(id).filter(|from| from.kind == Kind::Task);
                    for named in std::iter::once(id).chain(users) {
                        let name = target(named.kind, &named.name);
                        concerned.extend(starting_with(&self.targeted, name).cloned());
                    }
                }
                _ => {}
            }
        }
        concerned
    }

    /// Takes a policy out, as it was.
    pub(super) fn withdraw(&mut self, before: &Catalog, id: &ResourceId) {
        self.unresolved.remove_mut(id);
        if let Some(Spec::AgentPolicy(spec)) = before.get(id).map(|policy| &policy.spec) {
            for name in targets_of(spec) {
                self.targeted.remove_mut(&(name, id.clone()));
            }
        }
        match self.reach(id).cloned() {
            None => {}
            Some(Reach::Everywhere) => drop(self.everywhere.remove_mut(id)),
            Some(Reach::Namespace(namespace)) => {
                self.by_namespace.remove_mut(&(namespace, id.clone()));
            }
            Some(Reach::Agents(agents)) => {
                for agent in agents.iter() {
                    self.by_agent.remove_mut(&(agent.clone(), id.clone()));
                }
            }
        }
        self.budgets.remove_mut(&(id.namespace.clone(), id.clone()));
        self.routes.remove_mut(id);
    }

    /// Puts a policy in.
    pub(super) fn add(&mut self, catalog: &Catalog, policy: &Resource, spec: &AgentPolicySpec) {
        let id = &policy.id;
        for name in targets_of(spec) {
            self.targeted.insert_mut((name, id.clone()));
        }
        let reach = self.reach_of(catalog, policy, spec);
        match &reach {
            Reach::Everywhere => self.everywhere.insert_mut(id.clone()),
            Reach::Namespace(namespace) => {
                self.by_namespace
                    .insert_mut((namespace.clone(), id.clone()));
            }
            Reach::Agents(agents) => {
                for agent in agents.iter() {
                    self.by_agent.insert_mut((agent.clone(), id.clone()));
                }
            }
        }
        if !spec.namespace_limits.is_empty() {
            self.budgets.insert_mut((id.namespace.clone(), id.clone()));
        }
        let route = Arc::new(policy_route(policy, spec));
        self.routes.insert_mut(id.clone(), (reach, route));
    }

    fn reach_of(&self, catalog: &Catalog, policy: &Resource, spec: &AgentPolicySpec) -> Reach {
        match spec.apply_mode {
            Some(ApplyMode::Global) => return Reach::Everywhere,
            None if !spec.has_targets() => {
                return Reach::Namespace(policy.id.namespace.clone());
            }
            Some(ApplyMode::Scoped) | None => {}
        }
        let mut agents = BTreeSet::new();
        for system in self.systems_of(catalog, spec) {
            let Spec::AgentSystem(spec) = &system.spec else {
                continue;
            };
            let namespace = &system.id.namespace;
            let members = spec.agents.iter();
            agents.extend(
                members.map(|name| ResourceId::from_reference(Kind::Agent, namespace, name)),
            );
        }
        Reach::Agents(Arc::new(agents))
    }

    /// The systems a policy names, directly or through tasks.
    pub(super) fn systems_of<'a>(
        &self,
        catalog: &'a Catalog,
        spec: &AgentPolicySpec,
    ) -> Vec<&'a Arc<Resource>> {
        let mut ids = BTreeSet::new();
        for name in &spec.target_systems {
            ids.extend(self.called(Kind::AgentSystem, name).cloned());
        }
        for name in &spec.target_tasks {
            let tasks = self
                .called(Kind::Task, name)
                .filter_map(|id| catalog.get(id));
            ids.extend(tasks.filter_map(|task| match &task.spec {
                Spec::Task(spec) => {
                    let system = spec.system.as_deref()?;
                    let namespace = &task.id.namespace;
                    Some(ResourceId::from_reference(
                        Kind::AgentSystem,
                        namespace,
                        system,
                    ))
                }
                _ => None,
            }));
        }
        ids.iter().filter_map(|id| catalog.get(id)).collect()
    }

    /// The systems or tasks of a name, letter case apart.
    pub(super) fn called(&self, kind: Kind, name: &str) -> impl Iterator<Item = &ResourceId> {
        starting_with(&self.targets, target(kind, name))
    }

    /// Whether any file defines a target.
    pub(super) fn defines(&self, target: &Target) -> bool {
        starting_with(&self.targets, target.clone())
            .next()
            .is_some()
    }
}

/// A target as it is looked up.
pub(super) fn target(kind: Kind, name: &str) -> Target {
    (kind, name.to_ascii_lowercase())
}

fn targets_of(spec: &AgentPolicySpec) -> impl Iterator<Item = Target> {
    let systems = spec.target_systems.iter();
    let systems = systems.map(|name| target(Kind::AgentSystem, name));
    let tasks = spec.target_tasks.iter();
    let tasks = tasks.map(|name| target(Kind::Task, name));
    let tools = spec
        .blocked_tools
        .iter()
        .flat_map(|name| tool_sources(name));
    systems.chain(tasks).chain(tools)
}

/// The tool of a name, and the servers that would offer `SERVER--TOOL`.
pub(super) fn tool_sources(name: &str) -> impl Iterator<Item = Target> {
    let servers = name.match_indices("--");
    let servers = servers.map(|(at, _)| target(Kind::McpServer, &name[..at]));
    std::iter::once(target(Kind::Tool, name)).chain(servers)
}

fn policy_route(resource: &Resource, spec: &AgentPolicySpec) -> PolicyRoute {
    let models = spec.allowed_models.iter();
    let allowed: BTreeSet<_> = models.map(|model| model.to_lowercase()).collect();
    let blocked = spec.blocked_tools.iter().enumerate();
    let blocked = blocked.map(|(index, tool)| (tool.to_lowercase(), index));
    PolicyRoute {
        id: resource.id.clone(),
        origin: resource.origin_of_key("/spec/allowed_models"),
        allowed_models: (!allowed.is_empty()).then_some(allowed),
        max_tokens_per_run: u64::try_from(spec.max_tokens_per_run)
            .ok()
            .filter(|tokens| *tokens > 0)
            .map(|tokens| (tokens, resource.origin_of_key("/spec/max_tokens_per_run"))),
        limits: rules(resource, "/spec/limits", &spec.limits),
        namespace_limits: rules(resource, "/spec/namespace_limits", &spec.namespace_limits),
        blocked_tools: blocked.collect(),
    }
}
