//! Time as a machine of our own would have measured it.

use std::{
    fs,
    time::{Duration, Instant},
};

/// What `/proc/stat` counts in: hundredths of a second, whatever the kernel's own tick is (proc(5), `USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// The column of `/proc/stat` that counts what a hypervisor gave to others while this machine had work to do.
const STOLEN: usize = 8;

/// A stopwatch that stands still while the machine's processors are lent to others.
///
/// The bounds of the tests are for a machine that runs when it has something to do. A virtual machine on a busy
/// host may be stopped for most of a second, which says nothing about the code. Nothing is forgiven where nothing
/// is stolen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    start: Instant,
    stolen: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            stolen: stolen(),
        }
    }

    /// The time since the start, without what was stolen from any of the processors.
    pub(crate) fn elapsed(&self) -> Duration {
        let stolen = stolen().saturating_sub(self.stolen);
        self.start.elapsed().saturating_sub(stolen)
    }
}

/// Stolen since the machine's start, of all processors together; nothing where it is not told.
fn stolen() -> Duration {
    let ticks = fs::read_to_string("/proc/stat").ok().and_then(|text| {
        let column = text.lines().next()?.split_whitespace().nth(STOLEN)?;
        column.parse().ok()
    });
    TICK * ticks.unwrap_or(0)
}
