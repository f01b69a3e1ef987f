use crate::{
    manifest::written::{Direction, Field, Replacement, RewriteError, Source, rewrite},
    secrets::Opened,
};
use std::{cell::RefCell, collections::BTreeMap, convert::Infallible};

const ARMOR: &str = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";

fn armor_of(key: &str) -> String {
    ARMOR.replace("YWdl", &format!("YWdl{key}"))
}

fn sealed(text: &str) -> Option<String> {
    let file = "s.yaml".into();
    let out = rewrite(&file, text.as_bytes(), Direction::Seal, &mut |value| {
        assert!(value.clear().is_some());
        Ok::<_, Infallible>(Replacement::Sealed(armor_of(value.key)))
    });
    out.unwrap_or_else(|error| unreachable!("{error:?}"))
        .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn problem(text: &str, direction: Direction) -> (u32, String) {
    let out = rewrite(&"s.yaml".into(), text.as_bytes(), direction, &mut |value| {
        Ok::<_, Infallible>(match direction {
            Direction::Open => Replacement::Clear(Opened::new(b"x".to_vec())),
            _ => Replacement::Sealed(armor_of(value.key)),
        })
    });
    match out {
        Err(RewriteError::Place { line, problem }) => (line, problem),
        Err(other) => unreachable!("{other:?}"),
        Ok(_) => unreachable!("rewritten: {text}"),
    }
}

#[test]
fn clear_values_become_block_scalars_and_all_else_stays() {
    let text = "\
# keys of the team
kind: Secret   # sealed soon
metadata: {name: openai}
spec:
  # from the console
  stringData:
    value: sk-canary  # rotated in May
    # the old one
    'old': \"sk-\\
      folded\"

    many: |-   # a whole file
      first
        second

    last: plain
      text
---
kind: ModelEndpoint
metadata: {name: small}
spec: {provider: mock,   default_model: small-v1}
";
    let expected = "\
# keys of the team
kind: Secret   # sealed soon
metadata: {name: openai}
spec:
  # from the console
  encryptedData:
    value: |  # rotated in May
      -----BEGIN AGE ENCRYPTED FILE-----
      YWdlvalue
      -----END AGE ENCRYPTED FILE-----
    # the old one
    'old': |
      -----BEGIN AGE ENCRYPTED FILE-----
      YWdlold
      -----END AGE ENCRYPTED FILE-----

    many: |   # a whole file
      -----BEGIN AGE ENCRYPTED FILE-----
      YWdlmany
      -----END AGE ENCRYPTED FILE-----

    last: |
      -----BEGIN AGE ENCRYPTED FILE-----
      YWdllast
      -----END AGE ENCRYPTED FILE-----
---
kind: ModelEndpoint
metadata: {name: small}
spec: {provider: mock,   default_model: small-v1}
";
    assert_eq!(sealed(text).unwrap(), expected);
    assert_eq!(sealed(expected), None, "nothing is left to seal");
}

#[test]
fn json_and_flow_mappings_get_quoted_text() {
    let json = "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"a\"},\n \"spec\": {\"stringData\": {\"value\": \"x\\ny\"}}}\n";
    let expected = "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"a\"},\n \"spec\": {\"encryptedData\": {\"value\": \"-----BEGIN AGE ENCRYPTED FILE-----\\nYWdlvalue\\n-----END AGE ENCRYPTED FILE-----\\n\"}}}\n";
    assert_eq!(sealed(json).unwrap(), expected);
    let flow = "kind: Secret\nmetadata: {name: a}\nspec: {data: {value: eA==, b: 'eQ=='}} # both\n";
    let out = sealed(flow).unwrap();
    assert!(
        out.starts_with("kind: Secret\nmetadata: {name: a}\nspec: {encryptedData: {value: \"-----")
    );
    assert!(out.ends_with("-----\\n\"}} # both\n"), "{out}");
}

#[test]
fn values_of_several_fields_come_together_below_the_first() {
    let text = "\
kind: Secret
metadata:
  name: a
spec:
    data:
        # in base64
        one: b25l
    allowed_hosts: [api.example.com]
    stringData:
      two: zwei # two
      three: |
        drei
    encryptedData: {}
";
    let expected = "\
kind: Secret
metadata:
  name: a
spec:
    encryptedData:
        # in base64
        one: |
          -----BEGIN AGE ENCRYPTED FILE-----
          YWdlone
          -----END AGE ENCRYPTED FILE-----
        two: | # two
          -----BEGIN AGE ENCRYPTED FILE-----
          YWdltwo
          -----END AGE ENCRYPTED FILE-----
        three: |
          -----BEGIN AGE ENCRYPTED FILE-----
          YWdlthree
          -----END AGE ENCRYPTED FILE-----
    allowed_hosts: [api.example.com]
";
    assert_eq!(sealed(text).unwrap(), expected);
}

#[test]
fn line_breaks_byte_order_marks_and_missing_last_ones_stay() {
    let text =
        "\u{feff}kind: Secret\r\nmetadata:\r\n  name: a\r\nspec:\r\n  stringData:\r\n    value: x";
    let out = sealed(text).unwrap();
    assert!(out.starts_with("\u{feff}kind: Secret\r\n"));
    assert!(out.ends_with("    value: |\r\n      -----BEGIN AGE ENCRYPTED FILE-----\r\n      YWdlvalue\r\n      -----END AGE ENCRYPTED FILE-----"), "{out:?}");
}

#[test]
fn wide_letters_do_not_shift_places() {
    let text = "kind: Secret\nmetadata: {name: a}\nspec:\n  stringData:\n    \"schlüssel-🔑\": größe  # ñ\n    b: 日本\n";
    let out = sealed(text).unwrap();
    assert!(
        out.contains("    \"schlüssel-🔑\": |  # ñ\n      -----BEGIN"),
        "{out}"
    );
    assert!(!out.contains("größe") && !out.contains("日本"), "{out}");
}

#[test]
fn what_cannot_be_replaced_is_named_with_its_line() {
    let twice = "kind: Secret\nmetadata: {name: a}\nspec:\n  data: {value: eA==}\n  stringData: {value: x}\n";
    assert_eq!(problem(twice, Direction::Seal).0, 5);
    let flow =
        "kind: Secret\nmetadata: {name: a}\nspec:\n  data: {one: eA==}\n  stringData: {two: x}\n";
    assert_eq!(problem(flow, Direction::Seal).0, 5);
    let empty = "kind: Secret\nmetadata: {name: a}\nspec:\n  stringData:\n    value:\n";
    assert_eq!(problem(empty, Direction::Seal), (5, "holds no text".into()));
    let mixed =
        "kind: Secret\nmetadata: {name: a}\nspec:\n  encryptedData: {a: b}\n  stringData: {c: d}\n";
    assert_eq!(problem(mixed, Direction::Open).0, 5);
    let broken = rewrite(&"s.yaml".into(), b"a: [", Direction::Seal, &mut |_| {
        Ok::<_, Infallible>(Replacement::Keep)
    });
    assert!(matches!(broken, Err(RewriteError::Text(_))));
}

#[test]
fn other_kinds_are_left_alone() {
    let text = "kind: ConfigMap\nmetadata: {name: a}\nspec:\n  stringData: {value: x}\n";
    assert_eq!(sealed(text), None);
}

/// Opens a text with `values`, in order, and seals the result again with the sources as they were.
fn there_and_back(text: &str, values: &[&str]) -> (String, String) {
    let kept: RefCell<BTreeMap<String, (Source, String)>> = RefCell::default();
    let mut next = values.iter();
    let opened = rewrite(
        &"s.yaml".into(),
        text.as_bytes(),
        Direction::Open,
        &mut |value| {
            assert_eq!(value.field, Field::EncryptedData);
            let stood = (value.source.clone(), value.text.to_owned());
            kept.borrow_mut().insert(value.key.to_owned(), stood);
            let clear = next.next().unwrap().as_bytes().to_vec();
            Ok::<_, Infallible>(Replacement::Clear(Opened::new(clear)))
        },
    );
    let opened = String::from_utf8(opened.unwrap().unwrap().to_vec()).unwrap();
    let mut again = values.iter();
    let sealed = rewrite(
        &"s.yaml".into(),
        opened.as_bytes(),
        Direction::Seal,
        &mut |value| {
            assert_eq!(value.text, *again.next().unwrap());
            let (source, armor) = kept.borrow_mut().remove(value.key).unwrap();
            Ok::<_, Infallible>(Replacement::AsItStood(source, armor))
        },
    );
    let sealed = String::from_utf8(sealed.unwrap().unwrap().to_vec()).unwrap();
    (opened, sealed)
}

#[test]
fn opening_and_sealing_gives_back_the_text_byte_for_byte() {
    let text = format!(
        "# top\nkind: Secret\nmetadata: {{name: a}}\nspec:\n  encryptedData:\n    one: |-  # note\n        {0}\n    two: \"{1}\"\n\n    # between\n    three: |\n      {2}\n",
        ARMOR.trim().replace('\n', "\n        "),
        ARMOR.replace('\n', "\\n"),
        ARMOR.trim().replace('\n', "\n      "),
    );
    for value in [
        "plain",
        "with: colon # and hash",
        "123",
        "true",
        "null",
        "yes",
        "",
        " around ",
        "two\nlines",
        "two\nlines\n",
        "-----BEGIN KEY-----\nabc\n\ndef\n-----END KEY-----\n",
        " first deeper\nsecond\n",
        "ends twice\n\n",
        "tab\there",
        "\ttab\nfirst",
        "quote \" and \\ back",
        "\u{7}bell",
        "größe 日本 🔑",
        "\u{2028}line",
        "cr\rlf\r\n",
        "trailing \nspace",
        "-",
        "?",
        "|",
        "!tag",
        "&a",
        "*a",
        "@at",
        "`tick",
        "%dir",
        "{a: b}",
        "[a]",
        "---",
        "...",
        "~",
        "0x1f",
        ".inf",
        "=",
        "<<",
    ] {
        let (opened, sealed) = there_and_back(&text, &[value, value, value]);
        assert_eq!(sealed, text, "{opened}");
        assert!(opened.contains("stringData:"), "{opened}");
    }
}

#[test]
fn resealing_touches_only_what_it_is_asked_for() {
    let block = ARMOR.trim().replace('\n', "\n      ");
    let text = format!(
        "kind: Secret\nmetadata: {{name: a}}\nspec:\n  encryptedData:\n    one: |\n      {block}\n    two: |\n      {block}\n"
    );
    let out = rewrite(
        &"s.yaml".into(),
        text.as_bytes(),
        Direction::Reseal,
        &mut |value| {
            Ok::<_, Infallible>(match value.key {
                "two" => Replacement::Sealed(armor_of("two")),
                _ => Replacement::Keep,
            })
        },
    );
    let out = String::from_utf8(out.unwrap().unwrap().to_vec()).unwrap();
    let (head, tail) = text.rsplit_once("YWdl").unwrap();
    assert_eq!(out, format!("{head}YWdltwo{tail}"));
}
