//! Configuration, wiring, start and drain.
//!
//! [`serve`] reads [`Flags`] and the file, binds the address, serves the last good revision, and only
//! then touches database and network. [`demo`] makes a repository and a key first, and serves them.

mod access;
mod config;
mod demo;
mod error;
mod file;
mod flags;
mod limits;
mod listener;
mod logging;
mod memory;
mod places;
mod reference;
mod serve;
mod serving;
mod sources;
#[cfg(debug_assertions)]
mod stop_at;
mod telemetry;
mod webhooks;
mod wiring;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use demo::{DemoReady, demo};
pub use error::DaemonError;
pub use file::{FileConfig, config_schema};
pub use flags::{Flags, LogFormat};
pub use memory::forbid_core_dumps;
pub use places::Places;
pub use serve::{Ready, serve};
