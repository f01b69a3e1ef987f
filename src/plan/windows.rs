//! When a plan may go live.

use super::{
    change::Change,
    window_entry::{WindowEntry, WindowError, read},
};
use crate::manifest::Cron;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use std::{collections::BTreeSet, sync::Arc};

/// How far ahead the next start of a window is looked for: 29 February comes after eight years at the latest.
const DAYS_AHEAD: usize = 9 * 366;

/// So many starts and ends are looked at for a moment at which nothing is in the way.
const MOST_BOUNDARIES: usize = 2_000;

/// What a window means while it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// What it is about goes live only while such a window is open.
    Allow,
    /// What it is about does not go live; goes before every `Allow`.
    Deny,
}

/// A span of time that comes again and again.
#[derive(Debug, Clone)]
pub struct Window {
    /// What it is called in messages.
    pub name: Arc<str>,
    /// What it means while it is open.
    pub kind: WindowKind,
    /// When it opens, by the clocks of `zone`.
    ///
    /// A time that these clocks skip in spring comes as much later; of one that they show twice in autumn
    /// the first counts.
    pub schedule: Cron,
    /// How long it stays open, in real time; at least a minute.
    pub duration: SignedDuration,
    /// Whose clocks the schedule is for.
    pub zone: TimeZone,
    /// Files and directories it is about; all if there are none.
    pub paths: Vec<String>,
    /// Namespaces it is about; all if there are none.
    pub namespaces: Vec<String>,
}

/// Every window of an installation.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    windows: Vec<Window>,
    entries: Vec<WindowEntry>,
}

/// What a plan touches, as far as windows are concerned: for each sort of change, the windows about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Vec<usize>>);

/// Why a plan does not go live now.
#[derive(Debug, Clone)]
pub struct Closed {
    /// The window in the way: one that denies, else one that does not allow yet.
    pub window: Arc<str>,
    /// What it means while it is open.
    pub kind: WindowKind,
    /// When nothing is in the way any more; `None` if that is not within sight.
    pub opens: Option<Timestamp>,
    /// Whose clocks to show that by.
    pub zone: TimeZone,
}

impl Closed {
    /// `goes live Mon 2026-11-23 20:00 CET`, in the window's own zone.
    pub fn goes_live(&self) -> String {
        match self.opens {
            Some(opens) => {
                let opens = opens.to_zoned(self.zone.clone());
                format!("goes live {}", opens.strftime("%a %Y-%m-%d %H:%M %Z"))
            }
            None => "no time is in sight at which it could go live".to_owned(),
        }
    }

    /// `Goes live Mon 2026-11-23 20:00 CET (window "weekday-nights").`
    pub fn note(&self) -> String {
        let mut note = self.goes_live();
        note[..1].make_ascii_uppercase();
        let kind = match self.kind {
            WindowKind::Allow => "window",
            WindowKind::Deny => "deny window",
        };
        format!("{note} ({kind} \"{}\").", self.window)
    }

    /// Why, and until when, in one sentence.
    pub fn sentence(&self) -> String {
        let place = match self.kind {
            WindowKind::Allow => "outside the window",
            WindowKind::Deny => "inside the deny window",
        };
        format!("{place} \"{}\": {}", self.window, self.goes_live())
    }
}

impl Windows {
    /// Takes them all; no two have one name.
    pub fn of(windows: Vec<Window>) -> Self {
        Self {
            windows,
            entries: Vec::new(),
        }
    }

    /// Reads what an operator wrote.
    ///
    /// # Errors
    ///
    /// - [`WindowError`] for the first entry that cannot be used.
    pub fn read(entries: Vec<WindowEntry>) -> Result<Self, WindowError> {
        Ok(Self {
            windows: read(&entries)?,
            entries,
        })
    }

    /// What was read.
    pub fn entries(&self) -> &[WindowEntry] {
        &self.entries
    }

    /// Which windows are about what a plan changes.
    pub fn scopes(&self, changes: &[Change]) -> Scopes {
        if self.windows.is_empty() {
            return Scopes::default();
        }
        let about = |namespace: &str, file: &str| -> Vec<usize> {
            let windows = self.windows.iter().enumerate();
            let about = windows.filter(|(_, window)| window.is_about(namespace, file));
            about.map(|(index, _)| index).collect()
        };
        let mut scopes = BTreeSet::new();
        for change in changes {
            scopes.insert(about(&change.id.namespace, &change.origin.file));
            if let Some(moved) = &change.moved {
                scopes.insert(about(&moved.from.namespace, &moved.was.file));
            }
        }
        scopes.remove(&Vec::new());
        Scopes(scopes)
    }

    /// What is in the way of such a plan now; `None` if it may go live. A plan goes live whole, so all that it
    /// touches must be allowed at the same time.
    pub fn closed(&self, scopes: &Scopes, now: Timestamp) -> Option<Closed> {
        let in_the_way = scopes.0.iter().find_map(|scope| self.blocks(scope, now))?;
        Some(Closed {
            window: in_the_way.name.clone(),
            kind: in_the_way.kind,
            opens: self.opens(scopes, now),
            zone: in_the_way.zone.clone(),
        })
    }

    /// The window that is in the way of one scope at a moment.
    fn blocks(&self, scope: &[usize], at: Timestamp) -> Option<&Window> {
        let of = |kind: WindowKind| {
            let windows = scope.iter().filter_map(|index| self.windows.get(*index));
            windows.filter(move |window| window.kind == kind)
        };
        if let Some(deny) = of(WindowKind::Deny).find(|window| window.is_open(at)) {
            return Some(deny);
        }
        if of(WindowKind::Allow).any(|window| window.is_open(at)) {
            return None;
        }
        of(WindowKind::Allow).min_by_key(|window| window.next_start(at).unwrap_or(Timestamp::MAX))
    }

    fn opens(&self, scopes: &Scopes, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        for _ in 0..MOST_BOUNDARIES {
            let of_concern = scopes.0.iter().flatten().collect::<BTreeSet<_>>();
            let windows = of_concern
                .into_iter()
                .filter_map(|index| self.windows.get(*index));
            at = windows
                .filter_map(|window| window.next_boundary(at))
                .min()?;
            if scopes
                .0
                .iter()
                .all(|scope| self.blocks(scope, at).is_none())
            {
                return Some(at);
            }
        }
        None
    }
}

impl Window {
    fn is_about(&self, namespace: &str, file: &str) -> bool {
        let is_below = |path: &String| {
            let path = path.trim_end_matches('/');
            let rest = file.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_named = self.namespaces.iter().any(|one| one == namespace);
        (self.paths.is_empty() || self.paths.iter().any(is_below))
            && (self.namespaces.is_empty() || is_named)
    }

    /// Whether it is open at a moment; at its end it is not.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.end(at).is_some()
    }

    /// Of an open window, when it closes unless it opens anew before.
    fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let end = self.last_start(at)?.checked_add(self.duration).ok()?;
        (at < end).then_some(end)
    }

    fn next_boundary(&self, at: Timestamp) -> Option<Timestamp> {
        self.end(at).or_else(|| self.next_start(at))
    }

    /// The latest start that is not after a moment, if the window can still be open then.
    fn last_start(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.to_zoned(self.zone.clone()).date();
        let days = self.duration.as_hours() / 24 + 2;
        (0..=days)
            .filter_map(|back| today.checked_sub(back.days()).ok())
            .find_map(|date| self.starts(date).filter(|start| *start <= at).max())
    }

    fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.to_zoned(self.zone.clone()).date();
        let days = today.series(1.day()).take(DAYS_AHEAD);
        days.into_iter()
            .find_map(|date| self.starts(date).filter(|start| *start > at).min())
    }

    fn starts(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let times = self.schedule.times_on(date);
        times.filter_map(|time| {
            Some(
                self.zone
                    .to_ambiguous_zoned(time)
                    .compatible()
                    .ok()?
                    .timestamp(),
            )
        })
    }
}
