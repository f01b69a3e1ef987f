//! References to nothing, and what may have been meant.

use super::{
    generated,
    reference::{Reference, references},
};
use crate::{
    manifest::{Suggestions, did_you_mean, holds_credential},
    model::{Catalog, Finding, Kind, Resource, ResourceId, code},
    secrets::{environment_names, reserved},
};

/// Names listed in a hint, so that it stays one line.
const MAX_LISTED: usize = 12;

/// Different missing names that get a suggestion; nobody mends more at once.
pub(super) const MAX_SUGGESTIONS: usize = 100;

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

/// What to say of a reference to no secret: a warning, because it may come from elsewhere; `near` is what
/// may have been meant.
pub(super) fn missing_secret(
    resource: &Resource,
    reference: &Reference,
    near: Option<&String>,
) -> Finding {
    let to = &reference.to;
    if holds_credential(&to.to_string()) {
        return misplaced(resource, reference);
    }
    let variables = environment_names(&to.namespace, &to.name);
    let usable = variables.iter().find(|variable| !reserved(variable));
    let set = usable.map(|variable| format!(", or set `{variable}`"));
    let message = format!("no file defines {to}, which {} needs", resource.id);
    let until = if resource.id.kind == Kind::ModelEndpoint {
        "; until then the endpoint is not ready"
    } else {
        ""
    };
    let near = near
        .map(|near| format!("{near}; else "))
        .unwrap_or_default();
    let hint = format!(
        "{near}commit it sealed (`orloj secret encrypt`), send it with `orloj create secret`{}{until}",
        set.unwrap_or_default()
    );
    let origin = resource.origin_of(&reference.field.to_string());
    Finding::new(code::REF_SECRET, origin, message)
        .with_hint(hint)
        .on(&resource.id)
}

/// What to say of a credential that stands where the name of a secret belongs: nothing of it.
fn misplaced(resource: &Resource, reference: &Reference) -> Finding {
    let origin = resource.origin_of(&reference.field.to_string());
    let message = format!(
        "{} names no secret: what stands here looks like a credential itself",
        resource.id
    );
    let hint = "keep it in a Secret (`orloj secret encrypt`) and name that here; if it was ever pushed, replace it";
    Finding::new(code::REF_SECRET, origin, message)
        .with_hint(hint)
        .on(&resource.id)
}

/// What to say of a reference to nothing that is no secret.
pub(super) fn missing(
    catalog: &Catalog,
    resource: &Resource,
    reference: &Reference,
    suggestions: &mut Suggestions<ResourceId>,
) -> Finding {
    let origin = resource.origin_of(&reference.field.to_string());
    let to = &reference.to;
    let mut suggestion = || suggestions.find(to.clone(), || Some(suggestion(catalog, to)));
    if resource.id.kind == Kind::Memory && to.kind == Kind::ModelEndpoint {
        let message = format!(
            "no ModelEndpoint `{}` in namespace {} makes embeddings for {}",
            to.name, to.namespace, resource.id
        );
        return Finding::new(code::REF_EMBEDDING, origin, message)
            .with_hint_if(suggestion())
            .on(&resource.id);
    }
    let message = format!(
        "{} `{}` does not exist in namespace {}",
        to.kind, to.name, to.namespace
    );
    Finding::new(code::REF_MISSING, origin, message)
        .with_hint_if(suggestion())
        .on(&resource.id)
}

/// What may have been meant, or what there is.
fn suggestion(catalog: &Catalog, to: &ResourceId) -> String {
    let names = names_beside(catalog, to);
    if let Some(near) = nearest(catalog, to, &names) {
        return near;
    }
    match names.as_slice() {
        [] => format!(
            "there is no {} in namespace {}; add one",
            to.kind, to.namespace
        ),
        some => format!(
            "there are: {}{}",
            some[..some.len().min(MAX_LISTED)].join(", "),
            if some.len() > MAX_LISTED { ", …" } else { "" }
        ),
    }
}

/// The names of the kind and namespace of something that is missing.
pub(super) fn names_beside<'a>(catalog: &'a Catalog, to: &'a ResourceId) -> Vec<&'a str> {
    let beside = |id: &&ResourceId| id.kind == to.kind && id.namespace == to.namespace;
    let here = catalog.of_kind_in(to.kind, &to.namespace);
    let ids = here.map(|other| &other.id);
    let ids = ids.chain(catalog.unreadable().filter(beside));
    ids.map(|id| &*id.name).collect()
}

/// What may have been meant: a name like it, the same name elsewhere, or another kind.
pub(super) fn nearest(catalog: &Catalog, to: &ResourceId, names: &[&str]) -> Option<String> {
    if let Some(near) = did_you_mean(&to.name, names.iter().copied()) {
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
    let other = other_kind.find_map(|kind| catalog.find(kind, &to.namespace, &to.name))?;
    Some(format!(
        "`{}` is of kind {}; {} is needed here",
        to.name, other.id.kind, to.kind
    ))
}
