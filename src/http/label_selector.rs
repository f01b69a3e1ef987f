//! Which labels a resource must have to be listed: `k=v,k2=v2`.

use crate::model::Labels;

/// Labels and their values, all of which a resource has to have.
pub(super) struct LabelSelector<'a>(Vec<(&'a str, &'a str)>);

impl<'a> LabelSelector<'a> {
    /// Reads a selector; one that is empty selects everything.
    ///
    /// # Errors
    ///
    /// - What is wrong, in upstream's words, if something between two commas is no `key=value`.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let pair = |pair: &'a str| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (key.trim(), value.trim());
            (!key.is_empty()).then_some((key, value))
        };
        let pairs: Option<Vec<_>> = text.split(',').map(pair).collect();
        let error = || format!("invalid label selector \"{text}\": expected key=value pairs");
        pairs.map(Self).ok_or_else(error)
    }

    /// Whether all of them are among `labels`.
    pub(super) fn selects(&self, labels: &Labels) -> bool {
        let mut pairs = self.0.iter();
        pairs.all(|(key, value)| labels.get(key) == Some(value))
    }
}
