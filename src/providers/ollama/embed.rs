//! Embeddings in Ollama's words.
//!
//! Source: <https://docs.ollama.com/api/embed>.

use crate::chat::{ApiError, Embeddings, EmbeddingsRequest, Usage};
use crate::providers::failure::ProviderError;
use crate::providers::transport::Reply;
use crate::providers::{ChatCall, ChatContent};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
struct WireEmbeddings {
    model: Option<String>,
    embeddings: Option<Vec<Vec<f32>>>,
    prompt_eval_count: Option<u64>,
    error: Option<Value>,
}

/// The body for `/api/embed`.
pub(super) fn translate(
    request: &EmbeddingsRequest,
    keep_alive: Option<&str>,
    model: &str,
) -> Value {
    let mut body = json!({"model": model, "input": request.texts});
    if let Some(dimensions) = request.dimensions {
        body["dimensions"] = dimensions.into();
    }
    if let Some(keep_alive) = keep_alive {
        body["keep_alive"] = keep_alive.into();
    }
    body
}

/// Reads the vectors that answer `request`.
pub(super) async fn whole(
    reply: Reply,
    request: &EmbeddingsRequest,
    call: &ChatCall,
) -> Result<ChatContent, ApiError> {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = reply.whole().await?;
    let answer: WireEmbeddings = serde_json::from_slice(&body)
        .map_err(|_| site.broken("answered with something that is no list of vectors"))?;
    if let Some(error) = &answer.error {
        let error = ProviderError::from_value(error);
        return Err(Reply::reported(&site, error, client_named_model));
    }
    let vectors = answer.embeddings.unwrap_or_default();
    if vectors.len() != request.texts.len() {
        let (got, asked) = (vectors.len(), request.texts.len());
        return Err(site.broken(&format!("gave {got} vectors for {asked} texts")));
    }
    let bytes: usize = request.texts.iter().map(String::len).sum();
    let usage = Usage {
        prompt_tokens: answer
            .prompt_eval_count
            .unwrap_or_else(|| Usage::guess(bytes)),
        estimated: answer.prompt_eval_count.is_none(),
        ..Usage::default()
    };
    let embeddings = Embeddings {
        model: call
            .response_model
            .clone()
            .or(answer.model)
            .unwrap_or_else(|| call.model.clone()),
        vectors,
        usage,
    };
    Ok(ChatContent::Full {
        body: embeddings.to_bytes(request.as_base64),
        usage: Some(usage),
    })
}
