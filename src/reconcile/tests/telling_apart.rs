//! Whether values whose ciphertext differs are other values: what the history and what is held say.

use super::{
    manifests::{calling, endpoint, sealed_secret},
    rig::{Rig, bytes_under, id, key, settings},
};
use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ClearTextPolicy, assemble, parse_file},
    model::{Catalog, Kind},
    plan::{Plan, Side, to_json},
    reconcile::{Outcome, PruneGuard, tell_values_apart},
    routing::RoutingTable,
    secrets::{Binding, Envelope, Keyring, Opened, PrintKey, Recipient, seal},
};
use proptest::{
    prelude::{any, prop_assert, prop_assert_eq, proptest},
    test_runner::Config,
};
use serde_json::{Value, json};
use std::sync::Arc;

const CANARY: &str = "Nq4wT7sK-canary";
const AUTH: &str = "  auth:\n    secretRef: key\n";

fn sealed(secret: &str, value: &str, hosts: &[&str], recipients: &[&Recipient]) -> String {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let place = Binding::new("default", secret, "value").with_hosts(&hosts);
    let recipients: Vec<_> = recipients.iter().map(|one| (*one).clone()).collect();
    let plaintext = Envelope::seal(&place, &Opened::new(value.into()));
    seal(&plaintext, &recipients).unwrap()
}

fn rig_with(keyring: Keyring) -> Rig {
    let mut settings = settings();
    settings.keyring = keyring;
    Rig::new().restarted(settings)
}

/// What the newest record says of secrets.
async fn told(rig: &Rig) -> Value {
    let newest = rig.store().await.latest_revision().await.unwrap().unwrap();
    serde_json::from_str(&newest.secrets_json).unwrap_or_default()
}

/// The states of the values that the newest record names.
async fn states(rig: &Rig) -> Vec<Value> {
    let told = told(rig).await;
    let changes = told["changes"].as_array().cloned().unwrap_or_default();
    changes
        .iter()
        .map(|one| one["value_state"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_the_history_tells_a_new_value_from_one_that_was_sealed_anew() {
    let (keyring, one) = key();
    let (_, two) = key();
    let rig = rig_with(keyring);
    let remote = calling("remote", "http://127.0.0.1:9", AUTH);
    let push = |armored: &str, message: &str| {
        let secret = sealed_secret("key", armored);
        rig.push(&[("key.yaml", secret), ("a.yaml", remote.clone())], message)
    };
    push(&sealed("key", CANARY, &[], &[&one]), "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert_eq!(told(&rig).await, Value::Null);

    push(&sealed("key", CANARY, &[], &[&one, &two]), "for two");
    rig.sync().await;
    let expected = json!({ "more": 0, "changes": [{
        "namespace": "default", "name": "key", "path": "/spec/values/value", "op": "replace",
        "sensitive": true, "value_state": "re-encrypted only", "line": 7,
        "recipients": { "before": 1, "after": 2, "added": [two.to_string()] },
    }]});
    assert_eq!(told(&rig).await, expected);
    // Whoever watches is told the same.
    let events = rig.reconciler().events().since(0).events;
    assert_eq!(events[0].secrets_json, "");
    let watched: Value = serde_json::from_str(&events[1].secrets_json).unwrap();
    assert_eq!(watched, expected);

    push(&sealed("key", "another", &[], &[&one, &two]), "rotated");
    rig.sync().await;
    assert_eq!(states(&rig).await, ["changed"]);

    push(&sealed("key", CANARY, &[], &[&one, &two]), "back");
    rig.sync().await;
    assert_eq!(states(&rig).await, ["changed"]);

    // Nothing of it is kept: no value, and no fingerprint in any form.
    let bytes = bytes_under(&rig.data_dir());
    let served = rig.reconciler().live().pin();
    let place = Binding::new("default", "key", "value");
    let value = served
        .opened
        .value(&id(Kind::Secret, "key"), "value")
        .unwrap();
    let print = rig.reconciler().prints.print(&place, value).exposed();
    for needle in [
        CANARY.as_bytes().to_vec(),
        print.to_vec(),
        hex::encode(print).into_bytes(),
        hex::encode(&print[..4]).into_bytes(),
    ] {
        let found = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!found, "{needle:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_keeps_its_ciphertext_is_not_named_and_keeps_its_fingerprint() {
    let (keyring, one) = key();
    let rig = rig_with(keyring);
    let remote = calling("remote", "http://127.0.0.1:9", AUTH);
    let first = sealed("key", CANARY, &[], &[&one]);
    let push = |armored: &str, label: &str| {
        let secret = sealed_secret("key", armored);
        let secret = secret.replace(
            "  name: key\n",
            &format!("  name: key\n  labels: {{a: {label}}}\n"),
        );
        rig.push(&[("key.yaml", secret), ("a.yaml", remote.clone())], label);
    };
    push(&first, "one");
    rig.sync().await;
    push(&first, "two");
    rig.sync().await;
    // Its labels changed, and it did not.
    assert_eq!(told(&rig).await, Value::Null);
    let again = sealed("key", CANARY, &[], &[&one]);
    push(&again, "two");
    rig.sync().await;
    assert_eq!(states(&rig).await, ["re-encrypted only"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_says_what_becomes_of_secrets_and_what_is_refused_does_not() {
    let (keyring, one) = key();
    let (_, stranger) = key();
    let mut settings = settings();
    settings.keyring = keyring;
    settings.prune = PruneGuard {
        percent: 1,
        objects: 0,
    };
    let rig = Rig::new().restarted(settings);
    let key_of =
        |value: &str, to: &Recipient| sealed_secret("key", &sealed("key", value, &[], &[to]));
    rig.push(
        &[
            ("key.yaml", key_of(CANARY, &one)),
            ("b.yaml", endpoint("b", "m")),
        ],
        "first",
    );
    rig.sync().await;
    std::fs::remove_file(rig.path("work").join("b.yaml")).unwrap();
    rig.push(&[("key.yaml", key_of(CANARY, &one))], "prunes");
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!("it prunes");
    };
    let told: Value = serde_json::from_str(&held.secrets_json).unwrap();
    assert_eq!(told["changes"][0]["value_state"], "re-encrypted only");
    // Whoever may not have a commit go live is not told what it holds.
    rig.push(&[("key.yaml", key_of(CANARY, &stranger))], "a stranger's");
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    let newest = &rig.store().await.revisions(1, None).await.unwrap()[0];
    assert_eq!(
        (newest.summary.as_str(), newest.secrets_json.as_str()),
        ("a stranger's", "")
    );
}

/// One version of the files, linked.
struct Version(Catalog, DependencyGraph, RoutingTable);

impl Version {
    fn of(files: &[(&str, &str)]) -> Self {
        let parse =
            |(path, text): &(&str, &str)| Arc::new(parse_file(&(*path).into(), text.as_bytes()));
        let parsed: Vec<_> = files.iter().map(parse).collect();
        let options = AssembleOptions {
            clear_text: ClearTextPolicy::Warn,
        };
        let (catalog, findings) = assemble(&parsed, options);
        assert!(!findings.has_errors(), "{findings:?}");
        let (graph, _) = DependencyGraph::build(&catalog);
        let (table, _) = RoutingTable::build(&catalog, &graph);
        Self(catalog, graph, table)
    }

    fn side(&self) -> Side<'_> {
        Side {
            revision: "",
            catalog: &self.0,
            graph: &self.1,
            table: &self.2,
        }
    }
}

/// The plan between two versions as whoever holds `keyring` sees it.
fn plan(base: &Version, head: &Version, keyring: &Keyring) -> Plan {
    let mut plan = Plan::between(base.side(), head.side());
    let key = PrintKey::random().unwrap();
    tell_values_apart(&mut plan, (&base.0, &head.0), keyring, &key);
    plan
}

fn seen(plan: &Plan) -> Vec<Value> {
    let shown = to_json(plan);
    let changes = shown["changes"].as_array().unwrap();
    let fields = changes
        .iter()
        .flat_map(|one| one["fields"].as_array().unwrap());
    fields
        .filter_map(|field| field.get("value_state").cloned())
        .collect()
}

#[test]
fn a_value_that_moved_to_another_secret_is_compared_with_what_it_was_there() {
    let (keyring, one) = key();
    let (was, is) = (
        sealed("old", CANARY, &[], &[&one]),
        sealed("new", CANARY, &[], &[&one]),
    );
    let other = sealed("new", "another", &[], &[&one]);
    let moved = "moved:\n  - {from: Secret/old, to: Secret/new}\n";
    let base = Version::of(&[("s.yaml", &sealed_secret("old", &was))]);
    for (armored, state) in [(is, "re-encrypted only"), (other, "changed")] {
        let text = sealed_secret("new", &armored);
        let head = Version::of(&[("s.yaml", &text), ("m.yaml", moved)]);
        assert_eq!(seen(&plan(&base, &head, &keyring)), [state]);
        assert_eq!(
            seen(&plan(&base, &head, &Keyring::default())),
            ["ciphertext changed"]
        );
    }
}

#[test]
fn a_value_for_other_hosts_is_not_called_the_same() {
    let (keyring, one) = key();
    let of = |hosts: &[&str]| {
        let armored = sealed("key", CANARY, hosts, &[&one]);
        Version::of(&[("s.yaml", &sealed_secret("key", &armored))])
    };
    let plan = plan(&of(&["api.example.com"]), &of(&["evil.example"]), &keyring);
    assert_eq!(seen(&plan), ["value unchanged, sealed for other hosts"]);
}

#[test]
fn files_sealed_down_to_their_names_are_told_apart_as_a_whole() {
    let (keyring, one) = key();
    let clear = |name: &str, value: &str, more: &str| {
        format!(
            "kind: Secret\nmetadata: {{name: {name}}}\nspec: {{stringData: {{value: {value}}}{more}}}\n"
        )
    };
    let of = |text: &str| {
        let sealed = seal(&Opened::new(text.into()), std::slice::from_ref(&one)).unwrap();
        Version::of(&[("s.yaml.age", &sealed)])
    };
    let base = clear("a", CANARY, "");
    let hosts = clear("a", CANARY, ", allowed_hosts: [evil.example]");
    let more = format!("{base}---\n{}", clear("b", CANARY, ""));
    for (head, state) in [
        (base.clone(), "re-encrypted only"),
        (format!("# a comment\n{base}"), "re-encrypted only"),
        (clear("a", "another", ""), "changed"),
        (clear("b", CANARY, ""), "changed"),
        (base.replace("value:", "other:"), "changed"),
        (more, "changed"),
        (hosts, "value unchanged, sealed for other hosts"),
        ("kind: Agent\n".to_owned(), "ciphertext changed"),
    ] {
        let (base, head) = (of(&base), of(&head));
        assert_eq!(seen(&plan(&base, &head, &keyring)), [state]);
        let (stranger, _) = key();
        assert_eq!(seen(&plan(&base, &head, &stranger)), ["ciphertext changed"]);
    }
}

#[test]
fn a_side_that_stays_closed_leaves_it_at_the_ciphertext() {
    let ((mine, one), (theirs, two)) = (key(), key());
    let of = |to: &Recipient| {
        let armored = sealed("key", CANARY, &[], &[to]);
        Version::of(&[("s.yaml", &sealed_secret("key", &armored))])
    };
    for keyring in [&mine, &theirs] {
        assert_eq!(
            seen(&plan(&of(&one), &of(&two), keyring)),
            ["ciphertext changed"]
        );
    }
    // A value that was sealed for another place is none here, though the key opens it.
    let elsewhere = sealed("elsewhere", CANARY, &[], &[&one]);
    let copied = Version::of(&[("s.yaml", &sealed_secret("key", &elsewhere))]);
    assert_eq!(
        seen(&plan(&of(&one), &copied, &mine)),
        ["ciphertext changed"]
    );
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    /// The fast way (fingerprints) says what a look at the values says, and the digest knows of neither.
    #[test]
    fn verdicts_are_those_of_the_values_and_the_digest_has_none(
        values in proptest::collection::vec(("[ab]{1,2}", "[ab]{1,2}", any::<bool>()), 1..4),
    ) {
        let (keyring, one) = key();
        let of = |pick: fn(&(String, String, bool)) -> &str| {
            let files = values.iter().enumerate().map(|(number, value)| {
                let name = format!("key{number}");
                let armored = sealed(&name, pick(value), &[], &[&one]);
                (format!("{name}.yaml"), sealed_secret(&name, &armored))
            });
            files.collect::<Vec<_>>()
        };
        let (base, mut head) = (of(|it| &it.0), of(|it| &it.1));
        for (number, (_, _, keeps)) in values.iter().enumerate() {
            if *keeps {
                head[number] = base[number].clone();
            }
        }
        let version = |files: &[(String, String)]| {
            let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
            Version::of(&files)
        };
        let (base, head) = (version(&base), version(&head));
        let differing = values.iter().filter(|(_, _, keeps)| !keeps);
        let expected: Vec<_> = differing
            .map(|(old, new, _)| if old == new { "re-encrypted only" } else { "changed" })
            .collect();
        let (keyless, keyed) = (Plan::between(base.side(), head.side()), plan(&base, &head, &keyring));
        prop_assert_eq!(seen(&keyed), expected.clone());
        prop_assert_eq!(seen(&keyless), vec!["ciphertext changed"; expected.len()]);
        prop_assert_eq!(keyed.digest, keyless.digest);
        let shown = format!("{keyed:?}{}", to_json(&keyed));
        prop_assert!(!shown.contains("Opened"), "{}", shown);
    }
}
