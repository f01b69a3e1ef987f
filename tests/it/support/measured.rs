//! What a command takes at most, measured from outside.

use super::{
    cli::{Output, binary, finish, hermetic},
    stopwatch::Stopwatch,
};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

/// Starts its arguments, and writes the most memory they had resident, in KiB, to the file `PEAK`.
const MEASURE: &str = "
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
open(os.environ['PEAK'], 'w').write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
";

/// A command that has ended, and what it took.
pub(crate) struct Measured {
    pub(crate) output: Output,
    /// From its start to its end.
    pub(crate) took: Duration,
    /// The most memory that was resident at once, in MiB.
    pub(crate) peak: u64,
}

/// Runs the binary in `directory`, to its end.
#[track_caller]
pub(crate) fn measure(directory: &Path, arguments: &[&str]) -> Measured {
    let home = TempDir::new().unwrap();
    let peak = home.path().join("peak");
    let mut command = hermetic(Path::new("python3"), home.path());
    command.current_dir(directory).env("PEAK", &peak);
    command.args(["-c", MEASURE]).arg(binary()).args(arguments);
    let start = Stopwatch::start();
    let output = finish(command, &format!("orloj {}", arguments.join(" ")));
    let took = start.elapsed();
    let peak: u64 = fs::read_to_string(&peak).unwrap().parse().unwrap();
    Measured {
        output,
        took,
        peak: peak / 1024,
    }
}

impl Measured {
    /// The most memory that it had, in MiB.
    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }

    /// Asserts how long it took and how much memory it had at most.
    #[track_caller]
    pub(crate) fn within(self, seconds: u64, mib: u64) -> Output {
        assert!(self.took.as_secs() < seconds, "{:?}", self.took);
        assert!(self.peak <= mib, "{} MiB", self.peak);
        self.output
    }
}
