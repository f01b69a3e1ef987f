//! A chat's stream as the events of a response.

use super::answer::{Ended, Frame as Response, answer_id, usage_json};
use super::earlier::Sealed;
use super::error::error_event;
use super::items::ItemKind;
use crate::chat::calls::{CallPiece, Calls};
use crate::chat::chat_wire::{Chunk, Delta, said};
use crate::chat::{Fallback, Frame, Usage, frame_data};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

/// Turns the frames of a chat, one after the other, into events.
#[derive(Debug)]
pub struct ResponseEvents {
    fallback: Fallback,
    echo: Map<String, Value>,
    /// Known with the first chunk.
    id: Option<String>,
    model: String,
    created_at: u64,
    items: Vec<Item>,
    calls: Calls,
    sequence_number: u64,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Debug)]
struct Item {
    kind: ItemKind,
    id: String,
    text: String,
    is_open: bool,
    /// How it ended.
    status: &'static str,
    /// Of reasoning: what it has to bring back.
    sealed: Sealed,
}

impl ResponseEvents {
    /// For one answer to a request of which `echo` is repeated.
    pub fn new(fallback: Fallback, echo: Map<String, Value>) -> Self {
        Self {
            model: fallback.model.clone(),
            created_at: fallback.created,
            fallback,
            echo,
            id: None,
            items: Vec::new(),
            calls: Calls::default(),
            sequence_number: 0,
            finish_reason: None,
            usage: None,
        }
    }

    /// Takes one frame and adds the events it makes.
    ///
    /// # Errors
    ///
    /// What is wrong with the stream, in words that go behind the provider's name; no event follows.
    pub fn take(&mut self, frame: Frame, out: &mut Vec<Frame>) -> Result<(), &'static str> {
        if let Some(error) = frame.error {
            out.push(Frame {
                bytes: error_event(&error, Some(self.sequence_number)),
                usage: None,
                error: Some(error),
            });
            return Ok(());
        }
        self.usage = frame.usage.or(self.usage);
        let Some(data) = frame_data(&frame.bytes) else {
            // A comment keeps the connection alive here as there.
            out.push(frame.bytes.into());
            return Ok(());
        };
        if data.trim() == "[DONE]" {
            return self.finish(out);
        }
        let chunk: Chunk =
            serde_json::from_str(&data).map_err(|_| "sent a chunk that is no chat's")?;
        self.start(&chunk, out);
        let Some(choice) = chunk.into_first_choice() else {
            return Ok(());
        };
        if let Some(delta) = choice.delta {
            self.delta(&delta, out);
        }
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        Ok(())
    }

    fn start(&mut self, chunk: &Chunk, out: &mut Vec<Frame>) {
        // Azure's first chunk may be empty of everything.
        let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        if self.id.is_some() || (chunk.has_no_choice() && is_empty(&chunk.id)) {
            return;
        }
        if let Some(model) = said(chunk.model.as_ref()) {
            model.clone_into(&mut self.model);
        }
        self.created_at = chunk.created.unwrap_or(self.created_at);
        self.id = Some(answer_id(chunk.id.as_deref(), &self.fallback));
        for kind in ["response.created", "response.in_progress"] {
            let response = self.response("in_progress", &[]);
            self.event(kind, json!({"response": response}), out);
        }
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<Frame>) {
        if let Some(text) = delta.reasoning() {
            self.say(ItemKind::Reasoning, &text, out);
        } else if delta.thinking_blocks.is_some() {
            self.say(ItemKind::Reasoning, "", out);
        }
        if let Some(last) = self.items.last_mut()
            && last.kind == ItemKind::Reasoning
        {
            last.sealed.add(delta);
        }
        if let Some(text) = delta.text() {
            self.say(ItemKind::Text, &text, out);
        }
        if let Some(text) = said(delta.refusal.as_ref()) {
            self.say(ItemKind::Refusal, text, out);
        }
        for call in delta.tool_calls.iter().flatten() {
            if let Some(piece) = self.calls.take(call) {
                self.call(piece, out);
            }
        }
    }

    /// A piece of text; it goes on in the last item if that is open and one of the kind.
    fn say(&mut self, kind: ItemKind, text: &str, out: &mut Vec<Frame>) {
        let goes_on = |last: &Item| last.is_open && last.kind == kind;
        if !self.items.last().is_some_and(goes_on) {
            self.begin(kind, out);
        }
        self.add(self.items.len() - 1, text, out);
    }

    fn call(&mut self, piece: CallPiece, out: &mut Vec<Frame>) {
        let number = piece.number;
        if let Some((call_id, name)) = piece.begins {
            let answer = self.id.as_deref().unwrap_or_default();
            let kind = ItemKind::Call {
                index: number,
                call_id: call_id.unwrap_or_else(|| format!("call_{answer}_{number}")),
                name,
            };
            self.begin(kind, out);
        }
        let is_it =
            |item: &Item| matches!(item.kind, ItemKind::Call { index, .. } if index == number);
        if let Some(at) = self.items.iter().rposition(is_it) {
            self.add(at, &piece.arguments, out);
        }
    }

    fn begin(&mut self, kind: ItemKind, out: &mut Vec<Frame>) {
        for at in 0..self.items.len() {
            if self.items[at].is_whole() {
                self.close(at, "completed", out);
            }
        }
        let at = self.items.len();
        let id = kind.item_id(self.id.as_deref().unwrap_or_default(), at);
        let item = kind.item(&id, None, "in_progress");
        let added = json!({"output_index": at, "item": item});
        self.event("response.output_item.added", added, out);
        if let Some(part) = kind.part("") {
            let added =
                json!({"item_id": id, "output_index": at, "content_index": 0, "part": part});
            self.event("response.content_part.added", added, out);
        }
        self.items.push(Item {
            kind,
            id,
            text: String::new(),
            is_open: true,
            status: "in_progress",
            sealed: Sealed::default(),
        });
    }

    fn add(&mut self, at: usize, piece: &str, out: &mut Vec<Frame>) {
        let item = &mut self.items[at];
        if piece.is_empty() || !item.is_open {
            return;
        }
        item.text.push_str(piece);
        let name = format!("{}.delta", item.said_by());
        let mut news = item.place(at);
        news["delta"] = piece.into();
        self.event(&name, news, out);
    }

    fn close(&mut self, at: usize, status: &'static str, out: &mut Vec<Frame>) {
        let item = &mut self.items[at];
        (item.is_open, item.status) = (false, status);
        if item.text.trim().is_empty() && matches!(item.kind, ItemKind::Call { .. }) {
            "{}".clone_into(&mut item.text);
        }
        let name = format!("{}.done", item.said_by());
        let mut done = item.place(at);
        let field = match &item.kind {
            ItemKind::Call { name, .. } => {
                done["name"] = name.clone().into();
                "arguments"
            }
            ItemKind::Refusal => "refusal",
            ItemKind::Reasoning | ItemKind::Text => "text",
        };
        done[field] = item.text.clone().into();
        let part = item.kind.part(&item.text).map(|part| {
            let mut done = item.place(at);
            done["part"] = part;
            done
        });
        let whole = item.whole();
        self.event(&name, done, out);
        if let Some(part) = part {
            self.event("response.content_part.done", part, out);
        }
        let done = json!({"output_index": at, "item": whole});
        self.event("response.output_item.done", done, out);
    }

    fn finish(&mut self, out: &mut Vec<Frame>) -> Result<(), &'static str> {
        let Some(finish) = self.finish_reason.take().filter(|_| self.id.is_some()) else {
            return Err("ended its stream without a reason");
        };
        for piece in self.calls.nameless() {
            self.call(piece, out);
        }
        let ended = Ended::of(&finish);
        for at in 0..self.items.len() {
            if self.items[at].is_open {
                self.close(at, ended.status, out);
            }
        }
        let bytes = self.items.iter().map(|item| item.text.len()).sum();
        let usage = self.usage.unwrap_or_else(|| self.fallback.usage(bytes));
        let output: Vec<Value> = self.items.iter().map(Item::whole).collect();
        let mut response = self.response(ended.status, &output);
        response["incomplete_details"] = ended.details();
        response["usage"] = usage_json(&usage);
        let name = format!("response.{}", ended.status);
        self.event(&name, json!({"response": response}), out);
        if let Some(last) = out.last_mut() {
            last.usage = Some(usage);
        }
        Ok(())
    }

    fn response(&self, status: &str, output: &[Value]) -> Value {
        let response = Response {
            id: self.id.as_deref().unwrap_or_default(),
            created_at: self.created_at,
            model: &self.model,
            echo: &self.echo,
        };
        response.response(status, output)
    }

    fn event(&mut self, name: &str, fields: Value, out: &mut Vec<Frame>) {
        let mut data = Map::new();
        data.insert("type".into(), name.into());
        data.insert("sequence_number".into(), self.sequence_number.into());
        if let Value::Object(fields) = fields {
            data.extend(fields);
        }
        self.sequence_number += 1;
        let data = Value::from(data);
        out.push(Bytes::from(format!("event: {name}\ndata: {data}\n\n")).into());
    }
}

impl Item {
    fn whole(&self) -> Value {
        let mut item = self.kind.item(&self.id, Some(&self.text), self.status);
        self.sealed.put(&mut item);
        item
    }

    /// Whether nothing more is to come once another item begins.
    fn is_whole(&self) -> bool {
        self.is_open
            && match self.kind {
                ItemKind::Call { .. } => serde_json::from_str::<IgnoredAny>(&self.text).is_ok(),
                _ => true,
            }
    }

    /// What the events of its text are called.
    fn said_by(&self) -> &'static str {
        match self.kind {
            ItemKind::Reasoning => "response.reasoning_text",
            ItemKind::Text => "response.output_text",
            ItemKind::Refusal => "response.refusal",
            ItemKind::Call { .. } => "response.function_call_arguments",
        }
    }

    /// Which text an event is about.
    fn place(&self, at: usize) -> Value {
        let mut place = json!({"item_id": self.id, "output_index": at});
        if !matches!(self.kind, ItemKind::Call { .. }) {
            place["content_index"] = 0.into();
        }
        if self.kind == ItemKind::Text {
            place["logprobs"] = json!([]);
        }
        place
    }
}
