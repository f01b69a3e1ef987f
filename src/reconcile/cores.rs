//! The same work for many things, on all cores.

use std::{
    num::NonZero,
    sync::{Mutex, PoisonError},
    thread,
};

/// How many turns a thread's worth of items is taken in.
const TURNS_PER_WORTH: usize = 4;

/// Does `work` for each of `items`, whose results come in the same order; with threads if each of them has at
/// least `worth` to do.
pub(super) fn map<T: Send, R: Send>(
    items: Vec<T>,
    worth: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let worth = worth.max(1);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(items.len() / worth);
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let turn = worth.div_ceil(TURNS_PER_WORTH);
    let count = items.len();
    let items = Mutex::new(items.into_iter().enumerate());
    let share = || share(&items, turn, &work);
    let shares = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let mut shares = vec![share()];
        // A worker cannot panic on input; if one does, the panic goes on here.
        shares.extend(others.into_iter().map(|worker| {
            let done = worker.join();
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }));
        shares
    });
    let mut turns: Vec<_> = shares.into_iter().flatten().collect();
    turns.sort_unstable_by_key(|(at, _)| *at);
    let mut results = Vec::with_capacity(count);
    for (_, turn) in turns {
        results.extend(turn);
    }
    results
}

/// Takes the next few items again and again, until there are none: no core waits for another's long one. Returns
/// what became of each turn, with the number of its first item.
fn share<T, R>(
    items: &Mutex<impl Iterator<Item = (usize, T)>>,
    turn: usize,
    work: impl Fn(T) -> R,
) -> Vec<(usize, Vec<R>)> {
    let mut done = Vec::new();
    loop {
        let mut left = items.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<_> = left.by_ref().take(turn).collect();
        drop(left);
        let Some((first, _)) = taken.first() else {
            return done;
        };
        let first = *first;
        let results = taken.into_iter().map(|(_, item)| work(item));
        done.push((first, results.collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 2, 3, 7, 100, 101] {
            let expected: Vec<_> = (0..count).map(|number| number * 2).collect();
            for worth in [0, 1, 3, 1000] {
                let items = (0..count).collect();
                assert_eq!(map(items, worth, |number: i32| number * 2), expected);
            }
        }
    }
}
