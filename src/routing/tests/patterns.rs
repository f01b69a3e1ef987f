//! Wildcards.

use super::{build, endpoint};
use crate::{routing::Pattern, stopwatch::Stopwatch};
use proptest::prelude::{prop_assert_eq, proptest};

fn fits(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).unwrap().matches(name)
}

#[test]
fn text_without_a_star_is_no_pattern() {
    assert!(Pattern::parse("gpt-4").is_none());
    assert_eq!(Pattern::parse("gpt-*-x*").unwrap().literals(), 6);
}

#[test]
fn al_08_every_character_but_the_star_means_itself() {
    assert!(fits("test.*", "test.v1"));
    assert!(!fits("test.*", "testXv1"));
    assert!(fits("a?[b]*", "a?[b]c"));
    assert!(!fits("a?*", "ab"));
}

#[test]
fn ends_may_not_overlap_in_the_name() {
    assert!(!fits("ab*ba", "aba"));
    assert!(fits("ab*ba", "abba"));
    assert!(fits("*", ""));
    assert!(fits("**", "x"));
    assert!(fits("ü*ß", "üäß"));
}

#[test]
fn thousands_of_tied_wildcards_are_reported_up_to_a_limit() {
    let lines = |shape: &dyn Fn(u32) -> String| -> String {
        let aliases = (1_000..4_000).map(|number| format!("    '{}': m\n", shape(number)));
        "  model_aliases:\n".to_owned() + &aliases.collect::<String>()
    };
    let start = Stopwatch::start();
    for (ties, text) in [
        (100, lines(&|number| format!("*{number}*"))),
        (0, lines(&|number| format!("{number}-*"))),
        (0, lines(&|number| format!("*-{number}"))),
    ] {
        assert_eq!(build(&endpoint("e", &text)).1.summary().errors, ties);
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Whether `pattern` fits `name`, by trying every way.
fn brute(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), None) => brute(&pattern[1..], name),
        (Some(b'*'), Some(_)) => brute(&pattern[1..], name) || brute(pattern, &name[1..]),
        (Some(a), Some(b)) => a == b && brute(&pattern[1..], &name[1..]),
        _ => false,
    }
}

/// Every name of `a` and `b` with up to eight letters.
fn names() -> impl Iterator<Item = Vec<u8>> {
    (0..=8_u32).flat_map(|length| {
        (0..1_u32 << length).map(move |bits| {
            (0..length)
                .map(|at| if bits >> at & 1 == 0 { b'a' } else { b'b' })
                .collect()
        })
    })
}

proptest! {
    #[test]
    fn matches_is_what_trying_every_way_says(pattern in "[ab*]{0,5}\\*[ab*]{0,4}", name in "[ab]{0,8}") {
        prop_assert_eq!(fits(&pattern, &name), brute(pattern.as_bytes(), name.as_bytes()));
    }

    /// Patterns with up to four literals each overlap, if at all, in a name of up to eight letters.
    #[test]
    fn overlaps_says_whether_some_name_fits_both(
        a in "[ab*]{0,2}\\*[ab*]{0,2}",
        b in "[ab*]{0,2}\\*[ab*]{0,2}",
    ) {
        let (left, right) = (Pattern::parse(&a).unwrap(), Pattern::parse(&b).unwrap());
        let expected = names().any(|name| brute(a.as_bytes(), &name) && brute(b.as_bytes(), &name));
        prop_assert_eq!(left.overlaps(&right), expected, "{} {}", a, b);
        prop_assert_eq!(right.overlaps(&left), expected);
    }
}

#[test]
fn tens_of_thousands_of_wildcards_without_a_tie_are_compared_in_time() {
    let shapes: [fn(u32) -> String; 3] = [
        |number| format!("a{number}*"),
        |number| format!("*-{number}"),
        |number| format!("{}*{}", number % 100 + 100, number),
    ];
    for shape in shapes {
        let aliases = (10_000..30_000).map(|number| format!("    '{}': x\n", shape(number)));
        let text = endpoint(
            "e",
            &format!("  model_aliases:\n{}", aliases.collect::<String>()),
        );
        let catalog = super::read(&text);
        let start = Stopwatch::start();
        let (_, findings) = super::compile(&catalog);
        let took = start.elapsed();
        assert_eq!(findings.summary().errors, 0);
        assert!(took.as_secs() < 20, "{took:?}");
    }
}
