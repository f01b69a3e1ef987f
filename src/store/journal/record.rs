//! One entry of the journal as bytes.
//!
//! Layout: the length of the index as eight little-endian bytes, the index as JSON, and the contents one
//! behind the other.

use crate::{
    secrets::Opened,
    store::{KeptChange, KeptRevision, LastGood},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

const LENGTH_BYTES: usize = 8;

/// All but the contents.
#[derive(Serialize, Deserialize)]
struct Index<'a> {
    revision: Cow<'a, KeptRevision>,
    /// Whether nothing of the entry before stays.
    whole: bool,
    /// Path, and length in bytes unless the file is gone.
    files: Vec<(Cow<'a, str>, Option<usize>)>,
    /// Lengths in bytes, unless all is as before.
    unmanaged: Option<Vec<usize>>,
}

/// Appends the entry to `bytes`. `reserve` is told the bytes it takes, before the first is written.
///
/// # Errors
///
/// `serde_json`'s, if the index cannot be put into words.
pub(super) fn encode(
    change: &KeptChange<'_>,
    reserve: impl FnOnce(usize) -> zeroize::Zeroizing<Vec<u8>>,
) -> Result<zeroize::Zeroizing<Vec<u8>>, serde_json::Error> {
    let files = change.files.iter();
    let unmanaged = change.unmanaged.iter().flatten();
    let index = serde_json::to_vec(&Index {
        revision: Cow::Borrowed(&change.revision),
        whole: change.whole,
        files: files
            .clone()
            .map(|(path, content)| (Cow::Borrowed(*path), content.map(<[u8]>::len)))
            .collect(),
        unmanaged: change
            .unmanaged
            .as_ref()
            .map(|all| all.iter().map(|one| one.len()).collect()),
    })?;
    let contents = files.filter_map(|(_, content)| *content);
    let contents: Vec<_> = contents.chain(unmanaged.copied()).collect();
    let size: usize = contents.iter().map(|content| content.len()).sum();
    let mut bytes = reserve(LENGTH_BYTES + index.len() + size);
    bytes.extend_from_slice(&(index.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&index);
    for content in contents {
        bytes.extend_from_slice(content);
    }
    Ok(bytes)
}

/// A revision while entries are played back.
#[derive(Default)]
pub(super) struct State {
    pub(super) revision: KeptRevision,
    files: BTreeMap<String, Arc<[u8]>>,
    unmanaged: Vec<Opened>,
}

impl State {
    /// Plays one entry; `None` if its lengths do not add up.
    pub(super) fn play(&mut self, entry: &[u8]) -> Option<()> {
        let (index, mut rest) = split(entry)?;
        let mut take = |length: usize| {
            let (content, tail) = rest.split_at_checked(length)?;
            rest = tail;
            Some(content)
        };
        if index.whole {
            self.unmanaged.clear();
            // They are sorted, and none has to find its place.
            let files = index.files.into_iter();
            let files = files.filter_map(|(path, length)| {
                let content = take(length?);
                Some(content.map(|content| (path.into_owned(), content.into())))
            });
            self.files = files.collect::<Option<_>>()?;
        } else {
            for (path, length) in index.files {
                match length {
                    Some(length) => {
                        drop(self.files.insert(path.into_owned(), take(length)?.into()));
                    }
                    None => drop(self.files.remove(&*path)),
                }
            }
        }
        if let Some(lengths) = index.unmanaged {
            self.unmanaged.clear();
            for length in lengths {
                self.unmanaged.push(Opened::new(take(length)?.to_vec()));
            }
        }
        self.revision = index.revision.into_owned();
        rest.is_empty().then_some(())
    }

    /// The same as one entry that needs none before it.
    pub(super) fn as_whole(&self) -> KeptChange<'_> {
        let files = self.files.iter();
        let unmanaged = self.unmanaged.iter().map(Opened::expose_bytes);
        KeptChange {
            revision: self.revision.clone(),
            whole: true,
            files: files
                .map(|(path, content)| (path.as_str(), Some(&**content)))
                .collect(),
            unmanaged: Some(unmanaged.collect()),
        }
    }

    pub(super) fn into_last_good(self) -> LastGood {
        LastGood {
            revision: self.revision,
            files: self.files.into_iter().collect(),
            unmanaged: self.unmanaged,
        }
    }
}

fn split(entry: &[u8]) -> Option<(Index<'_>, &[u8])> {
    let (length, rest) = entry.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (index, rest) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(index).ok()?, rest))
}
