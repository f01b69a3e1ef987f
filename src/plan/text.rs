//! A plan for the terminal, at most 80 columns wide where names allow it.

use super::{
    change::{Action, Change, FieldChange, FieldOp, Shown},
    egress::write_egress,
    ordered::{Plan, Totals},
    recipients,
    suggest::write_suggestions,
    text_diff::TextDiffs,
    unserved,
};
use crate::model::ResourceId;
use serde_json::Value;
use std::fmt::Write as _;

/// Texts longer than this are not shown on one line.
const MAX_INLINE_CHARS: usize = 60;

/// Longest line where names allow it.
const COLUMNS: usize = 80;

/// Room for names behind `    affects `.
const AFFECTED_COLUMNS: usize = COLUMNS - 12;

/// A new resource shows this many of the fields it writes unless all are asked for.
const FIELDS_OF_NEW: usize = 8;

/// What to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// Every field of new resources.
    pub full: bool,
    /// Colour by ANSI sequences.
    pub color: bool,
}

/// The plan as text.
pub fn to_text(plan: &Plan, options: TextOptions) -> String {
    body(plan, options) + &unserved::sentence(plan)
}

/// The plan without the sentence about kinds that are not served.
pub(super) fn body(plan: &Plan, options: TextOptions) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        let _ = writeln!(
            out,
            "No changes: {} equals {}.",
            name(&plan.head),
            name(&plan.base)
        );
        return out;
    }
    let _ = writeln!(out, "Plan {}", plan.digest);
    let _ = writeln!(out, "  base  {}", name(&plan.base));
    let _ = writeln!(out, "  head  {}\n", name(&plan.head));
    let widest = plan
        .changes
        .iter()
        .map(|change| change.id.qualified_name().len())
        .max()
        .unwrap_or_default();
    for change in &plan.changes {
        let line = format!(
            "  {} {:<14} {:<widest$}  {}{}{}",
            change.action.symbol(),
            change.id.kind,
            change.id.qualified_name(),
            if change.action == Action::Delete {
                "was "
            } else {
                ""
            },
            change.origin,
            former_name(change, " (was ", ")"),
        );
        let _ = writeln!(out, "{}", paint(change.action, &line, options.color));
    }
    let telling = |change: &&Change| {
        change.action != Action::Delete || !change.fields.is_empty() || !change.affects.is_empty()
    };
    let mut texts = TextDiffs::new();
    for change in plan.changes.iter().filter(telling) {
        write_change(&mut out, change, options, &mut texts);
    }
    if !plan.routes.is_empty() {
        let _ = writeln!(out, "\nRoutes");
        for route in &plan.routes {
            let before = route.before.as_deref().unwrap_or("(new)");
            let after = route.after.as_deref().unwrap_or("(gone)");
            let (name, room) = (&route.name, COLUMNS - "  :  -> ".len());
            let width = [name, before, after].map(|text| text.chars().count());
            let arrow = if width.iter().sum::<usize>() > room {
                "\n    ->"
            } else {
                " ->"
            };
            let _ = writeln!(out, "  {name}: {before}{arrow} {after}");
        }
    }
    write_egress(&mut out, plan);
    write_suggestions(&mut out, plan);
    if let Some(closed) = &plan.schedule {
        let _ = writeln!(out, "\n{}", printable(&closed.note()));
    }
    let totals = plan.totals();
    let _ = writeln!(
        out,
        "\nPlan: {} to add, {} to change, {} to destroy{}, {} unchanged.",
        totals.add,
        totals.change,
        totals.destroy,
        to_move(totals),
        totals.unchanged
    );
    out
}

/// `, 1 to move` if any does.
pub(super) fn to_move(totals: Totals) -> String {
    match totals.moved {
        0 => String::new(),
        moved => format!(", {moved} to move"),
    }
}

/// The name that a resource had, between two texts; nothing if it is called as before.
fn former_name(change: &Change, before: &str, after: &str) -> String {
    let moved = change.moved.as_ref();
    moved.map_or_else(String::new, |moved| {
        format!("{before}{}{after}", moved.from.qualified_name())
    })
}

fn write_change(out: &mut String, change: &Change, options: TextOptions, texts: &mut TextDiffs) {
    let head = format!(
        "{} {} {}{}",
        change.action.symbol(),
        change.id.kind,
        former_name(change, "", " -> "),
        change.id.qualified_name()
    );
    if let Some(moved) = &change.moved {
        let head = paint(change.action, &head, options.color);
        let _ = writeln!(out, "\n{head}\n    moved by {}", moved.entry);
        return write_rest(out, change, options, texts);
    }
    let note = if change.id.kind == crate::model::Kind::Secret {
        "   values are never shown"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "\n{}{note}",
        paint(change.action, &head, options.color)
    );
    write_rest(out, change, options, texts);
}

fn write_rest(out: &mut String, change: &Change, options: TextOptions, texts: &mut TextDiffs) {
    let fields = shown_fields(change, options);
    let widths = fields.iter().map(|field| dotted(field).len());
    let widest = widths.max().unwrap_or_default();
    for field in &fields {
        write_field(out, field, change.action, widest.min(40), texts);
    }
    let hidden = change.fields.len() - fields.len();
    if hidden > 0 {
        let s = if hidden == 1 { "" } else { "s" };
        let _ = writeln!(out, "    ({hidden} more field{s}: --full)");
    }
    if !change.affects.is_empty() {
        let _ = writeln!(out, "    affects {}", affected(&change.affects));
    }
}

/// Of a new resource the first fields that its file writes; defaults have no line.
fn shown_fields(change: &Change, options: TextOptions) -> Vec<&FieldChange> {
    if change.action != Action::Create || options.full {
        return change.fields.iter().collect();
    }
    let written = change.fields.iter().filter(|field| field.line.is_some());
    written.take(FIELDS_OF_NEW).collect()
}

/// As many names as the line has room for, at least one, and how many more there are.
fn affected(ids: &[ResourceId]) -> String {
    let name = |id: &ResourceId| format!("{} {}", id.kind, id.qualified_name());
    let mut shown = String::new();
    for (index, id) in ids.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let next = format!("{shown}{separator}{}", name(id));
        let rest = match ids.len() - index - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if index > 0 && next.chars().count() + rest.len() > AFFECTED_COLUMNS {
            let _ = write!(shown, " and {} more", ids.len() - index);
            return shown;
        }
        shown = next;
    }
    shown
}

fn write_field(
    out: &mut String,
    field: &FieldChange,
    action: Action,
    width: usize,
    texts: &mut TextDiffs,
) {
    let path = dotted(field);
    if let Some((sign, key)) = recipients::of_file(field) {
        let _ = writeln!(out, "    {path:<width$}  {sign} {}", printable(key));
        return;
    }
    let line = field
        .line
        .map(|line| format!("  line {line}"))
        .unwrap_or_default();
    match &field.shown {
        Shown::Secret(words) => {
            let _ = writeln!(out, "    {path:<width$}  {words}{line}");
            if let Some(changed) = &field.recipients {
                recipients::write(out, changed);
            }
        }

        Shown::Values {
            before: Some(Value::String(before)),
            after: Some(Value::String(after)),
        } if before.contains('\n') || after.contains('\n') => {
            let _ = writeln!(out, "    {path:<width$}  text changed{line}");
            texts.write(out, before, after);
        }
        Shown::Values { before, after } => {
            let shown = match field.op {
                FieldOp::Add if action == Action::Create => inline(after.as_ref()),
                FieldOp::Add => format!("(none) -> {}", inline(after.as_ref())),
                FieldOp::Remove => format!("{} -> (none)", inline(before.as_ref())),
                FieldOp::Replace => {
                    format!("{} -> {}", inline(before.as_ref()), inline(after.as_ref()))
                }
            };
            let _ = writeln!(out, "    {path:<width$}  {shown}{line}");
        }
    }
}

/// A prompt may hold anything; the terminal gets nothing that moves the cursor or turns the reading
/// direction.
pub(super) fn printable(line: &str) -> String {
    let misleading = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    line.replace(misleading, "\u{fffd}")
}

/// `/spec/limits/max_steps` as people write it; a secret's value by its key.
fn dotted(field: &FieldChange) -> String {
    if recipients::of_file(field).is_some() {
        return "recipients".to_owned();
    }
    let pointer = field
        .pointer
        .trim_start_matches('/')
        .replace("spec/values/", "spec.values/");
    let path = pointer
        .replace('/', ".")
        .replace("~1", "/")
        .replace("~0", "~");
    printable(&path)
}

fn inline(value: Option<&Value>) -> String {
    let text = printable(&value.map(Value::to_string).unwrap_or_default());
    if text.chars().count() <= MAX_INLINE_CHARS {
        return text;
    }
    let start: String = text.chars().take(MAX_INLINE_CHARS - 1).collect();
    format!("{start}…")
}

fn name(revision: &str) -> &str {
    if revision.is_empty() {
        "(nothing)"
    } else {
        revision
    }
}

fn paint(action: Action, text: &str, color: bool) -> String {
    let code = match action {
        Action::Create => 32,
        Action::Update => 33,
        Action::Delete => 31,
        Action::Move => 36,
    };
    if color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
