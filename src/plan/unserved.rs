//! Kinds of a plan that are checked and linked, and then nothing acts on them.

use super::{change::Action, ordered::Plan};
use crate::model::Kind;
use std::collections::BTreeSet;

/// Longest line where names allow it.
const COLUMNS: usize = 80;

/// The kinds of new and changed resources that this version validates and does not serve, in layer order.
pub(super) fn kinds(plan: &Plan) -> BTreeSet<Kind> {
    let wanted = plan
        .changes
        .iter()
        .filter(|change| change.action != Action::Delete);
    let kinds = wanted.map(|change| change.id.kind);
    kinds.filter(|kind| !kind.is_served()).collect()
}

/// The sentence that names them, broken into lines; empty if there are none.
pub(super) fn sentence(plan: &Plan) -> String {
    let kinds = kinds(plan);
    let mut lines = String::new();
    let mut width = 0;
    let Some(last) = kinds.last() else {
        return lines;
    };
    let words = "Validated, not served by this version:"
        .split(' ')
        .map(str::to_owned);
    let names = kinds
        .iter()
        .map(|kind| format!("{kind}{}", if kind == last { "." } else { "," }));
    for word in words.chain(names) {
        if width > 0 && width + 1 + word.len() > COLUMNS {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(&word);
        width += word.len();
    }
    lines.push('\n');
    lines
}
