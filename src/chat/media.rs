//! Pictures, sounds and files inside a request: what stands in its body as base64 and is read by no model as text.

use super::Dialect;
use super::json_key::Key;
use memchr::memmem;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What Anthropic says that a picture of usual size costs. Nearly all of OpenAI's cost less, and so do two minutes of sound.
pub(super) const PICTURE_TOKENS: u64 = 1600;

/// Base64 that a request holds for its model to look at or listen to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Media {
    /// Bytes of the body that are no text.
    pub bytes: usize,
    /// Tokens that these count, about: 1,600 for a picture or a sound, and as many as the text of its bytes would for a file.
    pub tokens: u64,
}

impl Media {
    /// Finds what a request holds where its dialect has such things; nothing where it holds none, or cannot be read.
    ///
    /// What only looks like base64 elsewhere stays text: a provider counts it as that.
    pub(super) fn find(dialect: Dialect, text: &str) -> Self {
        let marks = ["base64", "input_audio", "file_data"];
        let may_hold = |mark: &str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
        if dialect == Dialect::Embeddings || !marks.into_iter().any(may_hold) {
            return Self::default();
        }
        let mut media = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let walk = Walk {
            place: Place::Body,
            media: &mut media,
        };
        match walk.deserialize(&mut json) {
            Ok(()) => media,
            Err(_) => Self::default(),
        }
    }

    /// A picture or a sound.
    fn add_fixed(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.tokens += PICTURE_TOKENS;
    }

    /// A file in base64 holds three bytes in four characters, and a page of it as much as a picture or less.
    fn add_file(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.tokens += file_tokens(bytes);
    }
}

/// Tokens of a file of so many bytes in base64, about.
pub(super) fn file_tokens(bytes: usize) -> u64 {
    super::Usage::guess(bytes) / 4 * 3
}

/// What a value is, by where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    /// `messages`, or the `input` of a response.
    Turns,
    Turn,
    Content,
    Part,
    /// `image_url`: an object with a `url`, or the text itself.
    Image,
    Sound,
    SoundData,
    File,
    FileData,
    /// Anthropic's `source` of a picture or a document.
    Source,
    Elsewhere,
}

impl Place {
    /// What an element of a list is.
    fn item(self) -> Self {
        match self {
            Self::Turns => Self::Turn,
            Self::Content => Self::Part,
            _ => Self::Elsewhere,
        }
    }

    /// What a field of an object is.
    fn field(self, name: &str) -> Self {
        match (self, name) {
            (Self::Body, "messages" | "input") => Self::Turns,
            (Self::Turn, "content" | "output") | (Self::Part, "content") => Self::Content,
            (Self::Part | Self::Content, "image_url") | (Self::Image, "url") => Self::Image,
            (Self::Part, "input_audio") => Self::Sound,
            (Self::Sound, "data") => Self::SoundData,
            (Self::Part, "file") => Self::File,
            (Self::Part | Self::File, "file_data") => Self::FileData,
            (Self::Part, "source") => Self::Source,
            _ => Self::Elsewhere,
        }
    }
}

/// Reads a value and counts what it holds.
struct Walk<'m> {
    place: Place,
    media: &'m mut Media,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.place {
            Place::Elsewhere => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        match self.place {
            Place::Image if is_picture(text) => self.media.add_fixed(text.len()),
            Place::SoundData => self.media.add_fixed(text.len()),
            Place::FileData => self.media.add_file(text.len()),
            _ => {}
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let place = self.place.item();
        loop {
            let media = &mut *self.media;
            if items.next_element_seed(Walk { place, media })?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.place == Place::Source {
            return self.source(map);
        }
        while let Some(Key(name)) = map.next_key()? {
            let place = self.place.field(&name);
            map.next_value_seed(Walk {
                place,
                media: &mut *self.media,
            })?;
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// Anthropic's `source`: base64 of a picture or a file, or a text or an address, which are none.
    fn source<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut is_base64, mut is_picture, mut bytes) = (false, false, 0);
        while let Some(Key(name)) = map.next_key()? {
            match &*name {
                "type" | "media_type" | "data" => {
                    let Key(text) = map.next_value().map_err(A::Error::custom)?;
                    match &*name {
                        "type" => is_base64 = text == "base64",
                        "media_type" => is_picture = text.starts_with("image/"),
                        _ => bytes = text.len(),
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (is_base64, is_picture) {
            (true, true) => self.media.add_fixed(bytes),
            (true, false) => self.media.add_file(bytes),
            (false, _) => {}
        }
        Ok(())
    }
}

/// Whether a URL holds its picture.
fn is_picture(url: &str) -> bool {
    let head = url.split_once(',').map(|(head, _)| head);
    head.is_some_and(|head| head.starts_with("data:image/") && head.ends_with(";base64"))
}

#[cfg(test)]
mod tests {
    use super::{Media, file_tokens};
    use crate::chat::Dialect;
    use serde_json::{Value, json};

    fn found(dialect: Dialect, body: &Value) -> Media {
        Media::find(dialect, &body.to_string())
    }

    fn media(bytes: usize, tokens: u64) -> Media {
        Media { bytes, tokens }
    }

    #[test]
    fn pictures_sounds_and_files_are_found_in_every_dialect() {
        let data = "A".repeat(30_000);
        let url = format!("data:image/png;base64,{data}");
        let user = |part: Value| json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "see"}, part]}]});
        let input = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
        let source = |kind: &str, of: &str| json!({"type": kind, "source": {"data": data, "type": "base64", "media_type": of}});
        let result = json!({"type": "tool_result", "content": [source("image", "image/png")]});
        let (in_url, in_data) = (media(30_022, 1600), media(30_000, 1600));
        let file = media(30_000, file_tokens(30_000));
        for (dialect, body, expected) in [
            (
                Dialect::Chat,
                user(json!({"type": "image_url", "image_url": {"detail": "low", "url": url}})),
                in_url,
            ),
            (
                Dialect::Chat,
                user(
                    json!({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}),
                ),
                in_data,
            ),
            (
                Dialect::Chat,
                user(json!({"type": "file", "file": {"filename": "f", "file_data": data}})),
                file,
            ),
            (
                Dialect::Messages,
                user(source("image", "image/png")),
                in_data,
            ),
            (Dialect::Messages, user(result), in_data),
            (
                Dialect::Messages,
                user(source("document", "application/pdf")),
                file,
            ),
            (
                Dialect::Responses,
                input(json!({"type": "input_image", "image_url": url})),
                in_url,
            ),
            (
                Dialect::Responses,
                input(json!({"type": "input_file", "file_data": data})),
                file,
            ),
        ] {
            assert_eq!(found(dialect, &body), expected, "{dialect:?}");
        }
        let two = json!({"messages": [{"content": [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "image_url", "image_url": {"url": url}},
        ]}]});
        assert_eq!(found(Dialect::Chat, &two), media(60_044, 3200));
    }

    #[test]
    fn what_a_provider_reads_as_text_stays_text() {
        let url = format!("data:image/png;base64,{}", "A".repeat(9_000));
        for body in [
            json!({"messages": [{"content": url}]}),
            json!({"messages": [{"content": [{"type": "text", "text": url}]}]}),
            json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "https://example.com/base64"}}]}]}),
            json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "data:text/plain;base64,AAAA"}}]}]}),
            json!({"messages": [{"content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "base64"}}]}]}),
            json!({"messages": [{"content": "hi"}], "tools": [{"image_url": url, "file_data": url}]}),
            json!({"messages": [5, null, true, 0.5, -1, "base64", {"content": {"url": url}}]}),
        ] {
            assert_eq!(found(Dialect::Chat, &body), Media::default(), "{body}");
        }
        assert_eq!(
            Media::find(Dialect::Chat, "{\"messages\":base64"),
            Media::default()
        );
    }
}
