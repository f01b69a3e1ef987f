//! What a request becomes when it is made as an agent.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Turn, turn};
use crate::{
    chat::{BodyError, Dialect, scan, scan_as},
    gateway::Forward,
    model::{Kind, Origin, ResourceId},
    routing::AgentRoute,
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

fn agent(prompt: &str, timeout: Option<Duration>) -> AgentRoute {
    AgentRoute {
        id: ResourceId::new(Kind::Agent, "default", "writer"),
        origin: Origin::file("writer.yaml"),
        prompt: prompt.to_owned(),
        timeout,
        targets: Vec::new(),
    }
}

fn as_agent(agent: &AgentRoute, body: &'static str) -> Forward {
    let body = Bytes::from_static(body.as_bytes());
    let envelope = scan(&body).unwrap();
    turn(agent, Turn { body, envelope }).unwrap()
}

#[test]
fn the_prompt_goes_in_front_and_nothing_else_changes() {
    let prompt = "You are \"writer\".\nBe brief.";
    let sent = as_agent(
        &agent(prompt, None),
        r#"{"model":"agent/writer", "seed": 7,"messages":[{"role":"system","content":"mine"},{"role":"user","content":"hi"}]}"#,
    );
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    let expected = json!({
        "model": "agent/writer",
        "seed": 7,
        "messages": [
            { "role": "system", "content": prompt },
            { "role": "system", "content": "mine" },
            { "role": "user", "content": "hi" },
        ],
    });
    assert_eq!(body, expected);
}

#[test]
fn the_envelope_fits_the_changed_body() {
    let sent = as_agent(
        &agent("Be brief.", None),
        r#"{"messages":[],"stream":true,"model":"agent/writer"}"#,
    );
    assert!(sent.envelope.stream);
    let with_model = sent.envelope.with_model(&sent.body, "s-1");
    let body: Value = serde_json::from_slice(&with_model).unwrap();
    assert_eq!(body["model"], "s-1");
    assert_eq!(
        body["messages"],
        json!([{ "role": "system", "content": "Be brief." }])
    );
}

#[test]
fn an_agent_without_a_prompt_sends_the_clients_bytes_within_its_time() {
    let body = r#"{"model":"agent/writer","messages":[{"role":"user","content":"hi"}]}"#;
    let limit = Some(Duration::from_secs(30));
    let sent = as_agent(&agent("", limit), body);
    assert_eq!(sent.body, body.as_bytes());
    assert_eq!(sent.deadline, limit);
}

#[test]
fn an_agent_makes_no_vectors() {
    let body = Bytes::from_static(br#"{"model":"agent/writer","input":"hi"}"#);
    let envelope = scan_as(Dialect::Embeddings, &body).unwrap();
    let refused = turn(&agent("", None), Turn { body, envelope });
    assert_eq!(refused.err(), Some(BodyError::NoConversation));
}
