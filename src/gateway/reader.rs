//! Who asks which models there are.

use super::admit::{Shown, authenticate};
use crate::{
    chat::ApiError,
    model::DEFAULT_NAMESPACE,
    reconcile::Pinned,
    routing::{Facts, KeyRoute, check_key, resolve},
};
use jiff::Timestamp;
use std::sync::Arc;

/// A caller that was let in, as far as names are listed for it.
pub struct Reader<'s> {
    served: &'s Pinned,
    key: Option<Arc<KeyRoute>>,
}

impl<'s> Reader<'s> {
    /// Lets a caller in.
    ///
    /// # Errors
    ///
    /// As [`authenticate`].
    pub fn admit(
        served: &'s Pinned,
        shown: Shown<'_>,
        required: bool,
    ) -> Result<Self, Box<ApiError>> {
        let now_us = Timestamp::now().as_microsecond();
        let key = authenticate(served.snapshot.table(), shown, required, now_us)?;
        Ok(Self { served, key })
    }

    /// Whether the caller has a key, and was not let in without.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The caller's namespace: its key's.
    pub fn namespace(&self) -> &str {
        let key = self.key.as_ref();
        key.map_or(DEFAULT_NAMESPACE, |key| &key.id.namespace)
    }

    /// Whether the caller's key allows what a name leads to.
    pub fn may_call(&self, scope: Option<&str>, model: &str) -> bool {
        let Some(key) = &self.key else {
            return true;
        };
        let table = self.served.snapshot.table();
        let facts = Facts {
            namespace: self.namespace(),
            scope,
            model: Some(model),
            draw: 0,
        };
        let (decision, _) = resolve(table, &facts);
        decision.is_ok_and(|decision| check_key(table, key, decision).is_ok())
    }
}
