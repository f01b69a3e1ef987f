//! What clients ask and what providers answer, in every dialect: read without a panic; a body that is changed stays
//! one; what is said in other words can be read as such; and a stream means the same wherever it is cut.

use bytes::Bytes;
use orloj::chat::{
    ChatForm, ChatRequest, Dialect, EarlierReasoning, EmbeddingsRequest, Fallback, Frame,
    FrameSplitter, MessageEvents, ResponseEvents, chat_of_messages, chat_of_responses,
    estimated_count, frame_data, message_of_chat, response_of_chat, scan, scan_answer, scan_as,
    with_newer_limit,
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

const FORMS: [ChatForm; 2] = [
    ChatForm {
        max_tokens: "max_completion_tokens",
        top_k: false,
        effort_none: false,
        reasoning: EarlierReasoning::LeftOut,
    },
    ChatForm {
        max_tokens: "max_tokens",
        top_k: true,
        effort_none: true,
        reasoning: EarlierReasoning::Signed,
    },
];

/// The largest event that is taken, as small as to be met.
const MAX_FRAME: usize = 16 << 10;

/// Takes `bytes` as a request of every dialect, as an answer, and as a stream.
pub fn check(bytes: &[u8]) {
    for dialect in Dialect::ALL {
        asked(dialect, bytes);
    }
    said_as_a_chat(bytes);
    answered(bytes);
    streamed(bytes);
}

/// A body that is scanned keeps its meaning when its model is replaced or a prompt is put in front.
fn asked(dialect: Dialect, bytes: &[u8]) {
    let Ok(envelope) = scan_as(dialect, bytes) else {
        return;
    };
    let prompt = envelope.is_conversation().then_some("p\n\"");
    for prompt in [None, prompt] {
        let edited = envelope.edited(bytes, Some("m\"\u{e9}"), prompt);
        let again = scan_as(dialect, &edited).expect("an edited body is one");
        assert_eq!(again.model.as_deref(), Some("m\"\u{e9}"));
        assert_eq!(again.stream, envelope.stream);
        assert_eq!(again.include_usage, envelope.include_usage);
    }
}

/// What is translated is a chat that the gateway itself would take.
fn said_as_a_chat(bytes: &[u8]) {
    let _ = ChatRequest::read(bytes);
    let _ = EmbeddingsRequest::read(bytes);
    let _ = estimated_count(bytes);
    // What is nested deeper than a tree may be is passed on unread.
    if let Some(renamed) = with_newer_limit(bytes)
        && let Ok(before) = serde_json::from_slice::<Map<String, Value>>(bytes)
    {
        let after: Map<String, Value> = serde_json::from_slice(&renamed).expect("it stays JSON");
        assert_eq!(after.get("max_completion_tokens"), before.get("max_tokens"));
    }
    for form in FORMS {
        let messages = chat_of_messages(bytes, form).map(|said| said.body);
        let responses = chat_of_responses(bytes, form).map(|said| said.body);
        for body in [messages.ok(), responses.ok()].into_iter().flatten() {
            let messages = body["messages"].as_array().expect("a chat has messages");
            assert!(messages.iter().all(|message| message["role"].is_string()));
            // A model that is none is the gateway's to refuse, and it does so first.
            if body
                .get("model")
                .is_none_or(|model| model.as_str().is_some_and(|m| !m.trim().is_empty()))
            {
                scan(body.to_string().as_bytes()).expect("a chat is taken");
            }
        }
    }
}

fn fallback() -> Fallback {
    Fallback {
        id: "chatcmpl-1".into(),
        model: "m".into(),
        created: 1,
        prompt_bytes: 9,
    }
}

/// What is said of an answer is JSON, in the words that were asked for.
fn answered(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        for dialect in Dialect::ALL {
            if let Some(scan) = scan_answer(dialect, text) {
                let named = scan.with_model(text, "m");
                serde_json::from_slice::<IgnoredAny>(&named).expect("it stays JSON");
            }
        }
    }
    if let Ok((body, _)) = message_of_chat(bytes, None, fallback()) {
        let scan = scan_answer(Dialect::Messages, as_text(&body)).expect("a message is JSON");
        assert!(scan.has_content);
    }
    if let Ok((body, _)) = response_of_chat(bytes, None, &Map::new(), &fallback()) {
        let scan = scan_answer(Dialect::Responses, as_text(&body)).expect("a response is JSON");
        assert!(scan.has_content);
    }
}

fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("JSON is UTF-8")
}

/// A stream cut in the middle and one cut everywhere are the same frames, and no frame breaks a translation.
fn streamed(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let frames = cut([first, second].into_iter());
    let data = |frames: &[Bytes]| -> Vec<String> {
        let data = frames.iter().filter_map(|frame| frame_data(frame));
        data.map(std::borrow::Cow::into_owned).collect()
    };
    assert_eq!(data(&cut(bytes.chunks(1))), data(&frames));
    let mut messages = MessageEvents::new(fallback());
    let mut responses = ResponseEvents::new(fallback(), Map::new());
    let (mut in_messages, mut in_responses) = (Vec::new(), Vec::new());
    for frame in frames {
        let _ = messages.take(Frame::from(frame.clone()), &mut in_messages);
        let _ = responses.take(Frame::from(frame), &mut in_responses);
    }
    // Comments go on as they came; all else is an event with a type.
    for frame in in_messages.into_iter().chain(in_responses) {
        if let Some(data) = frame_data(&frame.bytes) {
            let event: Value = serde_json::from_str(&data).expect("an event is JSON");
            assert!(event["type"].is_string());
        }
    }
}

/// The frames of a stream that comes in these pieces, up to one that is too large.
fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Bytes> {
    let mut splitter = FrameSplitter::new(MAX_FRAME);
    let mut frames = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        loop {
            match splitter.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    frames
}
