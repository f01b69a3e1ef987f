//! Files of the daemon's machine that would be sent to a host that they are not sent to yet.
//!
//! A ciphertext opens in its own Secret alone; a path may stand in any. Whoever may write to the repository could have
//! a Secret that goes to a host of theirs name the file of another one.

use super::{
    change::{Action, Change},
    egress::{Egress, sent},
    ordered::Side,
};
use crate::model::{Catalog, Kind, Resource, ResourceId, SecretRef, Spec};
use std::collections::{BTreeMap, BTreeSet};

/// The endpoints that send a file where no endpoint of the base sends it, but those in `flagged`.
pub(super) fn egress_of_files(
    base: Side<'_>,
    head: Side<'_>,
    changes: &[Change],
    flagged: &[Egress],
) -> Vec<Egress> {
    let is_flagged = |id: &ResourceId| flagged.iter().any(|one| one.endpoint == *id);
    let sending = touched(head, changes).into_iter().filter_map(|id| {
        let resource = head.catalog.get(id)?;
        Some((resource, file_of(head.catalog, resource)?))
    });
    let sending: Vec<_> = sending.filter(|(it, _)| !is_flagged(&it.id)).collect();
    if sending.is_empty() {
        return Vec::new();
    }
    let known = hosts_by_file(base.catalog);
    let none = BTreeSet::new();
    let egress = sending.into_iter().filter_map(|(resource, file)| {
        let (secret, host) = sent(&resource.id, &resource.spec)?;
        let known = known.get(file).unwrap_or(&none);
        (!known.contains(&host)).then(|| Egress {
            endpoint: resource.id.clone(),
            secret,
            file: Some(file.to_owned()),
            host,
            known: known.iter().cloned().collect(),
            origin: resource.origin_of("/spec/base_url"),
        })
    });
    egress.collect()
}

/// The endpoints that are new or changed, or use a secret that is.
fn touched<'a>(head: Side<'a>, changes: &'a [Change]) -> BTreeSet<&'a ResourceId> {
    let there = changes
        .iter()
        .filter(|change| change.action != Action::Delete);
    let touched = there.flat_map(|change| {
        let users = (change.id.kind == Kind::Secret).then(|| head.graph.referrers(&change.id));
        users.into_iter().flatten().chain([&change.id])
    });
    touched
        .filter(|id| id.kind == Kind::ModelEndpoint)
        .collect()
}

/// The file whose value an endpoint sends, if it comes from one.
fn file_of<'a>(catalog: &'a Catalog, endpoint: &Resource) -> Option<&'a str> {
    let Spec::ModelEndpoint(spec) = &endpoint.spec else {
        return None;
    };
    let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
    let namespace = reference.namespace_or(&endpoint.id.namespace);
    let id = ResourceId::new(Kind::Secret, namespace, &reference.name);
    let Spec::Secret(secret) = &catalog.get(&id)?.spec else {
        return None;
    };
    // A key before the one with a file may be sealed, and the one that is sent.
    let keys = reference.keys(spec.auth.authorization_first).into_iter();
    let mut keys = keys.filter(|key| secret.keys().any(|known| known == *key));
    secret.from_file.get(keys.next()?).map(String::as_str)
}

/// Where the endpoints of a catalog send files.
fn hosts_by_file(catalog: &Catalog) -> BTreeMap<&str, BTreeSet<String>> {
    let mut hosts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for endpoint in catalog.of_kind(Kind::ModelEndpoint) {
        if let Some(file) = file_of(catalog, endpoint)
            && let Some((_, host)) = sent(&endpoint.id, &endpoint.spec)
        {
            hosts.entry(file).or_default().insert(host);
        }
    }
    hosts
}
