//! Rules of `Secret`.

use super::at;
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
        let hint = "add `encryptedData`; without it references to this secret find nothing";
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
