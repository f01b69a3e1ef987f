//! Credential egress: a secret that would be sent where it is not sent yet.

use super::{Plan, plan};
use crate::plan::{TextOptions, to_json, to_markdown, to_text};

fn calling(name: &str, host: &str, secret: &str) -> String {
    format!(
        "kind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: openai-compatible\n  base_url: https://{host}/v1\n  default_model: m\n  auth: {{secretRef: {secret}}}\n"
    )
}

fn text(plan: &Plan) -> String {
    to_text(plan, TextOptions::default())
}

#[test]
fn another_host_for_the_same_secret_is_flagged_in_every_form() {
    let base = [calling("a", "api.example.com", "key")];
    let head = [calling("a", "eu.example.org:8443", "key")];
    let plan = plan(&base, &head);
    let expected = "\nCredential egress\n  ! Secret default/key would be sent to eu.example.org:8443\n    by ModelEndpoint default/a  repo.yaml:6\n    so far it is sent to api.example.com\n";
    assert!(text(&plan).contains(expected), "{}", text(&plan));
    let json = to_json(&plan);
    let [egress] = &json["credential_egress"].as_array().unwrap()[..] else {
        unreachable!("one");
    };
    assert_eq!(egress["new_host"], "eu.example.org:8443");
    assert_eq!(egress["known_hosts"][0], "api.example.com");
    assert_eq!(egress["secret"]["name"], "key");
    assert_eq!(egress["source"]["line"], 6);
    let markdown = to_markdown(&plan);
    let line = "> **Credential egress**: `Secret default/key` would be sent to `eu.example.org:8443` by `ModelEndpoint default/a` (`repo.yaml:6`)";
    assert!(markdown.contains(line), "{markdown}");
}

#[test]
fn a_further_endpoint_that_sends_the_secret_elsewhere_is_flagged_too() {
    let first = calling("a", "api.example.com", "key");
    let second = calling("b", "evil.example.com", "key");
    let plan = plan(std::slice::from_ref(&first), &[first.clone(), second]);
    assert_eq!(plan.egress.len(), 1);
    assert_eq!(plan.egress[0].endpoint.name.as_ref(), "b");
}

#[test]
fn the_same_host_and_the_first_revision_are_no_egress() {
    let first = calling("a", "api.example.com", "key");
    let head = calling("a", "api.example.com:443", "key").replace("/v1", "/v2");
    let same = plan(std::slice::from_ref(&first), &[head]);
    assert!(!same.is_empty());
    assert_eq!(same.egress, []);
    assert!(!text(&same).contains("egress"));
    assert_eq!(plan(&[], &[first]).egress, []);
}

/// Deleted with its endpoint in one commit and added again in the next, a sealed secret would go anywhere.
#[test]
fn a_secret_that_nothing_sends_so_far_is_sent_nowhere() {
    let other = calling("other", "api.example.com", "theirs");
    let again = calling("a", "evil.example.com", "key");
    let plan = plan(std::slice::from_ref(&other), &[other.clone(), again]);
    let [egress] = &plan.egress[..] else {
        unreachable!("one");
    };
    let sentence = "ModelEndpoint default/a would send Secret default/key to `evil.example.com` (so far: nowhere)";
    assert_eq!(egress.sentence(), sentence);
    let expected = "    so far it is sent nowhere\n";
    assert!(text(&plan).contains(expected), "{}", text(&plan));
}

#[test]
fn another_secret_for_the_same_host_is_flagged() {
    let first = calling("a", "api.example.com", "key");
    let plan = plan(&[first], &[calling("a", "api.example.com", "other")]);
    assert_eq!(plan.egress.len(), 1);
    assert!(plan.egress[0].known.is_empty());
}

#[test]
fn plain_http_to_the_same_host_is_flagged() {
    let first = calling("a", "api.example.com", "key");
    let in_clear = first.replace("https://", "http://");
    let plan = plan(&[first], &[in_clear]);
    assert_eq!(plan.egress.len(), 1);
    assert_eq!(plan.egress[0].host, "http://api.example.com");
    assert_eq!(plan.egress[0].known, ["api.example.com"]);
}

#[test]
fn a_secret_that_is_called_otherwise_is_sent_where_it_was() {
    let secret = |name: &str| format!("kind: Secret\nmetadata:\n  name: {name}\nspec: {{}}\n");
    let base = [secret("old"), calling("a", "api.example.com", "old")];
    let moved = "moved:\n  - {from: Secret/default/old, to: Secret/default/new}\n".to_owned();
    let head = |host: &str| [secret("new"), calling("a", host, "new"), moved.clone()];
    assert_eq!(plan(&base, &head("api.example.com")).egress, []);
    let elsewhere = plan(&base, &head("evil.example.com"));
    assert_eq!(elsewhere.egress[0].known, ["api.example.com"]);
}

fn secret(name: &str, path: &str) -> String {
    format!("kind: Secret\nmetadata:\n  name: {name}\nspec:\n  fromFile:\n    value: {path}\n")
}

/// Whoever may write to the repository could have a secret of theirs name the file of another one.
#[test]
fn a_file_that_another_secret_names_is_sent_where_that_one_was_alone() {
    let ours = [
        secret("ours", "prod/key"),
        calling("a", "api.example.com", "ours"),
    ];
    let theirs = |path: &str| {
        let more = [
            secret("theirs", path),
            calling("b", "b.example.com", "theirs"),
        ];
        [&ours[..], &more].concat()
    };
    let stolen = plan(&theirs("theirs/key"), &theirs("prod/key"));
    let [egress] = &stolen.egress[..] else {
        unreachable!("one");
    };
    let sentence = "ModelEndpoint default/b would send Secret default/theirs (file prod/key) to `b.example.com` (so far: api.example.com)";
    assert_eq!(egress.sentence(), sentence);
    assert_eq!(to_json(&stolen)["credential_egress"][0]["file"], "prod/key");
    assert!(text(&stolen).contains("from another file of the daemon's"));
    // What it was sent to before, and a secret that does not change, are nothing to ask about.
    let back = plan(&theirs("prod/key"), &theirs("theirs/key"));
    assert_eq!(back.egress[0].known, Vec::<String>::new());
    let other = [&ours[..], &[secret("third", "prod/key")]].concat();
    assert_eq!(plan(&ours, &other).egress, []);
    let same = [
        secret("renamed", "prod/key"),
        calling("a", "api.example.com", "renamed"),
        "moved:\n  - {from: Secret/default/ours, to: Secret/default/renamed}\n".to_owned(),
    ];
    assert_eq!(plan(&ours, &same).egress, []);
}

#[test]
fn another_key_of_the_same_secret_is_another_file() {
    let both = "kind: Secret\nmetadata:\n  name: key\nspec:\n  fromFile:\n    value: one\n    other: two\n";
    let head = |reference: &str| [both.to_owned(), calling("a", "api.example.com", reference)];
    let plan = plan(&head("key"), &head("key:other"));
    assert_eq!(plan.egress.len(), 1);
    assert_eq!(plan.egress[0].file.as_deref(), Some("two"));
}
