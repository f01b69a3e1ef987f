//! One turn of an agent.

use crate::{
    chat::{BodyError, Envelope, scan_as},
    gateway::Forward,
    routing::AgentRoute,
};
use bytes::Bytes;

/// A request as the client wrote it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Its body.
    pub body: Bytes,
    /// What was found in the body.
    pub envelope: Envelope,
}

/// What a client's request becomes when it is made as an agent: the prompt goes in front, every other
/// byte stays, and the agent's time limit holds.
///
/// # Errors
///
/// [`BodyError::NoConversation`] if the request is none; another [`BodyError`] if the body with the prompt cannot be
/// read; a body that was scanned before can.
pub fn turn(agent: &AgentRoute, request: Turn) -> Result<Forward, BodyError> {
    if !request.envelope.is_conversation() {
        return Err(BodyError::NoConversation);
    }
    let deadline = agent.timeout;
    if agent.prompt.is_empty() {
        return Ok(Forward {
            body: request.body,
            envelope: request.envelope,
            betas: None,
            deadline,
        });
    }
    let body = request
        .envelope
        .with_system_prompt(&request.body, &agent.prompt);
    let envelope = scan_as(request.envelope.dialect, &body)?;
    Ok(Forward {
        body,
        envelope,
        betas: None,
        deadline,
    })
}
