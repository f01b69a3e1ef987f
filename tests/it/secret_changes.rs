//! A value that was sealed anew and one that is another: whoever has a key sees which, nobody sees a value or a
//! fingerprint.

use crate::{
    canaries::search::{Canary, Evidence, hits},
    support::{
        cli::{Cli, finish, hermetic},
        daemon::{Daemon, DaemonBuilder},
        git::TestRepo,
        manifests::compatible_endpoint,
        program,
        sealing::AgeKey,
        upstream::FakeUpstream,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{fs, path::Path};
use tempfile::TempDir;

const FIRST: &str = "Lw6zQ9tB-the-first-value";
const SECOND: &str = "Yc2mH8fR-the-second-value";
const DATA_KEY: &str = "5e0b7c19d2a84f3691e7c5b0a3d8f64271b9c0e5f8a7d6423190bcdefa587e21";

/// A repository with a sealed secret, a key that opens it, and another one.
struct Scene {
    repo: TestRepo,
    upstream: FakeUpstream,
    mine: AgeKey,
    other: AgeKey,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            repo: TestRepo::new(),
            upstream: FakeUpstream::plain(),
            mine: AgeKey::new(),
            other: AgeKey::new(),
        };
        let more = "default_model: m\nauth:\n  secretRef: openai";
        let endpoint = compatible_endpoint("remote", &scene.upstream.openai_url(), more);
        scene.repo.write("remote.yaml", &endpoint);
        scene.seal(FIRST, &[&scene.mine]);
        scene.sops(FIRST, &[&scene.mine]);
        scene.repo.commit_and_push("first");
        scene
    }

    /// What `orloj secret encrypt` makes of a value, in the repository.
    fn seal(&self, value: &str, keys: &[&AgeKey]) {
        let literal = format!("value={value}");
        let mut words = vec!["secret", "encrypt", "openai", "--from-literal", &literal];
        let recipients: Vec<_> = keys.iter().map(|key| key.recipient()).collect();
        for recipient in &recipients {
            words.extend(["--recipient", recipient]);
        }
        let sealed = Cli::new().run(&words).success().stdout;
        self.repo.write("openai.yaml", &sealed);
    }

    /// The same as the genuine `sops` seals it.
    fn sops(&self, value: &str, keys: &[&AgeKey]) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("s.yaml");
        let clear = format!(
            "kind: Secret\nmetadata:\n  name: by-sops\nspec:\n  stringData:\n    token: {value}\n"
        );
        fs::write(&file, clear).unwrap();
        let recipients: Vec<_> = keys.iter().map(|key| key.recipient()).collect();
        let mut command = hermetic(&program("ORLOJ_TEST_SOPS", ".venv/bin/sops"), folder.path());
        command.args(["--encrypt", "--age", &recipients.join(",")]);
        command
            .args(["--encrypted-regex", "^(data|stringData)$"])
            .arg(&file);
        let sealed = finish(command, "sops encrypt").success().stdout;
        self.repo.write("by-sops.enc.yaml", &sealed);
    }

    fn daemon(&self) -> Daemon {
        DaemonBuilder::on(&self.repo)
            .age_key_file(&self.mine.file())
            .variable("ORLOJ_SECRET_ENCRYPTION_KEY", DATA_KEY)
            .variable("RUST_LOG", "trace")
            .start()
    }

    fn cli(&self) -> Cli {
        Cli::new().in_directory(&self.repo.work())
    }

    fn keyed(&self) -> Cli {
        let file = self.mine.file();
        self.cli()
            .variable("ORLOJ_AGE_KEY_FILE", file.to_str().unwrap())
    }
}

/// What a plan says of the values of secrets: path and state.
#[track_caller]
fn states(plan: &Value) -> Vec<(String, String)> {
    let changes = plan["changes"].as_array().unwrap();
    let fields = changes
        .iter()
        .flat_map(|one| one["fields"].as_array().unwrap());
    let word = |field: &Value, name: &str| field[name].as_str().map(str::to_owned);
    fields
        .filter_map(|field| Some((word(field, "path")?, word(field, "value_state")?)))
        .collect()
}

fn both(state: &str) -> Vec<(String, String)> {
    let paths = ["/spec/values/token", "/spec/values/value"];
    paths.map(|path| (path.to_owned(), state.to_owned())).into()
}

/// The fingerprint that the installation with [`DATA_KEY`] has of a value, made without the code under test.
fn print(value: &str) -> Vec<u8> {
    let code = |key: &[u8], parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    };
    let key = hex::decode(DATA_KEY).unwrap();
    let key = code(&key, &[b"orloj.dev/fingerprints-of-values/v1"]);
    let mut message = Vec::new();
    for word in ["default", "openai", "value"] {
        message.extend((word.len() as u64).to_be_bytes());
        message.extend(word.as_bytes());
    }
    code(&key, &[&message, value.as_bytes()])
}

fn files(folder: &Path, seen: &mut Vec<Evidence>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, seen);
        } else if let Ok(bytes) = fs::read(&path) {
            seen.push(Evidence {
                place: path.display().to_string(),
                bytes,
            });
        }
    }
}

#[track_caller]
fn assert_no_trace(scene: &Scene, seen: &[Evidence]) {
    let identity = fs::read_to_string(scene.mine.file()).unwrap();
    let identity = identity.trim().split("KEY-1").nth(1).unwrap();
    let named = [
        ("the first value", FIRST),
        ("the second value", SECOND),
        ("the identity", identity),
    ];
    let canaries = named.map(|(name, value)| Canary {
        name,
        value: value.to_owned(),
    });
    assert_eq!(hits(&canaries, seen), Vec::<String>::new());
    for value in [FIRST, SECOND] {
        let print = print(value);
        let (text, upper) = (hex::encode(&print), hex::encode_upper(&print));
        let base64 = STANDARD.encode(&print);
        let needles = [
            &print[..],
            &text.as_bytes()[..10],
            &upper.as_bytes()[..10],
            &base64.as_bytes()[..10],
        ];
        for (evidence, needle) in seen
            .iter()
            .flat_map(|it| needles.map(|needle| (it, needle)))
        {
            let found = evidence
                .bytes
                .windows(needle.len())
                .any(|window| window == needle);
            assert!(!found, "a fingerprint is in {}", evidence.place);
        }
    }
}

#[test]
fn a_diff_tells_a_value_that_was_sealed_anew_from_another_one_where_a_key_is_at_hand() {
    let scene = Scene::new();
    let mut seen = Vec::new();
    let mut run = |cli: Cli, words: &[&str]| {
        let output = cli.run(words).success();
        seen.push(Evidence {
            place: words.join(" "),
            bytes: output.everything().into_bytes(),
        });
        output
    };
    scene.seal(FIRST, &[&scene.mine, &scene.other]);
    scene.sops(FIRST, &[&scene.mine, &scene.other]);
    scene.repo.commit("the same, for two");
    scene.seal(SECOND, &[&scene.other, &scene.mine]);
    scene.sops(SECOND, &[&scene.other, &scene.mine]);
    scene.repo.commit("another value");

    let json = ["-o", "json"];
    for (range, state) in [
        ("HEAD~2..HEAD~1", "re-encrypted only"),
        ("HEAD~1..HEAD", "changed"),
    ] {
        let keyless = run(scene.cli(), &[&["diff", range][..], &json].concat()).json();
        let keyed = run(scene.keyed(), &[&["diff", range][..], &json].concat()).json();
        assert_eq!(states(&keyless), both("ciphertext changed"));
        assert_eq!(states(&keyed), both(state));
        assert_eq!(keyed["plan_digest"], keyless["plan_digest"]);
        // `orloj plan` says the same of the same, for people too.
        let (base, head) = range.split_once("..").unwrap();
        let words = ["plan", "--base", base, "--head", head];
        let planned = run(scene.keyed(), &[&words[..], &json].concat()).json();
        assert_eq!(
            (states(&planned), &planned["plan_digest"]),
            (both(state), &keyed["plan_digest"])
        );
        for form in ["text", "markdown"] {
            let shown = run(scene.keyed(), &[&words[..], &["-o", form]].concat()).stdout;
            assert!(
                shown.contains(&format!("    spec.values.value  {state}  line ")),
                "{shown}"
            );
            let shown = run(scene.cli(), &[&words[..], &["-o", form]].concat()).stdout;
            assert!(
                shown.contains("    spec.values.value  ciphertext changed  line "),
                "{shown}"
            );
        }
    }

    // Who may open them is told without a key: by name where the file says so.
    let other = scene.other.recipient();
    let range = ["diff", "HEAD~2..HEAD~1"];
    let shown = run(scene.cli(), &range).stdout;
    assert!(
        shown.contains(&format!("      recipients 1 -> 2\n      + {other}\n")),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("    recipients         + {other}\n")),
        "{shown}"
    );
    let shown = run(scene.cli(), &["diff", "HEAD~1..HEAD"]).stdout;
    assert!(!shown.contains("recipients"), "{shown}");

    // A key from wherever `orloj secret` takes one, and none that does not fit.
    let identity = fs::read_to_string(scene.mine.file()).unwrap();
    let diff = ["diff", "HEAD~1..HEAD", "-o", "json"];
    for variable in ["ORLOJ_AGE_KEY", "SOPS_AGE_KEY"] {
        let opened = run(scene.cli().variable(variable, &identity), &diff).json();
        assert_eq!(states(&opened), both("changed"), "{variable}");
    }
    let stranger = AgeKey::new();
    let named = |key: &AgeKey| key.file().to_str().unwrap().to_owned();
    let files = [&scene.mine, &stranger].map(named);
    let mine = [&diff[..], &["--age-key-file", &files[0]]].concat();
    assert_eq!(states(&run(scene.cli(), &mine).json()), both("changed"));
    let theirs = [&diff[..], &["--age-key-file", &files[1]]].concat();
    assert_eq!(
        states(&run(scene.cli(), &theirs).json()),
        both("ciphertext changed")
    );
    // A key that cannot be read is an error where one is needed, and nowhere else.
    let missing = ["--age-key-file", "missing.key"];
    let failed = scene.cli().run(&[&diff[..], &missing].concat()).code(1);
    let failed = failed.complains("missing.key");
    assert!(failed.stdout.is_empty(), "{}", failed.stdout);
    let same = [&["diff", "HEAD..HEAD"][..], &missing].concat();
    run(scene.cli(), &same);
    assert_no_trace(&scene, &seen);
}

#[test]
fn the_daemon_says_in_its_history_which_values_changed() {
    let scene = Scene::new();
    let daemon = scene.daemon();
    let mut seen = Vec::new();
    let newest = |daemon: &Daemon| daemon.get("/api/v1/revisions?limit=1").body["items"][0].clone();
    assert_eq!(newest(&daemon)["secrets"], Value::Null);
    let mut states_then = Vec::new();
    for (value, keys, message) in [
        (FIRST, &[&scene.mine, &scene.other][..], "the same, for two"),
        (SECOND, &[&scene.mine, &scene.other], "another value"),
    ] {
        scene.seal(value, keys);
        scene.repo.commit_and_push(message);
        let synced = daemon.cli().run(&["sync"]).success();
        daemon.chat("remote").status(200);
        let used = scene.upstream.last();
        assert_eq!(used.header("authorization"), format!("Bearer {value}"));
        let told = newest(&daemon)["secrets"].clone();
        let revision = daemon.revision();
        let shown = daemon.cli().run(&["history", "show", &revision]).success();
        let state = told["changes"][0]["value_state"]
            .as_str()
            .unwrap()
            .to_owned();
        let line = format!("default/openai value: {state}");
        assert!(
            synced.stdout.contains(&format!("\n  secret {line}")),
            "{}",
            synced.stdout
        );
        assert!(shown.stdout.contains(&line), "{}", shown.stdout);
        for output in [synced, shown] {
            seen.push(Evidence {
                place: message.to_owned(),
                bytes: output.everything().into_bytes(),
            });
        }
        states_then.push(told);
    }
    let other = scene.other.recipient();
    let change = |state: &str, recipients: Option<Value>| {
        let mut change = json!({
            "namespace": "default", "name": "openai", "path": "/spec/values/value", "op": "replace",
            "sensitive": true, "value_state": state, "line": states_then[0]["changes"][0]["line"],
        });
        if let Some(recipients) = recipients {
            change["recipients"] = recipients;
        }
        json!({ "changes": [change], "more": 0 })
    };
    let more = json!({ "before": 1, "after": 2, "added": [other] });
    let expected = [
        change("re-encrypted only", Some(more)),
        change("changed", None),
    ];
    assert_eq!(states_then, expected);

    // And what comes of the last one again, from what is live to the work tree.
    scene.seal(SECOND, &[&scene.mine, &scene.other]);
    let server = daemon.url();
    let plan = ["plan", "-o", "json"];
    let keyed = scene
        .keyed()
        .variable("ORLOJ_SERVER", server)
        .run(&plan)
        .success();
    let keyless = scene
        .cli()
        .variable("ORLOJ_SERVER", server)
        .run(&plan)
        .success();
    let state = |output: &crate::support::cli::Output| states(&output.json())[0].1.clone();
    assert_eq!(state(&keyed), "re-encrypted only");
    assert_eq!(state(&keyless), "ciphertext changed");
    for path in [
        "/api/v1/status",
        "/api/v1/revisions",
        "/api/v1/live",
        "/v1/secrets",
        "/metrics",
    ] {
        seen.push(Evidence {
            place: path.to_owned(),
            bytes: daemon.get(path).text.into_bytes(),
        });
    }
    for (place, bytes) in [
        ("plan", keyed.everything()),
        ("plan", keyless.everything()),
        ("the log", daemon.log()),
    ] {
        seen.push(Evidence {
            place: place.to_owned(),
            bytes: bytes.into_bytes(),
        });
    }
    let folder = daemon.data_dir();
    let _home = daemon.kill();
    files(&folder, &mut seen);
    assert_no_trace(&scene, &seen);
}
