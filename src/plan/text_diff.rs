//! Differences of long texts, with a bound for each and one for the whole plan.

use similar::TextDiff;
use std::{fmt::Write as _, time::Duration};

/// Time for one text; a coarser difference is shown when it runs out.
const DEADLINE: Duration = Duration::from_millis(50);

/// What one text costs at most, in steps: what an optimised build does until the deadline.
const STEPS_OF_A_TEXT: u64 = 30_000_000;

/// What the texts of a plan may cost together: about two seconds. Counted and not measured, so that a
/// plan reads the same on every machine.
const STEPS_OF_A_PLAN: u64 = 40 * STEPS_OF_A_TEXT;

/// Steps that a line costs even if it is the same in both texts.
const STEPS_OF_A_LINE: u64 = 64;

/// What is left of a plan's bound.
pub(super) struct TextDiffs {
    left: u64,
}

impl TextDiffs {
    pub(super) fn new() -> Self {
        Self {
            left: STEPS_OF_A_PLAN,
        }
    }

    /// Writes the lines that differ, or only how many there are if the plan's bound is used up.
    pub(super) fn write(&mut self, out: &mut String, before: &str, after: &str) {
        let steps = steps(before, after);
        let Some(left) = self.left.checked_sub(steps) else {
            let [old, new] = [before, after].map(|text| text.lines().count());
            let _ = writeln!(
                out,
                "      {old} -> {new} lines, not compared: the plan holds too many long texts"
            );
            return;
        };
        self.left = left;
        let diff = TextDiff::configure()
            .timeout(DEADLINE)
            .diff_lines(before, after);
        let shown = diff
            .unified_diff()
            .context_radius(1)
            .missing_newline_hint(false)
            .to_string();
        for line in shown.lines() {
            let _ = writeln!(out, "      {}", super::text::printable(line));
        }
    }
}

/// What a comparison costs at most: the square of the lines that are not the same at both ends (Myers 1986).
fn steps(before: &str, after: &str) -> u64 {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let both = old.iter().zip(&new);
    let head = both.take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let both = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = both.take_while(|(old, new)| old == new).count();
    let differing = (old_rest.len() + new_rest.len() - 2 * tail) as u64;
    let lines = (old.len() + new.len()) as u64;
    differing.saturating_mul(differing).min(STEPS_OF_A_TEXT) + lines * STEPS_OF_A_LINE
}
