//! The journal under another key.

use super::{
    Journal,
    frame::{self, PREFIX_BYTES, Tag},
};
use crate::{secrets::DataKey, store::LastGoodError};
use std::path::Path;

impl Journal {
    /// Seals the journal in `dir` with `key`, if it is sealed with `previous`; whether it was. All or nothing:
    /// after a crash it is sealed with one of the two.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`]; [`LastGoodError::Cipher`] if neither key fits.
    pub fn reseal(dir: &Path, previous: &DataKey, key: &DataKey) -> Result<bool, LastGoodError> {
        match Self::open(dir, key) {
            Err(LastGoodError::Cipher { .. }) => {}
            Ok(_) => return Ok(false),
            Err(error) => return Err(error),
        }
        let (journal, _) = Self::open(dir, previous)?;
        let Some(mut bytes) = journal.read()? else {
            return Ok(false);
        };
        // What is written is sealed: only the old bytes, which are wiped, hold plaintext.
        let mut resealed = Vec::with_capacity(bytes.len());
        let mut tag = Tag::default();
        for (number, entry) in journal.entries(previous, &mut bytes)?.iter().enumerate() {
            let start = if number == 0 { PREFIX_BYTES } else { 0 };
            let mut frame = frame::reserve(start, entry.plaintext.len());
            frame.extend_from_slice(entry.plaintext);
            tag = journal.seal(key, (number, &tag), start, &mut frame)?;
            resealed.extend_from_slice(&frame);
        }
        journal.replace(&mut resealed)?;
        Ok(true)
    }
}
