//! A body with messages that are no `Value`.

use crate::chat::RequestError;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

/// The body of a call whose `messages` hold the arguments of tools as they were written.
#[derive(Serialize)]
pub(super) struct Body<M> {
    #[serde(flatten)]
    pub(super) fields: Map<String, Value>,
    pub(super) messages: Vec<M>,
}

impl<M: Serialize> Body<M> {
    /// The JSON that is sent.
    pub(super) fn to_bytes(&self) -> Result<Bytes, RequestError> {
        let json = serde_json::to_vec(self).map(Bytes::from);
        json.map_err(|error| {
            RequestError::invalid("messages", &format!("cannot be written: {error}"))
        })
    }
}
