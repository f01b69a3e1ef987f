//! What is called otherwise now: a rename is a move, not a deletion and a creation.

use super::{Kind, Origin, ResourceId, check_name};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// One end of a move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MovePlace {
    /// A resource, written `KIND/NAMESPACE/NAME`.
    Object(ResourceId),
    /// Everything in the files below a directory, written with `/` at its end.
    Directory(Arc<str>),
}

impl MovePlace {
    /// Reads one as it is written; a resource of the namespace `default` may leave it out.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split('/').collect();
        if let Some((&"", directories)) = parts.split_last() {
            let plain = |part: &&str| !matches!(*part, "" | "." | "..");
            let is_path = !directories.is_empty() && directories.iter().all(plain);
            return is_path.then(|| Self::Directory(text.into()));
        }
        let (kind, namespace, name) = match *parts {
            [kind, name] => (kind, super::DEFAULT_NAMESPACE, name),
            [kind, namespace, name] => (kind, namespace, name),
            _ => return None,
        };
        let named = check_name(namespace).is_ok() && check_name(name).is_ok();
        let kind = Kind::from_word(kind).filter(|_| named)?;
        Some(Self::Object(ResourceId::new(kind, namespace, name)))
    }
}

/// As it is written.
impl fmt::Display for MovePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => write!(f, "{}/{}/{}", id.kind, id.namespace, id.name),
            Self::Directory(path) => f.write_str(path),
        }
    }
}

/// One entry of a `moved:` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveEntry {
    /// What it was.
    pub from: MovePlace,
    /// What it is now: of the same sort.
    pub to: MovePlace,
    /// The entry in its file.
    pub origin: Origin,
}

/// Every entry of a revision. Says nothing about what there is: an entry stays harmless once it was applied.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    objects: BTreeMap<ResourceId, (ResourceId, Origin)>,
    directories: Vec<(Arc<str>, Arc<str>, Origin)>,
}

impl Moves {
    /// Takes entries in the order of their files; of several about one resource the first counts.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a MoveEntry>) -> Self {
        let mut moves = Self::default();
        for entry in entries {
            let origin = entry.origin.clone();
            match (&entry.from, &entry.to) {
                (MovePlace::Object(from), MovePlace::Object(to)) => {
                    let place = moves.objects.entry(from.clone());
                    place.or_insert_with(|| (to.clone(), origin));
                }
                (MovePlace::Directory(from), MovePlace::Directory(to)) => {
                    let label = label(&origin.file);
                    let path = |path: &str| format!("{label}{path}").into();
                    moves.directories.push((path(from), path(to), origin));
                }
                _ => {}
            }
        }
        moves
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.directories.is_empty()
    }

    /// Where one resource has gone in the end, along a chain of entries, with the first entry of it; `None`
    /// if it has not moved or goes in a circle.
    pub fn target(&self, from: &ResourceId) -> Option<(&ResourceId, &Origin)> {
        let (mut to, origin) = self.objects.get(from).map(|(to, origin)| (to, origin))?;
        for _ in 0..self.objects.len() {
            match self.objects.get(to) {
                Some((next, _)) => to = next,
                None => return Some((to, origin)),
            }
        }
        None
    }

    /// Resources that moved, each with where its entry says it went, sorted.
    pub fn objects(&self) -> impl Iterator<Item = (&ResourceId, &ResourceId, &Origin)> {
        let objects = self.objects.iter();
        objects.map(|(from, (to, origin))| (from, to, origin))
    }

    /// Directories that moved: from where, to where, each behind the label of its source.
    pub fn directories(&self) -> impl Iterator<Item = (&str, &str, &Origin)> {
        let directories = self.directories.iter();
        directories.map(|(from, to, origin)| (&**from, &**to, origin))
    }
}

/// What stands before the path of a file where there are several sources: `NAME:`.
fn label(file: &str) -> &str {
    let (label, _) = file.split_at(file.find(':').map_or(0, |colon| colon + 1));
    if label.contains('/') { "" } else { label }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{MoveEntry, MovePlace, Moves};
    use crate::model::Origin;

    fn entry(from: &str, to: &str) -> MoveEntry {
        MoveEntry {
            from: MovePlace::parse(from).unwrap(),
            to: MovePlace::parse(to).unwrap(),
            origin: Origin::file("moved.yaml"),
        }
    }

    fn target(moves: &Moves, from: &str) -> Option<String> {
        let MovePlace::Object(from) = MovePlace::parse(from).unwrap() else {
            unreachable!()
        };
        let (to, _) = moves.target(&from)?;
        Some(to.to_string())
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        let long = MovePlace::parse("ModelEndpoint/default/small").unwrap();
        assert_eq!(long, MovePlace::parse("endpoint/small").unwrap());
        assert_eq!(long.to_string(), "ModelEndpoint/default/small");
        let directory = MovePlace::parse("teams/eu/").unwrap();
        assert_eq!(directory, MovePlace::Directory("teams/eu/".into()));
        for wrong in [
            "",
            "/",
            "small",
            "Nothing/a/b",
            "Agent/a/b/c",
            "Agent//b",
            "../a/",
            "a//b/",
            "/a/",
            "Agent/a b",
        ] {
            assert_eq!(MovePlace::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn chain_leads_to_its_end_and_a_circle_nowhere() {
        let chain = [entry("Agent/a", "Agent/b"), entry("Agent/b", "Agent/c")];
        let moves = Moves::of(&chain);
        assert_eq!(target(&moves, "Agent/a").unwrap(), "Agent default/c");
        assert_eq!(target(&moves, "Agent/b").unwrap(), "Agent default/c");
        assert_eq!(target(&moves, "Agent/c"), None);
        let circle = [entry("Agent/a", "Agent/b"), entry("Agent/b", "Agent/a")];
        assert_eq!(target(&Moves::of(&circle), "Agent/a"), None);
    }
}
