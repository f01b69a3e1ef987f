//! Calls in a dialect that a provider does not speak: said as a chat, and the answer said back.

use super::site::Site;
use super::upstream::Adapter;
use super::{ChatAnswer, ChatCall, ChatContent, relay};
use crate::chat::{
    ApiError, Dialect, Fallback, Frame, MessageEvents, ResponseEvents, Usage, chat_of_messages,
    chat_of_responses, message_of_chat, response_of_chat,
};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

impl Adapter {
    /// Anthropic's Messages, from a provider of chats.
    pub(super) async fn messages(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = self.site();
        let request = chat_of_messages(&call.body, self.chat_form());
        let request = request.map_err(|error| site.refused(error))?;
        let fallback = fallback(&call);
        let mut adjusted = request.adjusted;
        let betas = call.betas.as_ref();
        adjusted.extend(betas.map(|_| "anthropic-beta=left out".to_owned()));
        let answer = self.chat(as_chat(call, &request.body)).await?;
        adjusted.extend(answer.adjusted);
        let content = match answer.content {
            ChatContent::Full { body, .. } => {
                let said = message_of_chat(&body, fallback);
                full(said.map_err(|what| site.broken(what))?)
            }
            ChatContent::Stream(frames) => {
                let mut events = MessageEvents::new(fallback);
                let take = move |frame, out: &mut Vec<Frame>| events.take(frame, out);
                let site = Arc::clone(site);
                ChatContent::Stream(restated(frames, Dialect::Messages, site, take))
            }
        };
        Ok(ChatAnswer { content, adjusted })
    }

    /// OpenAI's Responses, from a provider of chats.
    pub(super) async fn responses(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let site = self.site();
        let request = chat_of_responses(&call.body, self.chat_form());
        let request = request.map_err(|error| site.refused(error))?;
        let fallback = fallback(&call);
        let answer = self.chat(as_chat(call, &request.body)).await?;
        let mut adjusted = request.adjusted;
        adjusted.extend(answer.adjusted);
        let content = match answer.content {
            ChatContent::Full { body, .. } => {
                let said = response_of_chat(&body, &request.echo, &fallback);
                full(said.map_err(|what| site.broken(what))?)
            }
            ChatContent::Stream(frames) => {
                let mut events = ResponseEvents::new(fallback, request.echo);
                let take = move |frame, out: &mut Vec<Frame>| events.take(frame, out);
                let site = Arc::clone(site);
                ChatContent::Stream(restated(frames, Dialect::Responses, site, take))
            }
        };
        Ok(ChatAnswer { content, adjusted })
    }
}

fn full((body, usage): (Bytes, Usage)) -> ChatContent {
    ChatContent::Full {
        body,
        usage: Some(usage),
    }
}

/// What stands in for what the provider leaves out.
fn fallback(call: &ChatCall) -> Fallback {
    Fallback {
        id: relay::new_id(),
        model: call.model.clone(),
        created: relay::now_seconds(),
        prompt_bytes: call.body.len(),
    }
}

/// The same call as a chat that tells its tokens.
fn as_chat(call: ChatCall, body: &Value) -> ChatCall {
    ChatCall {
        dialect: Dialect::Chat,
        body: body.to_string().into(),
        include_usage: true,
        asks_usage: false,
        betas: None,
        ..call
    }
}

/// A stream said in other words, frame by frame. Dropping it drops the one it is made of.
fn restated<T>(
    frames: BoxStream<'static, Frame>,
    dialect: Dialect,
    site: Arc<Site>,
    take: T,
) -> BoxStream<'static, Frame>
where
    T: FnMut(Frame, &mut Vec<Frame>) -> Result<(), &'static str> + Send + 'static,
{
    let state = Restated {
        frames: Some(frames),
        queue: VecDeque::new(),
        dialect,
        site,
        take,
    };
    stream::unfold(state, |mut state| async move {
        let frame = state.next().await?;
        Some((frame, state))
    })
    .boxed()
}

struct Restated<T> {
    /// `None` when it failed.
    frames: Option<BoxStream<'static, Frame>>,
    queue: VecDeque<Frame>,
    dialect: Dialect,
    site: Arc<Site>,
    take: T,
}

impl<T: FnMut(Frame, &mut Vec<Frame>) -> Result<(), &'static str>> Restated<T> {
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.queue.pop_front() {
                return Some(frame);
            }
            let frame = self.frames.as_mut()?.next().await?;
            let mut out = Vec::new();
            let taken = (self.take)(frame, &mut out);
            self.queue.extend(out);
            if let Err(what) = taken {
                let error = self.site.broken(what);
                self.queue.push_back(Frame::failed(self.dialect, error));
                self.frames = None;
            }
        }
    }
}
