//! Files sealed by SOPS and by age, read without a key.

use super::{join, parse};
use crate::{
    manifest::{ParsedFile, parse_file},
    model::{Resource, Spec, spec::SecretSpec},
};

const VALUES: &str = include_str!("../../../tests/fixtures/sops/manifests/secret.enc.yaml");
const WHOLE: &str = include_str!("../../../tests/fixtures/sops/manifests/whole.enc.yaml");
const AGE: &[u8] = include_bytes!("../../../tests/fixtures/sops/manifests/whole.yaml.age");

fn said(parsed: &ParsedFile) -> Vec<(&'static str, String)> {
    let findings = parsed.findings.iter();
    findings
        .map(|finding| (finding.code.as_str(), finding.message.clone()))
        .collect()
}

fn secret(resource: &Resource) -> &SecretSpec {
    match &resource.spec {
        Spec::Secret(spec) => spec,
        _ => unreachable!("it is a secret"),
    }
}

#[test]
fn a_secret_with_values_sealed_by_sops_is_a_sealed_secret() {
    let (catalog, findings) = join(&[("secret.enc.yaml", VALUES)]);
    assert!(findings.is_empty(), "{findings:?}");
    let resource = catalog.iter().next().unwrap();
    assert_eq!(resource.id.to_string(), "Secret default/key");
    let spec = secret(resource);
    let keys: Vec<_> = spec.keys().collect();
    assert_eq!(keys, ["encoded", "number", "value"]);
    assert!(!spec.has_clear_text());
    assert_eq!(spec.allowed_hosts, ["api.example.com"]);
    let file = spec.file.as_ref().unwrap();
    assert_eq!(file.recipients.len(), 2);
    assert_eq!(file.base64.iter().collect::<Vec<_>>(), ["encoded"]);
    let line = resource
        .origin_of_key("/spec/encryptedData/value")
        .span
        .start
        .line;
    assert_eq!(line, 10);
    let shown = format!("{} {resource:?}", resource.value());
    assert!(!shown.contains("ENC["), "{shown}");
    assert!(
        resource.value()["recipients"]
            .get(&file.recipients[0])
            .is_some()
    );
}

#[test]
fn a_value_left_in_clear_text_in_a_sops_file_is_clear_text_in_git() {
    let text = VALUES.replace("    data:\n", "        token: sk-clear\n    data:\n");
    let regex = text.replace("^(data|stringData)$", "^(value|number|data)$");
    let (_, findings) = join(&[("secret.enc.yaml", &regex)]);
    let codes: Vec<_> = findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["E-SECRET-PLAINTEXT"]);
    let parsed = parse(&text);
    let said = said(&parsed);
    assert_eq!(said[0].0, "E-SECRET-SEALED");
    assert!(
        said[0]
            .1
            .contains("`spec.stringData.token` should be encrypted"),
        "{}",
        said[0].1
    );
    assert!(!said[0].1.contains("sk-clear"));
    assert_eq!(parsed.findings[0].origin.span.start.line, 12);
    assert_eq!(parsed.unreadable[0].to_string(), "Secret default/key");
}

#[test]
fn only_secrets_and_only_their_values_may_be_sealed_by_sops() {
    let other = VALUES.replace("kind: Secret", "kind: Memory");
    assert_eq!(
        said(&parse(&other))[0].1,
        "a file that SOPS sealed may hold Secrets alone"
    );
    let host = VALUES
        .split_once("value: ")
        .unwrap()
        .1
        .lines()
        .next()
        .unwrap();
    let sealed_host = VALUES
        .replace("- api.example.com", &format!("- {host}"))
        .replace("^(data|stringData)$", "^spec$");
    let said = said(&parse(&sealed_host));
    assert_eq!(said[0].0, "E-SECRET-SEALED");
    assert!(
        said[0].1.starts_with("`spec.allowed_hosts` is sealed"),
        "{}",
        said[0].1
    );
}

#[test]
fn a_file_sealed_down_to_its_names_is_one_opaque_entry_with_a_warning() {
    for (file, bytes) in [
        ("a/whole.enc.yaml", WHOLE.as_bytes()),
        ("a/whole.yaml.age", AGE),
    ] {
        let parsed = parse_file(&file.into(), bytes);
        assert_eq!(said(&parsed)[0].0, "W-SECRET-OPAQUE");
        assert_eq!(parsed.findings.len(), 1);
        let [resource] = &parsed.resources[..] else {
            unreachable!("one entry");
        };
        assert_eq!(resource.id.name.as_ref(), format!("file:{file}"));
        assert!(secret(resource).is_opaque());
    }
    let one = parse_file(&"x.yaml.age".into(), AGE);
    let mut other = AGE.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let other = parse_file(&"x.yaml.age".into(), &other);
    assert_ne!(one.resources[0].digest, other.resources[0].digest);
}

#[test]
fn a_file_that_is_called_age_and_is_none_is_refused() {
    let parsed = parse_file(&"x.yaml.age".into(), b"kind: Secret\n");
    assert_eq!(said(&parsed)[0].0, "E-SECRET-SEALED");
    assert!(parsed.resources.is_empty());
}

#[test]
fn sops_values_without_its_field_are_no_sealed_values() {
    let bare = VALUES.split_once("\nsops:").unwrap().0;
    let (_, findings) = join(&[("secret.yaml", bare)]);
    let codes: Vec<_> = findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["E-SECRET-BASE64"]);
}

#[test]
fn a_value_that_no_daemon_can_open_is_refused_without_a_key() {
    const SSH: &str = include_str!("../../../tests/fixtures/age/age_ssh.age");
    let value = SSH.trim_end().replace('\n', "\n      ");
    let text = format!(
        "kind: Secret\nmetadata: {{name: s}}\nspec:\n  encryptedData:\n    value: |\n      {value}\n"
    );
    let expected = "is sealed for ssh-ed25519 alone, and this build opens only X25519 (`age1…`)";
    for parsed in [
        parse(&text),
        parse_file(&"whole.yaml.age".into(), SSH.as_bytes()),
    ] {
        let said = said(&parsed);
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].0, "E-SECRET-SEALED");
        assert!(said[0].1.ends_with(expected), "{said:?}");
    }
}

#[test]
fn hosts_that_no_url_would_fit_are_refused_with_the_one_that_was_meant() {
    let parsed = parse(
        "kind: Secret\nmetadata: {name: s}\nspec:\n  allowed_hosts:\n  - api.example.com\n  - https://user:hunter2@foo.com/bar\n  - '*.foo.com'\n  - foo.com:99999\n  - foo.com:8443\n",
    );
    let found = parsed.findings.iter();
    let found: Vec<_> = found
        .filter(|it| it.code.as_str() == "E-FIELD-FORMAT")
        .collect();
    let lines: Vec<_> = found.iter().map(|it| it.origin.span.start.line).collect();
    assert_eq!(lines, [6, 7, 8]);
    for finding in found {
        assert_eq!(finding.hint.as_deref(), Some("write `foo.com`"));
        assert!(!finding.message.contains("hunter2"));
    }
}
