//! OpenAI's dialect: the client's bytes go out, the provider's come back.

use super::failure::ProviderError;
use super::relay::{Decode, MAX_FRAME_BYTES, Progress, relay};
use super::site::Site;
use super::transport::{Reply, Transport};
use super::{ChatAnswer, ChatCall};
use crate::chat::{
    AnswerError, AnswerScan, ApiError, DONE_FRAME, FrameSplitter, frame_data, scan_answer,
};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use url::Url;

/// An endpoint that speaks OpenAI's chat completions.
pub(super) struct OpenAi {
    pub(super) transport: Transport,
    pub(super) place: Place,
}

/// Where chat completions are.
pub(super) enum Place {
    /// One URL for all models.
    Fixed(Url),
    /// Azure's older form: a URL per deployment.
    /// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/reference>.
    Deployment {
        /// The resource's root.
        root: Url,
        api_version: String,
    },
}

impl OpenAi {
    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let url = self.place.url(&call.model).ok_or_else(|| {
            let error = ApiError::invalid_request("the model cannot be part of a URL");
            self.transport.site.refused(error.with_param("model"))
        })?;
        let reply = self.transport.post(url, call.body.clone(), &call).await?;
        if call.stream {
            if reply.is_type("application/json") {
                return Err(not_a_stream(reply).await);
            }
            let decoder = Forward {
                site: Arc::clone(&reply.site),
                splitter: FrameSplitter::new(MAX_FRAME_BYTES),
                rename: call.response_model,
                client_named_model: reply.client_named_model,
            };
            return relay(reply, Box::new(decoder))
                .await
                .map(ChatAnswer::Stream);
        }
        whole(reply, call.response_model.as_deref()).await
    }
}

impl Place {
    fn url(&self, model: &str) -> Option<Url> {
        match self {
            Self::Fixed(url) => Some(url.clone()),
            Self::Deployment { root, api_version } => {
                // A segment of dots would climb to another path.
                if matches!(model.trim(), "" | "." | "..") {
                    return None;
                }
                let mut url = root.clone();
                url.path_segments_mut().ok()?.pop_if_empty().extend([
                    "openai",
                    "deployments",
                    model,
                    "chat",
                    "completions",
                ]);
                url.query_pairs_mut()
                    .append_pair("api-version", api_version);
                Some(url)
            }
        }
    }
}

async fn whole(reply: Reply, rename: Option<&str>) -> Result<ChatAnswer, ApiError> {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = reply.whole().await?;
    let text = std::str::from_utf8(&body).ok();
    let Some((text, scan)) = text.and_then(|text| Some((text, scan_answer(text)?))) else {
        return Err(site.broken("answered with something that is not one JSON object"));
    };
    if let Some(error) = &scan.error {
        return Err(Reply::reported(&site, error.into(), client_named_model));
    }
    if !scan.has_choices {
        return Err(site.broken("answered without `choices`"));
    }
    let usage = scan.usage;
    let body = match rename {
        Some(model) => scan.with_model(text, model),
        None => body,
    };
    Ok(ChatAnswer::Full { body, usage })
}

/// A stream was asked for and JSON came: an error, or a provider that cannot stream.
async fn not_a_stream(reply: Reply) -> ApiError {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = match reply.whole().await {
        Ok(body) => body,
        Err(error) => return error,
    };
    match std::str::from_utf8(&body).ok().and_then(scan_answer) {
        Some(AnswerScan {
            error: Some(error), ..
        }) => Reply::reported(&site, (&error).into(), client_named_model),
        _ => site.broken("answered at once where a stream was asked for"),
    }
}

/// Forwards frames as they come.
struct Forward {
    site: Arc<Site>,
    splitter: FrameSplitter,
    rename: Option<String>,
    client_named_model: bool,
}

impl Decode for Forward {
    fn piece(&mut self, piece: &[u8], frames: &mut VecDeque<Bytes>) -> Result<Progress, ApiError> {
        self.splitter.push(piece);
        while let Some(frame) = self
            .splitter
            .next_frame()
            .map_err(|error| self.site.broken(&format!("sent too much: {error}")))?
        {
            if is_done(&frame) {
                frames.push_back(frame);
                return Ok(Progress::Done);
            }
            frames.push_back(self.frame(frame)?);
        }
        Ok(Progress::More)
    }

    fn end(&mut self, frames: &mut VecDeque<Bytes>) -> Result<Progress, ApiError> {
        // Some servers leave out the blank line behind the last event; anything else was cut.
        match self.splitter.take_rest() {
            Some(rest) if is_done(&rest) => {
                frames.push_back(DONE_FRAME);
                Ok(Progress::Done)
            }
            _ => Ok(Progress::More),
        }
    }
}

impl Forward {
    fn frame(&self, frame: Bytes) -> Result<Bytes, ApiError> {
        if self.rename.is_none() && !may_be_error(&frame) {
            return Ok(frame);
        }
        let Some(data) = frame_data(&frame) else {
            return Ok(frame);
        };
        let Some(scan) = scan_answer(&data) else {
            return Ok(frame);
        };
        if let Some(error) = &scan.error {
            return Err(Reply::reported(
                &self.site,
                error.into(),
                self.client_named_model,
            ));
        }
        Ok(match &self.rename {
            Some(model) => {
                let data = scan.with_model(&data, model);
                // A line end inside the data stood between two tokens of JSON, where a blank does too.
                let data = String::from_utf8_lossy(&data).replace('\n', " ");
                format!("data: {data}\n\n").into()
            }
            None => frame,
        })
    }
}

impl From<&AnswerError> for ProviderError {
    fn from(error: &AnswerError) -> Self {
        Self {
            message: error.message.clone(),
            kind: error.kind.clone(),
            code: error.code.clone(),
            param: error.param.clone(),
        }
    }
}

fn is_done(frame: &[u8]) -> bool {
    // The mark is short; longer frames need not be read.
    frame.len() < 64 && frame_data(frame).is_some_and(|data| data.trim() == "[DONE]")
}

/// Whether it is worth looking for an error: the word stands in the frame as a key could.
fn may_be_error(frame: &[u8]) -> bool {
    frame
        .windows(8)
        .any(|window| window == b"\"error\":" || window == b"\"error\" ")
}
