//! Kinds that are validated and not served.

use crate::model::{Catalog, Finding, Kind, code};

/// One note for the whole catalog, at the first resource of such a kind.
pub(super) fn note(catalog: &Catalog) -> Option<Finding> {
    let unserved = Kind::ALL.into_iter().filter(|kind| !kind.is_served());
    let present: Vec<_> = unserved
        .filter_map(|kind| Some((kind, catalog.of_kind(kind).next()?)))
        .collect();
    let (_, first) = present.first()?;
    let names: Vec<_> = present.iter().map(|(kind, _)| kind.as_str()).collect();
    let kinds = if names.len() == 1 {
        "1 kind is".to_owned()
    } else {
        format!("{} kinds are", names.len())
    };
    let message = format!(
        "{kinds} validated and not served by this version: {}",
        names.join(", ")
    );
    let origin = first.origin_of("/kind");
    Some(Finding::new(code::KIND_NOT_SERVED, origin, message))
}
