//! Sealed values whose ciphertext differs, and whom they are sealed for.

use super::{Revision, between, plan, revision};
use crate::{
    plan::{
        Plan, Shown, TextOptions, ValueVerdict, secrets_to_json, to_json, to_markdown, to_text,
    },
    secrets::{Opened, Recipient, generate_identity, seal},
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Sealed by the genuine SOPS for two recipients.
const SOPS: &str = include_str!("../../../tests/fixtures/sops/manifests/secret.enc.yaml");
const FIRST: &str = "age1rkzw2ryct6f9xcu024wy8vvlqzrj7tygl5zjy9qh95p6wpdgguqqdccv4u";
const SECOND: &str = "age1ns3rw0dhg8rqemumrvppk0244rx7tkgkg689q0f5l44nyd60q35qz8nezw";
/// Sealed by the genuine SOPS down to its names.
const WHOLE: &str = include_str!("../../../tests/fixtures/sops/manifests/whole.enc.yaml");

fn recipient() -> Recipient {
    Recipient::parse(&generate_identity().1).unwrap()
}

fn secret(armors: &[(&str, &str)]) -> String {
    let mut text =
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: key\nspec:\n  encryptedData:\n"
            .to_owned();
    for (key, armored) in armors {
        let armored = armored.trim_end().replace('\n', "\n      ");
        let _ = write!(text, "    {key}: |\n      {armored}\n");
    }
    text
}

fn sealed(recipients: &[&Recipient]) -> String {
    let recipients: Vec<_> = recipients.iter().map(|one| (*one).clone()).collect();
    seal(&Opened::new(b"sk-canary".to_vec()), &recipients).unwrap()
}

/// What `age` itself seals: nobody notes whom it is for.
fn by_age(recipients: &[&Recipient]) -> String {
    use age::armor::{ArmoredWriter, Format};
    use std::io::Write;
    let keys: Vec<age::x25519::Recipient> = recipients
        .iter()
        .map(|one| one.to_string().parse().unwrap())
        .collect();
    let keys = keys.iter().map(|key| key as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(keys).unwrap();
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
    let mut writer = encryptor.wrap_output(armor).unwrap();
    Write::write_all(&mut writer, b"sk-canary").unwrap();
    String::from_utf8(writer.finish().unwrap().finish().unwrap()).unwrap()
}

fn text(plan: &Plan) -> String {
    to_text(plan, TextOptions::default())
}

/// The fields of the only change.
fn fields(plan: &Plan) -> Vec<Value> {
    let shown = to_json(plan);
    assert_eq!(shown["changes"].as_array().unwrap().len(), 1, "{shown:#}");
    shown["changes"][0]["fields"].as_array().unwrap().clone()
}

#[test]
fn without_a_key_a_sealed_value_has_another_ciphertext_and_a_key_says_more() {
    let one = recipient();
    let keys = ["kept", "one", "three", "two/half"];
    let [old, new] = [(); 2].map(|()| keys.map(|_| sealed(&[&one])));
    let of =
        |armors: &[String; 4]| secret(&std::array::from_fn::<_, 4, _>(|n| (keys[n], &*armors[n])));
    let new = [
        old[0].clone(),
        new[1].clone(),
        new[2].clone(),
        new[3].clone(),
    ];
    let keyless = plan(&[of(&old)], &[of(&new)]);
    let states = |plan: &Plan| -> Vec<_> {
        let fields = fields(plan);
        let state = |field: &Value| (field["path"].clone(), field["value_state"].clone());
        fields.iter().map(state).collect()
    };
    let unknown = json!("ciphertext changed");
    let pairs = |states: [Value; 3]| {
        let paths = ["one", "three", "two~1half"];
        let paths = paths.map(|key| json!(format!("/spec/values/{key}")));
        paths.into_iter().zip(states).collect::<Vec<_>>()
    };
    assert_eq!(states(&keyless), pairs([(); 3].map(|()| unknown.clone())));
    let mut judged = keyless.clone();
    assert!(judged.changes[0].has_other_ciphertext());
    judged.changes[0].judge_values(|key| match key.unwrap() {
        "one" => Some(ValueVerdict::Changed),
        "two/half" => Some(ValueVerdict::SealedAnew),
        _ => None,
    });
    let expected = pairs([json!("changed"), unknown, json!("re-encrypted only")]);
    assert_eq!(states(&judged), expected);
    // Beside the digest, and the same in each form.
    assert_eq!(judged.digest, keyless.digest);
    let markdown = to_markdown(&judged);
    let head = of(&new);
    for (key, shown) in [
        ("one", "    spec.values.one       changed"),
        ("three", "    spec.values.three     ciphertext changed"),
        ("two/half", "    spec.values.two/half  re-encrypted only"),
    ] {
        // How long an armor is differs from one to the next.
        let mut lines = head.lines();
        let line = lines.position(|line| line == format!("    {key}: |"));
        let line = format!("{shown}  line {}\n", line.unwrap() + 1);
        assert!(text(&judged).contains(&line), "{}", text(&judged));
        assert!(markdown.contains(&line), "{markdown}");
    }
    assert!(!text(&judged).contains("spec.values.kept"));
}

#[test]
fn recipients_that_came_and_went_are_named_where_the_value_names_them() {
    let [one, two, three] = [(); 3].map(|()| recipient());
    let plan = plan(
        &[secret(&[("value", &sealed(&[&one, &two]))])],
        &[secret(&[("value", &sealed(&[&three, &one]))])],
    );
    let expected = json!({
        "before": 2, "after": 2, "added": [three.to_string()], "removed": [two.to_string()],
    });
    assert_eq!(fields(&plan)[0]["recipients"], expected);
    let lines = format!("      recipients 2 -> 2\n      + {three}\n      - {two}\n");
    assert!(text(&plan).contains(&lines), "{}", text(&plan));
    assert!(to_markdown(&plan).contains(&lines));
}

#[test]
fn values_that_name_nobody_tell_how_many_may_open_them() {
    let [one, two] = [(); 2].map(|()| recipient());
    let of = |armored: &str| [secret(&[("value", armored)])];
    let more = plan(&of(&by_age(&[&one])), &of(&by_age(&[&one, &two])));
    assert_eq!(
        fields(&more)[0]["recipients"],
        json!({ "before": 1, "after": 2 })
    );
    assert!(
        text(&more).contains("      recipients 1 -> 2\n\n"),
        "{}",
        text(&more)
    );
    // One side alone names them: who came is not known, and as many are no difference.
    let noted = plan(&of(&by_age(&[&one])), &of(&sealed(&[&one, &two])));
    assert_eq!(
        fields(&noted)[0]["recipients"],
        json!({ "before": 1, "after": 2 })
    );
    let same = plan(&of(&by_age(&[&one])), &of(&sealed(&[&two])));
    assert_eq!(fields(&same)[0].get("recipients"), None);
    let again = plan(&of(&sealed(&[&one, &two])), &of(&sealed(&[&two, &one])));
    assert_eq!(fields(&again)[0].get("recipients"), None);
}

/// The fixture without one of its recipients, as `sops rotate --rm-age` leaves it.
fn without(text: &str, key: &str) -> String {
    let mut out = String::new();
    let mut skips = false;
    for line in text.lines() {
        if line.starts_with("        - recipient: ") {
            skips = line.ends_with(key);
        } else if !line.starts_with("          ") {
            skips = false;
        }
        if !skips {
            out += line;
            out.push('\n');
        }
    }
    out
}

#[test]
fn recipients_of_a_sops_file_are_listed_as_they_come_and_go() {
    let (base, head) = ([without(SOPS, FIRST)], [without(SOPS, SECOND)]);
    let plan = plan(&base, &head);
    let shown = text(&plan);
    for line in [
        format!("    recipients  - {SECOND}\n"),
        format!("    recipients  + {FIRST}\n"),
    ] {
        assert!(shown.contains(&line), "{shown}");
        assert!(to_markdown(&plan).contains(&line));
    }
    assert!(
        shown.lines().skip(1).all(|line| line.len() <= 80),
        "{shown}"
    );
    let told = secrets_to_json(&plan.secrets()).unwrap();
    let expected = [(FIRST, "add"), (SECOND, "remove")];
    let mut expected =
        expected.map(|(key, op)| (json!(format!("/spec/recipients/{key}")), json!(op)));
    expected.sort_by_key(|(path, _)| path.to_string());
    let listed = told["changes"].as_array().unwrap().iter();
    let listed: Vec<_> = listed
        .map(|it| (it["path"].clone(), it["op"].clone()))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn a_file_sealed_down_to_its_names_has_another_ciphertext_too() {
    let head = WHOLE.replacen("data:", "data:AAAA", 1);
    assert_ne!(head, WHOLE);
    let at = |text: &str| -> Revision { super::at("w.enc.yaml", &[text.to_owned()]) };
    let mut plan = between(&at(WHOLE), &at(&head));
    let state = |plan: &Plan| {
        (
            fields(plan)[0]["path"].clone(),
            fields(plan)[0]["value_state"].clone(),
        )
    };
    let path = json!("/spec/file/sealed");
    assert_eq!(state(&plan), (path.clone(), json!("ciphertext changed")));
    plan.changes[0].judge_values(|key| {
        assert_eq!(key, None);
        Some(ValueVerdict::OtherHosts)
    });
    let words = json!("value unchanged, sealed for other hosts");
    assert_eq!(state(&plan), (path, words));
}

#[test]
fn only_so_many_secrets_are_named_and_none_that_is_new_or_gone() {
    let one = recipient();
    let armors: Vec<_> = (0..4).map(|_| sealed(&[&one])).collect();
    let keys: Vec<_> = (0..150).map(|number| format!("k{number:03}")).collect();
    let of = |name: &str, armored: &str| {
        let values: Vec<_> = keys.iter().map(|key| (&**key, armored)).collect();
        secret(&values).replace("name: key", &format!("name: {name}"))
    };
    let base = [
        of("a", &armors[0]),
        of("b", &armors[1]),
        of("gone", &armors[0]),
    ];
    let head = [
        of("a", &armors[2]),
        of("b", &armors[3]),
        of("new", &armors[0]),
    ];
    let plan = between(&revision(&base), &revision(&head));
    let told = secrets_to_json(&plan.secrets()).unwrap();
    assert_eq!(told["changes"].as_array().unwrap().len(), 200);
    assert_eq!(told["more"], 100);
    let first = &told["changes"][0];
    assert_eq!(
        (&first["namespace"], &first["name"]),
        (&json!("default"), &json!("a"))
    );
    assert_eq!(first["value_state"], "ciphertext changed");
    let words = plan.changes.iter().flat_map(|change| &change.fields);
    assert!(
        words
            .into_iter()
            .any(|field| field.shown == Shown::Secret("added, sealed"))
    );
    assert_eq!(secrets_to_json(&[]), None);
    let both = [of("a", &armors[0])];
    assert!(
        between(&revision(&[]), &revision(&both))
            .secrets()
            .is_empty()
    );
}
