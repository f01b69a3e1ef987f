//! Files of the genuine `sops` 3.11 as text: opened, sealed again, and for other recipients.

use crate::{
    manifest::written::{
        RewriteError,
        sops::{
            NewRecipients, OpenedText, SealedText, open, recipients_line, seal, set_recipients,
        },
    },
    secrets::{Keyring, Recipient, SopsError, SopsFile, SopsFormat, SopsKey, generate_identity},
};
use include_dir::{Dir, include_dir};
use std::collections::BTreeSet;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures/sops");
const KEY_1: &str = include_str!("../../../tests/fixtures/age/key1.txt");
const NOW: &str = "2027-01-02T03:04:05Z";

fn keyring(identity: &str) -> Keyring {
    let mut keyring = Keyring::default();
    keyring.parse_identity_file("key", identity).unwrap();
    keyring
}

fn text(name: &str) -> &'static str {
    FILES.get_file(name).unwrap().contents_utf8().unwrap()
}

/// A file with its key.
struct Read {
    text: String,
    sops: SopsFile,
    key: SopsKey,
}

impl Read {
    fn named(name: &str) -> Self {
        Self::of(name, text(name))
    }

    fn of(name: &str, text: &str) -> Self {
        let format = if name.contains(".json") {
            SopsFormat::Json
        } else {
            SopsFormat::Yaml
        };
        let sops = SopsFile::parse(text, format).unwrap();
        let key = sops.key(&keyring(KEY_1)).unwrap();
        Self {
            text: text.to_owned(),
            sops,
            key,
        }
    }

    fn open(&self) -> OpenedText {
        open(&"f".into(), self.text.as_bytes(), &self.sops, &self.key)
            .unwrap_or_else(|error| unreachable!("{error:?}"))
    }

    fn clear(&self) -> String {
        String::from_utf8(self.open().text().to_vec()).unwrap()
    }

    fn seal(&self, clear: &str) -> Result<SealedText, RewriteError<SopsError>> {
        let key = (&self.sops, &self.key);
        seal(&"f".into(), clear.as_bytes(), &self.open(), key, NOW)
    }

    fn sealed(&self, clear: &str) -> (String, usize, usize) {
        let sealed = self.seal(clear);
        let sealed = sealed.unwrap_or_else(|error| unreachable!("{error:?}"));
        let text = String::from_utf8(sealed.text).unwrap();
        (text, sealed.sealed, sealed.kept)
    }
}

/// Every file that opens, below the fixtures.
fn names() -> Vec<String> {
    let inner = FILES.get_dir("one_feature").unwrap().files();
    let names = FILES
        .files()
        .chain(inner)
        .map(|file| file.path().to_str().unwrap());
    let refused = ["neg_", "shamir", "comment_regex", "ssh_recipient"];
    let names = names.filter(|name| name.contains(".enc."));
    let names = names.filter(|name| !refused.iter().any(|part| name.starts_with(part)));
    names.map(str::to_owned).collect()
}

/// The lines but for those of the MAC and the time.
fn but_mac(text: &str) -> Vec<&str> {
    let lines = text.lines();
    let is_mac = |line: &&str| {
        let line = line.trim().trim_start_matches('"');
        line.starts_with("mac:") || line.starts_with("mac\"") || line.starts_with("lastmodified")
    };
    lines.filter(|line| !is_mac(line)).collect()
}

fn documents(text: &str) -> Vec<serde_yaml::Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .collect()
}

#[test]
fn what_is_shown_is_what_sops_shows() {
    let names = names();
    let twins = names.iter().filter_map(|name| {
        let clear = name.replace(".enc.", ".dec.");
        let clear = if name == "json.enc.json" {
            "plain.json".into()
        } else {
            clear
        };
        Some((name, FILES.get_file(&clear)?.contents_utf8()?))
    });
    let mut seen = 0;
    for (name, expected) in twins {
        let clear = Read::named(name).clear();
        assert_eq!(documents(&clear), documents(expected), "{name}: {clear}");
        // Comments too; `sops` puts them where we do.
        let comments = |text: &str| {
            let lines = text.lines().map(str::trim);
            let comments = lines.filter(|line| line.starts_with('#'));
            comments.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(comments(&clear), comments(expected), "{name}");
        assert!(!clear.contains("ENC["), "{name}: {clear}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn what_did_not_change_keeps_its_ciphertext_and_every_other_byte() {
    let names = names();
    assert!(names.len() >= 30, "{names:?}");
    for name in names {
        let read = Read::named(&name);
        let clear = read.clear();
        let (text, sealed, kept) = read.sealed(&clear);
        assert_eq!(sealed, 0, "{name}");
        assert_eq!(but_mac(&text), but_mac(&read.text), "{name}");
        assert_ne!(text, read.text, "{name}");
        assert!(text.contains(NOW), "{name}");
        let sealed_before = but_mac(&read.text).join("\n").matches("ENC[").count();
        assert_eq!(kept, sealed_before, "{name}");
        let again = Read::of(&name, &text);
        again.sops.open(&keyring(KEY_1)).unwrap();
        assert_eq!(again.clear(), clear, "{name}");
    }
}

#[test]
fn what_changes_is_sealed_and_the_rest_stays() {
    let read = Read::named("encrypted_regex.enc.yaml");
    let clear = read.clear();
    let edited = clear
        .replace(
            "        empty: \"\"\n",
            "        # new\n        empty: now-full\n        number: 007  # beside\n",
        )
        .replace("    ints: 42\n", "    ints: 43   # seen\n")
        .replace("line two", "line three");
    assert_ne!(edited, clear);
    let (text, sealed, kept) = read.sealed(&edited);
    // The comments, `empty`, `number`, `multi`.
    assert_eq!((sealed, kept), (5, 2), "{text}");
    assert!(text.contains("    ints: 43   # seen\n"));
    for hidden in ["# new", "# beside", "now-full", ": 007", "line three"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let api_key = |text: &str| {
        let line = text.lines().find(|line| line.contains("apiKey"));
        line.unwrap().to_owned()
    };
    assert_eq!(api_key(&text), api_key(&read.text));
    let again = Read::of("f.yaml", &text);
    let expected = edited.replace(": 007", ": 7");
    assert_eq!(documents(&again.clear()), documents(&expected));
    let opened = again.sops.open(&keyring(KEY_1)).unwrap();
    let number = opened.value(0, &["spec", "stringData", "number"]).unwrap();
    assert_eq!(number.expose_bytes(), b"7");
}

#[test]
fn keys_and_documents_come_and_go() {
    let read = Read::named("multidoc.enc.yaml");
    let clear = read.clear();
    let longer = format!("{clear}---\n# third\nkind: Secret\nflow: {{a: [x, 1]}}\n");
    let (text, ..) = read.sealed(&longer);
    assert_eq!(text.matches("\nsops:\n").count(), 3, "{text}");
    assert!(!text.contains("third"), "{text}");
    let again = Read::of("f.yaml", &text);
    assert_eq!(again.clear(), longer);
    let first = clear.split("---\n").next().unwrap();
    let (text, sealed, kept) = read.sealed(first);
    assert_eq!((sealed, kept), (0, 2), "{text}");
    assert_eq!(Read::of("f.yaml", &text).clear(), first);

    let read = Read::named("json.enc.json");
    let edited = read
        .clear()
        .replacen("{\n", "{\n\t\"added\": [true, \"x, y\", null],\n", 1);
    let (text, ..) = read.sealed(&edited);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(json["added"][1].as_str().unwrap().starts_with("ENC["));
    assert_eq!(Read::of("f.json", &text).clear(), edited);
}

#[test]
fn what_sops_would_not_read_is_refused_with_its_line() {
    let yaml = Read::named("full.enc.yaml");
    let json = Read::named("json.enc.json");
    for (read, edited, part, line) in [
        (&yaml, "a: 1\nsops: x\n", "SOPS' own", 2),
        (&yaml, "a: 1\nbig: 18446744073709551615\n", "no integer", 2),
        (&yaml, "- a\n", "no mapping", 1),
        (&yaml, "{a: b}\n", "a line for each key", 1),
        (&json, "{\"a\": 1,\n \"b\": x}\n", "not JSON", 2),
    ] {
        match read.seal(edited) {
            Err(RewriteError::Place {
                line: found,
                problem,
            }) => {
                assert!(problem.contains(part), "{problem}");
                assert_eq!(found, line, "{problem}");
            }
            other => unreachable!("{edited}: {:?}", other.err()),
        }
    }
    for edited in ["a: &x 1\n", "a: !t 1\n", "a: [\n"] {
        assert!(matches!(yaml.seal(edited), Err(RewriteError::Text(_))));
    }
}

#[test]
fn a_value_that_would_stand_in_clear_is_seen() {
    let read = Read::named("encrypted_regex.enc.yaml");
    let opened = read.open();
    let edited = read.clear().replace("    stringData:", "    string_data:");
    let (text, ..) = read.sealed(&edited);
    let leak = opened.leak(read.text.as_bytes(), text.as_bytes());
    assert_eq!(leak.as_deref(), Some("spec.stringData.apiKey"));
    let (text, ..) = read.sealed(&read.clear());
    assert_eq!(opened.leak(read.text.as_bytes(), text.as_bytes()), None);
}

#[test]
fn a_number_that_is_none_cannot_break_out_of_its_place() {
    let read = Read::named("one_feature/multi.enc.yaml");
    let value = crate::secrets::SopsScalar {
        kind: crate::secrets::SopsKind::Integer,
        value: crate::secrets::Opened::new(b"1\nkind: Other".to_vec()),
    };
    // Our own sealing refuses it.
    assert!(read.key.seal(&value, &["s"]).is_err());
    let value = crate::secrets::SopsScalar {
        kind: crate::secrets::SopsKind::Float,
        ..value
    };
    let sealed = read.key.seal(&value, &["s"]).unwrap();
    let from = read.text.find("s: ENC").unwrap();
    let end = from + read.text[from..].find('\n').unwrap();
    let hostile = format!("{}s: {sealed}{}", &read.text[..from], &read.text[end..]);
    let shown = open(&"f".into(), hostile.as_bytes(), &read.sops, &read.key).unwrap();
    let shown = String::from_utf8(shown.text().to_vec()).unwrap();
    assert!(shown.contains(r#"s: "1\nkind: Other""#), "{shown}");
}

#[test]
fn other_recipients_change_their_list_and_nothing_else() {
    let (identity, new) = generate_identity();
    let identity = std::str::from_utf8(identity.expose_bytes())
        .unwrap()
        .to_owned();
    for name in names() {
        let read = Read::named(&name);
        let file = &"f".into();
        let before: BTreeSet<_> = read
            .sops
            .recipients()
            .iter()
            .map(|it| it.public_key.clone())
            .collect();
        let armor = read.key.wrap(&Recipient::parse(&new).unwrap()).unwrap();
        let added = [(new.clone(), armor)];
        for staying in [before.clone(), BTreeSet::new()] {
            let to = NewRecipients {
                staying: &staying,
                added: &added,
            };
            let after = set_recipients(file, read.text.as_bytes(), &read.sops, &to).unwrap();
            let after = String::from_utf8(after).unwrap();
            let again = SopsFile::parse(&after, read.sops.format()).unwrap();
            again.open(&keyring(&identity)).unwrap();
            assert_eq!(
                again.open(&keyring(KEY_1)).is_ok(),
                !staying.is_empty(),
                "{name}"
            );
            // And back to how it was.
            if !staying.is_empty() {
                let to = NewRecipients {
                    staying: &before,
                    added: &[],
                };
                let back = set_recipients(file, after.as_bytes(), &again, &to).unwrap();
                assert_eq!(String::from_utf8(back).unwrap(), read.text, "{name}");
            }
            let without = |text: &str| {
                let lines = but_mac(text).into_iter();
                let outside = lines
                    .filter(|line| !line.starts_with("        ") && !line.starts_with("\t\t\t"));
                outside.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(without(&after), without(&read.text), "{name}");
        }
    }
    assert_eq!(
        recipients_line(&"f".into(), text("multidoc.enc.yaml").as_bytes()),
        Some(5)
    );
}

#[test]
fn comments_between_items_are_sealed_as_items() {
    let read = Read::named("one_feature/list_comment.enc.yaml");
    let clear = read.clear();
    assert_eq!(clear, text("one_feature/list_comment.yaml"));
    assert_eq!(read.text.matches("#ENC[").count(), 1);
    let edited = clear
        .replace("    # between\n", "    # between, longer\n")
        .replace("    - b\n", "    - b # beside\n")
        .replace("    - - deep\n", "    # new\n    - - deep\n");
    let (sealed, ..) = read.sealed(&edited);
    assert_eq!(sealed.matches("#ENC[").count(), 2, "{sealed}");
    assert_eq!(sealed.matches("type:comment]").count(), 6, "{sealed}");
    assert_eq!(Read::of("f.yaml", &sealed).clear(), edited);
    // The reader takes them for no items.
    let opened = read.sops.open(&keyring(KEY_1)).unwrap().to_documents();
    let opened = std::str::from_utf8(opened.expose_bytes()).unwrap();
    assert!(opened.contains(r#""list":["a","b",["deep"]]"#), "{opened}");
}

#[test]
fn a_clear_comment_stays_clear_though_a_sealed_one_says_the_same() {
    let read = Read::named("one_feature/list_comment.enc.yaml");
    let clear = read.clear();
    let edited = format!("clear_unencrypted:\n    # behind\n    a: 1\n{clear}");
    let (sealed, number, kept) = read.sealed(&edited);
    assert!(
        sealed.starts_with("clear_unencrypted:\n    # behind\n    a: 1\n"),
        "{sealed}"
    );
    assert_eq!((number, kept), (0, 9), "{sealed}");
    assert_eq!(Read::of("f.yaml", &sealed).clear(), edited);
}
