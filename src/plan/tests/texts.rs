//! Many long texts in one plan are shown within one bound.

use super::{Revision, agent, between, endpoint, of_files};
use crate::{
    plan::{TextOptions, to_markdown, to_text},
    stopwatch::Stopwatch,
};
use std::time::Duration;

/// Generous: an unoptimised build on a busy machine stays far below.
const LIMIT: Duration = Duration::from_secs(30);

/// A prompt of many lines, none of which another `word` has.
fn prompt(word: &str, lines: usize) -> String {
    let lines: Vec<_> = (0..lines).map(|line| format!("{word} {line}")).collect();
    lines.join("\n") + "\n"
}

/// Agents with a prompt, in a file each.
fn agents(count: usize, prompt: &str) -> Revision {
    let mut files = vec![("small".to_owned(), endpoint("small", "s-1"))];
    files.extend((0..count).map(|number| {
        let name = format!("a{number:03}");
        let text = agent(&name, "small", prompt);
        (name, text)
    }));
    of_files(&files)
}

const NOT_COMPARED: &str = "5000 -> 5000 lines, not compared: the plan holds too many long texts\n";

#[test]
fn long_texts_beyond_the_bound_of_a_plan_are_told_by_their_length() {
    let plan = between(
        &agents(100, &prompt("before", 5_000)),
        &agents(100, &prompt("after", 5_000)),
    );
    for show in [
        |plan: &_| to_text(plan, TextOptions::default()),
        |plan: &_| to_markdown(plan),
    ] {
        let start = Stopwatch::start();
        let text = show(&plan);
        let took = start.elapsed();
        assert!(took < LIMIT, "{took:?}");
        // Each is named, some are compared, and the others are told.
        assert_eq!(text.matches("text changed").count(), 100);
        assert_eq!(text.matches("-before 4999\n").count(), 39);
        assert_eq!(text.matches(NOT_COMPARED).count(), 61);
    }
}

#[test]
fn small_changes_of_many_long_texts_are_all_shown() {
    let long = prompt("same", 2_000);
    let other = long.replace("same 1000\n", "other\n");
    let plan = between(&agents(200, &long), &agents(200, &other));
    let text = to_text(&plan, TextOptions::default());
    assert_eq!(text.matches("-same 1000\n").count(), 200);
    assert_eq!(text.matches("+other\n").count(), 200);
    assert!(!text.contains("not compared"), "every one is shown");
}
