//! How long opening takes, beside the curve operations that the age format needs: `bench/secrets` runs it.
#![expect(clippy::print_stdout, reason = "a measurement")]

use super::{
    manifests::sealed_secret,
    rig::{key, sealed_for},
};
use crate::{
    manifest::{AssembleOptions, assemble, parse_file},
    reconcile::{SecretVariables, opening::OpenedSecrets},
};
use std::{
    hint::black_box,
    num::NonZero,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use x25519_dalek::{PublicKey, StaticSecret};

const SECRETS: usize = 1000;
const ROUNDS: usize = 9;

/// For each value a recipient is read off the identity, and a shared secret is made of the file's share.
fn curve_operations(count: usize) {
    let secret = StaticSecret::from([7; 32]);
    let share = PublicKey::from(&StaticSecret::from([9; 32]));
    for _ in 0..count {
        black_box(PublicKey::from(black_box(&secret)));
        black_box(secret.diffie_hellman(black_box(&share)));
    }
}

fn on_all_cores(cores: usize, work: impl Fn(usize) + Sync) -> Duration {
    let begun = Instant::now();
    let work = &work;
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(move || work(SECRETS / cores));
        }
    });
    begun.elapsed()
}

#[test]
#[ignore = "a measurement: `bench/secrets`"]
fn opening_a_thousand_values_costs_little_more_than_their_curve_operations() {
    let (keyring, recipient) = key();
    let files = (0..SECRETS).map(|number| {
        let name = format!("s{number}");
        let text = sealed_secret(&name, &sealed_for(&name, "sk-0123456789", &recipient));
        let path = format!("{name}.yaml").as_str().into();
        Arc::new(parse_file(&path, text.as_bytes()))
    });
    let files: Vec<_> = files.collect();
    let (catalog, findings) = assemble(&files, AssembleOptions::default());
    assert!(findings.is_empty(), "{findings:?}");
    let all = catalog.iter().map(|resource| resource.id.clone()).collect();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let variables = SecretVariables::default();
    let (mut floors, mut opens, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(on_all_cores(cores, curve_operations));
        let mut opened = OpenedSecrets::default();
        let begun = Instant::now();
        opened.update(&catalog, &keyring, &variables, &all);
        opens.push(begun.elapsed());
        assert_eq!(opened.findings().count(), 0);
        let begun = Instant::now();
        opened.update(&catalog, &keyring, &variables, &all);
        again.push(begun.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let (floor, open, again) = (median(&mut floors), median(&mut opens), median(&mut again));
    let ratio = open.as_secs_f64() / floor.as_secs_f64();
    println!("{SECRETS} values, {cores} cores, median of {ROUNDS} rounds");
    println!("curve operations  {floor:?}");
    println!("opened            {open:?}  ({ratio:.2} times)");
    println!("unchanged         {again:?}");
    assert!(ratio <= 1.3, "{ratio:.2} times the curve operations");
    assert!(again < open / 4, "unchanged values are opened again");
}
