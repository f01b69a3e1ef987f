//! A normalised spec in the two forms that are made of it.

use super::{Digest, Labels, Metadata, ResourceId, canonical, digest::write_text};
use serde::Serialize;

/// A spec as JSON text, and as a digest reads it.
#[derive(Debug)]
pub struct SpecJson {
    /// What [`super::Resource::value`] reads.
    pub(super) text: Box<str>,
    canonical: Vec<u8>,
}

impl SpecJson {
    /// Writes both forms.
    ///
    /// # Errors
    ///
    /// If the spec is nothing that JSON can say; no spec of the format is.
    pub fn of<T: Serialize>(spec: &T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(spec)?.into();
        let mut canonical = Vec::with_capacity(1024);
        canonical::write(spec, &mut canonical)?;
        Ok(Self { text, canonical })
    }

    /// Fingerprints the spec with who it is of and what people noted: as one JSON object with these fields.
    pub(super) fn digest(&self, id: &ResourceId, metadata: &Metadata) -> Digest {
        let mut whole = Vec::with_capacity(self.canonical.len() + 512);
        whole.push(b'{');
        write_notes("annotations", &metadata.annotations, &mut whole);
        write_field("kind", id.kind.as_str(), &mut whole);
        write_notes("labels", &metadata.labels, &mut whole);
        write_field("name", &id.name, &mut whole);
        write_field("namespace", &id.namespace, &mut whole);
        write_text("spec", &mut whole);
        whole.push(b':');
        whole.extend_from_slice(&self.canonical);
        whole.push(b'}');
        Digest::of_bytes(&whole)
    }
}

fn write_notes(name: &str, notes: &Labels, out: &mut Vec<u8>) {
    write_text(name, out);
    out.extend_from_slice(b":{");
    for (index, (key, text)) in notes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        write_text(text, out);
    }
    out.extend_from_slice(b"},");
}

fn write_field(name: &str, text: &str, out: &mut Vec<u8>) {
    write_text(name, out);
    out.push(b':');
    write_text(text, out);
    out.push(b',');
}
