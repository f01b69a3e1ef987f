//! Whether a sealed text says what was asked for, and nothing else changed.

use super::{documents, layout::FIELD};
use crate::{
    manifest::{
        node::{Data, Entry, Node},
        written::rewrite::{RewriteError, place_error},
    },
    secrets::{SopsError, SopsFile, SopsKey},
};
use std::{slice::Iter, sync::Arc};

const PROBLEM: &str = "is written so that its values cannot be replaced where they stand; `sops edit FILE` \
                       does it";

/// The text opens with the key, its MAC fits, and but for the sealed scalars it is the clear one.
pub(super) fn sealed(
    file: &Arc<str>,
    (text, clear): (&str, &[Node<'_>]),
    expected: &[Option<String>],
    (sops, key): (&SopsFile, &SopsKey),
) -> Result<(), RewriteError<SopsError>> {
    let after =
        documents(file, text).map_err(|_: RewriteError<SopsError>| place_error(1, PROBLEM))?;
    let mut expected = expected.iter();
    let mut same = after.len() == clear.len();
    for (before, after) in clear.iter().zip(&after) {
        same = same && fields_are_same(before, after, &mut expected);
    }
    if !same || expected.next().is_some() {
        return Err(place_error(1, PROBLEM));
    }
    let again = SopsFile::parse(text, sops.format()).map_err(RewriteError::Value)?;
    again.open_with(key).map_err(RewriteError::Value)?;
    Ok(())
}

fn fields_are_same(
    before: &Node<'_>,
    after: &Node<'_>,
    expected: &mut Iter<'_, Option<String>>,
) -> bool {
    let entries = after.entries().unwrap_or_default().iter();
    let without_field: Vec<_> = entries.filter(|entry| entry.key != FIELD).collect();
    let before: Vec<_> = before.entries().unwrap_or_default().iter().collect();
    entries_are_same(&before, &without_field, expected)
}

fn entries_are_same(
    before: &[&Entry<'_>],
    after: &[&Entry<'_>],
    expected: &mut Iter<'_, Option<String>>,
) -> bool {
    before.len() == after.len()
        && before.iter().zip(after).all(|(before, after)| {
            before.key == after.key && is_same(&before.value, &after.value, expected)
        })
}

/// Recursion is bounded by the loader's depth limit.
fn is_same(before: &Node<'_>, after: &Node<'_>, expected: &mut Iter<'_, Option<String>>) -> bool {
    match (&before.data, &after.data) {
        (Data::Scalar { text, .. }, Data::Scalar { text: found, .. }) => {
            if before.is_null() && text.is_empty() {
                return after.is_null() && found.is_empty();
            }
            match expected.next() {
                Some(Some(sealed)) => found == sealed,
                Some(None) => text == found && before.is_null() == after.is_null(),
                None => false,
            }
        }
        (Data::List(before), Data::List(after)) => {
            let is_comment = |item: &&Node<'_>| {
                let text = item.as_text();
                text.is_some_and(SopsFile::is_sealed_comment)
            };
            let after: Vec<_> = after.iter().filter(|item| !is_comment(item)).collect();
            let mut pairs = before.iter().zip(&after);
            before.len() == after.len()
                && pairs.all(|(before, after)| is_same(before, after, expected))
        }
        (Data::Mapping(before), Data::Mapping(after)) => {
            let before: Vec<_> = before.iter().collect();
            let after: Vec<_> = after.iter().collect();
            entries_are_same(&before, &after, expected)
        }
        _ => false,
    }
}
