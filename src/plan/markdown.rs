//! A plan as Markdown, for comments on pull requests.

use super::{
    change::Action,
    ordered::Plan,
    text::{TextOptions, body, to_move},
    unserved,
};
use std::fmt::Write as _;

/// The plan as Markdown: a summary, a table, and the details folded.
pub fn to_markdown(plan: &Plan) -> String {
    let totals = plan.totals();
    let mut out = String::new();
    if plan.is_empty() {
        let _ = writeln!(out, "### orloj plan: no changes");
        return out;
    }
    let _ = writeln!(
        out,
        "### orloj plan: {} to add, {} to change, {} to destroy{}\n",
        totals.add,
        totals.change,
        totals.destroy,
        to_move(totals)
    );
    let _ = writeln!(out, "| | kind | name | file |\n|---|---|---|---|");
    for change in &plan.changes {
        let action = match change.action {
            Action::Create => "add",
            Action::Update => "change",
            Action::Delete => "destroy",
            Action::Move => "move",
        };
        let mut name = escape(&change.id.qualified_name());
        if let Some(moved) = &change.moved {
            let _ = write!(name, " (was {})", escape(&moved.from.qualified_name()));
        }
        let file = escape(&change.origin.to_string());
        let _ = writeln!(out, "| {action} | {} | {name} | {file} |", change.id.kind);
    }
    for egress in &plan.egress {
        let _ = writeln!(
            out,
            "\n> **Credential egress**: {} would be sent to {} by {} ({})",
            escape(&egress.sent()),
            escape(&egress.host),
            escape(&egress.endpoint.to_string()),
            escape(&egress.origin.to_string())
        );
    }
    if let Some(closed) = &plan.schedule {
        let _ = writeln!(out, "\n{}", closed.goes_live());
    }
    let unserved = unserved::sentence(plan).replace('\n', " ");
    if !unserved.is_empty() {
        let _ = writeln!(out, "\n{}", unserved.trim_end());
    }
    let details = body(
        plan,
        TextOptions {
            full: true,
            color: false,
        },
    );
    let fence = fence_for(&details);
    let _ = writeln!(
        out,
        "\n<details><summary>Details</summary>\n\n{fence}text\n{details}{fence}\n\n</details>"
    );
    out
}

/// Nothing in a name or path may end a cell, a code span or mention a person.
fn escape(text: &str) -> String {
    let safe: String = text
        .chars()
        .filter(|c| !c.is_control() && *c != '`' && *c != '|')
        .collect();
    format!("`{safe}`")
}

/// A fence longer than any run of back-ticks inside.
fn fence_for(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}
