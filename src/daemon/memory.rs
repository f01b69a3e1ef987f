//! What keeps this process's memory, and so its secrets, off the disk.

use super::error::DaemonError;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// Whoever crashes leaves no memory behind: no core file is written, and on Linux no other process of the
/// same user can look into this one's memory or have it dumped by the system's crash handler.
///
/// # Errors
///
/// What the system says; nothing in this process depends on it.
pub fn forbid_core_dumps() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, none)?)
}

/// Keeps all memory of the process, now and later, out of swap (`lock_memory`).
///
/// Not done unasked: with the limit that systems set (`RLIMIT_MEMLOCK`, often 8 MiB) a later allocation
/// would fail, and the process end. Single values cannot be locked by safe code.
///
/// # Errors
///
/// [`DaemonError::Setting`] if the system refuses, or would refuse later.
pub(super) fn lock_memory() -> Result<(), DaemonError> {
    let failed = |problem: String| DaemonError::Setting {
        setting: "`lock_memory`",
        problem,
    };
    #[cfg(target_os = "linux")]
    {
        use rustix::{
            mm::{MlockAllFlags, mlockall},
            process::{geteuid, getrlimit},
        };
        let limit = getrlimit(Resource::Memlock).current;
        if limit.is_some() && !geteuid().is_root() {
            return Err(failed(
                "needs memory without a limit to lock: `LimitMEMLOCK=infinity` for systemd, `ulimit -l unlimited`"
                    .to_owned(),
            ));
        }
        let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
        mlockall(all).map_err(|error| failed(format!("is refused by the system: {error}")))
    }
    #[cfg(not(target_os = "linux"))]
    Err(failed("is there on Linux only".to_owned()))
}
