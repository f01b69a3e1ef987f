//! Answers of a provider that speaks the client's dialect: its bytes go on as they came.

use super::failure::ProviderError;
use super::relay::{Decode, MAX_FRAME_BYTES, Progress, relay};
use super::site::Site;
use super::transport::Reply;
use super::{ChatCall, ChatContent, StreamCounts};
use crate::chat::{
    AnswerError, AnswerScan, ApiError, Dialect, Frame, FrameSplitter, MessageCounts, frame_data,
    scan_answer,
};
use bytes::Bytes;
use memchr::memmem;
use std::collections::VecDeque;
use std::sync::Arc;

/// Reads the answer to `call`, whole or streamed.
pub(super) async fn answer(reply: Reply, call: ChatCall) -> Result<ChatContent, ApiError> {
    if !call.stream {
        return whole(reply, &call).await;
    }
    if reply.is_type("application/json") {
        return Err(not_a_stream(reply, call.dialect).await);
    }
    let decoder = Forward {
        dialect: call.dialect,
        site: Arc::clone(&reply.site),
        splitter: FrameSplitter::new(MAX_FRAME_BYTES),
        rename: call.response_model,
        client_named_model: reply.client_named_model,
        counts: MessageCounts::default(),
        // Other dialects tell tokens unasked, and what tells them holds more than that.
        keeps_usage: call.counts == StreamCounts::Kept && call.dialect == Dialect::Chat,
    };
    relay(call.dialect, reply, Box::new(decoder))
        .await
        .map(ChatContent::Stream)
}

async fn whole(reply: Reply, call: &ChatCall) -> Result<ChatContent, ApiError> {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = reply.whole().await?;
    let text = std::str::from_utf8(&body).ok();
    let scanned = text.and_then(|text| Some((text, scan_answer(call.dialect, text)?)));
    let Some((text, scan)) = scanned else {
        return Err(site.broken("answered with something that is not one JSON object"));
    };
    if let Some(error) = &scan.error {
        return Err(Reply::reported(&site, error.into(), client_named_model));
    }
    if !scan.has_content {
        let what = format!("answered without `{}`", call.dialect.content_field());
        return Err(site.broken(&what));
    }
    let usage = scan.usage;
    let body = match call.response_model.as_deref() {
        Some(model) => scan.with_model(text, model),
        None => body,
    };
    Ok(ChatContent::Full { body, usage })
}

/// A stream was asked for and JSON came: an error, or a provider that cannot stream.
async fn not_a_stream(reply: Reply, dialect: Dialect) -> ApiError {
    let site = Arc::clone(&reply.site);
    let client_named_model = reply.client_named_model;
    let body = match reply.whole().await {
        Ok(body) => body,
        Err(error) => return error,
    };
    let text = std::str::from_utf8(&body).ok();
    match text.and_then(|text| scan_answer(dialect, text)) {
        Some(AnswerScan {
            error: Some(error), ..
        }) => Reply::reported(&site, (&error).into(), client_named_model),
        _ => site.broken("answered at once where a stream was asked for"),
    }
}

/// Forwards frames as they come.
struct Forward {
    dialect: Dialect,
    site: Arc<Site>,
    splitter: FrameSplitter,
    rename: Option<String>,
    client_named_model: bool,
    /// What a message's events counted so far.
    counts: MessageCounts,
    /// Whether the chunk that holds nothing but token counts is kept from the client, who did not ask for it.
    keeps_usage: bool,
}

impl Decode for Forward {
    fn piece(&mut self, piece: &[u8], frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        self.splitter.push(piece);
        while let Some(frame) = self
            .splitter
            .next_frame()
            .map_err(|error| self.site.broken(&format!("sent too much: {error}")))?
        {
            if self.forward(frame, frames)? == Progress::Done {
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::More)
    }

    fn end(&mut self, frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError> {
        // Some servers leave out the blank line behind the last event; anything else was cut.
        match self.splitter.take_rest() {
            Some(rest) => {
                let mut whole = rest.trim_ascii_end().to_vec();
                whole.extend_from_slice(b"\n\n");
                let mut last = VecDeque::new();
                let progress = match self.forward(whole.into(), &mut last) {
                    Ok(progress) => progress,
                    Err(_) => Progress::More,
                };
                if progress == Progress::Done {
                    frames.extend(last);
                }
                Ok(progress)
            }
            None => Ok(Progress::More),
        }
    }
}

impl Forward {
    /// Queues a frame; done if it is the one that ends what is complete.
    fn forward(
        &mut self,
        frame: Bytes,
        frames: &mut VecDeque<Frame>,
    ) -> Result<Progress, ApiError> {
        let (frame, progress) = match self.dialect {
            Dialect::Chat if is_done(&frame) => (frame.into(), Progress::Done),
            Dialect::Chat if self.rename.is_none() && !is_worth_reading(&frame) => {
                (frame.into(), Progress::More)
            }
            _ => self.read(frame)?,
        };
        frames.push_back(frame);
        Ok(progress)
    }

    fn read(&mut self, frame: Bytes) -> Result<(Frame, Progress), ApiError> {
        let scanned = frame_data(&frame).and_then(|data| {
            let scan = scan_answer(self.dialect, &data)?;
            Some((data, scan))
        });
        let Some((data, scan)) = scanned else {
            return Ok((frame.into(), Progress::More));
        };
        if let Some(error) = &scan.error {
            return Err(Reply::reported(
                &self.site,
                error.into(),
                self.client_named_model,
            ));
        }
        let usage = match scan.counts {
            Some(counts) => {
                self.counts.update(counts);
                Some(self.counts.normalised())
            }
            None => scan.usage,
        };
        let is_last = self.dialect.ends_with(scan.kind.as_deref());
        let failure = scan.failure.as_ref().filter(|_| is_last).map(|failure| {
            Box::new(Reply::reported(
                &self.site,
                failure.into(),
                self.client_named_model,
            ))
        });
        let is_kept = self.keeps_usage && usage.is_some() && !scan.has_choices;
        let bytes = match &self.rename {
            _ if is_kept => Bytes::new(),
            Some(model) if scan.has_model() => {
                let data = scan.with_model(&data, model);
                renamed(scan.kind.as_deref(), &data)
            }
            _ => frame.clone(),
        };
        let progress = if is_last {
            Progress::Done
        } else {
            Progress::More
        };
        let frame = Frame {
            bytes,
            usage,
            error: failure,
        };
        Ok((frame, progress))
    }
}

/// A frame with other data; dialects whose events have types name them in a line of their own.
fn renamed(kind: Option<&str>, data: &[u8]) -> Bytes {
    // A line end inside the data stood between two tokens of JSON, where a blank does too.
    let data = String::from_utf8_lossy(data).replace('\n', " ");
    match kind {
        Some(kind) => format!("event: {kind}\ndata: {data}\n\n").into(),
        None => format!("data: {data}\n\n").into(),
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

/// Whether a frame may hold an error or tokens: the word stands in it as a key could, and not before null. An error may also
/// be told by what `object` is.
fn is_worth_reading(frame: &[u8]) -> bool {
    let behind = |word: &'static [u8]| {
        let places = memmem::find_iter(frame, word);
        places.filter_map(move |at| frame.get(at + word.len()..))
    };
    let is_key = |rest: &[u8]| rest.starts_with(b":") || rest.starts_with(b" ");
    let is_value = |rest: &[u8]| rest.starts_with(b",") || rest.starts_with(b"}");
    behind(b"\"error\"").any(|rest| is_key(rest) || is_value(rest))
        || behind(b"\"usage\"").any(|rest| is_key(rest) && !rest[1..].starts_with(b"null"))
}
