//! The table of rooms, and what a source file may not do.

use crate::tokens::{Token, Written, paths, tokens};
use std::fmt;

/// A file's lines at most, unless it holds tests.
const MAX_LINES: usize = 400;

/// What a room may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Nothing but compute.
    Compute,
    /// Compute, and draw the system's randomness.
    ComputeAndDraw,
    /// Read and write the outside world.
    Io,
    /// Await the IO rooms.
    Async,
    /// See argv, the environment, signals, listening sockets and the terminal.
    Shell,
}

/// One room of `src/`.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) may: May,
}

const fn room(name: &'static str, may: May) -> Room {
    Room { name, may }
}

/// The rooms, in order: each uses only those above it.
pub(crate) const ROOMS: [Room; 17] = [
    room("model", May::Compute),
    room("chat", May::Compute),
    room("secrets", May::ComputeAndDraw),
    room("manifest", May::Compute),
    room("graph", May::Compute),
    room("routing", May::Compute),
    room("plan", May::Compute),
    room("source", May::Io),
    room("forge", May::Io),
    room("store", May::Io),
    room("providers", May::Io),
    room("reconcile", May::Async),
    room("gateway", May::Async),
    room("runtime", May::Async),
    room("http", May::Shell),
    room("daemon", May::Shell),
    room("cli", May::Shell),
];

/// What tests measure with: in no room, and for no other code.
const STOPWATCH: &str = "stopwatch";

/// What a compute room may not name, as the beginning of a path.
const NOT_COMPUTE: [&[&str]; 12] = [
    &["tokio"],
    &["tokio_util"],
    &["reqwest"],
    &["axum"],
    &["git2"],
    &["sqlx"],
    &["tracing"],
    &["tempfile"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
];

/// Clocks: what a compute room may not name, anywhere in a path.
const CLOCKS: [&[&str]; 4] = [
    &["SystemTime"],
    &["Instant"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
];

/// The system's randomness, for the room that may draw it.
const RANDOMNESS: [&[&str]; 3] = [&["getrandom"], &["rand"], &["OsRng"]];

/// A rule that a file breaks, and where.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Where a source file stands.
struct Place<'a> {
    file: &'a str,
    /// Its room, unless it is a crate root.
    room: Option<(usize, &'static Room)>,
    /// How many `super` lead to the crate root.
    depth: usize,
    holds_tests: bool,
}

/// Holds one file against every rule; `file` is its path from the package's root.
pub(crate) fn check(file: &str, text: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    let place = Place::of(file);
    if place.room.is_none() && !matches!(file, "src/lib.rs" | "src/main.rs") {
        let folder = file.split('/').nth(1).unwrap_or_default();
        found.push((1, format!("`{folder}` is not a room of the table")));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES && !place.holds_tests {
        found.push((
            lines,
            format!("{lines} lines, more than {MAX_LINES}: split it by noun"),
        ));
    }
    let tokens = tokens(text);
    for path in paths(&tokens) {
        found.extend(path_breach(&place, &path).map(|message| (path.line, message)));
    }
    found.extend(allow_attributes(&tokens));
    if !file.starts_with("src/source/") {
        let spots = tokens.iter().filter(|token| token.text == "unsafe");
        found.extend(spots.map(|token| (token.line, "unsafe outside `source`".into())));
    }
    found.sort();
    found.dedup();
    found
        .into_iter()
        .map(|(line, message)| Breach {
            file: file.to_owned(),
            line,
            message,
        })
        .collect()
}

impl<'a> Place<'a> {
    fn of(file: &'a str) -> Self {
        let inner = file.strip_prefix("src/").unwrap_or(file);
        let parts: Vec<&str> = inner.trim_end_matches(".rs").split('/').collect();
        let room = ROOMS
            .iter()
            .enumerate()
            .find(|(_, room)| Some(&room.name) == parts.first());
        Self {
            file,
            room,
            depth: parts.len() - usize::from(parts.last() == Some(&"mod")),
            holds_tests: parts.contains(&"tests"),
        }
    }
}

fn path_breach(place: &Place<'_>, path: &Written) -> Option<String> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    if path.imported && segments.last() == Some(&"*") {
        return Some("glob import: it hides which names are used".into());
    }
    if place.file == "src/lib.rs" && path.imported {
        return Some(
            "import or re-export at the crate root: it hides an edge between rooms".into(),
        );
    }
    if place.file == "src/main.rs" {
        return shell_breach(&segments);
    }
    let (index, room) = place.room?;
    let climbs = segments.iter().take_while(|part| **part == "super").count();
    let target = match segments.as_slice() {
        ["crate", target, ..] => Some(*target),
        _ if climbs > place.depth => return Some("path climbs past the crate root".into()),
        _ if climbs == place.depth && climbs > 0 => {
            let target = segments.get(climbs).copied();
            if target != Some(room.name) {
                return Some(format!(
                    "`{}` leaves its room through `super`",
                    segments.join("::")
                ));
            }
            None
        }
        _ => None,
    };
    match target.map(|name| (name, ROOMS.iter().position(|room| room.name == name))) {
        Some((STOPWATCH, None)) if place.holds_tests => {}
        Some((name, None)) => return Some(format!("`crate::{name}` is not in a room")),
        Some((name, Some(other))) if other > index => {
            return Some(format!("`{}` uses the later room `{name}`", room.name));
        }
        _ => {}
    }
    compute_breach(place, room, &segments)
}

fn shell_breach(segments: &[&str]) -> Option<String> {
    let ["orloj", target, ..] = segments else {
        return None;
    };
    let is_shell = ROOMS
        .iter()
        .any(|room| room.name == *target && room.may == May::Shell);
    (!is_shell).then(|| format!("the binary reaches past the shell into `{target}`"))
}

fn compute_breach(place: &Place<'_>, room: &Room, segments: &[&str]) -> Option<String> {
    let is_compute = matches!(room.may, May::Compute | May::ComputeAndDraw);
    if !is_compute || place.holds_tests {
        return None;
    }
    let begins = NOT_COMPUTE.iter().find(|bad| segments.starts_with(bad));
    let draws = (room.may == May::Compute)
        .then(|| RANDOMNESS.iter().find(|bad| contains(segments, bad)))
        .flatten();
    let tells_time = CLOCKS.iter().find(|bad| contains(segments, bad));
    let bad = begins.or(draws).or(tells_time)?;
    Some(format!(
        "`{}` only computes and names `{}`",
        room.name,
        bad.join("::")
    ))
}

fn contains(segments: &[&str], part: &[&str]) -> bool {
    segments.windows(part.len()).any(|window| window == part)
}

fn allow_attributes(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let previous = |back: usize| {
            at.checked_sub(back)
                .map_or("", |at| tokens[at].text.as_str())
        };
        let opens = previous(1) == "#" || (previous(1) == "!" && previous(2) == "#");
        match token.text.as_str() {
            "[" if depth > 0 || opens => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            "allow" if depth > 0 && tokens.get(at + 1).is_some_and(|next| next.text == "(") => {
                found.push((
                    token.line,
                    "`allow` attribute: use `expect` with a reason".into(),
                ));
            }
            _ => {}
        }
    }
    found
}
