//! How long opening the sealed values of a revision takes, beside the curve operations that the age format needs
//! for them, and the next revision with the same ciphertext.
//!
//! `bench/secrets`; fails if opening takes more than 1.3 times as long, or if unchanged values are opened again.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement prints what it found, and fails by panicking"
)]

use orloj::{
    manifest::{AssembleOptions, assemble, parse_file},
    reconcile::{OpenedSecrets, SecretFiles, SecretSources, SecretVariables},
    secrets::{Binding, Envelope, Keyring, Opened, Recipient, generate_identity, seal},
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

/// Most that opening may take, in units of the curve operations.
const MOST: f64 = 1.3;

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

/// The manifest of a secret with one value, sealed for its place.
fn manifest(name: &str, recipient: &Recipient) -> String {
    let place = Binding::new("default", name, "value");
    let plaintext = Envelope::seal(&place, &Opened::new("sk-0123456789".into()));
    let armored = seal(&plaintext, std::slice::from_ref(recipient)).expect("it can be sealed");
    let armored = armored.trim_end().replace('\n', "\n      ");
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  encryptedData:\n    value: |\n      {armored}\n"
    )
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let (identity, public) = generate_identity();
    let mut keyring = Keyring::default();
    let text = identity.expose_text().expect("an identity is text");
    let read = keyring.parse_identity_file("age.key", text);
    read.expect("an identity that was just made");
    let recipient = Recipient::parse(&public).expect("its public half");
    let files = (0..SECRETS).map(|number| {
        let name = format!("s{number}");
        let path = format!("{name}.yaml").as_str().into();
        Arc::new(parse_file(&path, manifest(&name, &recipient).as_bytes()))
    });
    let files: Vec<_> = files.collect();
    let (catalog, findings) = assemble(&files, AssembleOptions::default());
    assert!(findings.is_empty(), "{findings:?}");
    let all = catalog.iter().map(|resource| resource.id.clone()).collect();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let sources = SecretSources {
        keyring: &keyring,
        variables: &SecretVariables::default(),
        files: &SecretFiles::default(),
    };
    let (mut floors, mut opens, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(on_all_cores(cores, curve_operations));
        let mut opened = OpenedSecrets::default();
        let begun = Instant::now();
        opened.update(&catalog, sources, &all);
        opens.push(begun.elapsed());
        assert!(opened.findings().is_empty(), "every value opens");
        let begun = Instant::now();
        opened.update(&catalog, sources, &all);
        again.push(begun.elapsed());
    }
    let (floor, open, again) = (median(floors), median(opens), median(again));
    let ratio = open.as_secs_f64() / floor.as_secs_f64();
    println!("{SECRETS} values, {cores} cores, median of {ROUNDS} rounds");
    println!("curve operations  {floor:?}");
    println!("opened            {open:?}  ({ratio:.2} times)");
    println!("unchanged         {again:?}");
    assert!(ratio <= MOST, "{ratio:.2} times the curve operations");
    assert!(again < open / 4, "unchanged values are opened again");
}
