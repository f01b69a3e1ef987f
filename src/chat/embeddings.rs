//! Embeddings read whole, for providers of another dialect, and written.
//!
//! Source: <https://platform.openai.com/docs/api-reference/embeddings>.

use super::Usage;
use super::request::{RequestError, is_blank, text_field};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The most numbers a vector may have: more than any known model makes.
const MAX_DIMENSIONS: u64 = 65_536;

/// An OpenAI request for embeddings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingsRequest {
    /// The texts, in order; never empty.
    pub texts: Vec<String>,
    /// `dimensions`: the length of each vector.
    pub dimensions: Option<u64>,
    /// `encoding_format`: whether vectors are written in base64.
    pub as_base64: bool,
    /// `user`.
    pub user: Option<String>,
}

/// Vectors, as a translating provider gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// The model that answered.
    pub model: String,
    /// One vector for each text, in order.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens.
    pub usage: Usage,
}

impl EmbeddingsRequest {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`RequestError`] naming the first field that is wrong or of a kind nobody here knows.
    pub fn read(body: &[u8]) -> Result<Self, RequestError> {
        let mut fields: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| RequestError::invalid("body", &format!("is not JSON: {error}")))?;
        fields.remove("model");
        let request = Self {
            texts: texts(fields.remove("input"))?,
            dimensions: dimensions(fields.remove("dimensions"))?,
            as_base64: as_base64(&mut fields)?,
            user: text_field(&mut fields, "user", "")?,
        };
        match fields.iter().find(|(_, value)| !is_blank(value)) {
            None => Ok(request),
            Some((name, _)) => Err(RequestError::unsupported(name, "this field")),
        }
    }
}

impl Embeddings {
    /// The OpenAI `list` object, its vectors in base64 or as numbers.
    pub fn to_bytes(&self, as_base64: bool) -> Bytes {
        let data: Vec<Value> = self
            .vectors
            .iter()
            .enumerate()
            .map(|(index, vector)| {
                let vector = if as_base64 {
                    Value::from(in_base64(vector))
                } else {
                    vector.iter().map(|number| json!(number)).collect()
                };
                json!({"object": "embedding", "index": index, "embedding": vector})
            })
            .collect();
        let mut usage = json!({
            "prompt_tokens": self.usage.prompt_tokens,
            "total_tokens": self.usage.total_tokens(),
        });
        if self.usage.estimated {
            usage["orloj"] = json!({"estimated": true});
        }
        let list = json!({"object": "list", "data": data, "model": self.model, "usage": usage});
        list.to_string().into()
    }
}

/// Numbers of four bytes each, the least significant first.
fn in_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|n| n.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

fn texts(value: Option<Value>) -> Result<Vec<String>, RequestError> {
    let wrong = |problem| RequestError::invalid("input", problem);
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(vec![text]),
        Some(Value::Array(items)) if !items.is_empty() => {
            if items.iter().any(|item| item.is_number() || item.is_array()) {
                return Err(RequestError::unsupported("input", "text as token numbers"));
            }
            items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) if !text.is_empty() => Ok(text),
                    _ => Err(wrong("must hold non-empty texts")),
                })
                .collect()
        }
        _ => Err(wrong("must be a non-empty text or an array of them")),
    }
}

fn dimensions(value: Option<Value>) -> Result<Option<u64>, RequestError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number @ 1..=MAX_DIMENSIONS) => Ok(Some(number)),
            _ => {
                let problem = format!("must be a whole number from 1 to {MAX_DIMENSIONS}");
                Err(RequestError::invalid("dimensions", &problem))
            }
        },
    }
}

fn as_base64(fields: &mut Map<String, Value>) -> Result<bool, RequestError> {
    match text_field(fields, "encoding_format", "")?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(_) => Err(RequestError::invalid(
            "encoding_format",
            "must be float or base64",
        )),
    }
}
