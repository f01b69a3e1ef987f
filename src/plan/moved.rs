//! Which of what is new was there before under another name.

use super::{change::Moved, ordered::Side};
use crate::model::{Catalog, Changed, Kind, Moves, Origin, Resource, ResourceId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a resource of the head was in the base, by what it is called now.
///
/// Only what is gone can have moved, and only to what is new. The head's entries say so; where a commit
/// takes a move back, the base's entries read the other way round do.
pub(super) fn moved(
    base: Side<'_>,
    head: Side<'_>,
    changed: &Changed,
) -> BTreeMap<ResourceId, Moved> {
    let ahead = head.catalog.moves();
    let back = base.catalog.moves();
    if ahead.is_empty() && back.is_empty() {
        return BTreeMap::new();
    }
    let mut pairs = Pairs {
        gone: only_in(base.catalog, head.catalog, changed),
        new: only_in(head.catalog, base.catalog, changed),
        moved: BTreeMap::new(),
    };
    pairs.name_by_name(ahead, false);
    pairs.by_directory(ahead, false);
    pairs.name_by_name(back, true);
    pairs.by_directory(back, true);
    pairs.moved
}

fn only_in<'a>(
    one: &'a Catalog,
    other: &Catalog,
    changed: &Changed,
) -> BTreeMap<ResourceId, &'a Arc<Resource>> {
    let ids = changed.resources.iter();
    let ids = ids.filter(|id| other.get(id).is_none() && !other.is_unreadable(id));
    ids.filter_map(|id| Some((id.clone(), one.get(id)?)))
        .collect()
}

/// What is not paired yet, and what is.
struct Pairs<'a> {
    gone: BTreeMap<ResourceId, &'a Arc<Resource>>,
    new: BTreeMap<ResourceId, &'a Arc<Resource>>,
    moved: BTreeMap<ResourceId, Moved>,
}

impl Pairs<'_> {
    fn name_by_name(&mut self, moves: &Moves, backwards: bool) {
        // Where one chain passes through another's begin, the newer name comes first.
        let mut led: Vec<_> = moves
            .objects()
            .filter_map(|(from, next, _)| {
                let (to, entry) = moves.target(from)?;
                Some((next != to, from, to, entry))
            })
            .collect();
        led.sort_by_key(|(is_chain, from, ..)| (*is_chain, *from));
        for (_, from, to, entry) in led {
            let (from, to) = if backwards { (to, from) } else { (from, to) };
            self.pair(from, to, entry);
        }
    }

    fn by_directory(&mut self, moves: &Moves, backwards: bool) {
        for (from, to, entry) in moves.directories() {
            let (from, to) = if backwards { (to, from) } else { (from, to) };
            let gone = by_place(&self.gone, from);
            let new = by_place(&self.new, to);
            for (place, gone) in gone {
                let Some(new) = new.get(&place) else {
                    continue;
                };
                for (from, to) in like_named(&gone, new) {
                    self.pair(&from, &to, entry);
                }
            }
        }
    }

    fn pair(&mut self, from: &ResourceId, to: &ResourceId, entry: &Origin) {
        if from.kind != to.kind || !self.new.contains_key(to) {
            return;
        }
        if let Some(was) = self.gone.remove(from) {
            self.new.remove(to);
            let moved = Moved {
                from: from.clone(),
                was: was.origin.clone(),
                entry: entry.clone(),
            };
            self.moved.insert(to.clone(), moved);
        }
    }
}

/// A file below a directory, and a kind of resource in it.
type Place<'a> = (&'a str, Kind);

fn by_place<'a>(
    resources: &BTreeMap<ResourceId, &'a Arc<Resource>>,
    directory: &str,
) -> BTreeMap<Place<'a>, Vec<ResourceId>> {
    let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, resource) in resources {
        if let Some(file) = resource.origin.file.strip_prefix(directory) {
            places.entry((file, id.kind)).or_default().push(id.clone());
        }
    }
    places
}

/// Of one kind and file: those of the same name, else the only ones.
fn like_named(gone: &[ResourceId], new: &[ResourceId]) -> Vec<(ResourceId, ResourceId)> {
    if let ([from], [to]) = (gone, new) {
        return vec![(from.clone(), to.clone())];
    }
    let mut taken = BTreeSet::new();
    let mut pairs = Vec::new();
    for from in gone {
        let mut same = new.iter().filter(|to| to.name == from.name);
        if let (Some(to), None) = (same.next(), same.next())
            && taken.insert(to)
        {
            pairs.push((from.clone(), to.clone()));
        }
    }
    pairs
}
