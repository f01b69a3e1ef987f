//! Keys of a mapping that were read already.

use super::node::Entry;
use crate::model::Span;
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry as Slot},
};

/// Up to this many keys of a mapping are compared one by one, which needs no index.
const LINEAR_KEYS: usize = 16;

/// Where each key of a mapping stands; only large mappings need to be told.
#[derive(Default)]
pub(super) struct Keys<'t>(HashMap<Cow<'t, str>, Span>);

impl<'t> Keys<'t> {
    /// Where a key stands for the first time in a mapping with these entries, if it does already.
    pub(super) fn first_use(
        &mut self,
        entries: &[Entry<'t>],
        name: Cow<'t, str>,
        span: Span,
    ) -> Option<Span> {
        if entries.len() < LINEAR_KEYS {
            let mut same = entries.iter().filter(|entry| entry.key == name);
            return same.next().map(|entry| entry.key_span);
        }
        if self.0.is_empty() {
            // Backwards, so that of two the first one stays.
            let known = entries.iter().rev();
            self.0
                .extend(known.map(|entry| (entry.key.clone(), entry.key_span)));
        }
        match self.0.entry(name) {
            Slot::Occupied(seen) => Some(*seen.get()),
            Slot::Vacant(free) => {
                free.insert(span);
                None
            }
        }
    }
}
