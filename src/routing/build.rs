//! A catalog to a routing table, resource by resource.

use super::{
    flatten::{Flattener, no_default_model},
    lint, own_names,
    pattern::Pattern,
    routes::{agent_route, alias_name, endpoint_route},
    table::{AliasRoute, EndpointRoute, Names, RoutingTable, WildcardKey},
};
use crate::{
    graph::DependencyGraph,
    model::{
        Catalog, Findings, Kind, Resource, ResourceId, Spec, pointer_to, spec::ModelEndpointSpec,
    },
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl RoutingTable {
    /// Compiles a catalog; names that two resources claim with equal right are findings.
    pub fn build(catalog: &Catalog, graph: &DependencyGraph) -> (Self, Findings) {
        let mut table = Self::default();
        let all = catalog.iter().map(|resource| resource.id.clone());
        let (nothing, all) = (Catalog::default(), all.collect());
        table.begin(&nothing, catalog, &all).finish(graph);
        let findings = table.findings();
        (table, findings)
    }

    /// Everything that is wrong with names and policies.
    pub fn findings(&self) -> Findings {
        self.findings.all()
    }

    /// Compiles anew what changed on the way from `before` to `after`, whose links are `graph`; returns the
    /// names that may lead elsewhere now.
    pub fn update(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        graph: &DependencyGraph,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<String> {
        let mut affected = Affected::of(changed);
        affected.spread(graph);
        let mut update = Update::of(self, after);
        for id in affected.all() {
            update.withdraw(before, id);
        }
        update.begin(&affected);
        let begun = BegunTable {
            update,
            affected,
            before,
            changed,
        };
        begun.finish(graph)
    }

    /// Begins to compile a catalog where nothing was: all that goes without its links.
    pub fn begin<'a>(
        &'a mut self,
        before: &'a Catalog,
        after: &'a Catalog,
        changed: &'a BTreeSet<ResourceId>,
    ) -> BegunTable<'a> {
        // Everything is new already, and there is nothing to take out.
        let affected = Affected::of(changed);
        let mut update = Update::of(self, after);
        update.begin(&affected);
        BegunTable {
            update,
            affected,
            before,
            changed,
        }
    }
}

/// A table that was begun.
pub struct BegunTable<'a> {
    update: Update<'a>,
    affected: Affected,
    before: &'a Catalog,
    changed: &'a BTreeSet<ResourceId>,
}

impl BegunTable<'_> {
    /// Compiles the rest, with the links of the catalog; returns the names that may lead elsewhere now.
    pub fn finish(self, graph: &DependencyGraph) -> BTreeSet<String> {
        let Self {
            mut update,
            affected,
            before,
            changed,
        } = self;
        for id in graph.order_of(&affected.aliases) {
            update.add_alias(&id);
        }
        let after = update.after;
        let (table, touched) = update.finish();
        lint::check(table, &touched);
        table.update_policies(before, after, graph, changed, &affected.agents);
        table.update_keys(before, after, changed);
        table.update_catalogue(after, changed);
        touched.names.into_iter().map(|(_, name)| name).collect()
    }
}

/// Whose names have to be compiled anew.
struct Affected {
    endpoints: BTreeSet<ResourceId>,
    aliases: BTreeSet<ResourceId>,
    agents: BTreeSet<ResourceId>,
}

impl Affected {
    /// What changed.
    fn of(changed: &BTreeSet<ResourceId>) -> Self {
        let of = |kind| -> BTreeSet<_> {
            let ids = changed.iter().filter(|id| id.kind == kind);
            ids.cloned().collect()
        };
        Self {
            endpoints: of(Kind::ModelEndpoint),
            aliases: of(Kind::ModelAlias),
            agents: of(Kind::Agent),
        }
    }

    /// Adds what leads to what changed.
    fn spread(&mut self, graph: &DependencyGraph) {
        let changed = self.endpoints.iter().chain(&self.aliases);
        let mut open: Vec<_> = changed.cloned().collect();
        while let Some(id) = open.pop() {
            for from in graph.referrers(&id) {
                match from.kind {
                    Kind::Agent => drop(self.agents.insert(from.clone())),
                    Kind::ModelAlias if self.aliases.insert(from.clone()) => {
                        open.push(from.clone());
                    }
                    _ => {}
                }
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &ResourceId> {
        self.endpoints
            .iter()
            .chain(&self.aliases)
            .chain(&self.agents)
    }
}

/// Names whose meaning may be another one.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// By namespace; agents as `agent/NAME`.
    pub(super) names: BTreeSet<(Arc<str>, String)>,
    /// Endpoints that came, went or changed, by namespace.
    pub(super) endpoints: BTreeSet<(Arc<str>, Arc<str>)>,
    /// The wildcards that came, by the namespace in which any came or went.
    pub(super) wildcards: BTreeMap<Arc<str>, BTreeSet<WildcardKey>>,
}

/// The sorts of names that several resources may claim.
#[derive(Clone, Copy)]
enum Sort {
    Alias,
    EndpointAlias,
    Model,
}

struct Update<'a> {
    table: &'a mut RoutingTable,
    after: &'a Catalog,
    /// The names of the namespaces that are touched, while they are changed.
    names: BTreeMap<Arc<str>, Names>,
    /// Sorted once, at the end.
    touched: Vec<(Arc<str>, String)>,
    endpoints: BTreeSet<(Arc<str>, Arc<str>)>,
    wildcards: BTreeMap<Arc<str>, BTreeSet<WildcardKey>>,
}

impl<'a> Update<'a> {
    fn of(table: &'a mut RoutingTable, after: &'a Catalog) -> Self {
        Self {
            table,
            after,
            names: BTreeMap::new(),
            touched: Vec::new(),
            endpoints: BTreeSet::new(),
            wildcards: BTreeMap::new(),
        }
    }

    /// Adds what leads to endpoints directly.
    fn begin(&mut self, affected: &Affected) {
        for id in &affected.endpoints {
            self.add_endpoint(id);
        }
        for id in &affected.agents {
            self.add_agent(id);
        }
    }

    /// Takes the names of a resource out, as they were.
    fn withdraw(&mut self, before: &Catalog, id: &ResourceId) {
        self.table.findings.resources.set(id.clone(), Vec::new());
        let Some(resource) = before.get(id) else {
            return;
        };
        match &resource.spec {
            Spec::ModelEndpoint(spec) => {
                self.table.endpoints.remove_mut(id);
                self.touch_endpoint(id);
                self.names(id).endpoints.remove_mut(&id.name);
                for (index, alias) in spec.model_aliases.keys().enumerate() {
                    self.unclaim(Sort::EndpointAlias, alias, &(id.clone(), index));
                }
                for (index, model) in spec.models.iter().enumerate() {
                    self.unclaim(Sort::Model, model, &(id.clone(), index));
                }
            }
            Spec::ModelAlias(spec) => {
                self.table.flats.remove_mut(id);
                let (name, _) = alias_name(resource, spec);
                self.unclaim(Sort::Alias, name, &(id.clone(), 0));
            }
            Spec::Agent(_) => {
                self.touch(id, format!("agent/{}", id.name));
                self.names(id).agents.remove_mut(&id.name);
            }
            _ => {}
        }
    }

    fn add_endpoint(&mut self, id: &ResourceId) {
        let Some((resource, spec)) = self.after.get(id).and_then(endpoint) else {
            return;
        };
        let route = Arc::new(endpoint_route(resource, spec));
        self.table.endpoints.insert_mut(id.clone(), route.clone());
        self.touch_endpoint(id);
        let hidden = own_names::hidden(resource, &route);
        self.table.findings.resources.set(id.clone(), hidden);
        let endpoints = &mut self.names(id).endpoints;
        endpoints.insert_mut(id.name.clone(), route.clone());
        let aliases = spec.model_aliases.iter().filter(|_| !route.pins_model);
        for (index, (alias, model)) in aliases.enumerate() {
            let origin = resource.origin_of_key(&pointer_to("/spec/model_aliases", alias));
            let to = AliasRoute::of(&route, model, origin);
            self.claim(Sort::EndpointAlias, alias, (id.clone(), index), to);
        }
        for (index, model) in spec.models.iter().enumerate() {
            let origin = resource.origin_of(&format!("/spec/models/{index}"));
            let pinned = route.default_model.as_deref().filter(|_| route.pins_model);
            let to = AliasRoute::of(&route, pinned.unwrap_or(model), origin);
            self.claim(Sort::Model, model, (id.clone(), index), to);
        }
    }

    fn add_alias(&mut self, id: &ResourceId) {
        let Some(resource) = self.after.get(id) else {
            return;
        };
        let Spec::ModelAlias(spec) = &resource.spec else {
            return;
        };
        let mut flattener = Flattener {
            catalog: self.after,
            endpoints: &self.table.endpoints,
            flats: &self.table.flats,
            findings: Vec::new(),
        };
        let flat = flattener.flatten(resource, spec);
        let findings = flattener.findings;
        self.table.findings.resources.set(id.clone(), findings);
        let Some(flat) = flat.map(Arc::new) else {
            return;
        };
        self.table.flats.insert_mut(id.clone(), flat.clone());
        if flat.targets.is_empty() {
            return;
        }
        let (name, written) = alias_name(resource, spec);
        let route = AliasRoute {
            targets: flat.targets.clone(),
            fallbacks: flat.fallbacks.clone(),
            origin: resource.origin_of(written),
        };
        self.claim(Sort::Alias, name, (id.clone(), 0), route);
    }

    fn add_agent(&mut self, id: &ResourceId) {
        let Some(resource) = self.after.get(id) else {
            return;
        };
        let Spec::Agent(spec) = &resource.spec else {
            return;
        };
        let mut findings = Vec::new();
        let missing = |pointer: &str, route: &EndpointRoute| {
            let finding = no_default_model(resource, pointer, route);
            findings.push(finding.with_hint("add one to the endpoint"));
        };
        let route = agent_route(resource, spec, &self.table.endpoints, missing);
        self.table.findings.resources.set(id.clone(), findings);
        self.touch(id, format!("agent/{}", id.name));
        let agents = &mut self.names(id).agents;
        agents.insert_mut(id.name.clone(), Arc::new(route));
    }

    /// Takes a name for a resource; it has it if nobody comes before it.
    fn claim(&mut self, sort: Sort, name: &str, by: (ResourceId, usize), route: AliasRoute) {
        let route = Arc::new(route);
        if let Some(pattern) = Pattern::parse(name) {
            let key = (Reverse(pattern.literals()), name.to_owned(), by.0.clone());
            let came = self.wildcards.entry(by.0.namespace.clone());
            came.or_default().insert(key.clone());
            let wildcards = &mut self.names(&by.0).wildcards;
            wildcards.insert_mut(key, (pattern, route));
            return;
        }
        self.touch(&by.0, name.to_owned());
        claims(self.names(&by.0), sort).insert(name, by, route);
    }

    fn unclaim(&mut self, sort: Sort, name: &str, by: &(ResourceId, usize)) {
        if let Some(pattern) = Pattern::parse(name) {
            self.wildcards.entry(by.0.namespace.clone()).or_default();
            let key = (Reverse(pattern.literals()), name.to_owned(), by.0.clone());
            self.names(&by.0).wildcards.remove_mut(&key);
            return;
        }
        self.touch(&by.0, name.to_owned());
        claims(self.names(&by.0), sort).remove(name, by);
    }

    fn touch_endpoint(&mut self, id: &ResourceId) {
        self.touch(id, id.name.to_string());
        let place = (id.namespace.clone(), id.name.clone());
        self.endpoints.insert(place);
    }

    fn touch(&mut self, owner: &ResourceId, name: String) {
        let namespace = owner.namespace.clone();
        self.touched.push((namespace, name));
    }

    fn names(&mut self, of: &ResourceId) -> &mut Names {
        let before = || self.table.namespaces.get(&of.namespace).cloned();
        let names = self.names.entry(of.namespace.clone());
        names.or_insert_with(|| before().unwrap_or_default())
    }

    /// Puts the names back into the table.
    fn finish(self) -> (&'a mut RoutingTable, Touched) {
        for (namespace, names) in self.names {
            if names.is_empty() {
                self.table.namespaces.remove_mut(&namespace);
            } else {
                self.table.namespaces.insert_mut(namespace, names);
            }
        }
        let touched = Touched {
            endpoints: self.endpoints,
            names: self.touched.into_iter().collect(),
            wildcards: self.wildcards,
        };
        (self.table, touched)
    }
}

fn claims(names: &mut Names, sort: Sort) -> &mut super::claims::Claims {
    match sort {
        Sort::Alias => &mut names.aliases,
        Sort::EndpointAlias => &mut names.endpoint_aliases,
        Sort::Model => &mut names.models,
    }
}

fn endpoint(resource: &Arc<Resource>) -> Option<(&Resource, &ModelEndpointSpec)> {
    match &resource.spec {
        Spec::ModelEndpoint(spec) => Some((resource, spec)),
        _ => None,
    }
}
