//! The same work for many things, on all cores.

use std::{num::NonZero, thread};

/// Does `work` for each of `items`, whose results come in the same order; with threads if each of them has at
/// least `worth` to do.
pub(super) fn map<T: Send, R: Send>(
    items: Vec<T>,
    worth: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(items.len() / worth.max(1));
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let share = items.len().div_ceil(threads);
    let mut items = items.into_iter();
    let shares: Vec<Vec<T>> = (0..threads)
        .map(|_| items.by_ref().take(share).collect())
        .collect();
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(work).collect::<Vec<_>>()))
            .collect();
        // A worker cannot panic on input; if one does, the panic goes on here.
        let results = workers.into_iter().map(|worker| {
            let done = worker.join();
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        results.flatten().collect()
    })
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
