//! Limits are kept exactly, however many ask at once.

use crate::{
    gateway::ledger::{Amount, Exceeded, Ledger, Limited, Measure, Reservation, Scope},
    model::{Kind, Origin, ResourceId, spec::LimitWindow},
    routing::LimitRule,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// 2026-11-23, 09:00:30 UTC.
const NOW_US: i64 = 1_795_424_430_000_000;
const MINUTE_US: i64 = 60_000_000;

fn rule(window: LimitWindow, requests: Option<u64>, tokens: Option<u64>) -> LimitRule {
    LimitRule {
        window,
        requests,
        tokens,
        cost_microdollars: None,
        origin: Origin::file("key.yaml"),
    }
}

fn key(name: &str) -> Scope {
    Scope::Key(ResourceId::new(Kind::ApiKey, "default", name))
}

fn amount(tokens: u64) -> Amount {
    Amount {
        tokens,
        cost_microdollars: Some(tokens),
    }
}

fn ask(
    ledger: &Ledger,
    scopes: &[(Scope, &LimitRule)],
    tokens: u64,
    now_us: i64,
) -> Result<Reservation, Box<Exceeded>> {
    let limited = scopes.iter().map(|(scope, rule)| Limited {
        scope: scope.clone(),
        rules: vec![*rule],
    });
    ledger.reserve(limited.collect(), amount(tokens), now_us)
}

#[test]
fn limit_is_reached_exactly_and_starts_anew_with_the_window() {
    let ledger = Ledger::default();
    let rule = rule(LimitWindow::Minute, Some(3), None);
    let scopes = [(key("ci"), &rule)];
    for left in [2, 1, 0] {
        let reserved = ask(&ledger, &scopes, 5, NOW_US).unwrap();
        let room = reserved.requests.unwrap();
        assert_eq!((room.most, room.left), (3, left));
    }
    let exceeded = ask(&ledger, &scopes, 5, NOW_US).unwrap_err();
    assert_eq!(exceeded.measure, Measure::Requests);
    assert_eq!((exceeded.most, exceeded.used), (3, 3));
    assert_eq!(exceeded.resets_us, NOW_US + MINUTE_US / 2);
    assert!(!exceeded.is_for_ever());
    // The last microsecond of the window, and the first of the next.
    assert!(ask(&ledger, &scopes, 5, exceeded.resets_us - 1).is_err());
    assert!(ask(&ledger, &scopes, 5, exceeded.resets_us).is_ok());
}

#[test]
fn worst_case_is_held_until_it_is_settled() {
    let ledger = Ledger::default();
    let rule = rule(LimitWindow::Day, None, Some(1_000));
    let scopes = [(key("ci"), &rule)];
    let first = ask(&ledger, &scopes, 600, NOW_US).unwrap();
    let exceeded = ask(&ledger, &scopes, 600, NOW_US).unwrap_err();
    assert_eq!(exceeded.measure, Measure::Tokens);
    assert_eq!((exceeded.used, exceeded.needed), (600, Some(600)));
    first.settle(amount(100));
    let second = ask(&ledger, &scopes, 600, NOW_US).unwrap();
    assert_eq!(second.tokens.unwrap().left, 300);
    // What nobody settles stays as it was reserved.
    drop(second);
    let last = ask(&ledger, &scopes, 300, NOW_US).unwrap();
    // More than was reserved counts too.
    last.settle(amount(5_000));
    assert_eq!(ask(&ledger, &scopes, 0, NOW_US).unwrap_err().used, 5_700);
}

#[test]
fn settling_after_the_window_leaves_the_next_one_alone() {
    let ledger = Ledger::default();
    let rule = rule(LimitWindow::Minute, None, Some(1_000));
    let scopes = [(key("ci"), &rule)];
    let early = ask(&ledger, &scopes, 900, NOW_US).unwrap();
    let late = ask(&ledger, &scopes, 900, NOW_US + MINUTE_US).unwrap();
    early.settle(amount(0));
    assert!(ask(&ledger, &scopes, 900, NOW_US + MINUTE_US).is_err());
    late.settle(amount(0));
    assert!(ask(&ledger, &scopes, 900, NOW_US + MINUTE_US).is_ok());
}

#[test]
fn a_request_that_one_scope_refuses_uses_nothing_of_the_others() {
    let ledger = Ledger::default();
    let (wide, tight) = (
        rule(LimitWindow::Hour, Some(10), None),
        rule(LimitWindow::Hour, Some(1), None),
    );
    let namespace = Scope::Namespace("default".into());
    let both = [(key("ci"), &wide), (namespace, &tight)];
    ask(&ledger, &both, 1, NOW_US).unwrap();
    for _ in 0..20 {
        let exceeded = ask(&ledger, &both, 1, NOW_US).unwrap_err();
        assert_eq!(exceeded.scope, Scope::Namespace("default".into()));
    }
    let alone = [(key("ci"), &wide)];
    assert_eq!(
        ask(&ledger, &alone, 1, NOW_US)
            .unwrap()
            .requests
            .unwrap()
            .left,
        8
    );
}

#[test]
fn what_never_fits_and_what_has_no_price_is_told_apart() {
    let ledger = Ledger::default();
    let small = rule(LimitWindow::Day, None, Some(100));
    let exceeded = ask(&ledger, &[(key("ci"), &small)], 101, NOW_US).unwrap_err();
    assert!(exceeded.is_for_ever());
    let costly = LimitRule {
        tokens: None,
        cost_microdollars: Some(1),
        ..small
    };
    let limited = vec![Limited {
        scope: key("ci"),
        rules: vec![&costly],
    }];
    let unpriced = Amount {
        tokens: 1,
        cost_microdollars: None,
    };
    let exceeded = ledger.reserve(limited, unpriced, NOW_US).unwrap_err();
    assert_eq!((exceeded.measure, exceeded.needed), (Measure::Cost, None));
}

#[test]
fn other_limits_of_a_new_revision_find_the_counters_as_they_were() {
    let ledger = Ledger::default();
    let before = rule(LimitWindow::Day, Some(5), None);
    for _ in 0..4 {
        ask(&ledger, &[(key("ci"), &before)], 1, NOW_US).unwrap();
    }
    let after = rule(LimitWindow::Day, Some(4), None);
    assert_eq!(
        ask(&ledger, &[(key("ci"), &after)], 1, NOW_US)
            .unwrap_err()
            .used,
        4
    );
    assert!(ask(&ledger, &[(key("other"), &after)], 1, NOW_US).is_ok());
}

#[test]
fn many_at_once_never_pass_a_limit_and_never_leave_any_of_it() {
    const THREADS: usize = 8;
    const EACH: usize = 2_000;
    let ledger = Arc::new(Ledger::default());
    let granted = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (ledger, granted) = (ledger.clone(), granted.clone());
            thread::spawn(move || {
                let requests = rule(LimitWindow::Day, Some(5_000), None);
                let tokens = rule(LimitWindow::Day, None, Some(30_000));
                let namespace = Scope::Namespace("default".into());
                let one = [(key("ci"), &requests), (namespace.clone(), &tokens)];
                let other = [(namespace, &tokens), (key("ci"), &requests)];
                for round in 0..EACH {
                    // Asked in either order, reserved in one.
                    let scopes = if (thread + round) % 2 == 0 {
                        &one
                    } else {
                        &other
                    };
                    if let Ok(reserved) = ask(&ledger, scopes, 10, NOW_US) {
                        reserved.settle(amount(4));
                        granted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // 5,000 requests of 4 tokens fit into 30,000, so that the requests are what is limited.
    assert_eq!(granted.load(Ordering::Relaxed), 5_000);
    let tokens = rule(LimitWindow::Day, None, Some(20_000));
    let namespace = [(Scope::Namespace("default".into()), &tokens)];
    let reserved = ask(&ledger, &namespace, 0, NOW_US).unwrap();
    assert_eq!(reserved.tokens.unwrap().left, 0);
}
