//! The committed seeds of `fuzz/`, through the same checks: what was found once stays found.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../fuzz/src/lib.rs"]
mod checks;

use std::{fs, path::Path};

/// Every seed, and some ways to break each.
fn each_seed(check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = 0;
    for entry in fs::read_dir(folder).expect("the seeds can be listed") {
        let path = entry.expect("a seed has a name").path();
        let seed = fs::read(&path).expect("a seed can be read");
        // Printed if the check fails.
        println!("{}", path.display());
        check(&seed);
        check(&seed[..seed.len() / 2]);
        seeds += 1;
    }
    assert!(seeds > 50, "only {seeds} seeds found");
}

#[test]
fn seeds_are_read_within_limits() {
    each_seed(checks::reader::check);
}

#[test]
fn findings_of_seeds_point_into_them() {
    each_seed(checks::positions::check);
}

#[test]
fn orders_of_seeds_are_decoded_joined_and_planned() {
    each_seed(checks::decoders::check);
}

#[test]
fn resources_of_seeds_survive_being_written() {
    each_seed(checks::idempotence::check);
}

#[test]
fn seeds_as_sealed_files_are_refused_or_stay_closed() {
    each_seed(checks::sealed::check);
}

#[test]
fn seeds_are_read_as_libyaml_reads_them() {
    each_seed(checks::differential::check);
}

#[test]
fn seeds_are_asked_and_answered_in_every_dialect() {
    each_seed(checks::dialects::check);
}

#[test]
fn seeds_are_cut_into_lines_alike() {
    each_seed(checks::lines::check);
}
