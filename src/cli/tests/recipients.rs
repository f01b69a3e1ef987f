//! Whom `orloj secret` seals for, and what of it is refused.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, Ran};
use crate::cli::exit::Exit;
use std::os::unix::fs::symlink;

const CLEAR: &str =
    "kind: Secret\nmetadata: {name: openai}\nspec:\n  stringData:\n    value: sk-canary\n";

fn key(bench: &Bench, file: &str) -> String {
    let ran = bench.run(&["secret", "keygen", "--out", file]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    ran.out.trim().to_owned()
}

fn seal(bench: &Bench, file: &str) -> Ran {
    bench.run(&["secret", "encrypt", "--in-place", file])
}

#[test]
fn outside_of_a_repository_only_the_own_and_the_working_directory_are_asked() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    bench.write("a/.orloj/recipients", &public);
    bench.write("a/b/s.yaml", CLEAR);
    let planted = seal(&bench, "a/b/s.yaml");
    assert_eq!(planted.exit, Exit::Usage, "{}", planted.err);
    assert!(planted.err.contains("a/b"), "{}", planted.err);
    assert_eq!(bench.read("a/b/s.yaml"), CLEAR);
    bench.write("a/s.yaml", CLEAR);
    let beside = seal(&bench, "a/s.yaml");
    assert_eq!(beside.exit, Exit::Done, "{}", beside.err);
    assert!(
        beside
            .err
            .contains("sealed for 1 recipient from `a/.orloj/recipients`\n"),
        "{}",
        beside.err
    );
    bench.write(".orloj/recipients", &public);
    let here = seal(&bench, "a/b/s.yaml");
    assert_eq!(here.exit, Exit::Done, "{}", here.err);
    assert!(
        here.err.contains("from `.orloj/recipients`"),
        "{}",
        here.err
    );
}

#[test]
fn a_link_is_sealed_for_the_recipients_of_what_it_leads_to() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write("la/.orloj/recipients", &one);
    bench.write("lb/.orloj/recipients", &two);
    bench.write("lb/s.yaml", CLEAR);
    symlink("../lb/s.yaml", bench.path().join("la/l.yaml")).unwrap();
    let ran = seal(&bench, "la/l.yaml");
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert!(
        ran.err.contains("from `lb/.orloj/recipients`"),
        "{}",
        ran.err
    );
    let check = bench.run(&["secret", "rekey", "--check", "lb"]);
    assert_eq!(check.exit, Exit::Done, "{}", check.out);
}

#[test]
fn a_list_has_bounds_and_may_begin_with_a_byte_order_mark() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    bench.write("s.yaml", CLEAR);
    let one = || age::x25519::Identity::generate().to_public().to_string();
    let many = std::iter::repeat_with(one).take(65);
    let many = many.collect::<Vec<_>>().join("\n");
    for (list, part) in [
        ("# padding\n".repeat(7000), "has more than 65536 bytes"),
        (
            many,
            "`.orloj/recipients` names 65 recipients; at most 64 fit",
        ),
        (
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t".to_owned(),
            "line 1 of `.orloj/recipients` is a recipient of the age plugin `yubikey`",
        ),
    ] {
        bench.write(".orloj/recipients", &list);
        let ran = seal(&bench, "s.yaml");
        assert_eq!(ran.exit, Exit::Error, "{}", ran.err);
        assert!(ran.err.contains(part), "{}", ran.err);
        assert_eq!(bench.read("s.yaml"), CLEAR);
    }
    bench.write(".orloj/recipients", &format!("\u{feff}{public}\n"));
    let ran = seal(&bench, "s.yaml");
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    std::fs::remove_dir_all(bench.path().join(".orloj")).unwrap();
    bench.write(".sops.yaml", &"# padding\n".repeat(7000));
    bench.write("s.yaml", CLEAR);
    let ran = seal(&bench, "s.yaml");
    assert!(
        ran.err.contains("`.sops.yaml` has more than 65536 bytes"),
        "{}",
        ran.err
    );
}

#[test]
fn rekey_writes_nothing_if_one_file_does_not_open_and_names_all_that_do_not() {
    let bench = Bench::new();
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    let files = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"];
    for (file, public) in files.into_iter().zip([&one, &two, &one, &two]) {
        bench.write(file, CLEAR);
        let words = [
            "secret",
            "encrypt",
            "--in-place",
            file,
            "--recipient",
            public,
        ];
        assert_eq!(bench.run(&words).exit, Exit::Done);
    }
    bench.write(".orloj/recipients", &format!("{one}\n{two}\n"));
    let before = files.map(|file| bench.read(file));
    let rekey = ["secret", "rekey", "--age-key-file", "one.key"];
    let failed = bench.run(&rekey);
    assert_eq!(failed.exit, Exit::Error);
    assert!(failed.out.is_empty(), "{}", failed.out);
    for part in ["b.yaml:", "d.yaml:", "no file was changed"] {
        assert!(failed.err.contains(part), "{}", failed.err);
    }
    assert_eq!(files.map(|file| bench.read(file)), before);
    let both = bench.run(&[&rekey[..], &["--age-key-file", "two.key"]].concat());
    assert_eq!(both.exit, Exit::Done, "{}", both.err);
    let times = both.err.matches("sealed for 2 recipients from").count();
    assert_eq!(times, 1, "{}", both.err);
    // The same file twice is one file.
    bench.write(".orloj/recipients", &one);
    let twice = bench.run(&[&rekey[..], &[".", "a.yaml"]].concat());
    assert_eq!(twice.exit, Exit::Done, "{}", twice.err);
    let times = twice.err.matches("names one recipient").count();
    assert_eq!(times, 1, "{}", twice.err);
}

#[test]
fn rekey_looks_at_what_is_tracked_although_it_is_ignored() {
    let bench = Bench::repository(&[("s.yaml", CLEAR), ("deep/s.yaml", CLEAR)]);
    let (one, two) = (key(&bench, "one.key"), key(&bench, "two.key"));
    bench.write(".orloj/recipients", &one);
    for file in ["s.yaml", "deep/s.yaml"] {
        let ran = seal(&bench, file);
        assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    }
    bench.commit("sealed");
    bench.write(".orloj/recipients", &two);
    bench.write(".gitignore", "s.yaml\n");
    let check = bench.run(&["secret", "rekey", "--check"]);
    assert_eq!(check.exit, Exit::Invalid, "{}", check.err);
    assert_eq!(check.out.lines().count(), 2, "{}", check.out);
    assert!(check.out.starts_with("deep/s.yaml:5"), "{}", check.out);
    let none = bench.run(&["secret", "rekey", "--check", "nope"]);
    assert_eq!(none.exit, Exit::Error);
    assert!(
        none.err
            .starts_with("error: failed to read `nope`\n  caused by: No such file"),
        "{}",
        none.err
    );
}

#[test]
fn a_value_that_is_no_text_is_named_and_written_by_its_key() {
    let bench = Bench::new();
    let public = key(&bench, "age.key");
    let recipient: age::x25519::Recipient = public.parse().unwrap();
    let sealed = |bytes: &[u8]| {
        let armor = age::encrypt_and_armor(&recipient, bytes).unwrap();
        armor.trim().replace('\n', "\n      ")
    };
    let text = format!(
        "kind: Secret\nmetadata: {{name: bare}}\nspec:\n  encryptedData:\n    value: |\n      {}\n    other: |\n      {}\n",
        sealed(b"\xff\xfe"),
        sealed(b"sk-other")
    );
    bench.write("s.yaml", &text);
    let decrypt = |more: &[&str]| {
        let words = [
            "secret",
            "decrypt",
            "s.yaml",
            "--force",
            "--age-key-file",
            "age.key",
        ];
        bench.run(&[&words, more].concat())
    };
    for more in [&[][..], &["-o", "json"]] {
        let ran = decrypt(more);
        assert_eq!(ran.exit, Exit::Error);
        assert!(
            ran.err
                .contains("the value `value` of default/bare is not text"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("--key value"), "{}", ran.err);
    }
    let other = decrypt(&["--key", "other"]);
    assert_eq!(other.out, "sk-other", "{}", other.err);
    let bytes = decrypt(&["--key", "value"]);
    assert_eq!((bytes.exit, &*bytes.bytes), (Exit::Done, &b"\xff\xfe"[..]));
}

#[test]
fn a_file_sealed_as_a_whole_for_one_recipient_is_warned_of() {
    let bench = Bench::new();
    let publics = [key(&bench, "one.key"), key(&bench, "two.key")];
    let recipients = publics.map(|public| crate::secrets::Recipient::parse(&public).unwrap());
    let clear = crate::secrets::Opened::new(CLEAR.as_bytes().to_vec());
    for (count, is_warned) in [(1, true), (2, false)] {
        let sealed = crate::secrets::seal_file(&clear, &recipients[..count], true).unwrap();
        bench.write("m/s.yaml.age", &String::from_utf8(sealed).unwrap());
        let ran = bench.run(&["validate", "m"]);
        let found = ran.out.contains("W-SECRET-ONE-RECIPIENT");
        assert_eq!(found, is_warned, "{}", ran.out);
    }
}
