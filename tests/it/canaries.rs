//! A daemon and a command line full of secrets with unique values: whatever they print, answer, log or
//! keep is searched for them in every form.

#[path = "canaries/search.rs"]
pub(crate) mod search;

use crate::support::{
    cli::{Cli, Output},
    collector::Collector,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::{TestRepo, copy},
    manifests::{agent, alias, compatible_endpoint, mock_endpoint, policy, system},
    package_root,
    sealing::AgeKey,
    upstream::{FakeUpstream, Script},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use search::{Canary, Evidence, forms, hits};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::Duration,
};
use tempfile::TempDir;

/// In each: eight letters that stand nowhere else, and what encodings treat specially.
const SEALED: &str = "Zq7vK2xW\"/+%&<\\sealed-in-git";
const ENVELOPED: &str = "Hd5rT9mB\"/+%&<\\with-envelope";
const BY_HAND: &str = "Xk3pN8wQ\"/+%&<\\sent-by-hand";
const VARIABLE: &str = "Gt6yF4cJ\"/+%&<\\from-variable";
const MOUNTED: &str = "Kc5wD9pE\"/+%&<\\from-a-file";
const IN_CLEAR: &str = "Vb9sL1zR\"/+%&<\\clear-in-git";
const STRAY: &str = "Wn2gM7dP8xkTq4Zr6Vb9Yc3Hf5Js1La0";
const TOKEN: &str = "Pj4hC6vXapi-token";
const COLLECTOR: &str = "Mq6bX2vSspans-header";
const HOOK: &str = "Rf8tB3nZwebhook-secret";
const DATA_KEY: &str = "7d1f93b4c25e80a61b3c9d5e7f20418693a5b7c8d9e0f1a2b3c4d5e6f7089bac";

fn canaries(key: &AgeKey) -> Vec<Canary> {
    let identity = fs::read_to_string(key.file()).unwrap();
    // The prefix is no secret: the letters behind it are.
    let identity = identity.trim().split("KEY-1").nth(1).unwrap();
    let named = [
        ("the sealed value", SEALED),
        ("the enveloped value", ENVELOPED),
        ("the value sent by hand", BY_HAND),
        ("the variable", VARIABLE),
        ("the value of a file", MOUNTED),
        ("the clear value", IN_CLEAR),
        ("the stray credential", STRAY),
        ("the API token", TOKEN),
        ("the webhook secret", HOOK),
        ("the collector's key", COLLECTOR),
        ("the data key", DATA_KEY),
        ("the identity", identity),
    ];
    named
        .map(|(name, value)| Canary {
            name,
            value: value.to_owned(),
        })
        .into()
}

/// What was seen so far.
#[derive(Default)]
struct Seen(Vec<Evidence>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push(Evidence {
            place: place.into(),
            bytes: bytes.into(),
        });
    }

    fn output(&mut self, words: &[&str], output: &Output) {
        self.add(format!("orloj {}", words.join(" ")), output.everything());
    }

    fn files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // What the system keeps of the name, too.
            self.add("a file's name", path.as_os_str().as_encoded_bytes());
            if path.is_dir() {
                self.files(&path);
            } else if path.is_file() {
                self.add(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }

    fn processes(&mut self, daemon: &Daemon) {
        let folder = format!("/proc/{}", daemon.process());
        for name in ["cmdline", "status", "comm", "limits"] {
            self.add(
                format!("{name} of the process"),
                fs::read(format!("{folder}/{name}")).unwrap(),
            );
        }
        // What a daemon is given by variable stands there until it ends, as for every program.
        let environ = fs::read(format!("{folder}/environ")).unwrap();
        let variables = environ.split(|byte| *byte == 0);
        let others = variables.filter(|it| !it.starts_with(b"ORLOJ_SECRET_VARIABLE_KEY="));
        self.add(
            "environ of the process",
            others.collect::<Vec<_>>().join(&0),
        );
    }
}

fn endpoint(name: &str, secret: &str, upstream: &FakeUpstream) -> String {
    let more = format!("default_model: m\nauth:\n  secretRef: {secret}");
    compatible_endpoint(name, &upstream.openai_url(), &more)
}

/// A repository with a sealed secret, and a folder with what a person has beside it.
struct Scene {
    repo: TestRepo,
    upstream: FakeUpstream,
    collector: Collector,
    key: AgeKey,
    desk: TempDir,
}

impl Scene {
    fn new() -> Self {
        let (key, upstream, desk) = (
            AgeKey::new(),
            FakeUpstream::plain(),
            TempDir::new().unwrap(),
        );
        for (model, value) in [
            ("echo", SEALED),
            ("echo-hand", BY_HAND),
            ("echo-variable", VARIABLE),
            ("echo-mounted", MOUNTED),
        ] {
            let error = format!("Incorrect API key provided: {value}");
            let script = Script::openai_error(401, "invalid_request_error", &error);
            upstream.script(model, script.header("x-echo", value));
        }
        fs::write(desk.path().join("value.txt"), ENVELOPED).unwrap();
        let value = desk.path().join("value.txt");
        let from = format!("value={}", value.display());
        let recipient = key.recipient();
        let encrypt = [
            "secret",
            "encrypt",
            "enveloped-key",
            "--from-file",
            &from,
            "--recipient",
            &recipient,
        ];
        let enveloped = Cli::new().run(&encrypt).success();
        fs::remove_file(value).unwrap();
        let repo = TestRepo::with(&[
            ("sealed.yaml", &endpoint("sealed", "sealed-key", &upstream)),
            (
                "enveloped.yaml",
                &endpoint("enveloped", "enveloped-key", &upstream),
            ),
            ("hand.yaml", &endpoint("hand", "hand-key", &upstream)),
            (
                "variable.yaml",
                &endpoint("variable", "variable-key", &upstream),
            ),
            (
                "mounted.yaml",
                &endpoint("mounted", "mounted-key", &upstream),
            ),
            (
                "mounted-secret.yaml",
                "kind: Secret\nmetadata: {name: mounted-key}\nspec:\n  fromFile: {value: key}\n",
            ),
            ("secret.yaml", &key.secret("sealed-key", SEALED)),
            ("enveloped-secret.yaml", &enveloped.stdout),
            ("small.yaml", &mock_endpoint("small", "small-v1")),
            ("fast.yaml", &alias("fast", "small", "small-v1")),
            ("helper.yaml", &agent("helper", "small")),
            ("team.yaml", &system("team", &["helper"])),
            ("rules.yaml", &policy("rules", &["small-v1"])),
        ]);
        Self {
            repo,
            upstream,
            collector: Collector::start(),
            key,
            desk,
        }
    }

    fn start(&self) -> Daemon {
        let hook = self.desk.path().join("hook");
        fs::write(&hook, HOOK).unwrap();
        let mounted = self.desk.path().join("mounted");
        fs::create_dir_all(&mounted).unwrap();
        fs::write(mounted.join("key"), MOUNTED).unwrap();
        let headers = self.desk.path().join("headers");
        fs::write(&headers, format!("x-key: {COLLECTOR}\n")).unwrap();
        let config = format!(
            "api_token: {TOKEN}\nsecret_encryption_key: {DATA_KEY}\nwebhooks: {{github: {{secret_file: {}}}}}\nsecrets_dir: {}\ntelemetry: {{otlp_endpoint: '{}', otlp_headers_file: {}}}\n",
            hook.display(),
            mounted.display(),
            self.collector.url(),
            headers.display()
        );
        DaemonBuilder::on(&self.repo)
            .age_key_file(&self.key.file())
            .config(&config)
            .variable("ORLOJ_SECRET_VARIABLE_KEY", VARIABLE)
            .variable("ORLOJ_LOG_LEVEL", "trace")
            .variable("RUST_LOG", "trace")
            .start()
    }

    fn cli(&self, daemon: &Daemon) -> Cli {
        daemon
            .cli()
            .variable("ORLOJ_API_TOKEN", TOKEN)
            .variable("ORLOJ_AGE_KEY_FILE", self.key.file().to_str().unwrap())
            .in_directory(&self.repo.work())
    }
}

/// Calls of models: good ones, and those whose provider sends the key back.
fn call_models(daemon: &Daemon, upstream: &FakeUpstream, seen: &mut Seen) {
    for (model, value) in [
        ("sealed", SEALED),
        ("enveloped", ENVELOPED),
        ("hand", BY_HAND),
        ("variable", VARIABLE),
        ("mounted", MOUNTED),
    ] {
        daemon.chat(model).status(200);
        assert_eq!(
            upstream.last().header("authorization"),
            format!("Bearer {value}")
        );
    }
    for model in [
        "sealed/echo",
        "hand/echo-hand",
        "variable/echo-variable",
        "mounted/echo-mounted",
        "nobody",
        "small",
    ] {
        seen.add(
            format!("the answer of {model}"),
            raw(
                daemon,
                "POST",
                "/v1/chat/completions",
                &json!({"model": model, "messages": [{"role": "user", "content": "hi"}]})
                    .to_string(),
            ),
        );
        seen.add(format!("the stream of {model}"), raw(daemon, "POST", "/v1/chat/completions", &json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "hi"}]}).to_string()));
    }
}

/// A request as bytes, so that the head of the answer is seen too; at most what comes within a second.
fn raw(daemon: &Daemon, method: &str, path: &str, body: &str) -> Vec<u8> {
    let host = daemon.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 65536]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
        if bytes.len() > 8 << 20 {
            break;
        }
    }
    assert!(
        bytes.starts_with(b"HTTP/1.1 "),
        "{method} {path} got no answer"
    );
    bytes
}

/// Every operation of the document, with names that exist and bodies that are good, bad and odd.
fn call_every_route(daemon: &Daemon, seen: &mut Seen) {
    let document = fs::read_to_string(package_root().join("src/http/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut operations: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if method != "parameters" {
                operations.push((path.clone(), method.to_uppercase()));
            }
        }
    }
    assert!(
        operations.len() > 90,
        "only {} operations",
        operations.len()
    );
    // What takes away comes last.
    operations.sort_by_key(|(path, method)| {
        (
            method == "DELETE",
            path.ends_with("/rollback"),
            path.clone(),
            method.clone(),
        )
    });
    for (path, method) in operations {
        for name in ["sealed-key", "hand-key", "sealed", "nothing"] {
            let path = path
                .replace("{name}", name)
                .replace("{endpoint}", "sealed")
                .replace("{id}", name)
                .replace("{revision}", &daemon.revision())
                .replace("{provider}", "github");
            for body in bodies(&method, &path) {
                let answer = raw(daemon, &method, &path, &body);
                seen.add(format!("{method} {path}"), answer);
            }
            if !path.contains(name) {
                break;
            }
        }
    }
}

fn bodies(method: &str, path: &str) -> Vec<String> {
    let secret = |value: &str| json!({"apiVersion": "orloj.dev/v1", "kind": "Secret", "metadata": {"name": "posted-key"}, "spec": {"stringData": {"value": value}}});
    match method {
        "GET" | "DELETE" => vec![String::new()],
        _ if path.ends_with("/apply") => vec![
            json!({"documents": [{"name": "a", "content": secret(BY_HAND).to_string()}]}).to_string(),
            // Not base64, and a field that a Secret does not have.
            json!({"documents": [{"name": "b", "content": format!("kind: Secret\nmetadata: {{name: b}}\nspec: {{data: {{value: '{IN_CLEAR}'}}, extra: '{BY_HAND}'}}\n")}]}).to_string(),
            format!("{{\"documents\": \"{TOKEN}"),
        ],
        _ if path.ends_with("/confirm") || path.ends_with("/rollback") => {
            vec![json!({"digest": "sha256:00", "reason": "r", "to": "nothing"}).to_string()]
        }
        _ => vec![secret(BY_HAND).to_string(), format!("{{\"spec\": [\"{BY_HAND}")],
    }
}

/// Commands that talk to nobody or read, and those that change what is live; each with its words.
fn commands<'a>(
    data: &'a str,
    backup: &'a str,
    restored: &'a str,
    plan: &'a str,
) -> Vec<Vec<&'a str>> {
    let words: &[&[&str]] = &[
        &["demo", "--help"],
        &["serve", "--repo", "/nowhere", "--age-key-file", "value.txt"],
        &["validate"],
        &["validate", "-o", "json"],
        &["validate", "-o", "sarif"],
        &["validate", "-o", "github"],
        &["validate", "-o", "junit"],
        &["diff", "HEAD~1..HEAD"],
        &["plan", "--base", "none", "--head", "HEAD"],
        &[
            "plan", "--base", "none", "--head", "HEAD", "-o", "json", "--out", plan,
        ],
        &["plan", "--base", "none", "--head", "HEAD", "-o", "markdown"],
        &["plan", "-o", "json"],
        &["plan", "-o", "markdown"],
        &["plan"],
        &["diff"],
        &["sync"],
        &["status"],
        &["status", "-o", "json"],
        &["history"],
        &["history", "-o", "json"],
        &["get", "secrets", "-A", "-o", "yaml"],
        &["get", "secrets", "-A", "-o", "json"],
        &["get", "secrets", "-A"],
        &["get", "model-endpoints", "-o", "yaml"],
        &["describe", "secret", "sealed-key"],
        &["describe", "secret", "hand-key"],
        &["describe", "model-endpoint", "hand"],
        &["graph"],
        &["explain", "hand"],
        &["explain", "nothing"],
        &["explain", "hand", "--key", "nobody"],
        &["usage"],
        &["usage", "--by", "key", "-o", "json"],
        &["graph", "-o", "json"],
        &["apply", "-f", "bad.yaml"],
        &["apply", "-f", "by-hand.yaml"],
        &[
            "create",
            "secret",
            "made-key",
            "--from-literal",
            "value=made",
        ],
        &["delete", "secret", "made-key"],
        &["secret", "decrypt", "secret.yaml"],
        &["secret", "decrypt", "enveloped-secret.yaml"],
        &["secret", "edit", "enveloped-secret.yaml"],
        &[
            "secret",
            "encrypt",
            "--in-place",
            "by-hand.yaml",
            "--recipient",
            "age1nobody",
        ],
        &["secret", "encrypt", "--in-place", "by-hand.yaml"],
        &["secret", "rekey", "--check"],
        &["secret", "rekey"],
        &["secret", "keygen", "--out", "hook"],
        &["explain-code", "E-SECRET-PLAINTEXT"],
        &["schema", "secret"],
        &["completion", "bash"],
        &["version"],
        &["help", "exit-codes"],
        &["suspend", "--reason", "r"],
        &["resume"],
        &["confirm", "sha256:00", "--reason", "r"],
        &["rollback", "--reason", "r"],
        &["resume"],
    ];
    let mut all: Vec<Vec<&str>> = words.iter().copied().map(<[&str]>::to_vec).collect();
    all.push(vec!["backup", backup, "--data-dir", data]);
    all.push(vec!["restore", backup, "--data-dir", restored]);
    all
}

/// The names under `Commands:` of the help.
fn command_names() -> BTreeSet<String> {
    let help = Cli::new().run(&["--help"]).success().stdout;
    let list = help.split("Commands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    let names = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn run_every_command(scene: &Scene, daemon: &Daemon, seen: &mut Seen) {
    let work = scene.repo.work();
    let write = |name: &str, text: &str| fs::write(work.join(name), text).unwrap();
    // What they say of files is seen, and the files themselves are not: they are where the values came from.
    let by_hand = format!(
        "kind: Secret\nmetadata: {{name: hand-file}}\nspec:\n  stringData:\n    value: '{BY_HAND}'\n"
    );
    let bad = format!(
        "kind: Secret\nmetadata: {{name: bad}}\nspec:\n  data: {{value: '{IN_CLEAR}'}}\n  extra: '{IN_CLEAR}'\n  stringData: ['{BY_HAND}']\n---\nkind: Agent\nmetadata: {{name: bad}}\nspec: {{model_ref: small, promt: 'use {STRAY}', prompt: 'use {STRAY}'}}\n"
    );
    write("by-hand.yaml", &by_hand);
    write("bad.yaml", &bad);
    write("value.txt", IN_CLEAR);
    write("hook", HOOK);
    fs::create_dir_all(work.join(".orloj")).unwrap();
    write(".orloj/recipients", &scene.key.recipient());
    let editor = scene.desk.path().join("editor.sh");
    fs::write(&editor, "#!/bin/sh\necho '# edited' >> \"$1\"\n").unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let desk = |name: &str| scene.desk.path().join(name).display().to_string();
    let (backup, restored, plan) = (desk("orloj.backup"), desk("restored"), desk("plan.json"));
    let data = daemon.data_dir().display().to_string();
    let cli = scene
        .cli(daemon)
        .variable("EDITOR", editor.to_str().unwrap());
    let cli = cli.variable("ORLOJ_SECRET_ENCRYPTION_KEY", DATA_KEY);
    let commands = commands(&data, &backup, &restored, &plan);
    let ran: BTreeSet<String> = commands.iter().map(|words| words[0].to_owned()).collect();
    assert_eq!(ran, command_names(), "a command is not searched");
    for words in commands {
        seen.output(&words, &cli.run(&words));
    }
    for file in [&backup, &plan] {
        seen.add(file.clone(), fs::read(file).unwrap());
    }
    seen.files(Path::new(&restored));
    for name in ["by-hand.yaml", "enveloped-secret.yaml"] {
        seen.add(name, fs::read(work.join(name)).unwrap());
    }
}

/// Commits that are refused because of what they hold.
fn push_bad_commits(scene: &Scene, daemon: &Daemon, seen: &mut Seen) {
    let clear = format!(
        "kind: Secret\nmetadata: {{name: clear-key}}\nspec: {{stringData: {{value: '{IN_CLEAR}'}}}}\n"
    );
    let odd = format!(
        "kind: Secret\nmetadata: {{name: odd}}\nspec: {{data: {{value: '{IN_CLEAR}'}}, allowed_hosts: '{IN_CLEAR}', what: '{IN_CLEAR}'}}\n"
    );
    let broken = format!(
        "kind: Secret\nmetadata: {{name: broken}}\nspec:\n  stringData:\n    value: '{IN_CLEAR}\n   more: [\n"
    );
    let stray = format!(
        "kind: Agent\nmetadata: {{name: stray}}\nspec: {{model_ref: small, prompt: 'use {STRAY} now'}}\n"
    );
    for (number, text) in [clear, odd, broken, stray].iter().enumerate() {
        scene.repo.write("bad-commit.yaml", text);
        scene.repo.commit_and_push(&format!("bad {number}"));
        for words in [
            &["sync"][..],
            &["status"],
            &["status", "-o", "json"],
            &["history", "-o", "json"],
            &["validate"],
            &["plan"],
            &["plan", "-o", "markdown"],
        ] {
            seen.output(words, &scene.cli(daemon).run(words));
        }
        seen.add("the console", raw(daemon, "GET", "/", ""));
        seen.add("the metrics", raw(daemon, "GET", "/metrics", ""));
    }
    scene.repo.remove("bad-commit.yaml");
    scene.repo.commit_and_push("good again");
}

#[test]
fn s1_f14_no_secret_is_found_in_anything_that_is_printed_answered_logged_or_kept() {
    let scene = Scene::new();
    let canaries = canaries(&scene.key);
    let mut seen = Seen::default();
    let daemon = scene.start();
    let hand = scene.desk.path().join("hand.yaml");
    fs::write(&hand, format!("kind: Secret\nmetadata: {{name: hand-key}}\nspec:\n  stringData:\n    value: '{BY_HAND}'\n")).unwrap();
    let apply = ["apply", "-f", hand.to_str().unwrap()];
    seen.output(&apply, &scene.cli(&daemon).run(&apply).success());

    call_models(&daemon, &scene.upstream, &mut seen);
    push_bad_commits(&scene, &daemon, &mut seen);
    run_every_command(&scene, &daemon, &mut seen);
    // Everything that happened, from the first event on.
    seen.add(
        "the events",
        raw(&daemon, "GET", "/api/v1/events?after=0", ""),
    );
    seen.processes(&daemon);
    call_every_route(&daemon, &mut seen);
    // Requests for models that answered, that failed and that there are not.
    eventually("spans", || {
        (scene.collector.spans().len() > 20).then_some(())
    });
    for sent in scene.collector.requests() {
        assert_eq!(sent.headers["x-key"], COLLECTOR);
        seen.add("the spans", sent.bytes.to_vec());
    }
    seen.add("the log", daemon.log());
    let data = daemon.data_dir();
    let copied = TempDir::new().unwrap();
    copy(&data, copied.path());
    let home = daemon.kill();
    seen.files(copied.path());
    seen.files(&home.path().join("data"));

    assert!(
        seen.0.len() > 300,
        "only {} places were looked at",
        seen.0.len()
    );
    let found = hits(&canaries, &seen.0);
    assert!(
        found.is_empty(),
        "{} hits:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn each_canary_is_found_in_each_of_its_forms() {
    let key = AgeKey::new();
    let canaries = canaries(&key);
    for canary in &canaries {
        for (form, bytes) in forms(&canary.value) {
            let around = [b"\0\xff\"x\n".as_slice(), &bytes, b"\"\0y"].concat();
            let seen = [Evidence {
                place: "here".into(),
                bytes: around,
            }];
            let expected = format!("{} ({form}) in here", canary.name);
            assert!(
                hits(&canaries, &seen).contains(&expected),
                "{expected} is not found"
            );
        }
        // Wherever in a text a value stands, its base64 is one of three.
        for before in 0..9 {
            let text = [&vec![b'x'; before], canary.value.as_bytes(), b"behind"].concat();
            let bytes = STANDARD.encode(text).into_bytes();
            let seen = [Evidence {
                place: "here".into(),
                bytes,
            }];
            assert!(
                !hits(&canaries, &seen).is_empty(),
                "{} behind {before} bytes",
                canary.name
            );
        }
    }
    let harmless = Evidence {
        place: "here".into(),
        bytes: b"nothing to see".to_vec(),
    };
    assert!(hits(&canaries, &[harmless]).is_empty());
}
