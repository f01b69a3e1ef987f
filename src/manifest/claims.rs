//! Who defines an identity, and who of them counts.

use crate::model::{Finding, Resource, SortedMap, code};
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
#[derive(Debug, Clone, Default)]
pub(super) enum Claims {
    #[default]
    None,
    /// As nearly always.
    One(Place, Arc<Resource>),
    /// At least one, by place.
    Some(SortedMap<Place, Arc<Resource>>),
}

impl Claims {
    pub(super) fn insert(&mut self, place: Place, resource: Arc<Resource>) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(place, resource),
            Self::One(other, _) if other == place => Self::One(place, resource),
            Self::One(other, another) => {
                Self::Some([(other, another), (place, resource)].into_iter().collect())
            }
            Self::Some(mut claims) => {
                claims.insert_mut(place, resource);
                Self::Some(claims)
            }
        };
    }

    pub(super) fn remove(&mut self, place: &Place) {
        match self {
            Self::One(other, _) if other == place => *self = Self::None,
            Self::None | Self::One(..) => {}
            Self::Some(claims) => {
                claims.remove_mut(place);
                if claims.is_empty() {
                    *self = Self::None;
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The one that counts.
    pub(super) fn winner(&self) -> Option<(Layer, &Arc<Resource>)> {
        let (place, resource) = match self {
            Self::None => return None,
            Self::One(place, resource) => (place, resource),
            Self::Some(claims) => claims.first()?,
        };
        Some((place.layer, resource))
    }

    /// What is wrong with the others.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let (Self::Some(claims), Some((first_layer, first))) = (self, self.winner()) else {
            return Vec::new();
        };
        let others = claims.iter().skip(1);
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
