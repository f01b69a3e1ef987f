//! A conversation in Anthropic's words: system texts apart, turns alternating, tool results together.

use super::{Ids, Names};
use crate::chat::{
    ChatRequest, Image, Message, MessageBlock, Part, RequestError, Role, ToolInput, ToolUse,
};
use crate::providers::ChatCall;
use crate::providers::anthropic::thoughts::put_back;
use serde::Serialize;
use serde_json::{Value, json};

/// The media types of pictures that Anthropic takes.
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// `system`, if there is any, and `messages`.
///
/// System messages in the middle are moved to the front, in order: only few models have another place for them.
pub(super) fn translate(
    request: &ChatRequest,
    names: &Names,
    call: &ChatCall,
    adjusted: &mut Vec<String>,
) -> Result<(Option<Value>, Vec<Turn>), RequestError> {
    let (mut is_left_out, mut is_moved) = (false, false);
    let mut system = Vec::new();
    let mut turns = Turns::default();
    let mut ids = Ids::new(request);
    for (index, message) in request.messages.iter().enumerate() {
        let place = format!("messages[{index}]");
        match message.role {
            Role::System => {
                is_moved |= !turns.list.is_empty();
                system.extend(blocks(message, &place)?);
            }
            Role::User => {
                turns.results_complete(&place)?;
                turns.say("user", blocks(message, &place)?);
            }
            Role::Assistant => {
                turns.results_complete(&place)?;
                let said = blocks(message, &place)?.into_iter();
                let mut said: Vec<_> = said.map(MessageBlock::from).collect();
                for (n, call) in message.tool_calls.iter().enumerate() {
                    let place = format!("{place}.tool_calls[{n}]");
                    let id = ids.next(&call.id);
                    turns.open.push((call.id.clone(), id.clone()));
                    said.push(tool_use(call, id, names, &place, adjusted)?);
                }
                is_left_out |= put_back(message, call, &mut said);
                turns.say("assistant", said);
            }
            Role::Tool => turns.result(message, &place)?,
        }
    }
    turns.results_complete("messages")?;
    adjusted.extend(is_moved.then(|| "messages.system=moved to the front".to_owned()));
    adjusted.extend(is_left_out.then(|| "messages.reasoning_content=left out".to_owned()));
    if system.iter().any(|block| block["type"] == "image") {
        return Err(RequestError::unsupported(
            "messages",
            "a picture in a system message",
        ));
    }
    if turns.list.is_empty() {
        return Err(RequestError::invalid(
            "messages",
            "has no text besides the system's",
        ));
    }
    Ok((system_json(system), turns.list))
}

/// What one side says.
#[derive(Serialize)]
pub(super) struct Turn {
    role: &'static str,
    content: Vec<MessageBlock>,
}

impl Turn {
    /// Whose it is, and the kinds of its blocks.
    pub(super) fn kinds(&self) -> (&str, Vec<&str>) {
        let kinds = self.content.iter().filter_map(MessageBlock::kind);
        (self.role, kinds.collect())
    }
}

/// Turns so far. Anthropic wants them alternating, so what one side says in a row becomes one turn.
#[derive(Default)]
struct Turns {
    list: Vec<Turn>,
    /// Calls of the last assistant's turn that have no result yet: the client's ids, and those that are sent.
    open: Vec<(String, String)>,
}

impl Turns {
    fn say<B: Into<MessageBlock>>(&mut self, role: &'static str, blocks: Vec<B>) {
        if blocks.is_empty() {
            return;
        }
        let blocks = blocks.into_iter().map(Into::into);
        match self.list.last_mut() {
            Some(last) if last.role == role => last.content.extend(blocks),
            _ => self.list.push(Turn {
                role,
                content: blocks.collect(),
            }),
        }
    }

    /// Puts a tool's result into the turn right behind the call, together with the others.
    fn result(&mut self, message: &Message, place: &str) -> Result<(), RequestError> {
        let id = message.tool_call_id.clone().unwrap_or_default();
        let Some(at) = self.open.iter().position(|(open, _)| *open == id) else {
            let place = format!("{place}.tool_call_id");
            return Err(RequestError::invalid(
                &place,
                "names no call that waits for a result",
            ));
        };
        let (_, id) = self.open.remove(at);
        let content = blocks(message, place)?;
        let mut result = json!({"type": "tool_result", "tool_use_id": id});
        if !content.is_empty() {
            result["content"] = content.into();
        }
        self.say("user", vec![result]);
        Ok(())
    }

    fn results_complete(&self, place: &str) -> Result<(), RequestError> {
        match self.open.first() {
            None => Ok(()),
            Some((id, _)) => {
                let problem = format!("comes before the result of the tool call `{id}`");
                let problem = if place == "messages" {
                    format!("ends before the result of the tool call `{id}`")
                } else {
                    problem
                };
                Err(RequestError::invalid(place, &problem))
            }
        }
    }
}

/// One text, or blocks if any of them carries a cache breakpoint or there are several.
fn system_json(blocks: Vec<Value>) -> Option<Value> {
    match blocks.as_slice() {
        [] => None,
        [only] if only.get("cache_control").is_none() => Some(only["text"].clone()),
        _ => Some(blocks.into()),
    }
}

/// The content's blocks; blank texts are left out because Anthropic refuses them.
fn blocks(message: &Message, place: &str) -> Result<Vec<Value>, RequestError> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    for (n, part) in message.parts.iter().enumerate() {
        match part {
            Part::Text { text, .. } if text.trim().is_empty() => {}
            Part::Text {
                text,
                cache_control,
            } => {
                let mut block = json!({"type": "text", "text": text});
                if let Some(cache_control) = cache_control {
                    block["cache_control"] = cache_control.clone();
                }
                blocks.push(block);
            }
            Part::Image(image) => {
                blocks.push(image_json(
                    image,
                    &format!("{place}.content[{n}].image_url"),
                )?);
            }
        }
    }
    Ok(blocks)
}

fn image_json(image: &Image, place: &str) -> Result<Value, RequestError> {
    let source = match image {
        Image::Url(url) => json!({"type": "url", "url": url}),
        Image::Inline { media_type, base64 } => {
            if !IMAGE_TYPES.contains(&media_type.as_str()) {
                let what = format!("a picture of type `{media_type}`");
                return Err(RequestError::unsupported(place, &what));
            }
            json!({"type": "base64", "media_type": media_type, "data": base64})
        }
    };
    Ok(json!({"type": "image", "source": source}))
}

fn tool_use(
    call: &crate::chat::ToolCall,
    id: String,
    names: &Names,
    place: &str,
    adjusted: &mut Vec<String>,
) -> Result<MessageBlock, RequestError> {
    let place = format!("{place}.function.arguments");
    Ok(MessageBlock::ToolUse(ToolUse {
        id,
        name: names.to_anthropic(&call.name).to_owned(),
        input: ToolInput::of_history(&call.arguments, &place, adjusted)?,
    }))
}
