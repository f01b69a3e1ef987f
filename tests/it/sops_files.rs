//! SOPS files and age files through the hands of people; the genuine `sops` and `age` open what comes of it.

use crate::support::{cli::Cli, desk::Desk};
use std::fs;

const VALUES: &[&str] = &["--encrypted-regex", "^(data|stringData)$"];

const CLEAR: &str = "\
# keys of the team
kind: Secret
metadata:
    name: openai
spec:
    stringData:
        # from the console
        value: sk-canary-first
        other: |
            sk-canary-second
            of two lines
    allowed_hosts:
        - api.openai.com
---
kind: Secret
metadata:
    name: second
spec:
    data:
        value: c2stY2FuYXJ5LWRhdGE=
";

fn json() -> String {
    let text = r#"{"kind": "Secret", "metadata": {"name": "in-json"}, "spec": {"stringData": {"value": "sk-canary-json", "n": 5}}}"#;
    format!("{text}\n")
}

/// The line of a text that holds `part`.
fn line<'t>(text: &'t str, part: &str) -> &'t str {
    let found = text.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no line has {part}: {text}"))
}

#[test]
fn decrypt_shows_what_the_genuine_tools_show() {
    let desk = Desk::new();
    desk.sops("values.yaml", CLEAR, VALUES);
    desk.sops("whole.yaml", CLEAR, &[]);
    for name in ["values.yaml", "whole.yaml"] {
        assert_eq!(desk.shows(name), CLEAR, "{name}");
        assert_eq!(
            desk.shows(name),
            desk.sops_opens(name, "age.key").stdout,
            "{name}"
        );
        let shown = desk.run(&["secret", "decrypt", name, "--force", "-o", "json"]);
        let shown = shown.success().stdout;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["default/second"]["value"], "sk-canary-data");
    }
    desk.sops("secret.json", &json(), VALUES);
    let clear = desk.shows("secret.json");
    let genuine = desk.sops_opens("secret.json", "age.key").stdout;
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&clear), read(&genuine));
    let one = [
        "secret",
        "decrypt",
        "secret.json",
        "--key",
        "value",
        "--force",
    ];
    assert_eq!(desk.run(&one).success().stdout, "sk-canary-json");
    for (name, more) in [
        ("s.yaml.age", &[][..]),
        ("armored.yaml.age", &["--armor"][..]),
    ] {
        desk.age(name, CLEAR, more);
        assert_eq!(desk.shows(name), CLEAR);
    }
    for name in ["values.yaml", "secret.json", "s.yaml.age"] {
        let closed = desk.run(&["secret", "decrypt", name]).code(64);
        closed.complains("no terminal");
        let keyless = Cli::new().in_directory(desk.folder.path());
        let keyless = keyless.run(&["secret", "decrypt", name, "--force"]).code(1);
        keyless.complains("--age-key-file");
    }
    let tampered = desk
        .read("values.yaml")
        .replace("name: openai", "name: another");
    desk.write("values.yaml", &tampered);
    let output = desk
        .run(&["secret", "decrypt", "values.yaml", "--force"])
        .code(1);
    output.complains("MAC does not fit");
}

#[test]
fn rekey_changes_whom_files_are_for_and_nothing_else() {
    let desk = Desk::new();
    desk.sops("values.yaml", CLEAR, VALUES);
    desk.sops("secret.json", &json(), VALUES);
    desk.age("s.yaml.age", CLEAR, &[]);
    desk.age("armored.yaml.age", CLEAR, &["--armor"]);
    desk.sops(
        "foreign.yaml",
        "kind: ConfigMap\ndata: {a: sk-canary-foreign}\n",
        VALUES,
    );
    let (foreign, before) = (desk.read("foreign.yaml"), desk.read("values.yaml"));
    let [old, new] = &desk.publics;
    desk.write(".orloj/recipients", &format!("{old}\n{new}\n"));
    let is_warned_of = |name: &str| {
        let validated = desk.run(&["validate", name]);
        validated.stdout.contains("W-SECRET-ONE-RECIPIENT")
    };
    assert!(is_warned_of("values.yaml") && is_warned_of("armored.yaml.age"));

    let check = desk.run(&["secret", "rekey", "--check"]).code(3);
    assert!(
        check.stdout.contains(&format!("  sops.age: +{new}\n")),
        "{}",
        check.stdout
    );
    assert!(
        check.stdout.contains("s.yaml.age  does not say whom"),
        "{}",
        check.stdout
    );
    assert!(!check.stdout.contains("foreign"), "{}", check.stdout);
    check.complains("2 SOPS files, 2 age files must be sealed anew");
    assert_eq!(desk.read("values.yaml"), before);

    let done = desk.run(&["secret", "rekey"]).success();
    done.complains("sealed 2 SOPS files, 2 age files anew");
    let _ = desk.run(&["secret", "rekey", "--check"]).success();
    assert!(!is_warned_of("values.yaml") && !is_warned_of("armored.yaml.age"));
    assert_eq!(desk.read("foreign.yaml"), foreign);
    let after = desk.read("values.yaml");
    assert_eq!(line(&after, " mac: "), line(&before, " mac: "));
    assert!(
        after.starts_with(before.split("    lastmodified:").next().unwrap()),
        "{after}"
    );
    for key in ["age.key", "new.key"] {
        assert_eq!(desk.sops_opens("values.yaml", key).success().stdout, CLEAR);
        let _ = desk.sops_opens("secret.json", key).success();
        assert_eq!(desk.age_opens("s.yaml.age", key).success().stdout, CLEAR);
        assert_eq!(
            desk.age_opens("armored.yaml.age", key).success().stdout,
            CLEAR
        );
    }
    assert!(desk.read("armored.yaml.age").starts_with("-----BEGIN"));
    assert!(
        fs::read(desk.path("s.yaml.age"))
            .unwrap()
            .starts_with(b"age-encryption.org/v1")
    );

    desk.write(".orloj/recipients", new);
    let _ = desk.run(&["secret", "rekey"]).success();
    for name in ["values.yaml", "secret.json"] {
        let _ = desk.sops_opens(name, "new.key").success();
        assert_ne!(desk.sops_opens(name, "age.key").code, Some(0), "{name}");
        assert!(!desk.read(name).contains(old.as_str()));
    }
    assert_ne!(desk.age_opens("s.yaml.age", "age.key").code, Some(0));
}

#[test]
fn an_edited_sops_file_keeps_what_did_not_change_and_opens_with_the_genuine_tool() {
    let desk = Desk::new();
    for (name, more) in [("values.yaml", VALUES), ("whole.yaml", &[][..])] {
        desk.sops(name, CLEAR, more);
        let before = desk.read(name);
        let script = "cp \"$1\" \"$HERE/seen\"\n\
                      sed -i 's/sk-canary-second/sk-canary-third/' \"$1\"\n\
                      sed -i 's/^        value: sk.*/& # beside\\n        # it is new\\n        added: \"007\"/' \"$1\"";
        let saved = desk.edit(name, script).success();
        saved.complains(&format!("saved `{name}`: 4 values sealed"));
        assert_eq!(desk.read("seen"), CLEAR);
        let after = desk.read(name);
        assert!(
            !after.contains("sk-canary") && !after.contains("\"007\""),
            "{after}"
        );
        assert!(
            !after.contains("it is new") && !after.contains("beside"),
            "{after}"
        );
        assert!(
            line(&after, " value: ").starts_with(line(&before, " value: ")),
            "{after}"
        );
        assert_eq!(line(&after, "-----BEGIN"), line(&before, "-----BEGIN"));
        assert_eq!(line(&after, "version: "), line(&before, "version: "));
        assert_ne!(line(&after, " mac: "), line(&before, " mac: "));
        assert_eq!(after.lines().next(), before.lines().next());
        let expected = CLEAR
            .replace("sk-canary-second", "sk-canary-third")
            .replace(
                "sk-canary-first\n",
                "sk-canary-first # beside\n        # it is new\n        added: \"007\"\n",
            );
        assert_eq!(desk.shows(name), expected);
        let genuine = desk.sops_opens(name, "age.key").success();
        // `sops` gives a comment that stands beside a value a line of its own.
        let genuine = genuine.stdout;
        assert!(genuine.contains("# beside\n"), "{genuine}");
        let values = |text: &str| -> Vec<serde_yaml::Value> {
            let documents = serde_yaml::Deserializer::from_str(text);
            documents
                .map(|it| serde::Deserialize::deserialize(it).unwrap())
                .collect()
        };
        assert_eq!(values(&genuine), values(&expected));
    }
    let same = desk.edit("values.yaml", "touch \"$1\"").success();
    same.complains("nothing was changed");
}

#[test]
fn an_edited_json_file_of_sops_opens_with_the_genuine_tool() {
    let desk = Desk::new();
    desk.sops("secret.json", &json(), VALUES);
    let before = desk.read("secret.json");
    let script =
        "sed -i 's/\"n\": 5/\"n\": 6.5,\\n\"added\": \"sk-canary-new\", \"is\": true/' \"$1\"";
    let _ = desk.edit("secret.json", script).success();
    let after = desk.read("secret.json");
    assert!(!after.contains("sk-canary"), "{after}");
    assert_eq!(line(&after, "\"value\""), line(&before, "\"value\""));
    let genuine = desk.sops_opens("secret.json", "age.key").success().stdout;
    let genuine: serde_json::Value = serde_json::from_str(&genuine).unwrap();
    let expected = serde_json::json!({"value": "sk-canary-json", "n": 6.5, "added": "sk-canary-new", "is": true});
    assert_eq!(genuine["spec"]["stringData"], expected);
}

#[test]
fn an_edit_of_a_sops_file_that_cannot_be_saved_leaves_it_as_it_was() {
    let desk = Desk::new();
    desk.sops("values.yaml", CLEAR, VALUES);
    let before = desk.read("values.yaml");
    let slip = "sed -i 's/^    stringData:/    string_data_of:/' \"$1\"";
    let output = desk.edit("values.yaml", slip);
    assert_ne!(output.code, Some(0));
    assert!(!output.stderr.contains("sk-canary"), "{}", output.stderr);
    let output = desk
        .edit(
            "values.yaml",
            "grep -q sops: \"$1\" || sed -i 's/^kind: Secret/sops: 1\\n&/' \"$1\"",
        )
        .code(1);
    output.complains("SOPS' own");
    let named = [
        "secret",
        "edit",
        "values.yaml",
        "--recipient",
        &desk.publics[1],
    ];
    desk.run(&named).code(64).complains("keeps its recipients");
    assert_eq!(desk.read("values.yaml"), before);
}

#[test]
fn lists_numbers_and_what_is_no_manifest_are_edited_too() {
    const SETTINGS: &str = "kind: Settings\n# why\nlist:\n    - sk-canary-item\n    # two\n    - 7\n    - - true\n      - deep: |-\n            sk-canary-deep\n            text\nclear_unencrypted: 017\n";
    let desk = Desk::new();
    desk.sops("settings.yaml", SETTINGS, &[]);
    let before = desk.read("settings.yaml");
    let shown = desk.shows("settings.yaml");
    assert_eq!(shown, desk.sops_opens("settings.yaml", "age.key").stdout);
    let script =
        "sed -i 's/- 7/- 2024-05-01/; s/ true/ .inf/; s/deep:/deeper:/; s/: 15/: 1e3/' \"$1\"";
    let saved = desk.edit("settings.yaml", script).success();
    saved.complains("3 values sealed, 4 values kept");
    let after = desk.read("settings.yaml");
    assert!(
        !after.contains("sk-canary") && after.contains("clear_unencrypted: 1e3\n"),
        "{after}"
    );
    assert_eq!(line(&after, "    - ENC"), line(&before, "    - ENC"));
    let genuine = desk.sops_opens("settings.yaml", "age.key").success().stdout;
    let expected = shown
        .replace("- 7", "- 2024-05-01T00:00:00Z")
        .replace(" true", " .inf")
        .replace("deep:", "deeper:")
        .replace(": 15", ": 1000");
    assert_eq!(genuine, expected);
}

#[test]
fn an_age_file_is_sealed_anew_only_if_it_changed() {
    let desk = Desk::new();
    for (name, more) in [
        ("s.yaml.age", &[][..]),
        ("armored.yaml.age", &["--armor"][..]),
    ] {
        desk.age(name, CLEAR, more);
        let before = fs::read(desk.path(name)).unwrap();
        let same = desk
            .edit(name, "case \"$1\" in *.yaml) ;; *) exit 1;; esac")
            .success();
        same.complains("nothing was changed");
        assert_eq!(fs::read(desk.path(name)).unwrap(), before);
        let saved = desk.edit(name, "sed -i s/first/changed/ \"$1\"").success();
        saved.complains("sealed anew as a whole");
        let opened = desk.age_opens(name, "age.key").success().stdout;
        assert_eq!(opened, CLEAR.replace("first", "changed"));
        let is_armored = fs::read(desk.path(name))
            .unwrap()
            .starts_with(b"-----BEGIN");
        assert_eq!(is_armored, !more.is_empty());
        let after = fs::read(desk.path(name)).unwrap();
        desk.edit(name, "grep -q '^\\[' \"$1\" || echo '[' >> \"$1\"")
            .code(3)
            .complains("E-YAML-SYNTAX");
        assert_eq!(fs::read(desk.path(name)).unwrap(), after);
    }
}
