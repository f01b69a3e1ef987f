//! Bytes of a tree to documents with positions, schema-checked, to a catalog and findings.
//!
//! A file walks through [`parse_file`]: `text` checks bytes, `loader` builds nodes with spans, `quirks`
//! and `coerce` read the format's looser spellings, `schema` checks, `decode` makes a typed resource and
//! `rules` says what a schema cannot. The result depends on path and bytes alone, so callers may keep it
//! by blob id. An [`Assembly`] joins the files of a revision into a [`crate::model::Catalog`], file by file.
//!
//! `serde_yaml` reads nothing here, it is the writer: specs are read from nodes (`read`).

mod as_json;
mod assemble;
mod assemble_all;
mod bounds;
mod claims;
mod clear_text;
mod coerce;
mod cron;
mod decode;
mod documents;
mod keys;
mod kinds;
mod limits;
mod loader;
mod mend;
mod metadata;
mod moved;
mod moving;
mod negative;
mod newer;
mod node;
mod packed;
mod parse;
mod quirks;
mod read;
mod repeats;
mod rules;
pub mod schema;
mod sealed_file;
mod server_fields;
mod settings;
mod sops;
mod split;
mod stray;
mod suggest;
mod text;
mod tidy;
mod unclosed;
mod variables;
mod violations;
mod write;
pub mod written;

#[cfg(test)]
mod tests;

pub use assemble::{AssembleOptions, Assembly, FileEdit, assemble};
pub use claims::{Layer, adopts};
pub use clear_text::ClearTextPolicy;
pub use cron::{Cron, CronError};
pub use documents::{Documents, read_documents};
pub use limits::{MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES};
pub use packed::reader_stamp;
pub use parse::{ParsedFile, parse_file, parse_kept_file};
pub use sealed_file::is_sealed_file;
pub use settings::{read_settings, settings_schema};
pub use stray::{holds_credential, identity_in, shown_name, without_credentials};
pub use suggest::{Suggestions, did_you_mean};
pub use write::{to_json, to_yaml};
