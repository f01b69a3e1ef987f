//! `orloj secret encrypt --in-place`, `decrypt` and `rekey`, and whom they seal for.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, Ran};
use crate::{
    cli::exit::Exit,
    secrets::{Binding, Envelope, Keyring, Sealed},
};

/// Makes a key in `file`; returns its public key.
fn key(bench: &Bench, file: &str) -> String {
    let ran = bench.run(&["secret", "keygen", "--out", file]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    ran.out.trim().to_owned()
}

fn ok(ran: Ran) -> Ran {
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.out, ran.err);
    ran
}

fn sealed_of(text: &str, key: &str) -> Sealed {
    let manifest: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    Sealed::parse(manifest["spec"]["encryptedData"][key].as_str().unwrap()).unwrap()
}

const CLEAR: &str = "\
# keys
kind: Secret
metadata: {name: openai, namespace: team-a}
spec:
  stringData:
    value: sk-canary-in-place   # May
  allowed_hosts: [api.openai.com]
---
kind: ModelEndpoint
metadata: {name: small}
spec: {provider:   mock, default_model: small-v1}
";

#[test]
fn clear_values_are_sealed_where_they_stand() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write("repo/.git/HEAD", "");
    bench.write("repo/.orloj/recipients", &format!("{one}\n{two}\n"));
    bench.write("repo/secrets/openai.yaml", CLEAR);
    let file = "repo/secrets/openai.yaml";
    let ran = ok(bench.run(&["secret", "encrypt", "--in-place", file]));
    assert!(
        ran.err
            .contains("sealed 1 value in `repo/secrets/openai.yaml`"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    assert!(
        ran.err
            .contains("sealed for 2 recipients from `repo/.orloj/recipients`\n"),
        "{}",
        ran.err
    );
    let text = bench.read(file);
    let (head, tail) = CLEAR
        .split_once("  stringData:\n    value: sk-canary-in-place")
        .unwrap();
    assert!(text.starts_with(&format!(
        "{head}  encryptedData:\n    value: |   # May\n      -----BEGIN AGE"
    )));
    assert!(
        text.ends_with(tail.strip_prefix("   # May").unwrap()),
        "{text}"
    );
    let first = text.split("\n---\n").next().unwrap();
    let sealed = sealed_of(first, "value");
    assert_eq!(sealed.recorded_recipients().unwrap(), [one, two]);
    for file in ["one.key", "two.key"] {
        let mut keyring = Keyring::default();
        keyring
            .parse_identity_file(file, &bench.read(file))
            .unwrap();
        let place = Binding::new("team-a", "openai", "value");
        let envelope = Envelope::open_at(keyring.open(&sealed).unwrap(), &place).unwrap();
        assert_eq!(envelope.value.expose_bytes(), b"sk-canary-in-place");
        assert_eq!(envelope.binding.unwrap().allowed_hosts, ["api.openai.com"]);
    }
    let again = ok(bench.run(&["secret", "encrypt", "--in-place", file]));
    assert!(
        again.err.contains("no secret in clear text"),
        "{}",
        again.err
    );
    assert_eq!(bench.read(file), text);
}

#[test]
fn nothing_is_written_if_a_value_cannot_be_sealed_or_the_file_not_read() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    for (text, part) in [
        (
            "kind: Secret\nmetadata: {name: a}\nspec: {stringData: {value: ' '}}\n",
            "is blank",
        ),
        (
            "kind: Secret\nmetadata: {name: a}\nspec: {data: {value: sk-x}}\n",
            "is not base64",
        ),
        (
            "kind: Secret\nmetadata: {name: a\n  stringData: sk-canary-x\n",
            "cannot be used",
        ),
    ] {
        bench.write("s.yaml", text);
        let ran = bench.run(&[
            "secret",
            "encrypt",
            "--in-place",
            "s.yaml",
            "--recipient",
            &public,
        ]);
        assert_ne!(ran.exit, Exit::Done);
        assert!(ran.err.contains(part), "{}", ran.err);
        assert!(!ran.err.contains("sk-"), "{}", ran.err);
        assert_eq!(bench.read("s.yaml"), text);
    }
}

#[test]
fn s7_a_single_recipient_is_warned_of_and_out_keeps_what_is_there() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    let encrypt = [
        "secret",
        "encrypt",
        "openai",
        "--recipient",
        &public,
        "--from-literal",
        "value=sk-x",
        "--allowed-host",
        "api.openai.com",
        "--out",
        "m/openai.yaml",
    ];
    let missing = bench.run(&encrypt);
    assert_eq!(missing.exit, Exit::Error);
    assert!(
        missing.err.contains("failed to create `m/openai.yaml`"),
        "{}",
        missing.err
    );
    bench.write("m/.keep", "");
    let ran = ok(bench.run(&encrypt));
    assert!(
        ran.err
            .contains("warning: `--recipient` names one recipient"),
        "{}",
        ran.err
    );
    let text = bench.read("m/openai.yaml");
    assert!(
        text.contains("allowed_hosts:\n  - api.openai.com\n"),
        "{text}"
    );
    let again = bench.run(&encrypt);
    assert_eq!(again.exit, Exit::Error);
    assert!(again.err.contains("orloj secret edit"), "{}", again.err);
    let valid = ok(bench.run(&["validate", "m"]));
    assert!(
        valid.out.contains("W-SECRET-ONE-RECIPIENT"),
        "{}",
        valid.out
    );
    std::fs::set_permissions(
        bench.path().join("age.key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let exposed = ok(bench.run(&["validate", "m", "--age-key-file", "age.key"]));
    assert!(exposed.out.contains("W-SECRET-KEY-FILE"), "{}", exposed.out);
}

#[test]
fn rules_of_sops_name_the_recipients_by_path() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write(
        ".sops.yaml",
        &format!(
            "creation_rules:\n  - path_regex: ^prod/.*\\.yaml$\n    age: >-\n      {one},\n      {two}\n    pgp: ABCD\n  - path_regex: ^split/\n    key_groups:\n      - age: [{one}]\n      - age: [{two}]\n  - path_regex: ^kms/\n    kms: arn\n  - path_regex: ^list/\n    key_groups: [{{age: [{two}]}}]\n"
        ),
    );
    for folder in ["prod", "split", "kms", "list", "other"] {
        bench.write(&format!("{folder}/s.yaml"), CLEAR);
    }
    let run = |file: &str| bench.run(&["secret", "encrypt", "--in-place", file]);
    let ran = ok(run("prod/s.yaml"));
    assert!(
        ran.err.contains("names other keys than age's too (pgp)"),
        "{}",
        ran.err
    );
    let first = |file: &str| bench.read(file).split("\n---\n").next().unwrap().to_owned();
    let both = sealed_of(&first("prod/s.yaml"), "value");
    assert_eq!(both.recorded_recipients().unwrap(), [one, two.clone()]);
    let _ = ok(run("list/s.yaml"));
    let listed = sealed_of(&first("list/s.yaml"), "value");
    assert_eq!(listed.recorded_recipients().unwrap(), [two]);
    for (file, part) in [
        ("split/s.yaml", "rule 2 of"),
        ("kms/s.yaml", "names no age recipient"),
        ("other/s.yaml", "no rule of"),
    ] {
        let ran = run(file);
        assert_ne!(ran.exit, Exit::Done);
        assert!(ran.err.contains(part), "{}", ran.err);
        assert_eq!(bench.read(file), CLEAR);
    }
}

#[test]
fn the_nearest_file_counts_and_none_above_the_repository() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write(".orloj/recipients", &one);
    bench.write("a/.git/HEAD", "");
    bench.write("a/.orloj/recipients", &two);
    bench.write("a/b/s.yaml", CLEAR);
    bench.write("repo/.git/HEAD", "");
    bench.write("repo/s.yaml", CLEAR);
    let _ = ok(bench.run(&["secret", "encrypt", "--in-place", "a/b/s.yaml"]));
    let text = bench.read("a/b/s.yaml");
    let sealed = sealed_of(text.split("\n---\n").next().unwrap(), "value");
    assert_eq!(sealed.recorded_recipients().unwrap(), [two]);
    let above = bench.run(&["secret", "encrypt", "--in-place", "repo/s.yaml"]);
    assert_eq!(above.exit, Exit::Usage);
    assert!(
        above
            .err
            .contains("looked for `.orloj/recipients` and `.sops.yaml` in"),
        "{}",
        above.err
    );
    assert_eq!(bench.read("repo/s.yaml"), CLEAR);
}

#[test]
fn decrypt_shows_values_where_it_is_forced_to() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    bench.write("s.yaml", CLEAR);
    let _ = ok(bench.run(&[
        "secret",
        "encrypt",
        "--in-place",
        "s.yaml",
        "--recipient",
        &public,
    ]));
    let refused = bench.run(&["secret", "decrypt", "s.yaml", "--age-key-file", "age.key"]);
    assert_eq!(refused.exit, Exit::Usage);
    assert!(
        refused.out.is_empty() && refused.err.contains("--force"),
        "{}",
        refused.err
    );
    let forced = |more: &[&str]| {
        let mut words = vec!["secret", "decrypt", "s.yaml", "--force"];
        words.extend(more);
        bench.run(&words)
    };
    let keyless = forced(&[]);
    assert_eq!(keyless.exit, Exit::Error);
    assert!(
        keyless
            .err
            .contains("s.yaml:6: failed to open `value` of secret team-a/openai"),
        "{}",
        keyless.err
    );
    assert!(keyless.err.contains("--age-key-file"), "{}", keyless.err);
    let opened = ok(forced(&["--age-key-file", "age.key"]));
    assert_eq!(opened.out, CLEAR);
    let json = ok(forced(&["--age-key-file", "age.key", "-o", "json"]));
    assert_eq!(json.json()["team-a/openai"]["value"], "sk-canary-in-place");
    let one = ok(forced(&["--age-key-file", "age.key", "--key", "value"]));
    assert_eq!(one.out, "sk-canary-in-place");
    let none = forced(&["--age-key-file", "age.key", "--key", "other"]);
    assert_eq!(none.exit, Exit::Error);
    assert!(
        none.err.contains("there is value of team-a/openai"),
        "{}",
        none.err
    );
}

#[test]
fn validate_finds_a_key_that_the_next_commit_would_have() {
    let bench = Bench::repository(&[(
        "small.yaml",
        "kind: ModelEndpoint\nmetadata: {name: small}\nspec: {provider: mock, default_model: s}\n",
    )]);
    let _ = ok(bench.run(&["validate"]));
    key(&bench, "age.key");
    let found = bench.run(&["validate"]);
    assert_eq!(found.exit, Exit::Invalid, "{}", found.out);
    assert!(
        found.out.contains("E-SECRET-IDENTITY") && found.out.contains("age.key:3"),
        "{}",
        found.out
    );
    let identity = bench.read("age.key");
    assert!(
        !found.out.contains(identity.lines().last().unwrap()),
        "{}",
        found.out
    );
    bench.write(".gitignore", "*.key\n");
    let _ = ok(bench.run(&["validate"]));
}

#[test]
fn a_value_moved_to_another_secret_is_not_opened() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    bench.write("s.yaml", CLEAR);
    let _ = ok(bench.run(&[
        "secret",
        "encrypt",
        "--in-place",
        "s.yaml",
        "--recipient",
        &public,
    ]));
    bench.write(
        "s.yaml",
        &bench.read("s.yaml").replace("name: openai", "name: stolen"),
    );
    let ran = bench.run(&[
        "secret",
        "decrypt",
        "s.yaml",
        "--force",
        "--age-key-file",
        "age.key",
    ]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(
        ran.err
            .contains("sealed for the value `value` of secret team-a/openai"),
        "{}",
        ran.err
    );
    assert!(!format!("{}{}", ran.out, ran.err).contains("sk-canary"));
}

#[test]
fn rekey_touches_only_what_is_sealed_for_others() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write("repo/.git/HEAD", "");
    bench.write("repo/.orloj/recipients", &format!("{one}\n{two}\n"));
    bench.write("repo/right.yaml", CLEAR);
    bench.write(
        "repo/small.yaml",
        "kind: ModelEndpoint\nmetadata: {name: x}\nspec: {provider: mock}\n",
    );
    let _ = ok(bench.run(&["secret", "encrypt", "--in-place", "repo/right.yaml"]));
    bench.write("repo/deep/left.yaml", &CLEAR.replace("value:", "old:"));
    let _ = ok(bench.run(&[
        "secret",
        "encrypt",
        "--in-place",
        "repo/deep/left.yaml",
        "--recipient",
        &one,
    ]));
    let (right, left) = (
        bench.read("repo/right.yaml"),
        bench.read("repo/deep/left.yaml"),
    );

    let check = bench.run(&["secret", "rekey", "--check", "repo"]);
    assert_eq!(check.exit, Exit::Invalid, "{}", check.err);
    assert_eq!(
        check.out,
        format!("repo/deep/left.yaml:6  secret/openai old: +{two}\n")
    );
    assert!(
        check.err.contains("1 value in 1 file must be sealed anew"),
        "{}",
        check.err
    );
    assert_eq!(bench.read("repo/deep/left.yaml"), left);

    let keyless = bench.run(&["secret", "rekey", "repo"]);
    assert_eq!(keyless.exit, Exit::Error);
    let _ = ok(bench.run(&["secret", "rekey", "repo", "--age-key-file", "one.key"]));
    assert_eq!(bench.read("repo/right.yaml"), right);
    let rekeyed = bench.read("repo/deep/left.yaml");
    assert_ne!(rekeyed, left);
    let outside = |text: &str| {
        let (head, rest) = text.split_once("-----BEGIN").unwrap();
        (
            head.to_owned(),
            rest.split_once("-----END").unwrap().1.to_owned(),
        )
    };
    assert_eq!(outside(&rekeyed), outside(&left));
    let _ = ok(bench.run(&["secret", "rekey", "--check", "repo"]));
    let shown = [
        "secret",
        "decrypt",
        "repo/deep/left.yaml",
        "--force",
        "--age-key-file",
        "two.key",
    ];
    assert!(
        ok(bench.run(&shown))
            .out
            .contains("old: sk-canary-in-place")
    );

    // Somebody leaves.
    bench.write("repo/.orloj/recipients", &two);
    let check = bench.run(&["secret", "rekey", "--check", "repo"]);
    assert_eq!(check.out.lines().count(), 2);
    assert!(
        check
            .out
            .contains(&format!("secret/openai value: -{one}\n")),
        "{}",
        check.out
    );
}

#[test]
fn a_value_that_does_not_say_whom_it_is_for_is_listed() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    let recipient: age::x25519::Recipient = public.parse().unwrap();
    let armor = age::encrypt_and_armor(&recipient, b"sk-bare").unwrap();
    let text = format!(
        "kind: Secret\nmetadata: {{name: bare}}\nspec:\n  encryptedData:\n    value: |\n      {}\n",
        armor.trim().replace('\n', "\n      ")
    );
    bench.write("s.yaml", &text);
    let check = bench.run(&["secret", "rekey", "--check", "--recipient", &public]);
    assert_eq!(check.exit, Exit::Invalid);
    assert!(
        check.out.contains(
            "s.yaml:5  secret/bare value: does not say whom it is sealed for (1 recipient)"
        ),
        "{}",
        check.out
    );
    let _ = ok(bench.run(&[
        "secret",
        "rekey",
        "--recipient",
        &public,
        "--age-key-file",
        "age.key",
    ]));
    let _ = ok(bench.run(&["secret", "rekey", "--check", "--recipient", &public]));
}
