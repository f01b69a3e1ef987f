//! OpenAI's dialect: the client's bytes go out, the provider's come back.

use super::passthrough;
use super::transport::Transport;
use super::{ChatCall, ChatContent};
use crate::chat::{ApiError, Dialect};
use url::Url;

/// An endpoint that speaks OpenAI's words.
pub(super) struct OpenAi {
    pub(super) transport: Transport,
    pub(super) place: Place,
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
    chat: Url,
    embeddings: Url,
}

impl OpenAi {
    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatContent, ApiError> {
        let url = self.place.url(call.dialect, &call.model).ok_or_else(|| {
            let error = ApiError::invalid_request("the model cannot be part of a URL");
            self.transport.site.refused(error.with_param("model"))
        })?;
        let reply = self.transport.post(url, call.body.clone(), &call).await?;
        passthrough::answer(reply, call).await
    }
}

impl Place {
    /// One URL for all models, below `base`.
    pub(super) fn below(base: &Url) -> Self {
        Self::Fixed(Fixed {
            chat: under(base.clone(), "chat/completions"),
            embeddings: under(base.clone(), "embeddings"),
        })
    }

    fn url(&self, dialect: Dialect, model: &str) -> Option<Url> {
        match self {
            Self::Fixed(fixed) => Some(match dialect {
                Dialect::Chat => fixed.chat.clone(),
                Dialect::Embeddings => fixed.embeddings.clone(),
            }),
            Self::Deployment { root, api_version } => {
                // A segment of dots would climb to another path.
                if matches!(model.trim(), "" | "." | "..") {
                    return None;
                }
                let operation: &[&str] = match dialect {
                    Dialect::Chat => &["chat", "completions"],
                    Dialect::Embeddings => &["embeddings"],
                };
                let mut url = root.clone();
                url.path_segments_mut()
                    .ok()?
                    .pop_if_empty()
                    .extend(["openai", "deployments", model])
                    .extend(operation);
                url.query_pairs_mut()
                    .append_pair("api-version", api_version);
                Some(url)
            }
        }
    }
}

/// `base` with a path behind its own.
pub(super) fn under(mut base: Url, path: &str) -> Url {
    let whole = format!("{}/{path}", base.path().trim_end_matches('/'));
    base.set_path(&whole);
    base
}
