//! Wildcards that are equally specific and could fit the same name.
//!
//! Two of them overlap if their starts and their ends fit each other ([`Pattern::overlaps`]). Comparing each with
//! each takes the square of their number; here each is compared with those whose start its own begins with,
//! and of these with those whose end fits.

use super::{
    pattern::Pattern,
    table::{AliasRoute, Names, WildcardKey},
};
use crate::model::{Finding, Kind, ResourceId, code};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

/// Ties listed per namespace; their number grows with the square of that of the patterns.
const MAX_TIES: usize = 100;

/// So many wildcards that came are compared with the others one by one; more, all with all at once.
const FEW: usize = 8;

/// A wildcard and where it leads.
type Wildcard = (Pattern, Arc<AliasRoute>);

/// What is wrong with the wildcards of a namespace, of which `came` are new or lead elsewhere; nothing if that
/// is what was said before.
pub(super) fn changed(
    namespace: &str,
    names: &Names,
    came: &BTreeSet<WildcardKey>,
    were_tied: bool,
) -> Option<Vec<Finding>> {
    // Where none were tied, only those that came can be.
    let untied = !were_tied && came.len() <= FEW && !came.iter().any(|key| is_tied(names, key));
    (!untied).then(|| all(namespace, names))
}

/// Whether a wildcard ties with another one of its namespace.
fn is_tied(names: &Names, key: &WildcardKey) -> bool {
    let Some((pattern, _)) = names.wildcards.get(key) else {
        return false;
    };
    let first = (
        Reverse(pattern.literals()),
        String::new(),
        ResourceId::new(Kind::ALL[0], "", ""),
    );
    let equals = names.wildcards.range(first..);
    let mut equals = equals.take_while(|((literals, ..), _)| literals.0 == pattern.literals());
    equals.any(|(other, (fits, _))| other != key && pattern.overlaps(fits))
}

/// All ties of a namespace, up to [`MAX_TIES`].
fn all(namespace: &str, names: &Names) -> Vec<Finding> {
    let wildcards: Vec<_> = names.wildcards.values().collect();
    let finding = |(one, other): (usize, usize)| {
        let ((pattern, route), (later, later_route)) = (wildcards[one], wildcards[other]);
        let message = format!(
            "`{}` and `{}` fit the same names equally well in namespace {namespace}",
            pattern.as_str(),
            later.as_str()
        );
        let hint = format!(
            "the other one is at {}; make one of them more specific",
            route.origin
        );
        Finding::new(code::GRAPH_AMBIGUOUS, later_route.origin.clone(), message).with_hint(hint)
    };
    let found = ties(&wildcards, MAX_TIES);
    found.into_iter().map(finding).collect()
}

/// Up to `most` pairs of equally specific patterns that overlap, the earlier one first; `wildcards` is sorted
/// by specificity.
fn ties(wildcards: &[&Wildcard], most: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    for group in wildcards.chunk_by(|(a, _), (b, _)| a.literals() == b.literals()) {
        let mut indices: Vec<_> = (from..from + group.len()).collect();
        from += group.len();
        indices.sort_by_key(|index| wildcards[*index].0.ends().0);
        // Those whose start the present one's start begins with, by their ends read backwards.
        let mut open: Vec<(&str, Ends)> = Vec::new();
        for index in indices {
            let (start, end) = wildcards[index].0.ends();
            while open
                .pop_if(|(other, _)| !start.starts_with(*other))
                .is_some()
            {}
            let end: Vec<u8> = end.bytes().rev().collect();
            for (_, ends) in &open {
                let left = most - found.len();
                let pairs = fitting(ends, &end).take(left);
                found.extend(pairs.map(|other| (other.min(index), other.max(index))));
            }
            if found.len() == most {
                return found;
            }
            if open.last().is_none_or(|(other, _)| *other != start) {
                open.push((start, Ends::new()));
            }
            if let Some((_, ends)) = open.last_mut() {
                ends.entry(end).or_default().push(index);
            }
        }
    }
    found
}

/// Patterns by what is behind their last star, read backwards.
type Ends = BTreeMap<Vec<u8>, Vec<usize>>;

/// The patterns whose end ends with `end`, or the other way round.
fn fitting<'a>(ends: &'a Ends, end: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let longer = ends.range::<[u8], _>((Bound::Included(end), Bound::Unbounded));
    let longer = longer.take_while(move |(other, _)| other.starts_with(end));
    let mut below = Bound::Excluded(end);
    let shorter = std::iter::from_fn(move || {
        loop {
            let (Bound::Included(limit) | Bound::Excluded(limit)) = below else {
                return None;
            };
            let mut range = ends.range::<[u8], _>((Bound::Unbounded, below));
            let (other, indices) = range.next_back()?;
            if limit.starts_with(other) {
                below = Bound::Excluded(&limit[..other.len()]);
                return Some(indices);
            }
            // Whatever `limit` begins with and lies before `other`, `other` begins with too.
            let same = limit.iter().zip(other).take_while(|(a, b)| a == b);
            below = Bound::Included(&limit[..same.count()]);
        }
    });
    let all = longer.map(|(_, indices)| indices).chain(shorter);
    all.flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::{AliasRoute, Pattern, Wildcard, ties};
    use crate::model::Origin;
    use proptest::{collection::vec, prop_assert, prop_assert_eq, proptest};
    use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

    fn wildcards(texts: &[String]) -> Vec<Wildcard> {
        let route = Arc::new(AliasRoute {
            targets: Vec::new(),
            fallbacks: Vec::new(),
            origin: Origin::file(&Arc::from("test.yaml")),
        });
        let patterns = texts.iter().filter_map(|text| Pattern::parse(text));
        let mut found: Vec<_> = patterns.map(|pattern| (pattern, route.clone())).collect();
        found.sort_by_key(|(pattern, _)| Reverse(pattern.literals()));
        found
    }

    fn one_by_one(wildcards: &[&Wildcard]) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::new();
        for (at, (one, _)) in wildcards.iter().enumerate() {
            for (other, (later, _)) in wildcards.iter().enumerate().skip(at + 1) {
                if one.literals() == later.literals() && one.overlaps(later) {
                    found.insert((at, other));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn ties_are_those_of_comparing_each_with_each(texts in vec("[ab]{0,4}\\*[ab*]{0,2}[ab]{0,4}", 0..40)) {
            let wildcards = wildcards(&texts);
            let wildcards: Vec<_> = wildcards.iter().collect();
            let expected = one_by_one(&wildcards);
            let found = ties(&wildcards, usize::MAX);
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected.clone());
            let some = ties(&wildcards, 3);
            prop_assert_eq!(some.len(), expected.len().min(3));
            prop_assert!(some.iter().all(|pair| expected.contains(pair)));
        }
    }
}
