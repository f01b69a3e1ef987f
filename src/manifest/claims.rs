//! Who defines an identity, and who of them counts.

use crate::model::{Finding, Resource, code};
use rpds::RedBlackTreeMapSync;
use std::sync::Arc;

/// With this annotation set to `"true"` Git takes over an identity that was sent by hand.
const ADOPT_ANNOTATION: &str = "orloj.dev/adopt";

/// Where a file comes from; the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// From the source: Git, or a directory.
    Source,
    /// Sent by hand; its file is named after the resource.
    ByHand,
}

/// Where a document stands: of several that define the same, the first counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) layer: Layer,
    pub(super) path: Arc<str>,
    /// The document's number among those of the file that could be read.
    pub(super) index: usize,
}

/// Everybody who defines one identity, letter case apart.
#[derive(Debug, Clone)]
pub(super) struct Claims(RedBlackTreeMapSync<Place, Arc<Resource>>);

impl Default for Claims {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl Claims {
    pub(super) fn insert(&mut self, place: Place, resource: Arc<Resource>) {
        self.0.insert_mut(place, resource);
    }

    pub(super) fn remove(&mut self, place: &Place) {
        self.0.remove_mut(place);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that counts.
    pub(super) fn winner(&self) -> Option<(Layer, &Arc<Resource>)> {
        let (place, resource) = self.0.first()?;
        Some((place.layer, resource))
    }

    /// What is wrong with the others.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let Some((first_layer, first)) = self.winner() else {
            return Vec::new();
        };
        let others = self.0.iter().skip(1);
        others
            .filter_map(|(place, resource)| {
                if resource.id != first.id {
                    return Some(differs_by_case(resource, first));
                }
                if place.layer == first_layer {
                    return Some(defined_twice(resource, first));
                }
                (!adopts(first)).then(|| managed_too(resource, first))
            })
            .collect()
    }
}

/// Whether a resource of the source takes over what was sent by hand.
pub fn adopts(resource: &Resource) -> bool {
    let adopt = resource.metadata.annotations.get(ADOPT_ANNOTATION);
    adopt.is_some_and(|value| value == "true")
}

fn defined_twice(resource: &Resource, first: &Resource) -> Finding {
    duplicate(resource, first, format!("{} is defined twice", resource.id))
}

fn differs_by_case(resource: &Resource, first: &Resource) -> Finding {
    let message = format!(
        "{} and {} differ only by letter case",
        resource.id, first.id
    );
    duplicate(resource, first, message)
}

fn duplicate(resource: &Resource, first: &Resource, message: String) -> Finding {
    let hint = format!("the other one is at {}", first.origin);
    let origin = resource.origin_of("/metadata/name");
    let finding = Finding::new(code::GRAPH_DUPLICATE, origin, message);
    finding.with_hint(hint).on(&resource.id)
}

fn managed_too(resource: &Resource, managed: &Resource) -> Finding {
    let message = format!(
        "{} was sent by hand and is now defined in Git too",
        resource.id
    );
    let hint = format!(
        "delete it (`orloj delete {} {}`), or annotate the file with `{ADOPT_ANNOTATION}: \"true\"`",
        resource.id.kind.singular(),
        resource.id.name
    );
    let finding = Finding::new(code::REF_MANAGED, managed.origin.clone(), message);
    finding.with_hint(hint).on(&resource.id)
}
