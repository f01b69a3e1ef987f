//! Rules of `Tool`.

use super::{at, check_duration, check_secret_ref};
use crate::model::{
    Finding, Resource, code,
    spec::{AuthProfile, ToolAuth, ToolSpec, ToolType},
};

pub(super) fn check(resource: &Resource, spec: &ToolSpec, findings: &mut Vec<Finding>) {
    if spec.tool_type == ToolType::Mcp {
        let fields = [
            ("mcp_server_ref", &spec.mcp_server_ref),
            ("mcp_tool_name", &spec.mcp_tool_name),
        ];
        for (field, _) in fields.iter().filter(|(_, text)| text.is_none()) {
            let message = format!("`spec.{field}` is required for a tool of type mcp");
            findings.push(at(resource, code::FIELD_REQUIRED, "/spec", message));
        }
    }
    let runtime = &spec.runtime;
    for (field, text) in [
        ("timeout", &runtime.timeout),
        ("retry/backoff", &runtime.retry.backoff),
        ("retry/max_backoff", &runtime.retry.max_backoff),
    ] {
        let pointer = format!("/spec/runtime/{field}");
        check_duration(resource, &pointer, text.as_deref(), findings);
    }
    check_auth(resource, &spec.auth, findings);
}

fn check_auth(resource: &Resource, auth: &ToolAuth, findings: &mut Vec<Finding>) {
    let secret_ref = auth.secret_ref.as_deref();
    check_secret_ref(resource, "/spec/auth/secretRef", secret_ref, findings);
    let Some(profile) = auth.profile else {
        return;
    };
    let header = profile == AuthProfile::ApiKeyHeader;
    let token = profile == AuthProfile::Oauth2ClientCredentials;
    for (missing, field, why) in [
        (
            auth.secret_ref.is_none(),
            "secretRef",
            "when a profile is set",
        ),
        (
            header && auth.header_name.is_none(),
            "headerName",
            "for profile api_key_header",
        ),
        (
            token && auth.token_url.is_none(),
            "tokenURL",
            "for profile oauth2_client_credentials",
        ),
    ] {
        if missing {
            let message = format!("`spec.auth.{field}` is required {why}");
            findings.push(at(resource, code::FIELD_REQUIRED, "/spec/auth", message));
        }
    }
}
