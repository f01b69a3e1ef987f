//! Rules of `ApiKey`.

use super::{at, check_reference};
use crate::model::{ClientKey, Finding, Resource, code, spec::ApiKeySpec};
use jiff::Timestamp;

pub(super) fn check(resource: &Resource, spec: &ApiKeySpec, findings: &mut Vec<Finding>) {
    if spec.hash == ClientKey::written_hash_of("") {
        let message = "`spec.hash` is the hash of no key at all";
        let finding = at(resource, code::FIELD_FORMAT, "/spec/hash", message);
        findings.push(finding.with_hint("`orloj create api-key` makes a key and its manifest"));
    }
    for (index, agent) in spec.agents.iter().enumerate() {
        check_reference(resource, &format!("/spec/agents/{index}"), agent, findings);
    }
    if let Some(text) = &spec.expires_at
        && text.parse::<Timestamp>().is_err()
    {
        let message = format!("`spec.expires_at` is not a moment: \"{text}\"");
        let hint = "write date, time and offset, such as `2027-01-31T00:00:00Z`";
        let finding = at(resource, code::FIELD_FORMAT, "/spec/expires_at", message);
        findings.push(finding.with_hint(hint));
    }
}
