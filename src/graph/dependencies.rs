//! The graph of a catalog: kept up to date resource by resource, and asked.

use super::{
    credentials,
    cycles::Circles,
    field::Field,
    links::Links,
    missing::{MAX_SUGGESTIONS, dangling, missing, missing_secret},
    secret_hints::SecretHints,
    systems, templates, unserved,
};
use crate::{
    manifest::Suggestions,
    model::{
        Catalog, Finding, Findings, FindingsBy, Kind, Resource, ResourceId, SortedSet, Spec, code,
    },
};
use std::collections::BTreeSet;

/// Who depends on whom, and what does not hold together. An edge runs from a dependent to its dependency
/// and carries the pointer of the field that refers.
///
/// Clones share their structure, and [`DependencyGraph::update`] looks only around what changed: a check of
/// a resource reads that resource, what it refers to and what refers to it.
#[derive(Debug, Clone)]
pub struct DependencyGraph {
    pub(super) links: Links,
    circles: Circles,
    /// Who refers to something that does not exist; what to suggest depends on every name there is.
    unresolved: SortedSet<ResourceId>,
    secret_hints: SecretHints,
    findings: FindingsBy<ResourceId>,
    missing: Findings,
    unserved: Option<Finding>,
    only_secrets: bool,
}

/// What was linked anew, and what that may have made wrong or right.
#[derive(Debug)]
pub enum Around {
    /// All there is, where nothing was.
    Everything {
        /// Who is in a circle of references.
        circular: Vec<ResourceId>,
    },
    /// Part of it.
    Some {
        /// Whose findings may be others.
        around: BTreeSet<ResourceId>,
        /// Whose links are.
        relinked: Vec<ResourceId>,
    },
}

impl Default for DependencyGraph {
    fn default() -> Self {
        Self {
            links: Links::default(),
            circles: Circles::default(),
            unresolved: SortedSet::default(),
            secret_hints: SecretHints::default(),
            findings: FindingsBy::default(),
            missing: Findings::default(),
            unserved: None,
            only_secrets: true,
        }
    }
}

impl DependencyGraph {
    /// Links a catalog; every missing reference and every cycle is a finding.
    pub fn build(catalog: &Catalog) -> (Self, Findings) {
        let mut graph = Self::default();
        let all = catalog.iter().map(|resource| resource.id.clone());
        graph.update(&Catalog::default(), catalog, &all.collect());
        let findings = graph.findings();
        (graph, findings)
    }

    /// Everything that does not hold together.
    pub fn findings(&self) -> Findings {
        let findings = self.findings.all().clone();
        let findings = findings.join(self.circles.findings.clone());
        let mut findings = findings.join(self.missing.clone());
        findings.extend(self.unserved.clone());
        findings
    }

    /// Links anew what changed on the way from `before` to `catalog`, and finds anew what is wrong around it.
    pub fn update(&mut self, before: &Catalog, catalog: &Catalog, changed: &BTreeSet<ResourceId>) {
        let around = self.relink(before, catalog, changed);
        self.check(before, catalog, changed, around);
    }

    /// Links anew what changed on the way from `before` to `catalog`; [`Self::check`] has to follow, and nothing
    /// but findings is others after it.
    pub fn relink(
        &mut self,
        before: &Catalog,
        catalog: &Catalog,
        changed: &BTreeSet<ResourceId>,
    ) -> Around {
        if self.links.is_empty() && before.is_empty() {
            let circular;
            (self.links, circular) = Links::of(catalog);
            return Around::Everything { circular };
        }
        let mut around = BTreeSet::new();
        for id in changed {
            self.links.around(id, &mut around);
        }
        let links = &mut self.links;
        let relinked = around.iter().filter(|id| links.relink(catalog, id));
        let relinked = relinked.cloned().collect();
        for id in changed {
            self.links.around(id, &mut around);
        }
        Around::Some { around, relinked }
    }

    /// Finds anew what is wrong with what was linked anew.
    pub fn check(
        &mut self,
        before: &Catalog,
        catalog: &Catalog,
        changed: &BTreeSet<ResourceId>,
        around: Around,
    ) {
        let (mut around, relinked) = match around {
            Around::Everything { circular } => return self.check_all(catalog, &circular),
            Around::Some { around, relinked } => (around, relinked),
        };
        let only_secrets = catalog.is_only(Kind::Secret);
        if only_secrets != self.only_secrets {
            self.only_secrets = only_secrets;
            let secrets = catalog.of_kind(Kind::Secret);
            around.extend(secrets.map(|secret| secret.id.clone()));
        }
        let mut unsure = changed.iter().any(|id| is_elsewhere(before, catalog, id));
        let mut hints_may_differ = unsure;
        for id in &around {
            let missing = self.links.missing_secrets(catalog, id);
            hints_may_differ |= self.secret_hints.note(id, missing);
        }
        if hints_may_differ {
            for secret in self.secret_hints.look_again(catalog) {
                let users = self.links.incoming(&secret);
                around.extend(users.map(|(from, _)| from.clone()));
            }
        }
        for id in around {
            unsure |= self.unresolved.contains(&id);
            self.check_one(catalog, &id);
            unsure |= self.unresolved.contains(&id);
        }
        if unsure {
            self.missing = self.look_for_missing(catalog);
        }
        let starts = relinked.iter().chain(self.circles.members.iter());
        self.circles = Circles::reached(&self.links, starts, catalog);
        self.unserved = unserved::note(catalog);
    }

    /// Comes to what checking each resource where nothing was does.
    fn check_all(&mut self, catalog: &Catalog, circular: &[ResourceId]) {
        self.only_secrets = catalog.is_only(Kind::Secret);
        for resource in catalog.iter() {
            let missing = self.links.missing_secrets(catalog, &resource.id);
            self.secret_hints.note(&resource.id, missing);
        }
        self.secret_hints.look_again(catalog);
        for resource in catalog.iter() {
            self.check_resource(catalog, resource);
        }
        self.missing = self.look_for_missing(catalog);
        self.circles = Circles::reached(&self.links, circular, catalog);
        self.unserved = unserved::note(catalog);
    }

    /// Finds anew what is wrong with one resource.
    fn check_one(&mut self, catalog: &Catalog, id: &ResourceId) {
        let Some(resource) = catalog.get(id) else {
            self.unresolved.remove_mut(id);
            self.findings.set(id.clone(), Vec::new());
            return;
        };
        self.check_resource(catalog, resource);
    }

    fn check_resource(&mut self, catalog: &Catalog, resource: &Resource) {
        let id = &resource.id;
        let mut findings = systems::check(catalog, &self.links, resource);
        findings.extend(templates::check(catalog, resource));
        findings.extend(credentials::check(catalog, resource));
        findings.extend(self.unused_secret(resource));
        let mut unresolved = false;
        let leads_nowhere = self.links.targets_missing(id);
        let dangling = leads_nowhere.then(|| dangling(catalog, resource));
        for reference in dangling.into_iter().flatten() {
            if reference.to.kind == Kind::Secret {
                let near = self.secret_hints.get(&reference.to);
                findings.push(missing_secret(resource, &reference, near));
            } else {
                unresolved = true;
            }
        }
        if unresolved {
            self.unresolved.insert_mut(id.clone());
        } else {
            self.unresolved.remove_mut(id);
        }
        self.findings.set(id.clone(), findings);
    }

    fn look_for_missing(&self, catalog: &Catalog) -> Findings {
        let mut findings = Findings::default();
        let mut suggestions = Suggestions::at_most(MAX_SUGGESTIONS);
        for resource in self.unresolved.iter().filter_map(|id| catalog.get(id)) {
            let references = dangling(catalog, resource).into_iter();
            let references = references.filter(|one| one.to.kind != Kind::Secret);
            findings
                .extend(references.map(|one| missing(catalog, resource, &one, &mut suggestions)));
        }
        findings
    }

    /// A secret that nothing refers to: a credential that lies around, or a reference that is misspelt.
    ///
    /// Where there are only secrets, what uses them is elsewhere.
    fn unused_secret(&self, secret: &Resource) -> Option<Finding> {
        let used = self.links.incoming(&secret.id).next().is_some();
        let is_opaque = matches!(&secret.spec, Spec::Secret(spec) if spec.is_opaque());
        if secret.id.kind != Kind::Secret || used || is_opaque || self.only_secrets {
            return None;
        }
        let message = format!("nothing refers to {}", secret.id);
        let origin = secret.origin_of("/metadata/name");
        let finding = Finding::new(code::SECRET_UNUSED, origin, message);
        let hint = "name it where it is needed (`auth.secretRef`), or remove it";
        Some(finding.with_hint(hint).on(&secret.id))
    }

    /// What a resource refers to directly: the field and the resource, sorted.
    pub fn dependencies(&self, id: &ResourceId) -> Vec<(Field, &ResourceId)> {
        let links = self.links.outgoing(id);
        let mut found: Vec<_> = links.map(|link| (link.field, &link.to)).collect();
        found.sort_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)));
        found
    }

    /// What refers to a resource directly: the field and the resource, sorted.
    pub fn dependents(&self, id: &ResourceId) -> Vec<(Field, &ResourceId)> {
        if !self.links.contains(id) {
            return Vec::new();
        }
        let incoming = self.links.incoming(id);
        incoming.map(|(from, field)| (field, from)).collect()
    }

    /// What names an identity, whether that exists or not; sorted.
    pub fn referrers(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        self.links.incoming(id).map(|(from, _)| from)
    }

    /// Everything that depends on a resource, directly or through others.
    pub fn blast_radius(&self, id: &ResourceId) -> BTreeSet<ResourceId> {
        let mut reached = BTreeSet::new();
        let mut open = Vec::from_iter(self.links.contains(id).then(|| id.clone()));
        while let Some(id) = open.pop() {
            for (from, _) in self.links.incoming(&id) {
                if reached.insert(from.clone()) {
                    open.push(from.clone());
                }
            }
        }
        reached.remove(id);
        reached
    }

    /// All resources, sorted.
    pub fn nodes(&self) -> BTreeSet<&ResourceId> {
        self.links.nodes().collect()
    }
}

/// Whether a resource came, went, moved to another file or can be read otherwise: that may be what a
/// reference to nothing means.
fn is_elsewhere(before: &Catalog, after: &Catalog, id: &ResourceId) -> bool {
    let file = |catalog: &Catalog| catalog.get(id).map(|one| one.origin.file.clone());
    file(before) != file(after) || before.is_unreadable(id) != after.is_unreadable(id)
}
