//! What a process holds, seen from outside.

use super::daemon::Daemon;
use std::{fs, path::Path};

/// Memory, threads and open files of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    /// Resident, in KiB.
    pub(crate) memory_kib: u64,
    pub(crate) threads: usize,
    pub(crate) files: usize,
}

impl Held {
    /// What a daemon holds now.
    pub(crate) fn by(daemon: &Daemon) -> Self {
        let process = Path::new("/proc").join(daemon.process().to_string());
        let status = fs::read_to_string(process.join("status")).unwrap();
        let memory = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let digits = memory.unwrap().trim().trim_end_matches(" kB");
        let count = |folder: &str| fs::read_dir(process.join(folder)).unwrap().count();
        Self {
            memory_kib: digits.parse().unwrap(),
            threads: count("task"),
            files: count("fd"),
        }
    }

    /// The most of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            memory_kib: self.memory_kib.max(other.memory_kib),
            threads: self.threads.max(other.threads),
            files: self.files.max(other.files),
        }
    }
}
