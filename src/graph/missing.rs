//! References to nothing, and what may have been meant.

use super::{
    generated,
    reference::{Reference, references},
};
use crate::{
    manifest::did_you_mean,
    model::{Catalog, Finding, Kind, Resource, ResourceId, code},
    secrets::{environment_names, reserved},
};
use std::collections::HashMap;

/// Suggestions already made: comparing with every name is dear, and one typo is often repeated.
#[derive(Default)]
pub(super) struct Suggestions(HashMap<ResourceId, Option<String>>);

/// Names listed in a hint, so that it stays one line.
const MAX_LISTED: usize = 12;

/// Different missing names that get a suggestion; nobody mends more at once.
const MAX_SUGGESTIONS: usize = 100;

impl Suggestions {
    fn find(&mut self, catalog: &Catalog, to: &ResourceId) -> Option<String> {
        if self.0.len() >= MAX_SUGGESTIONS && !self.0.contains_key(to) {
            return None;
        }
        let made = self.0.entry(to.clone());
        made.or_insert_with(|| suggestion(catalog, to)).clone()
    }
}

/// The references of a resource to nothing.
pub(super) fn dangling(catalog: &Catalog, resource: &Resource) -> Vec<Reference> {
    let mut references = references(resource);
    references.retain(|Reference { to, .. }| {
        catalog.get(to).is_none()
            && !catalog.is_unreadable(to)
            && generated::server(catalog, to).is_none()
    });
    references
}

/// What to say of a reference to nothing: an error, or for secrets (which may come from elsewhere) a warning.
pub(super) fn missing(
    catalog: &Catalog,
    resource: &Resource,
    reference: &Reference,
    suggestions: &mut Suggestions,
) -> Finding {
    let origin = resource.origin_of(&reference.pointer);
    let to = &reference.to;
    if to.kind == Kind::Secret {
        let variables = environment_names(&to.namespace, &to.name);
        let usable = variables.iter().find(|variable| !reserved(variable));
        let set = usable.map(|variable| format!(", or set `{variable}`"));
        let message = format!("no file defines {to}, which {} needs", resource.id);
        let until = if resource.id.kind == Kind::ModelEndpoint {
            "; until then the endpoint is not ready"
        } else {
            ""
        };
        let hint = format!(
            "commit it sealed (`orloj secret encrypt`), send it with `orloj create secret`{}{until}",
            set.unwrap_or_default()
        );
        return Finding::new(code::REF_SECRET, origin, message)
            .with_hint(hint)
            .on(&resource.id);
    }
    if resource.id.kind == Kind::Memory && to.kind == Kind::ModelEndpoint {
        let message = format!(
            "no ModelEndpoint `{}` in namespace {} makes embeddings for {}",
            to.name, to.namespace, resource.id
        );
        return Finding::new(code::REF_EMBEDDING, origin, message)
            .with_hint_if(suggestions.find(catalog, to))
            .on(&resource.id);
    }
    let message = format!(
        "{} `{}` does not exist in namespace {}",
        to.kind, to.name, to.namespace
    );
    Finding::new(code::REF_MISSING, origin, message)
        .with_hint_if(suggestions.find(catalog, to))
        .on(&resource.id)
}

fn suggestion(catalog: &Catalog, to: &ResourceId) -> Option<String> {
    let here = catalog
        .of_kind(to.kind)
        .filter(|other| other.id.namespace == to.namespace);
    let unreadable = catalog
        .unreadable()
        .filter(|id| id.kind == to.kind && id.namespace == to.namespace);
    let names = here.map(|other| other.id.name.clone());
    let names: Vec<_> = names.chain(unreadable.map(|id| id.name.clone())).collect();
    if let Some(near) = did_you_mean(&to.name, names.iter().map(AsRef::as_ref)) {
        return Some(match catalog.find(to.kind, &to.namespace, near) {
            Some(other) => format!("did you mean `{near}` ({})?", other.origin.file),
            None => format!("did you mean `{near}`?"),
        });
    }
    let elsewhere = catalog
        .of_kind(to.kind)
        .find(|other| other.id.name == to.name);
    if let Some(other) = elsewhere {
        return Some(format!(
            "it exists in another namespace: write `{}/{}`",
            other.id.namespace, to.name
        ));
    }
    let mut other_kind = Kind::ALL.into_iter().filter(|kind| *kind != to.kind);
    other_kind
        .find_map(|kind| catalog.find(kind, &to.namespace, &to.name))
        .map(|other| {
            format!(
                "`{}` is of kind {}; {} is needed here",
                to.name, other.id.kind, to.kind
            )
        })
        .or_else(|| match names.as_slice() {
            [] => Some(format!(
                "there is no {} in namespace {}; add one",
                to.kind, to.namespace
            )),
            some => Some(format!(
                "there are: {}{}",
                some[..some.len().min(MAX_LISTED)].join(", "),
                if some.len() > MAX_LISTED { ", …" } else { "" }
            )),
        })
}
