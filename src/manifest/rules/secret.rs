//! Rules of `Secret`.

use super::at;
use crate::manifest::holds_credential;
use crate::{
    model::{Finding, Resource, allowed_host, code, pointer_to, spec::SecretSpec},
    secrets::{Sealed, SopsFile, environment_names, reserved},
};

pub(super) fn check(resource: &Resource, spec: &SecretSpec, findings: &mut Vec<Finding>) {
    for (key, armored) in &spec.encrypted_data {
        // SOPS' own values were checked with their file.
        if spec.file.is_some() && SopsFile::is_value(armored) {
            continue;
        }
        if let Err(error) = Sealed::parse(armored).and_then(|sealed| sealed.check_kinds()) {
            let message = format!("the sealed value `{key}` cannot be used: {error}");
            let pointer = pointer_to("/spec/encryptedData", key);
            let hint = "seal it again: `orloj secret encrypt`";
            findings.push(at(resource, code::SECRET_SEALED, &pointer, message).with_hint(hint));
        }
    }
    for (key, value) in &spec.data {
        if value.expose().is_empty() {
            let message = format!("the value `{key}` is empty");
            let written = [
                pointer_to("/spec/stringData", key),
                pointer_to("/spec/data", key),
            ]
            .into_iter()
            .find(|pointer| resource.positions.contains(pointer));
            let pointer = written.as_deref().unwrap_or("/spec");
            findings.push(at(resource, code::FIELD_REQUIRED, pointer, message));
        }
        if spec.encrypted_data.contains_key(key) {
            let message = format!("the value `{key}` is given twice, sealed and in clear text");
            let pointer = pointer_to("/spec/encryptedData", key);
            findings.push(
                at(resource, code::FIELD_CONFLICT, &pointer, message).with_hint("keep one of them"),
            );
        }
    }
    check_files(resource, spec, findings);
    for (index, host) in spec.allowed_hosts.iter().enumerate() {
        // What SOPS sealed here was refused with its file.
        if let Err(error) = allowed_host(host)
            && !SopsFile::is_value(host)
        {
            // A text with a password in it is not repeated.
            let message = format!("entry {} of `spec.allowed_hosts` {error}", index + 1);
            let pointer = format!("/spec/allowed_hosts/{index}");
            let hint = match &error.host {
                Some(host) => format!("write `{host}`"),
                None => "write a host such as `api.openai.com`".to_owned(),
            };
            findings.push(at(resource, code::FIELD_FORMAT, &pointer, message).with_hint(hint));
        }
    }
    if spec.keys().next().is_none() {
        let message = "the secret holds no value";
        let hint = "add `encryptedData` or `fromFile`; without them references to this secret find nothing";
        findings.push(at(resource, code::SECRET_EMPTY, "/spec", message).with_hint(hint));
    }
    if environment_names(&resource.id.namespace, &resource.id.name)
        .iter()
        .any(|name| reserved(name))
    {
        let message =
            "the environment variable of this secret's name belongs to a flag of the daemon";
        let finding = at(resource, code::SECRET_RESERVED, "/metadata/name", message);
        findings.push(finding.with_hint("give the secret another name"));
    }
}

/// Values that come from files: where they are, and that nothing else gives the same value.
fn check_files(resource: &Resource, spec: &SecretSpec, findings: &mut Vec<Finding>) {
    for (key, path) in &spec.from_file {
        let pointer = pointer_to("/spec/fromFile", key);
        if spec.data.contains_key(key) || spec.encrypted_data.contains_key(key) {
            let message =
                format!("the value `{key}` is given twice, by a file and in the manifest");
            findings.push(
                at(resource, code::FIELD_CONFLICT, &pointer, message).with_hint("keep one of them"),
            );
        }
        let (problem, hint) = if holds_credential(path) {
            (
                "looks like a credential itself",
                "write the path of the file that holds it; if it was ever pushed, replace it",
            )
        } else if is_below(path) {
            continue;
        } else {
            (
                "is no path below the directory of secrets",
                "write a relative path without `.` and `..`, such as `openai/api-key`",
            )
        };
        let message = format!("the file of the value `{key}` {problem}");
        findings.push(at(resource, code::FIELD_FORMAT, &pointer, message).with_hint(hint));
    }
}

/// Whether a path is relative, stays below where it begins, and is written in one way alone.
fn is_below(path: &str) -> bool {
    let is_name = |part: &str| !matches!(part, "" | "." | "..");
    path.split('/').all(is_name) && !path.contains(char::is_control)
}
