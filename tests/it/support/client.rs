//! A client of the gateway.

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    sync::OnceLock,
    time::Duration,
};

/// The shared client; one process keeps one pool.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own client, for the loopback interface only"
)]
pub(crate) fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Another part of the process may have installed it; then it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(5))
            .build()
            .unwrap()
    })
}

/// An answer of the gateway, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) revision: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// A streamed answer, read to its end.
#[derive(Debug)]
pub(crate) struct Streamed {
    pub(crate) status: u16,
    pub(crate) revision: Option<String>,
    /// The `data:` of each event but `[DONE]`.
    pub(crate) chunks: Vec<Value>,
    /// Whether the last event was `[DONE]`.
    pub(crate) done: bool,
}

/// A chat request for `model`.
pub(crate) fn chat_body(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello"}]})
}

/// Posts `body` to `url` and reads the whole answer.
#[track_caller]
pub(crate) fn post(url: &str, body: &Value) -> Answer {
    Answer::read(client().post(url).json(body).send().unwrap())
}

/// Gets `url` and reads the whole answer.
#[track_caller]
pub(crate) fn get(url: &str) -> Answer {
    Answer::read(client().get(url).send().unwrap())
}

/// Posts `body` with `stream: true`; the answer's head has arrived when this returns.
#[track_caller]
pub(crate) fn open_stream(url: &str, mut body: Value) -> OpenStream {
    body["stream"] = json!(true);
    OpenStream(client().post(url).json(&body).send().unwrap())
}

/// A streamed answer whose head has arrived.
pub(crate) struct OpenStream(Response);

impl OpenStream {
    /// The revision that the head names.
    pub(crate) fn revision(&self) -> Option<String> {
        header(&self.0, "x-orloj-revision")
    }

    /// Reads the stream to its end.
    pub(crate) fn finish(self) -> Streamed {
        let mut streamed = Streamed {
            status: self.0.status().as_u16(),
            revision: self.revision(),
            chunks: Vec::new(),
            done: false,
        };
        for line in BufReader::new(self.0).lines() {
            let line = line.unwrap();
            let Some(data) = line.strip_prefix("data:") else {
                continue;
            };
            assert!(!streamed.done, "an event after [DONE]: {data}");
            if data.trim() == "[DONE]" {
                streamed.done = true;
            } else {
                streamed.chunks.push(serde_json::from_str(data).unwrap());
            }
        }
        streamed
    }
}

impl Streamed {
    /// The pieces of the first choice's text, joined.
    pub(crate) fn content(&self) -> String {
        self.chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
            .collect()
    }

    /// The error frame, if one came.
    pub(crate) fn error(&self) -> Option<&Value> {
        self.chunks
            .iter()
            .map(|chunk| &chunk["error"])
            .find(|error| !error.is_null())
    }
}

impl Answer {
    /// Reads an answer to its end.
    pub(crate) fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let revision = header(&response, "x-orloj-revision");
        let route = header(&response, "x-orloj-route");
        let text = response.text().unwrap();
        Self {
            status,
            revision,
            route,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{}", self.text);
        self
    }

    /// Asserts an error of OpenAI's form with this status and code.
    #[track_caller]
    pub(crate) fn error(self, status: u16, code: &str) -> Self {
        let answer = self.status(status);
        assert_eq!(answer.body["error"]["code"], code, "{}", answer.text);
        assert!(answer.body["error"]["message"].is_string());
        answer
    }

    /// The first choice's text.
    #[track_caller]
    pub(crate) fn content(&self) -> &str {
        self.body["choices"][0]["message"]["content"]
            .as_str()
            .unwrap_or_else(|| panic!("no content in {}", self.text))
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap().to_owned())
}

/// Opens a stream of events behind the one with this id.
pub(crate) fn stream_of(url: &str, after: &str) -> Response {
    let request = client().get(url).header("last-event-id", after);
    request.send().unwrap()
}
