//! Rules of `AgentSystem`.

use super::at;
use crate::model::{Finding, Resource, code, spec::AgentSystemSpec};

pub(super) fn check(resource: &Resource, spec: &AgentSystemSpec, findings: &mut Vec<Finding>) {
    for (index, agent) in spec.agents.iter().enumerate() {
        if agent.is_empty() {
            let pointer = format!("/spec/agents/{index}");
            let message = "an entry of `spec.agents` is empty";
            findings.push(at(resource, code::FIELD_REQUIRED, &pointer, message));
        }
    }
}
