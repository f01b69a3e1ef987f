//! Comments, which SOPS seals as it does values: below the keys of the mapping or list that they stand in.

use super::layout::{Layout, Spot};
use crate::manifest::written::lines::Lines;
use std::ops::Range;

/// A comment and where `sops` takes it to stand.
pub(super) struct Comment<'n> {
    /// Behind the `#`.
    pub(super) range: Range<usize>,
    pub(super) path: Vec<&'n str>,
    /// Whether it stands as an item of a list would, which is how `sops` seals it there.
    pub(super) is_item: bool,
    /// Where it could stand too, in the eyes of other writers.
    pub(super) others: Vec<Vec<&'n str>>,
}

/// The comments in a part of the text that `layout` is of.
pub(super) fn comments<'n>(
    layout: &Layout<'n, '_, '_>,
    part: Range<usize>,
    lines: &Lines<'_>,
) -> Vec<Comment<'n>> {
    let mut found = Vec::new();
    let mut at = part.start;
    let end = std::iter::once(part.end..part.end);
    for taken in layout.taken.iter().cloned().chain(end) {
        let gap = at..taken.start.max(at);
        at = at.max(taken.end);
        let mut from = gap.start;
        while let Some(hash) = next(from..gap.end, lines) {
            let end = lines.line_end(hash);
            found.push(comment(hash, end, layout, lines));
            from = end;
        }
    }
    found
}

/// The first `#` that begins a comment.
fn next(part: Range<usize>, lines: &Lines<'_>) -> Option<usize> {
    let begins =
        |at: usize| at == 0 || lines.slice(at - 1..at).starts_with([' ', '\t', '\n', '\r']);
    let hashes = lines.slice(part.clone()).match_indices('#');
    let mut places = hashes.map(|(offset, _)| part.start + offset);
    places.find(|at| begins(*at))
}

fn comment<'n>(
    hash: usize,
    end: usize,
    layout: &Layout<'n, '_, '_>,
    lines: &Lines<'_>,
) -> Comment<'n> {
    let number = layout.spots.partition_point(|spot| spot.at < hash);
    let (before, behind) = layout.spots.split_at(number);
    let indent = lines.slice(lines.line_start(hash)..hash);
    let spot = if indent.trim_matches([' ', '\t', '-']).is_empty() {
        let column = u32::try_from(indent.chars().count() + 1).unwrap_or(u32::MAX);
        alone(column, before, behind.first())
    } else {
        before.last().map(|spot| (spot, false))
    };
    let (path, is_item) = spot.map_or_else(Default::default, |(spot, is_item)| {
        (spot.path.clone(), is_item)
    });
    let near = before.last().into_iter().chain(behind.first());
    let others = near.flat_map(|spot| (0..=spot.path.len()).rev().map(|end| &spot.path[..end]));
    Comment {
        range: hash + 1..end,
        path,
        is_item,
        others: others.map(<[_]>::to_vec).collect(),
    }
}

/// A comment on a line of its own belongs to what follows in the same column, else to what it stands below of;
/// and whether it could be an item beside that.
fn alone<'s, 'n>(
    column: u32,
    before: &'s [Spot<'n>],
    behind: Option<&'s Spot<'n>>,
) -> Option<(&'s Spot<'n>, bool)> {
    let follows = behind.filter(|spot| spot.column == column);
    let above = || {
        let above = before.iter().rev().find(|spot| spot.column <= column);
        above.filter(|spot| spot.column == column)
    };
    if let Some(spot) = follows.or_else(above) {
        return Some((spot, spot.is_item));
    }
    let spot = behind.or_else(|| before.last());
    spot.map(|spot| (spot, false))
}
