//! Two catalogs to one ordered plan.

use super::{
    change::{Action, Change, Moved, RouteChange, Suggestion},
    egress::{Egress, egress},
    fields::compare,
    moved::moved,
    suggest::suggestions,
    windows::Closed,
};
use crate::{
    graph::DependencyGraph,
    model::{Catalog, Changed, Digest, Finding, Kind, Resource, ResourceId, code},
    routing::{ModelListing, RoutingTable, list_models, list_name},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One side of a plan: a revision and what was made of it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// How the revision is called; empty for "nothing yet".
    pub revision: &'a str,
    /// Its resources.
    pub catalog: &'a Catalog,
    /// Their links.
    pub graph: &'a DependencyGraph,
    /// Their names.
    pub table: &'a RoutingTable,
}

/// What would change, in the order in which it happens.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The revision the plan starts from.
    pub base: String,
    /// The revision it leads to.
    pub head: String,
    /// Creations and updates, dependencies first; then deletions, dependents first.
    pub changes: Vec<Change>,
    /// Names that lead elsewhere, sorted.
    pub routes: Vec<RouteChange>,
    /// Secrets that would be sent to another host, by endpoint in the order of the changes.
    pub egress: Vec<Egress>,
    /// What looks as if it were only called otherwise and no `moved:` entry says so, sorted.
    pub suggestions: Vec<Suggestion>,
    /// What it waits for, where that is known; whoever shows the plan may say so.
    pub schedule: Option<Closed>,
    /// Resources of the head.
    pub objects: usize,
    /// Fingerprint of base, head and the ordered changes.
    pub digest: Digest,
}

/// How many resources are changed how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Resources of the head.
    pub objects: usize,
    /// New ones.
    pub add: usize,
    /// Changed ones.
    pub change: usize,
    /// Pruned ones.
    pub destroy: usize,
    /// Those that are called otherwise, changed or not.
    #[serde(rename = "move")]
    pub moved: usize,
    /// The others.
    pub unchanged: usize,
}

impl Plan {
    /// Compares two sides of which nothing is known.
    pub fn between(base: Side<'_>, head: Side<'_>) -> Self {
        let resources = [base, head].into_iter();
        let resources = resources.flat_map(|side| side.catalog.iter());
        let changed = Changed {
            resources: resources.map(|resource| resource.id.clone()).collect(),
            names: BTreeSet::new(),
        };
        // Each name by itself would be looked for in every namespace.
        Self::with(base, head, &changed, list_models)
    }

    /// Compares two sides that are the same but for what `changed` names; costs what that is.
    pub fn of(base: Side<'_>, head: Side<'_>, changed: &Changed) -> Self {
        Self::with(base, head, changed, |table| {
            let names = changed.names.iter();
            names.flat_map(|name| list_name(table, name)).collect()
        })
    }

    /// The same, where `listed` gives the names of a table that may lead elsewhere.
    fn with(
        base: Side<'_>,
        head: Side<'_>,
        changed: &Changed,
        listed: impl Fn(&RoutingTable) -> Vec<ModelListing>,
    ) -> Self {
        let mut moved = moved(base, head, changed);
        let left = moved.values().map(|moved| moved.from.clone()).collect();
        let mut steps = upserts(base, head, changed, &mut moved);
        steps.extend(prunes(base, head, changed, &left));
        let routes = if steps.is_empty() {
            Vec::new()
        } else {
            route_changes(listed(base.table), listed(head.table))
        };
        let digest = digest(base.catalog, head.catalog, &steps);
        let suggestions = suggestions(base.catalog, head.catalog, &steps);
        let egress = egress(base, head, &steps);
        Self {
            base: base.revision.to_owned(),
            head: head.revision.to_owned(),
            changes: steps,
            routes,
            egress,
            suggestions,
            schedule: None,
            objects: head.catalog.len(),
            digest,
        }
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The secrets that are there before and after, and differ.
    pub fn secrets(&self) -> Vec<Change> {
        let secrets = self.changes.iter().filter(|change| {
            let is_there = matches!(change.action, Action::Update | Action::Move);
            is_there && change.id.kind == Kind::Secret
        });
        secrets.cloned().collect()
    }

    /// Counts.
    pub fn totals(&self) -> Totals {
        let count = |action| {
            self.changes
                .iter()
                .filter(|change| change.action == action)
                .count()
        };
        let (add, change) = (count(Action::Create), count(Action::Update));
        let (destroy, moved) = (count(Action::Delete), count(Action::Move));
        Totals {
            objects: self.objects,
            add,
            change,
            destroy,
            moved,
            unchanged: self.objects - add - change - moved,
        }
    }

    /// Deletions of what a `moved:` entry of the head says has moved to where nothing is.
    pub fn led_nowhere(&self, head: &Catalog) -> Vec<Finding> {
        let deleted = self
            .changes
            .iter()
            .filter(|change| change.action == Action::Delete);
        let led = deleted.filter_map(|change| {
            let (to, entry) = head.moves().target(&change.id)?;
            let is_there = head.get(to).is_some() || head.is_unreadable(to);
            (!is_there).then_some((&change.id, to, entry))
        });
        led.map(|(from, to, entry)| {
            let message = format!("{from} would be pruned: nothing is called {to}");
            let hint = "correct the entry's `to`; to prune the resource, take the entry away";
            let finding = Finding::new(code::MOVED_TO, entry.clone(), message);
            finding.with_hint(hint).on(from)
        })
        .collect()
    }

    /// Deletions that the resource's own annotation forbids.
    pub fn protected(&self, base: &Catalog) -> Vec<Finding> {
        let deleted = self
            .changes
            .iter()
            .filter(|change| change.action == Action::Delete);
        let resources = deleted.filter_map(|change| base.get(&change.id));
        let protected = resources.filter(|resource| resource.is_protected());
        protected
            .map(|resource| {
                let message = format!("{} is protected and would be pruned", resource.id);
                let hint =
                    "restore its file, or first push a commit that takes `orloj.dev/protect` away";
                let finding =
                    Finding::new(code::POLICY_PROTECTED, resource.origin.clone(), message);
                finding.with_hint(hint).on(&resource.id)
            })
            .collect()
    }
}

fn upserts(
    base: Side<'_>,
    head: Side<'_>,
    changed: &Changed,
    moved: &mut BTreeMap<ResourceId, Moved>,
) -> Vec<Change> {
    let differs = |id: &&ResourceId| {
        let (before, after) = (base.catalog.get(id), head.catalog.get(id));
        after.is_some_and(|after| before.is_none_or(|before| before.digest != after.digest))
    };
    let differing = changed.resources.iter().filter(differs).cloned().collect();
    let ordered = head.graph.order_of(&differing).into_iter();
    let change = |id: ResourceId| {
        let moved = moved.remove(&id);
        let before = moved.as_ref().map_or(&id, |moved| &moved.from);
        let (before, after) = (base.catalog.get(before), head.catalog.get(&id)?);
        Some(Change {
            action: match (before, &moved) {
                (Some(_), Some(_)) => Action::Move,
                (Some(_), None) => Action::Update,
                (None, _) => Action::Create,
            },
            moved,
            origin: after.origin.clone(),
            fields: compare(before.map(AsRef::<Resource>::as_ref), Some(after)),
            affects: head.graph.blast_radius(&id).into_iter().collect(),
            id,
        })
    };
    ordered.filter_map(change).collect()
}

fn prunes(
    base: Side<'_>,
    head: Side<'_>,
    changed: &Changed,
    left: &BTreeSet<ResourceId>,
) -> Vec<Change> {
    let gone = |id: &&ResourceId| head.catalog.get(id).is_none() && !left.contains(id);
    let gone = changed.resources.iter().filter(gone).cloned().collect();
    let ordered = base.graph.order_of(&gone).into_iter().rev();
    let change = |id: ResourceId| {
        Some(Change {
            action: Action::Delete,
            moved: None,
            origin: base.catalog.get(&id)?.origin.clone(),
            fields: Vec::new(),
            affects: base.graph.blast_radius(&id).into_iter().collect(),
            id,
        })
    };
    ordered.filter_map(change).collect()
}

fn route_changes(base: Vec<ModelListing>, head: Vec<ModelListing>) -> Vec<RouteChange> {
    let targets = |listings: Vec<ModelListing>| -> BTreeMap<String, String> {
        let listings = listings.into_iter();
        listings
            .map(|listing| (listing.id, listing.target))
            .collect()
    };
    let (before, after) = (targets(base), targets(head));
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| RouteChange {
            name: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

fn digest(base: &Catalog, head: &Catalog, changes: &[Change]) -> Digest {
    let (base, head) = (base.digest(), head.digest());
    let changes: Vec<_> = changes
        .iter()
        .map(|change| {
            let symbol = change.action.symbol();
            match &change.moved {
                Some(moved) => format!("{symbol}{}{symbol}{}", moved.from, change.id),
                None => format!("{symbol}{}", change.id),
            }
        })
        .collect();
    let parts = [base.as_bytes().as_slice(), head.as_bytes().as_slice()].into_iter();
    Digest::of_parts(parts.chain(changes.iter().map(String::as_bytes)))
}
