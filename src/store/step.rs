//! Named moments of work on disk, between which a crash may fall.

use std::fmt;

/// Says that a step has been reached. Debug builds can be stopped there (`ORLOJ_STOP_AT`), so that tests
/// end a daemon at each of them; otherwise it is a trace line.
pub(super) fn step(name: impl fmt::Display) {
    tracing::trace!(target: "orloj::step", step = %name);
}
