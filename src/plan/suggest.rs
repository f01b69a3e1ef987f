//! What looks as if it were only called otherwise.

use super::{
    change::{Action, Change, Suggestion},
    ordered::Plan,
};
use crate::model::{Catalog, Digest, MovePlace, Resource, ResourceId};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

/// At most so many pairs are compared field by field: the cost follows the change, not its square.
const MOST_COMPARISONS: usize = 2_000;

/// At most so many are printed; JSON has them all.
const SHOWN: usize = 5;

/// Hundredths of the fields that are to be the same.
const ALIKE_PERCENT: usize = 80;

/// From this many like moves on, a directory says it shorter.
const WORTH_A_DIRECTORY: usize = 3;

/// What is pruned with something new beside it that says the same, or nearly.
pub(super) fn suggestions(base: &Catalog, head: &Catalog, changes: &[Change]) -> Vec<Suggestion> {
    let of = |action: Action, catalog: &Catalog| -> Vec<Arc<Resource>> {
        let changes = changes.iter().filter(|change| change.action == action);
        changes
            .filter_map(|change| catalog.get(&change.id).cloned())
            .collect()
    };
    let gone = of(Action::Delete, base);
    if gone.is_empty() {
        return Vec::new();
    }
    let new = of(Action::Create, head);
    let mut pairs = Pairs::default();
    pairs.identical(&gone, &new);
    pairs.alike(&gone, &new);
    shortened(pairs.found)
}

#[derive(Default)]
struct Pairs {
    gone: BTreeSet<ResourceId>,
    new: BTreeSet<ResourceId>,
    found: Vec<(Arc<Resource>, Arc<Resource>)>,
}

impl Pairs {
    /// Those whose specs are the same; of several those of one name, then of one namespace, first.
    fn identical(&mut self, gone: &[Arc<Resource>], new: &[Arc<Resource>]) {
        let of = |resources: &[Arc<Resource>]| -> Vec<_> {
            let resources = resources.iter();
            resources
                .map(|one| {
                    (
                        one.clone(),
                        Digest::of_parts([one.value().to_string().as_bytes()]),
                    )
                })
                .collect()
        };
        let (gone, new) = (of(gone), of(new));
        let nearness: [fn(&ResourceId) -> &str; 3] = [|id| &id.name, |id| &id.namespace, |_| ""];
        for near in nearness {
            let mut candidates: BTreeMap<_, Vec<_>> = BTreeMap::new();
            // The last is taken first.
            for (to, spec) in new.iter().rev() {
                if !self.new.contains(&to.id) {
                    let key = (to.id.kind, *spec, near(&to.id));
                    candidates.entry(key).or_default().push(to);
                }
            }
            for (from, spec) in &gone {
                if self.gone.contains(&from.id) {
                    continue;
                }
                let key = (from.id.kind, *spec, near(&from.id));
                if let Some(to) = candidates.get_mut(&key).and_then(Vec::pop) {
                    self.pair(from, to);
                }
            }
        }
    }

    /// Those that differ in few fields.
    fn alike(&mut self, gone: &[Arc<Resource>], new: &[Arc<Resource>]) {
        let mut left = MOST_COMPARISONS;
        for from in gone {
            if self.gone.contains(&from.id) {
                continue;
            }
            let new = new.iter().filter(|to| to.id.kind == from.id.kind);
            let mut best = None;
            for to in new {
                if self.new.contains(&to.id) {
                    continue;
                }
                if left == 0 {
                    return;
                }
                left -= 1;
                let same = percent_same(&from.value(), &to.value());
                if same >= ALIKE_PERCENT && best.as_ref().is_none_or(|(most, _)| same > *most) {
                    best = Some((same, to.clone()));
                }
            }
            if let Some((_, to)) = best {
                self.pair(from, &to);
            }
        }
    }

    fn pair(&mut self, from: &Arc<Resource>, to: &Arc<Resource>) {
        self.gone.insert(from.id.clone());
        self.new.insert(to.id.clone());
        self.found.push((from.clone(), to.clone()));
    }
}

/// How many hundredths of the fields of either are the same.
fn percent_same(one: &Value, other: &Value) -> usize {
    let (mut one_leaves, mut other_leaves) = (BTreeMap::new(), BTreeMap::new());
    leaves(one, &mut String::new(), &mut one_leaves);
    leaves(other, &mut String::new(), &mut other_leaves);
    let same = one_leaves
        .iter()
        .filter(|(pointer, value)| other_leaves.get(*pointer) == Some(value));
    let same = same.count();
    let all: BTreeSet<_> = one_leaves.keys().chain(other_leaves.keys()).collect();
    same * 100 / all.len().max(1)
}

fn leaves<'a>(value: &'a Value, pointer: &mut String, into: &mut BTreeMap<String, &'a Value>) {
    let length = pointer.len();
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                crate::model::push_token(pointer, key);
                leaves(value, pointer, into);
                pointer.truncate(length);
            }
        }
        leaf => drop(into.insert(pointer.clone(), leaf)),
    }
}

/// Pairs as entries: one directory for many that went the same way.
fn shortened(found: Vec<(Arc<Resource>, Arc<Resource>)>) -> Vec<Suggestion> {
    let mut ways: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (from, to) in found {
        let way = directories(&from.origin.file, &to.origin.file);
        ways.entry(way).or_default().push((from, to));
    }
    let mut suggestions = BTreeSet::new();
    for (way, pairs) in ways {
        match way {
            Some((from, to)) if pairs.len() >= WORTH_A_DIRECTORY => {
                let place = |path: String| MovePlace::Directory(path.into());
                suggestions.insert(Suggestion {
                    from: place(from),
                    to: place(to),
                });
            }
            _ => suggestions.extend(pairs.iter().map(|(from, to)| Suggestion {
                from: MovePlace::Object(from.id.clone()),
                to: MovePlace::Object(to.id.clone()),
            })),
        }
    }
    suggestions.into_iter().collect()
}

/// What differs of two paths that end alike: `teams/eu/` and `teams/emea/` of `teams/eu/a.yaml` and
/// `teams/emea/a.yaml`. Where sources have labels, both must have the same, and it is left out.
fn directories(from: &str, to: &str) -> Option<(String, String)> {
    let (mut from, mut to) = (from, to);
    if let (Some((one, from_path)), Some((other, to_path))) =
        (from.split_once(':'), to.split_once(':'))
    {
        if one != other {
            return None;
        }
        (from, to) = (from_path, to_path);
    }
    let mut is_below = false;
    loop {
        let (one, other) = (from.rsplit_once('/'), to.rsplit_once('/'));
        let ((from_rest, one), (to_rest, other)) = (one?, other?);
        if one != other {
            break;
        }
        (from, to, is_below) = (from_rest, to_rest, true);
        if !from.contains('/') || !to.contains('/') {
            break;
        }
    }
    let differ = is_below && from != to;
    differ.then(|| (format!("{from}/"), format!("{to}/")))
}

/// `Renamed? add  moved: …` for what looks renamed.
pub(super) fn write_suggestions(out: &mut String, plan: &Plan) {
    if plan.suggestions.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\nRenamed? Then say so in a file of the same commit:\n  moved:"
    );
    for suggestion in plan.suggestions.iter().take(SHOWN) {
        let _ = writeln!(out, "    {}", suggestion.entry());
    }
    let more = plan.suggestions.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "  ({more} more: -o json)");
    }
}

impl Suggestion {
    /// As it is written below `moved:`.
    pub fn entry(&self) -> String {
        format!("- {{from: {}, to: {}}}", self.from, self.to)
    }
}
