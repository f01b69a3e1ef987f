//! The `moved:` entries of all files, held against what there is.

use super::assemble::{Assembly, Topic};
use crate::model::{Finding, MoveEntry, MovePlace, Moves, Origin, ResourceId, code};
use std::collections::{BTreeMap, BTreeSet};

impl Assembly {
    /// Brings what moved in line with the files; `anew` if any of them with entries was edited. Entries are
    /// few, and looked at again only when what they name changed.
    pub(super) fn settle_moves(&mut self, anew: bool, changed: &BTreeSet<ResourceId>) {
        if anew {
            let moves = Moves::of(self.move_entries());
            self.catalog.set_moves(moves);
        }
        let moves = self.catalog.moves();
        let concerned = |id| changed.contains(id);
        if anew
            || moves
                .objects()
                .any(|(from, to, _)| concerned(from) || concerned(to))
        {
            let findings = self.move_findings();
            self.findings.set(Topic::Moves, findings);
        }
    }

    fn move_entries(&self) -> impl Iterator<Item = &MoveEntry> {
        let files = self.moving.iter().filter_map(|key| self.files.get(key));
        files.flat_map(|file| &file.moves)
    }

    fn move_findings(&self) -> Vec<Finding> {
        let mut findings = repeats(self.move_entries());
        let moves = self.catalog.moves();
        for (from, to, origin) in moves.objects() {
            if from.kind != to.kind {
                let message = format!("{from} cannot become {to}: their kinds differ");
                findings.push(Finding::new(code::MOVED_KIND, origin.clone(), message));
            } else if let Some(there) = self.catalog.get(from) {
                let message = format!("{from} is said to have moved and is still there");
                let hint = if self.by_hand.contains(from) {
                    "it was sent by hand: `orloj delete` it, or take the entry away".to_owned()
                } else {
                    format!("it stands at {}", there.origin)
                };
                let finding = Finding::new(code::MOVED_FROM, origin.clone(), message);
                findings.push(finding.with_hint(hint).on(from));
            } else {
                findings.extend(self.led_nowhere(from, moves.target(from), origin));
            }
        }
        findings
    }

    fn led_nowhere(
        &self,
        from: &ResourceId,
        target: Option<(&ResourceId, &Origin)>,
        origin: &Origin,
    ) -> Option<Finding> {
        let Some((to, _)) = target else {
            let message = format!("{from} moves in a circle");
            let hint = "take the older entries away";
            let finding = Finding::new(code::MOVED_CYCLE, origin.clone(), message);
            return Some(finding.with_hint(hint));
        };
        let is_there = self.catalog.get(to).is_some() || self.catalog.is_unreadable(to);
        (!is_there).then(|| {
            let message = format!("nothing is called {to}, where {from} is said to have gone");
            let hint = "correct the entry, or take it away if the resource is no longer wanted";
            Finding::new(code::MOVED_NOWHERE, origin.clone(), message).with_hint(hint)
        })
    }
}

/// Entries that move one thing to two places, or two things to one.
fn repeats<'a>(entries: impl Iterator<Item = &'a MoveEntry>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut left, mut taken) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries {
        let earlier_from = left.insert(&entry.from, entry);
        let earlier_to = taken.insert(&entry.to, entry);
        let repeated = earlier_from.map(|earlier| (earlier, "from", &entry.from));
        let repeated = repeated.or_else(|| earlier_to.map(|earlier| (earlier, "to", &entry.to)));
        if let Some((earlier, field, place)) = repeated {
            let message = format!("two entries of `moved` have {} in `{field}`", quoted(place));
            let finding = Finding::new(code::MOVED_TWICE, entry.origin.clone(), message);
            findings.push(finding.with_hint(format!("the other one is at {}", earlier.origin)));
        }
    }
    findings
}

fn quoted(place: &MovePlace) -> String {
    format!("`{place}`")
}
