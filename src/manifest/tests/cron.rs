//! Times of a schedule.

use crate::manifest::cron::check;

#[test]
fn five_fields_of_numbers_ranges_lists_and_steps_are_read() {
    for text in [
        "* * * * *",
        "0 9 * * 1",
        "*/15 0-6,22 1,15 1-12/2 0,7",
        "5/10 23 31 12 7",
        "  0\t0 1 1 0  ",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_field_is_said() {
    for (text, words) in [
        ("* * * *", "this one has 4"),
        ("", "this one has 0"),
        ("@daily", "this one has 1"),
        ("60 * * * *", "its minute must be from 0 to 59, not 60"),
        ("* 24 * * *", "its hour must be from 0 to 23, not 24"),
        ("* * 0 * *", "its day of month must be from 1 to 31, not 0"),
        ("* * * 13 *", "its month must be from 1 to 12, not 13"),
        ("* * * * 8", "its day of week must be from 0 to 7, not 8"),
        ("* * * JAN *", "its month `JAN` is no `*`, number or range"),
        ("*/0 * * * *", "its minute `*/0` is no"),
        ("1, * * * *", "its minute `` is no"),
        ("+1 * * * *", "its minute `+1` is no"),
        ("99999999999 * * * *", "its minute `99999999999` is no"),
        (
            "9-5 * * * *",
            "its minute range `9-5` ends before it begins",
        ),
        (
            "* * * * 5-7",
            "its day of week range `5-7` ends before it begins",
        ),
    ] {
        let error = check(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
