//! Which secrets would be read from which variable of the environment.

use super::sealed_file::is_file;
use crate::{
    model::{Catalog, Finding, Resource, ResourceId, SortedSet, code},
    secrets::environment_names,
};
use std::sync::Arc;

/// The variables of every secret.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(SortedSet<(String, ResourceId)>);

/// The variables of a secret; one that stands for a sealed file has none.
fn names(secret: &ResourceId) -> Vec<String> {
    if is_file(secret) {
        return Vec::new();
    }
    environment_names(&secret.namespace, &secret.name)
}

impl Variables {
    pub(super) fn insert(&mut self, secret: &ResourceId) {
        for variable in names(secret) {
            self.0.insert_mut((variable, secret.clone()));
        }
    }

    pub(super) fn remove(&mut self, secret: &ResourceId) {
        for variable in names(secret) {
            self.0.remove_mut(&(variable, secret.clone()));
        }
    }

    /// The secrets that share a variable with this one, itself included.
    pub(super) fn neighbours(&self, secret: &ResourceId) -> Vec<ResourceId> {
        let variables = names(secret);
        let owners = variables.iter().flat_map(|variable| self.owners(variable));
        owners.cloned().collect()
    }

    /// The first variable that belongs to another secret already: to the first by identity.
    pub(super) fn clash(&self, secret: &Resource, catalog: &Catalog) -> Option<Finding> {
        let variables = names(&secret.id);
        let (variable, owner) = variables.into_iter().find_map(|variable| {
            let owner = self.owners(&variable).next()?.clone();
            (owner != secret.id).then_some((variable, owner))
        })?;
        let message = format!(
            "{owner} and {} would both be read from `{variable}`",
            secret.id
        );
        let finding = Finding::new(
            code::SECRET_RESERVED,
            secret.origin_of("/metadata/name"),
            message,
        );
        let at: Option<&Arc<Resource>> = catalog.get(&owner);
        let hint = at.map(|owner| format!("rename one of them; the other is at {}", owner.origin));
        Some(finding.with_hint_if(hint).on(&secret.id))
    }

    fn owners(&self, variable: &str) -> impl Iterator<Item = &ResourceId> {
        let least = ResourceId::new(crate::model::Kind::Secret, "", "");
        let from = (variable.to_owned(), least);
        let variable = variable.to_owned();
        self.0
            .range(from..)
            .take_while(move |(other, _)| *other == variable)
            .map(|(_, owner)| owner)
    }
}
