//! Who claims a name, and who of them has it.

use super::table::AliasRoute;
use crate::model::{Finding, ResourceId, SortedMap, code};
use std::sync::Arc;

/// The resource that claims, and which of its own claims it is.
type Claimant = (ResourceId, usize);

/// Names of one sort in one namespace; the first claimant has the name.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims(SortedMap<String, SortedMap<Claimant, Arc<AliasRoute>>>);

impl Claims {
    /// Where a name leads.
    pub(super) fn get(&self, name: &str) -> Option<&Arc<AliasRoute>> {
        let (_, route) = self.0.get(name)?.first()?;
        Some(route)
    }

    /// Every name and where it leads, sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &AliasRoute)> {
        self.0.iter().filter_map(|(name, claims)| {
            let (_, route) = claims.first()?;
            Some((name, &**route))
        })
    }

    /// The names that begin with `name/`, sorted.
    pub(super) fn within(&self, name: &str) -> impl Iterator<Item = &String> {
        let start = format!("{name}/");
        let names = self.0.range(start.clone()..).map(|(name, _)| name);
        names.take_while(move |name| name.starts_with(&start))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, name: &str, claimant: Claimant, route: Arc<AliasRoute>) {
        if let Some(claims) = self.0.get_mut(name) {
            claims.insert_mut(claimant, route);
            return;
        }
        let mut claims = SortedMap::default();
        claims.insert_mut(claimant, route);
        self.0.insert_mut(name.to_owned(), claims);
    }

    pub(super) fn remove(&mut self, name: &str, claimant: &Claimant) {
        let Some(claims) = self.0.get_mut(name) else {
            return;
        };
        claims.remove_mut(claimant);
        if claims.is_empty() {
            self.0.remove_mut(name);
        }
    }

    /// One finding for each claimant that does not have the name.
    pub(super) fn ambiguous(&self, name: &str) -> impl Iterator<Item = Finding> {
        let claims = self.0.get(name);
        let mut claims = claims.into_iter().flat_map(SortedMap::iter);
        let first = claims.next().map(|(_, route)| route.origin.clone());
        claims.filter_map(move |((owner, _), route)| {
            let namespace = &owner.namespace;
            let name = name.to_owned();
            let message = format!("`{name}` means two things in namespace {namespace}");
            let first = first.as_ref()?;
            let hint = format!("it is also defined at {first}; rename one of them");
            let finding = Finding::new(code::GRAPH_AMBIGUOUS, route.origin.clone(), message);
            Some(finding.with_hint(hint).on(owner))
        })
    }
}
