//! Random edits of small trees in which everything that a listing judges occurs.

use super::super::{Limits, Patterns, Selection};
use proptest::{
    collection, prop_oneof, sample,
    strategy::{Just, Strategy},
};
use std::{collections::BTreeMap, sync::Arc};

pub(super) type Directory = BTreeMap<&'static str, Node>;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Directory(Directory),
    File(String),
    Link,
    /// A submodule, or a repository in a directory.
    Repository,
}

#[derive(Debug, Clone)]
pub(super) enum Edit {
    Put(Vec<&'static str>, Node),
    Remove(Vec<&'static str>),
    /// What is at the first place, a copy of it, comes to the second.
    Copy(Vec<&'static str>, Vec<&'static str>),
    /// The same, and it is gone from the first.
    Move(Vec<&'static str>, Vec<&'static str>),
}

const DIRECTORIES: [&str; 5] = ["a", "a.yaml", "b", "deep", ".hidden"];
const FILES: [&str; 8] = [
    "a.yaml",
    "x.yaml",
    "y.json",
    "z.txt",
    ".orlojignore",
    "odd\u{202e}.yaml",
    "b",
    ".k.yaml",
];
const TEXTS: [&str; 7] = [
    "",
    "1",
    "x.yaml\n",
    "/a\n!b\n",
    "[",
    "0123456789",
    "a.yaml/\n*.json\n",
];

fn file() -> impl Strategy<Value = Node> {
    prop_oneof![
        12 => sample::select(&TEXTS[..]).prop_map(|text| Node::File(text.to_owned())),
        1 => Just(Node::Link),
        1 => Just(Node::Repository),
    ]
}

fn place() -> impl Strategy<Value = Vec<&'static str>> {
    let directories = collection::vec(sample::select(&DIRECTORIES[..]), 0..3);
    (directories, sample::select(&FILES[..])).prop_map(|(mut path, name)| {
        path.push(name);
        path
    })
}

fn directory() -> impl Strategy<Value = Vec<&'static str>> {
    collection::vec(sample::select(&DIRECTORIES[..]), 1..4)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        8 => (place(), file()).prop_map(|(path, node)| Edit::Put(path, node)),
        2 => place().prop_map(Edit::Remove),
        1 => directory().prop_map(Edit::Remove),
        3 => (directory(), directory()).prop_map(|(from, to)| Edit::Copy(from, to)),
        1 => (directory(), directory()).prop_map(|(from, to)| Edit::Move(from, to)),
        1 => (place(), place()).prop_map(|(from, to)| Edit::Move(from, to)),
    ]
}

/// Some edits at once, several times.
pub(super) fn history(most: usize) -> impl Strategy<Value = Vec<Vec<Edit>>> {
    collection::vec(collection::vec(edit(), 1..6), 2..most)
}

/// Limits that small trees come near to, and patterns.
pub(super) fn limits() -> impl Strategy<Value = Limits> {
    let patterns = || {
        prop_oneof![
            3 => Just(None),
            1 => sample::select(&["deep/**", "x.yaml", "/a", "*.json"][..]).prop_map(Some),
        ]
    };
    let parsed =
        |pattern: Option<&str>| pattern.map(|line| Arc::new(Patterns::parse([line]).unwrap()));
    (
        1..30usize,
        1..12u64,
        20..400u64,
        0..6usize,
        patterns(),
        patterns(),
    )
        .prop_map(
            move |(max_files, max_file_bytes, max_total_bytes, max_depth, include, exclude)| {
                Limits {
                    max_files,
                    max_file_bytes,
                    max_total_bytes,
                    max_depth,
                    selection: Selection {
                        include: parsed(include),
                        exclude: parsed(exclude),
                    },
                    ..Limits::default()
                }
            },
        )
}

/// Applies an edit; what stands in the way of a path is replaced.
pub(super) fn apply(top: &mut Directory, edit: &Edit) {
    match edit {
        Edit::Put(path, node) => put(top, path, node.clone()),
        Edit::Remove(path) => drop(take(top, path)),
        Edit::Copy(from, to) | Edit::Move(from, to) => {
            let Some(node) = take(top, from) else { return };
            if matches!(edit, Edit::Copy(..)) {
                put(top, from, node.clone());
            }
            put(top, to, node);
        }
    }
}

fn put(top: &mut Directory, path: &[&'static str], node: Node) {
    let (name, above) = path.split_last().unwrap();
    let mut place = top;
    for part in above {
        let child = place.entry(part).or_insert(Node::Link);
        if !matches!(child, Node::Directory(_)) {
            *child = Node::Directory(Directory::new());
        }
        let Node::Directory(next) = child else {
            unreachable!()
        };
        place = next;
    }
    place.insert(name, node);
}

fn take(top: &mut Directory, path: &[&'static str]) -> Option<Node> {
    let (name, above) = path.split_last().unwrap();
    let mut place = top;
    for part in above {
        match place.get_mut(part) {
            Some(Node::Directory(next)) => place = next,
            _ => return None,
        }
    }
    place.remove(name)
}
