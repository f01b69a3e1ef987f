use super::{CHUNK, SortedMap, SortedSet};
use proptest::{
    collection::vec,
    prelude::{Strategy, prop_assert_eq, prop_oneof, proptest},
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, u8),
    /// Everything from a key on, that many.
    Remove(u16, u16),
    Change(u16, u8),
    Keep,
}

/// Few enough keys that they meet, and enough for several chunks.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..2_000_u16, 0..9_u8).prop_map(|(key, value)| Step::Insert(key, value)),
        (0..2_000_u16, 0..300_u16).prop_map(|(key, count)| Step::Remove(key, count)),
        (0..2_000_u16, 0..9_u8).prop_map(|(key, value)| Step::Change(key, value)),
        proptest::strategy::Just(Step::Keep),
    ]
}

fn copied(map: &SortedMap<u16, u8>) -> Vec<(u16, u8)> {
    map.iter().map(|(key, value)| (*key, *value)).collect()
}

proptest! {
    #[test]
    fn steps_do_what_they_do_to_a_tree_and_leave_clones_as_they_were(
        start in 0..1_500_u16,
        steps in vec(step(), 0..60),
        asked in 0..2_000_u16,
    ) {
        let mut map: SortedMap<u16, u8> = (0..start).map(|key| (key, 0)).collect();
        let mut tree: BTreeMap<u16, u8> = (0..start).map(|key| (key, 0)).collect();
        let mut kept = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    map.insert_mut(key, value);
                    tree.insert(key, value);
                }
                Step::Remove(from, count) => {
                    for key in from..from.saturating_add(count) {
                        prop_assert_eq!(map.remove_mut(&key), tree.remove(&key).is_some());
                    }
                }
                Step::Change(key, value) => {
                    if let Some(place) = map.get_mut(&key) {
                        *place = value;
                    }
                    if let Some(place) = tree.get_mut(&key) {
                        *place = value;
                    }
                }
                Step::Keep => kept.push((map.clone(), tree.clone())),
            }
        }
        kept.push((map, tree));
        for (map, tree) in kept {
            prop_assert_eq!(map.size(), tree.len());
            prop_assert_eq!(map.is_empty(), tree.is_empty());
            prop_assert_eq!(map.first(), tree.first_key_value());
            prop_assert_eq!(map.last(), tree.last_key_value());
            prop_assert_eq!(map.get_key_value(&asked), tree.get_key_value(&asked));
            prop_assert_eq!(map.contains_key(&asked), tree.contains_key(&asked));
            prop_assert_eq!(
                map.range(asked..).collect::<Vec<_>>(),
                tree.range(asked..).collect::<Vec<_>>()
            );
            prop_assert_eq!(copied(&map), tree.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn members_of_a_set_in_any_order_are_sorted_and_there_once(members in vec(0..900_u16, 0..900)) {
        let set: SortedSet<u16> = members.iter().copied().collect();
        let tree: BTreeSet<u16> = members.iter().copied().collect();
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), tree.iter().collect::<Vec<_>>());
        prop_assert_eq!(set.size(), tree.len());
    }
}

#[test]
fn an_edit_copies_one_chunk() {
    let map: SortedMap<u32, u32> = (0..10_000).map(|key| (key, key)).collect();
    let mut next = map.clone();
    next.insert_mut(5_000, 0);
    let shared = map.chunks.iter().zip(next.chunks.iter());
    let shared = shared.filter(|(one, other)| std::sync::Arc::ptr_eq(one, other));
    assert_eq!(shared.count(), map.chunks.len() - 1);
    assert_eq!(map.chunks.len(), 10_000_usize.div_ceil(CHUNK));
}

#[test]
fn a_map_that_is_emptied_key_by_key_keeps_no_crumbs() {
    let mut map: SortedMap<u32, u32> = (0..10_000).map(|key| (key, key)).collect();
    for key in (0..10_000).filter(|key| key % 100 != 0) {
        assert!(map.remove_mut(&key));
    }
    assert_eq!(map.size(), 100);
    assert!(map.chunks.len() <= 8, "{} chunks", map.chunks.len());
}
