//! The kinds of requests, and what each expects.

use super::{
    keys::Keys,
    raw,
    upstream::{LARGE_PIECES, PIECES, Upstream},
};
use crate::support::client::chat_body;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};

/// What the books should say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// Recorded, and complete.
    Finished,
    /// Recorded; failed or cancelled.
    Unfinished,
    /// Turned away before it was let in: not recorded.
    Refused,
}

/// One who asks.
pub(super) struct Asker<'a> {
    pub(super) client: &'a Client,
    /// The daemon's base URL.
    pub(super) url: &'a str,
    pub(super) keys: &'a Keys,
    pub(super) upstream: &'a Upstream,
}

/// A kind of request, and the name of the agent that it is made as; empty for none.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) agent: &'static str,
    /// Asks once; the text differs from one request to the next.
    pub(super) ask: fn(&Asker<'_>, &str) -> Fate,
}

const fn kind(name: &'static str, ask: fn(&Asker<'_>, &str) -> Fate) -> Kind {
    Kind {
        name,
        agent: "",
        ask,
    }
}

/// The kinds that take turns.
pub(super) const KINDS: [Kind; 18] = [
    kind("whole", |asker, _| asker.whole("fast")),
    kind("streamed", |asker, _| asker.streamed("fast")),
    kind("left half-way", |asker, _| asker.left("endless")),
    kind("left before its answer", |asker, text| {
        asker.left_early(text)
    }),
    kind("fallback", |asker, _| asker.whole("safe")),
    Kind {
        name: "agent",
        agent: "writer",
        ask: |asker, _| asker.whole("agent/writer"),
    },
    kind("upstream's 429", |asker, _| asker.failed("limited", 429)),
    kind("upstream's 500", |asker, _| asker.failed("broken", 502)),
    kind("cut", |asker, _| asker.cut()),
    kind("late", |asker, _| asker.whole("late")),
    kind("messages", |asker, _| asker.message()),
    kind("messages streamed", |asker, _| asker.message_stream()),
    kind("responses", |asker, _| asker.response()),
    kind("responses streamed", |asker, _| asker.response_stream()),
    kind("embeddings", |asker, _| asker.embedding()),
    kind("wrong key", |asker, _| {
        asker.refused("orloj_sk_wrong", "fast", 401)
    }),
    kind("spent key", |asker, _| {
        asker.refused(&asker.keys.spent, "fast", 429)
    }),
    kind("against the policy", |asker, _| {
        asker.refused(&asker.keys.good, "agent/stray", 403)
    }),
];

/// The kind that has askers of its own, because it takes long.
pub(super) const SLOW: Kind = kind("read slowly", |asker, _| asker.slowly());

impl Asker<'_> {
    fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.url));
        request.bearer_auth(key).json(body).send().unwrap()
    }

    /// An answer with this status, read to its end.
    #[track_caller]
    fn read(&self, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.post(path, &self.keys.good, body);
        let got = answer.status().as_u16();
        let text = answer.text().unwrap();
        assert_eq!(got, status, "{body} was answered with {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The lines of a stream, read to its end.
    #[track_caller]
    fn lines(&self, path: &str, mut body: Value) -> Vec<String> {
        body["stream"] = true.into();
        let answer = self.post(path, &self.keys.good, &body);
        let status = answer.status();
        let lines: Vec<_> = BufReader::new(answer).lines().collect();
        let lines: Result<Vec<_>, _> = lines.into_iter().collect();
        let lines = lines.unwrap_or_else(|error| panic!("{body} broke off: {error}"));
        assert_eq!(status, 200, "{body} was answered with {lines:?}");
        lines
    }

    fn whole(&self, model: &str) -> Fate {
        let answer = self.read("/v1/chat/completions", &chat_body(model), 200);
        assert_eq!(answer["choices"][0]["message"]["content"], "All is well.");
        Fate::Finished
    }

    fn streamed(&self, model: &str) -> Fate {
        let lines = self.lines("/v1/chat/completions", chat_body(model));
        assert_eq!(count(&lines, "\"word \""), PIECES, "{lines:?}");
        assert_eq!(count(&lines, "data: [DONE]"), 1, "{lines:?}");
        Fate::Finished
    }

    fn left(&self, model: &str) -> Fate {
        let mut body = chat_body(model);
        body["stream"] = true.into();
        let mut answer = self.post("/v1/chat/completions", &self.keys.good, &body);
        assert_eq!(answer.status(), 200);
        answer.read_exact(&mut [0; 1_000]).unwrap();
        Fate::Unfinished
    }

    fn left_early(&self, text: &str) -> Fate {
        let body = json!({"model": "held", "messages": [{"role": "user", "content": text}]});
        let connection = raw::post(self.url, &self.keys.good, &body);
        crate::support::eventually("the request arrives", || {
            self.upstream.has(text).then_some(())
        });
        drop(connection);
        Fate::Unfinished
    }

    fn slowly(&self) -> Fate {
        let mut body = chat_body("large");
        body["stream"] = true.into();
        let text = raw::slowly(raw::post(self.url, &self.keys.good, &body));
        let pieces = text.matches("\"xxxx").count();
        assert_eq!(pieces, LARGE_PIECES, "{} bytes", text.len());
        assert!(text.trim_end().ends_with("data: [DONE]"));
        Fate::Finished
    }

    fn failed(&self, model: &str, status: u16) -> Fate {
        let answer = self.read("/v1/chat/completions", &chat_body(model), status);
        assert!(answer["error"]["message"].is_string(), "{answer}");
        Fate::Unfinished
    }

    fn cut(&self) -> Fate {
        let lines = self.lines("/v1/chat/completions", chat_body("cut"));
        assert_eq!(count(&lines, "\"error\""), 1, "{lines:?}");
        assert_eq!(count(&lines, "[DONE]"), 0, "{lines:?}");
        Fate::Unfinished
    }

    fn message(&self) -> Fate {
        let answer = self.read("/v1/messages", &message_body(), 200);
        assert_eq!(answer["content"][0]["text"], "All is well.", "{answer}");
        Fate::Finished
    }

    fn message_stream(&self) -> Fate {
        let lines = self.lines("/v1/messages", message_body());
        assert_eq!(count(&lines, "event: message_stop"), 1, "{lines:?}");
        Fate::Finished
    }

    fn response(&self) -> Fate {
        let body = json!({"model": "fast", "input": "hello"});
        let answer = self.read("/v1/responses", &body, 200);
        assert_eq!(answer["status"], "completed", "{answer}");
        Fate::Finished
    }

    fn response_stream(&self) -> Fate {
        let body = json!({"model": "fast", "input": "hello"});
        let lines = self.lines("/v1/responses", body);
        assert_eq!(count(&lines, "event: response.completed"), 1, "{lines:?}");
        Fate::Finished
    }

    fn embedding(&self) -> Fate {
        let body = json!({"model": "vectors", "input": "hello"});
        let answer = self.read("/v1/embeddings", &body, 200);
        assert_eq!(answer["data"][0]["embedding"], json!([0.5, -0.25, 1.0]));
        Fate::Finished
    }

    fn refused(&self, key: &str, model: &str, status: u16) -> Fate {
        let answer = self.post("/v1/chat/completions", key, &chat_body(model));
        let got = answer.status().as_u16();
        assert_eq!(got, status, "{}", answer.text().unwrap());
        Fate::Refused
    }
}

fn message_body() -> Value {
    json!({"model": "fast", "max_tokens": 64, "messages": [{"role": "user", "content": "hello"}]})
}

fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}
