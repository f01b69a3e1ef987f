//! Sets of pairs that are searched by their first part.

use crate::model::{Kind, ResourceId, SortedSet};

/// The second parts of all pairs with this first part, sorted.
pub(super) fn starting_with<K: Ord + Clone>(
    pairs: &SortedSet<(K, ResourceId)>,
    first: K,
) -> impl Iterator<Item = &ResourceId> {
    let least = ResourceId::new(Kind::ALL[0], "", "");
    pairs
        .range((first.clone(), least)..)
        .take_while(move |(other, _)| *other == first)
        .map(|(_, id)| id)
}
