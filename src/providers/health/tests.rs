//! Circuits and budgets, by a clock that only moves when it is told to.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Health, MOST_MODELS, Standing};
use crate::{
    chat::ApiError,
    model::spec::{EndpointBreaker, EndpointRetry, ModelEndpointSpec},
};
use std::time::{Duration, Instant};

fn health(breaker: EndpointBreaker, budget_percent: Option<u32>) -> Health {
    let retry = EndpointRetry {
        budget_percent,
        ..EndpointRetry::default()
    };
    let spec = ModelEndpointSpec {
        retry,
        breaker,
        ..serde_json::from_str("{}").unwrap()
    };
    Health::read(&spec).unwrap()
}

fn after(failures: u32, pause: &str) -> Health {
    let breaker = EndpointBreaker {
        failures: Some(failures),
        pause: Some(pause.into()),
    };
    health(breaker, None)
}

fn failure() -> ApiError {
    ApiError::new(502, "upstream_error", "down").with_detail("retryable", true)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_circuit_opens_after_failures_one_after_the_other() {
    let (health, now) = (after(3, "10s"), Instant::now());
    health.note("m", Some(&failure()), now, now);
    health.note("m", Some(&failure()), now, now);
    health.note("m", None, now, now);
    health.note("m", Some(&failure()), now, now);
    health.note("m", Some(&failure()), now, now);
    assert_eq!(health.standing("m", now), Standing::Well);
    health.note("m", Some(&failure()), now, now);
    let until = now + seconds(10);
    assert_eq!(health.standing("m", now), Standing::LeftAlone { until });
    assert_eq!(health.standing("another model", now), Standing::Well);
}

#[test]
fn what_is_the_clients_fault_opens_nothing_and_shows_that_the_provider_answers() {
    let (health, now) = (after(2, "10s"), Instant::now());
    let refused = ApiError::invalid_request("no").with_detail("retryable", false);
    for _ in 0..5 {
        health.note("m", Some(&failure()), now, now);
        health.note("m", Some(&refused), now, now);
    }
    assert_eq!(health.standing("m", now), Standing::Well);
}

#[test]
fn one_call_tries_whether_it_is_well_again() {
    let (health, now) = (after(1, "10s"), Instant::now());
    health.note("m", Some(&failure()), now, now);
    let later = now + seconds(10);
    assert_eq!(health.standing("m", later), Standing::Probed);
    assert!(matches!(
        health.standing("m", later),
        Standing::LeftAlone { .. }
    ));
    health.note("m", None, later, later);
    assert_eq!(health.standing("m", later), Standing::Well);
}

#[test]
fn a_probe_that_fails_opens_for_twice_as_long_and_one_that_is_given_up_is_made_again() {
    let (health, now) = (after(1, "10s"), Instant::now());
    health.note("m", Some(&failure()), now, now);
    let later = now + seconds(10);
    assert_eq!(health.standing("m", later), Standing::Probed);
    health.note("m", Some(&failure()), later, later);
    let until = later + seconds(20);
    assert_eq!(health.standing("m", later), Standing::LeftAlone { until });
    assert_eq!(health.standing("m", until), Standing::Probed);
    // Its client left; nothing is ever heard of it.
    assert_eq!(health.standing("m", until + seconds(60)), Standing::Probed);
}

#[test]
fn calls_that_were_under_way_when_it_opened_do_not_prolong_it() {
    let (health, now) = (after(1, "10s"), Instant::now());
    for _ in 0..50 {
        health.note("m", Some(&failure()), now, now);
    }
    let until = now + seconds(10);
    assert_eq!(health.standing("m", now), Standing::LeftAlone { until });
}

#[test]
fn a_provider_that_names_a_pause_is_left_alone_for_it_but_not_for_ever() {
    for (asked, pause) in [("30", 30), ("3", 10), ("86400", 300)] {
        let (health, now) = (after(1, "10s"), Instant::now());
        let error = failure().with_header("retry-after", asked);
        health.note("m", Some(&error), now, now);
        let until = now + seconds(pause);
        assert_eq!(health.standing("m", now), Standing::LeftAlone { until });
    }
}

#[test]
fn a_breaker_of_no_failures_is_off() {
    let (health, now) = (after(0, "10s"), Instant::now());
    for _ in 0..50 {
        health.note("m", Some(&failure()), now, now);
    }
    assert_eq!(health.standing("m", now), Standing::Well);
}

#[test]
fn names_that_clients_make_up_are_bounded() {
    let (health, now) = (after(1, "10s"), Instant::now());
    for number in 0..2 * MOST_MODELS {
        health.note(&format!("model-{number}"), Some(&failure()), now, now);
    }
    assert_eq!(health.circuits().len(), MOST_MODELS);
}

#[test]
fn repetitions_are_a_share_of_first_calls() {
    let (health, now) = (health(EndpointBreaker::default(), Some(20)), Instant::now());
    let take = |now| {
        let taken = std::iter::repeat_with(|| health.may_repeat(now));
        taken.take_while(|is_taken| *is_taken).count()
    };
    assert_eq!(take(now), 10, "the reserve");
    for _ in 0..20 {
        health.count_first_call();
    }
    assert_eq!(take(now), 4);
    assert_eq!(take(now + seconds(3)), 3);
    assert_eq!(take(now + seconds(3_600)), 10, "no more than the reserve");
}

#[test]
fn a_budget_of_nothing_repeats_nothing() {
    let health = health(EndpointBreaker::default(), Some(0));
    health.count_first_call();
    assert!(!health.may_repeat(Instant::now()));
}
