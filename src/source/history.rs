//! Whether a reference moved forward along history, or was moved by force.

use super::{
    CommitId, Mirror, SourceError,
    fetch::{self, UNSHALLOW},
    objects::Objects,
};
use git2::{ErrorCode, ObjectType, Oid, Repository};
use std::collections::{HashSet, VecDeque};

/// How much history is asked for where too little is there to tell, one after the other: a push rarely has
/// more commits than the first.
const DEPTHS: [i32; 3] = [64, 2048, UNSHALLOW];

/// Commits that are looked at before it counts as unknown.
const MAX_COMMITS: usize = 1_000_000;

/// How a reference came from one commit to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// The later commit has the earlier one in its history.
    Forward,
    /// It has not: somebody moved the branch by force.
    Forced,
    /// It is a tag, which is not to move at all.
    Tag,
    /// The remote does not show enough of its history to tell.
    Unknown,
}

impl Move {
    /// The word in output: `forward`, `forced`, `tag`, `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Forced => "forced",
            Self::Tag => "tag",
            Self::Unknown => "unknown",
        }
    }
}

impl Mirror {
    /// How the reference came from the commit `from` to the commit `to`, which was fetched. Asks the remote for
    /// more history only if what is there does not say.
    ///
    /// # Errors
    ///
    /// - [`SourceError`] as a fetch gives it, if waiting may help.
    pub fn moved(&self, from: &CommitId, to: &CommitId) -> Result<Move, SourceError> {
        let config = self.config();
        if from == to || CommitId::parse(&config.reference).is_some() {
            return Ok(Move::Forward);
        }
        let repository = self.open_repository()?;
        if let Some(name) = fetch::followed(&repository)
            && name.starts_with("refs/tags/")
        {
            // A newer tag of a range is another tag.
            let is_named = name == config.reference || name[10..] == *config.reference;
            let is_same = is_named || fetch::tag_of(&repository, from).as_ref() == Some(&name);
            return Ok(if is_same { Move::Tag } else { Move::Forward });
        }
        let found = with_history(self, || is_ancestor(&repository, from, to))?;
        Ok(match found {
            Some(true) => Move::Forward,
            Some(false) => Move::Forced,
            None => Move::Unknown,
        })
    }
}

/// What `look` finds, with as much more of the history as it needs; `None` if the remote does not show enough.
fn with_history<T>(
    mirror: &Mirror,
    look: impl Fn() -> Result<Option<T>, SourceError>,
) -> Result<Option<T>, SourceError> {
    let mut found = look()?;
    for depth in DEPTHS {
        if found.is_some() {
            break;
        }
        match mirror.deepen(depth) {
            Ok(()) => {}
            // So much history that it will not come the next time either.
            Err(SourceError::TransferTooLarge { .. }) => break,
            Err(SourceError::Timeout { .. }) if depth == UNSHALLOW => break,
            Err(error) => return Err(error),
        }
        found = look()?;
    }
    Ok(found)
}

/// Whether `to` has `from` in its history; `None` if some of it is not there. What a commit says counts, not
/// where the mirror was cut.
fn is_ancestor(
    repository: &Repository,
    from: &CommitId,
    to: &CommitId,
) -> Result<Option<bool>, SourceError> {
    let objects = Objects::of(repository)?;
    let (from, to) = (oid(from)?, oid(to)?);
    let (mut seen, mut next) = (HashSet::from([to]), VecDeque::from([to]));
    let mut cut = false;
    while let Some(id) = next.pop_front() {
        let Some(parents) = parents(&objects, id)? else {
            cut = true;
            continue;
        };
        for parent in parents {
            if parent == from {
                return Ok(Some(true));
            }
            if seen.insert(parent) {
                next.push_back(parent);
            }
        }
        if seen.len() > MAX_COMMITS {
            return Ok(None);
        }
    }
    Ok((!cut).then_some(false))
}

pub(super) fn oid(id: &CommitId) -> Result<Oid, SourceError> {
    id.oid().map_err(SourceError::damaged)
}

/// The parents that a commit names; `None` if it is not there.
pub(super) fn parents(objects: &Objects<'_>, id: Oid) -> Result<Option<Vec<Oid>>, SourceError> {
    let object = match objects.read(id) {
        Ok(object) if object.kind() == ObjectType::Commit => object,
        Err(error) if error.code() != ErrorCode::NotFound => {
            return Err(SourceError::damaged(error));
        }
        _ => return Ok(None),
    };
    let lines = object.data().split(|byte| *byte == b'\n');
    let header = lines.take_while(|line| !line.is_empty());
    let parents = header.filter_map(|line| {
        let digits = std::str::from_utf8(line.strip_prefix(b"parent ")?).ok()?;
        Oid::from_str(digits).ok()
    });
    Ok(Some(parents.collect()))
}

/// The commits that `to` has in its history and `from` has not, the newest first; `None` if the remote does not
/// show enough to say.
///
/// # Errors
///
/// - [`SourceError`] as a fetch gives it, if waiting may help.
pub(super) fn between(
    mirror: &Mirror,
    from: &CommitId,
    to: &CommitId,
) -> Result<Option<Vec<Oid>>, SourceError> {
    let repository = mirror.open_repository()?;
    let (from, to) = (oid(from)?, oid(to)?);
    with_history(mirror, || lies_between(&repository, from, to))
}

fn lies_between(
    repository: &Repository,
    from: Oid,
    to: Oid,
) -> Result<Option<Vec<Oid>>, SourceError> {
    let objects = Objects::of(repository)?;
    // A line that ends in `from` needs nothing of what is below it.
    if let Some(line) = line(&objects, from, to)? {
        return Ok(Some(line));
    }
    let (Some(new), Some(old)) = (closure(&objects, to)?, closure(&objects, from)?) else {
        return Ok(None);
    };
    let known: HashSet<_> = old.into_iter().collect();
    Ok(Some(
        new.into_iter().filter(|id| !known.contains(id)).collect(),
    ))
}

/// The commits from `to` to `from` without it, if each has one parent.
fn line(objects: &Objects<'_>, from: Oid, to: Oid) -> Result<Option<Vec<Oid>>, SourceError> {
    let mut line = Vec::new();
    let mut at = to;
    while at != from {
        line.push(at);
        let parents = parents(objects, at)?;
        let Some([parent]) = parents.as_deref() else {
            return Ok(None);
        };
        at = *parent;
        if line.len() > MAX_COMMITS {
            return Ok(None);
        }
    }
    Ok(Some(line))
}

/// A commit and all that is before it, the newest first; `None` if some of it is not there.
fn closure(objects: &Objects<'_>, of: Oid) -> Result<Option<Vec<Oid>>, SourceError> {
    let (mut seen, mut all, mut at) = (HashSet::from([of]), vec![of], 0);
    while let Some(id) = all.get(at).copied() {
        at += 1;
        let Some(parents) = parents(objects, id)? else {
            return Ok(None);
        };
        for parent in parents {
            if seen.insert(parent) {
                all.push(parent);
            }
        }
        if all.len() > MAX_COMMITS {
            return Ok(None);
        }
    }
    Ok(Some(all))
}
