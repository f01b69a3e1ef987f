//! Sorted maps whose clones share what they hold.

use std::{borrow::Borrow, fmt, ops::RangeFrom, sync::Arc};

/// Most entries of a chunk: an edit copies one chunk and the list of chunks, which are about as long as each
/// other at some ten thousand entries.
const CHUNK: usize = 128;

/// A map sorted by key, in chunks of entries that lie side by side.
///
/// Clones share every chunk, and an edit copies one. Built in the order of the keys it costs hardly more
/// than a list, in time and in memory; a tree with a node for each entry takes a multiple of both.
pub struct SortedMap<K, V> {
    /// In order; none is empty.
    chunks: Arc<Vec<Chunk<K, V>>>,
    size: usize,
}

type Chunk<K, V> = Arc<Vec<(K, V)>>;

/// Where a key is, or would be: a chunk and a place in it.
type Found = Result<(usize, usize), (usize, usize)>;

impl<K, V> SortedMap<K, V> {
    /// How many entries.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// All entries, sorted.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let entries = self.chunks.iter().flat_map(|chunk| chunk.iter());
        entries.map(|(key, value)| (key, value))
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The entry with the least key.
    pub fn first(&self) -> Option<(&K, &V)> {
        let (key, value) = self.chunks.first()?.first()?;
        Some((key, value))
    }

    /// The entry with the greatest key.
    pub fn last(&self) -> Option<(&K, &V)> {
        let (key, value) = self.chunks.last()?.last()?;
        Some((key, value))
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// A key as it was inserted, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (number, at) = self.find(key).ok()?;
        let (key, value) = self.chunks.get(number)?.get(at)?;
        Some((key, value))
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The entries from a key on, sorted.
    pub fn range<Q: Ord>(&self, from: RangeFrom<Q>) -> impl Iterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (number, at) = match self.find(&from.start) {
            Ok(place) | Err(place) => place,
        };
        let first = self.chunks.get(number).and_then(|chunk| chunk.get(at..));
        let others = self.chunks.iter().skip(number + 1);
        let others = others.flat_map(|chunk| chunk.iter());
        let entries = first.into_iter().flatten().chain(others);
        entries.map(|(key, value)| (key, value))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Found
    where
        K: Borrow<Q>,
    {
        let starts_by = |chunk: &Chunk<K, V>| {
            let first = chunk.first();
            first.is_some_and(|(first, _)| first.borrow() <= key)
        };
        let number = self.chunks.partition_point(starts_by).saturating_sub(1);
        let Some(chunk) = self.chunks.get(number) else {
            return Err((0, 0));
        };
        match chunk.binary_search_by(|(other, _)| other.borrow().cmp(key)) {
            Ok(at) => Ok((number, at)),
            Err(at) => Err((number, at)),
        }
    }
}

impl<K: Ord + Clone, V: Clone> SortedMap<K, V> {
    /// Adds or replaces an entry.
    pub fn insert_mut(&mut self, key: K, value: V) {
        let chunks = Arc::make_mut(&mut self.chunks);
        if chunks
            .last()
            .and_then(|last| last.last())
            .is_none_or(|(last, _)| *last < key)
        {
            self.size += 1;
            return append(chunks, key, value);
        }
        match self.find(&key) {
            Ok((chunk, at)) => {
                let chunks = Arc::make_mut(&mut self.chunks);
                if let Some(entry) = chunks
                    .get_mut(chunk)
                    .map(Arc::make_mut)
                    .and_then(|chunk| chunk.get_mut(at))
                {
                    *entry = (key, value);
                }
            }
            Err((number, at)) => {
                self.size += 1;
                let chunks = Arc::make_mut(&mut self.chunks);
                let chunk = Arc::make_mut(&mut chunks[number]);
                chunk.insert(at, (key, value));
                if chunk.len() > CHUNK {
                    let behind = chunk.split_off(CHUNK / 2);
                    chunks.insert(number + 1, Arc::new(behind));
                }
            }
        }
    }

    /// Takes an entry out; says whether it was there.
    pub fn remove_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let Ok((number, at)) = self.find(key) else {
            return false;
        };
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Arc::make_mut(&mut chunks[number]);
        chunk.remove(at);
        self.size -= 1;
        if chunk.is_empty() {
            chunks.remove(number);
        } else if !join(chunks, number) && number > 0 {
            join(chunks, number - 1);
        }
        true
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (number, at) = self.find(key).ok()?;
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(number)?;
        let (_, value) = Arc::make_mut(chunk).get_mut(at)?;
        Some(value)
    }
}

/// Joins a chunk with the next one, if both are small; says whether it did.
fn join<K: Clone, V: Clone>(chunks: &mut Vec<Chunk<K, V>>, number: usize) -> bool {
    let small =
        |pair: &[Chunk<K, V>]| pair.iter().map(|chunk| chunk.len()).sum::<usize>() <= CHUNK / 2;
    if !chunks.get(number..number + 2).is_some_and(small) {
        return false;
    }
    let next = chunks.remove(number + 1);
    Arc::make_mut(&mut chunks[number]).extend(next.iter().cloned());
    true
}

/// Puts an entry behind all others.
fn append<K: Clone, V: Clone>(chunks: &mut Vec<Chunk<K, V>>, key: K, value: V) {
    match chunks.last_mut() {
        Some(last) if last.len() < CHUNK => Arc::make_mut(last).push((key, value)),
        // What fills one chunk is likely to fill the next, and most maps are far smaller.
        Some(_) => {
            let mut chunk = Vec::with_capacity(CHUNK);
            chunk.push((key, value));
            chunks.push(Arc::new(chunk));
        }
        None => chunks.push(Arc::new(vec![(key, value)])),
    }
}

impl<K, V> Clone for SortedMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            size: self.size,
        }
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self {
            chunks: Arc::default(),
            size: 0,
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for SortedMap<K, V> {
    /// Of several with the same key the last stays.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert_mut(key, value);
        }
        map
    }
}

/// A sorted set whose clones share what they hold; see [`SortedMap`].
pub struct SortedSet<T>(SortedMap<T, ()>);

impl<T> SortedSet<T> {
    /// How many members.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All members, sorted.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.keys()
    }
}

impl<T: Ord> SortedSet<T> {
    /// Whether it is a member.
    pub fn contains<Q: Ord + ?Sized>(&self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(member)
    }

    /// The members from one on, sorted.
    pub fn range<Q: Ord>(&self, from: RangeFrom<Q>) -> impl Iterator<Item = &T>
    where
        T: Borrow<Q>,
    {
        self.0.range(from).map(|(member, ())| member)
    }
}

impl<T: Ord + Clone> SortedSet<T> {
    /// Adds a member.
    pub fn insert_mut(&mut self, member: T) {
        self.0.insert_mut(member, ());
    }

    /// Takes a member out; says whether it was there.
    pub fn remove_mut<Q: Ord + ?Sized>(&mut self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove_mut(member)
    }
}

impl<T> Clone for SortedSet<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self(SortedMap::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for SortedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Ord + Clone> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        Self(members.into_iter().map(|member| (member, ())).collect())
    }
}

#[cfg(test)]
mod tests;
