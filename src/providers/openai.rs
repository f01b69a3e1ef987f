//! OpenAI's dialect: the client's bytes go out, the provider's come back.

use super::asked_usage::AskedUsage;
use super::passthrough;
use super::transport::{Reply, Transport};
use super::uri::{under, uri};
use super::{ChatCall, ChatContent, UpstreamBuildError};
use crate::chat::{ApiError, ChatForm, Dialect, with_newer_limit};
use bytes::Bytes;
use hyper::Uri;
use std::time::{Duration, Instant};
use url::Url;

/// Families of models that know `max_completion_tokens` alone.
/// Source: <https://platform.openai.com/docs/guides/reasoning>.
const NEWER_LIMIT: [&str; 4] = ["gpt-5", "o1", "o3", "o4"];

/// An endpoint that speaks OpenAI's words.
pub(super) struct OpenAi {
    pub(super) transport: Transport,
    place: Place,
    asked_usage: AskedUsage,
}

/// Where the operations are.
pub(super) enum Place {
    /// One URL for all models.
    Fixed(Fixed),
    /// Azure's older form: a URL per deployment.
    /// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/reference>.
    Deployment {
        /// The resource's root.
        root: Url,
        api_version: String,
    },
}

/// The URLs below one base.
pub(super) struct Fixed {
    chat: Uri,
    embeddings: Uri,
    responses: Uri,
}

impl OpenAi {
    pub(super) fn new(transport: Transport, place: Place) -> Self {
        Self {
            transport,
            place,
            asked_usage: AskedUsage::default(),
        }
    }

    /// Answers in the words that the call is in.
    pub(super) async fn call(&self, mut call: ChatCall) -> Result<ChatContent, ApiError> {
        let uri = self.place.uri(call.dialect, &call.model).ok_or_else(|| {
            let error = ApiError::invalid_request("the model cannot be part of a URL");
            self.transport.site.refused(error.with_param("model"))
        })?;
        let newer = self
            .wants_newer_limit(&call)
            .then(|| with_newer_limit(&call.body));
        let body = newer.flatten().unwrap_or_else(|| call.body.clone());
        let asking = self.asked_usage.asking(&body, &call);
        call.asks_usage = asking.is_some();
        let reply = match asking {
            None => self.transport.post(uri, body, &call).await?,
            Some(asking) => self.ask_usage(uri, asking, body, &mut call).await?,
        };
        passthrough::answer(reply, call).await
    }

    /// Posts a body that asks for token counts, and the one that does not if the server does not know the question.
    async fn ask_usage(
        &self,
        uri: Uri,
        asking: Bytes,
        plain: Bytes,
        call: &mut ChatCall,
    ) -> Result<Reply, ApiError> {
        let started = Instant::now();
        match self.transport.post(uri.clone(), asking, call).await {
            Err(error) if self.asked_usage.is_refused(&error) => {
                call.asks_usage = false;
                let left = |limit: Duration| limit.saturating_sub(started.elapsed());
                call.deadline = call.deadline.map(left);
                self.transport.post(uri, plain, call).await
            }
            asked => asked,
        }
    }
}

impl OpenAi {
    /// What its chat takes: OpenAI's newer models know the newer name of the limit alone, other servers often the older.
    pub(super) fn chat_form(&self) -> ChatForm {
        let is_openais = self.is_openais();
        ChatForm {
            max_tokens: if is_openais {
                "max_completion_tokens"
            } else {
                "max_tokens"
            },
            top_k: !is_openais,
            effort_none: false,
        }
    }
}

impl OpenAi {
    /// Whether the model refuses `max_tokens`. Only OpenAI's own names tell; a deployment is called as somebody liked.
    fn wants_newer_limit(&self, call: &ChatCall) -> bool {
        call.dialect == Dialect::Chat
            && self.transport.site.provider == "openai"
            && NEWER_LIMIT
                .iter()
                .any(|family| call.model.starts_with(family))
    }

    /// Whether OpenAI's own models answer, and not a server that speaks like theirs; those know Responses too.
    pub(super) fn is_openais(&self) -> bool {
        matches!(
            self.transport.site.provider.as_str(),
            "openai" | "azure-openai"
        )
    }
}

impl Place {
    /// One URL for all models, below `base`.
    pub(super) fn below(base: &Url) -> Result<Self, UpstreamBuildError> {
        Ok(Self::Fixed(Fixed {
            chat: under(base, "chat/completions")?,
            embeddings: under(base, "embeddings")?,
            responses: under(base, "responses")?,
        }))
    }

    fn uri(&self, dialect: Dialect, model: &str) -> Option<Uri> {
        match self {
            Self::Fixed(fixed) => match dialect {
                Dialect::Chat => Some(fixed.chat.clone()),
                Dialect::Embeddings => Some(fixed.embeddings.clone()),
                Dialect::Responses => Some(fixed.responses.clone()),
                Dialect::Messages | Dialect::CountTokens => None,
            },
            Self::Deployment { root, api_version } => {
                // A segment of dots would climb to another path.
                if matches!(model.trim(), "" | "." | "..") {
                    return None;
                }
                let operation: &[&str] = match dialect {
                    Dialect::Chat => &["openai", "deployments", model, "chat", "completions"],
                    Dialect::Embeddings => &["openai", "deployments", model, "embeddings"],
                    // Here alone the body names the deployment.
                    Dialect::Responses => &["openai", "responses"],
                    Dialect::Messages | Dialect::CountTokens => return None,
                };
                let mut url = root.clone();
                url.path_segments_mut()
                    .ok()?
                    .pop_if_empty()
                    .extend(operation);
                url.query_pairs_mut()
                    .append_pair("api-version", api_version);
                uri(&url).ok()
            }
        }
    }
}
