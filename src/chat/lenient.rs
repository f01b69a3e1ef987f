//! Fields of a provider's answer that are read where they are as expected, and else are as if they were not there.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// Reads a field that decides nothing: null, or a value of a kind that nobody here knows, is as if it were not there.
pub(super) fn or_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}
