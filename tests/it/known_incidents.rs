//! What happened to other gateways, each with the number it has in our notes: F9 to F19 of those on gateways (F9 stands
//! beside the addresses, F14 in `canaries`), and D2 of those on GitOps tools.

use crate::support::{
    cli::{binary, hermetic},
    client,
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::{compatible_endpoint, mock_endpoint},
    package_root,
    sealing::AgeKey,
    upstream::{FakeUpstream, Script},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

const TOKEN: &str = "f10-operators-token";

fn on_upstream(upstream: &FakeUpstream) -> TestRepo {
    let endpoint = compatible_endpoint("main", &upstream.openai_url(), "default_model: m");
    TestRepo::with(&[("main.yaml", &endpoint)])
}

/// The head of the answer to a request, as bytes.
fn head_of(daemon: &Daemon, body: &str) -> String {
    let host = daemon.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split("\r\n\r\n").next().unwrap().to_owned()
}

#[test]
fn f10_every_operation_on_control_and_resources_asks_for_the_whole_token() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "s-1"))]);
    let daemon = DaemonBuilder::on(&repo)
        .variable("ORLOJ_API_TOKEN", TOKEN)
        .start();
    let document = fs::read_to_string(package_root().join("src/http/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let of_callers = [
        "chat",
        "completions",
        "embeddings",
        "messages",
        "models",
        "responses",
    ];
    let is_guarded = |path: &str| {
        path.starts_with("/api/")
            || path.strip_prefix("/v1/").is_some_and(|rest| {
                let first = rest.split('/').next().unwrap();
                !of_callers.contains(&first)
            })
    };
    let prefix = &TOKEN[..TOKEN.len() - 1];
    let near = [
        None,
        Some(String::new()),
        Some(format!("Bearer {prefix}")),
        Some(format!("Bearer {TOKEN}x")),
        Some(format!("Bearer {}", TOKEN.to_uppercase())),
        Some(format!("Basic {TOKEN}")),
    ];
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        for method in methods.filter(|method| *method != "parameters" && is_guarded(path)) {
            let url = path.replace("{name}", "small").replace("{revision}", "1");
            let url = format!("{}{url}", daemon.url());
            let method: Method = method.to_uppercase().parse().unwrap();
            for authorization in &near {
                let mut request = client::client().request(method.clone(), &url);
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                let answer = request.json(&json!({})).send().unwrap();
                assert_eq!(answer.status(), 401, "{method} {path} {authorization:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 400, "only {asked} requests");
    // Nothing of it changed anything.
    daemon.chat("small").status(200);
}

#[test]
fn f11_what_a_caller_writes_starts_no_header_and_leaves_no_path() {
    let upstream = FakeUpstream::plain();
    let daemon = DaemonBuilder::on(&on_upstream(&upstream)).start();
    for model in [
        "main/a\r\nx-injected: 1",
        "main/a\nx-injected: 1",
        "main/a\0b",
        "main/../../v1/other?x=",
        "main/%2e%2e/a",
        "main/\u{2028}\u{e9}",
    ] {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        let before = upstream.requests().len();
        let head = head_of(&daemon, &body.to_string());
        let lines: Vec<_> = head.split("\r\n").skip(1).collect();
        let names = lines.iter().map(|line| line.split(':').next().unwrap());
        for name in names {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(is_name), "{name:?} in {head}");
            assert_ne!(name, "x-injected", "{head}");
        }
        for request in &upstream.requests()[before..] {
            assert_eq!(request.path, "/v1/chat/completions");
            assert_eq!(request.query, "");
            assert_eq!(request.header("x-injected"), "");
            assert_eq!(request.model(), model.strip_prefix("main/").unwrap());
        }
    }
}

#[test]
fn f12_the_model_that_is_checked_is_the_model_that_is_called() {
    let upstream = FakeUpstream::plain();
    let daemon = DaemonBuilder::on(&on_upstream(&upstream)).start();
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    // Two that are called the same: nobody is to guess which one counts.
    for fields in [
        r#""model":"main","model":"main/other""#,
        r#""model":"main","mod\u0065l":"main/other""#,
    ] {
        let head = head_of(&daemon, &format!("{{{fields},{messages}}}"));
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    }
    assert_eq!(upstream.requests().len(), 0);
    // Another letter case is another field, which is either refused or passed on and never read.
    for field in ["Model", "MODEL", "mODEL"] {
        let body = format!(r#"{{"{field}":"main/other","model":"main",{messages}}}"#);
        let head = head_of(&daemon, &body);
        if let Some(request) = upstream.requests().pop() {
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            assert_eq!(request.model(), "m");
        } else {
            assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        }
        let alone = head_of(&daemon, &format!(r#"{{"{field}":"main",{messages}}}"#));
        assert!(alone.starts_with("HTTP/1.1 400 "), "{alone}");
    }
}

#[test]
fn f13_large_deep_and_packed_bodies_do_no_harm() {
    let upstream = FakeUpstream::plain();
    let llama = format!(
        "kind: ModelEndpoint\nmetadata:\n  name: llama\nspec:\n  provider: ollama\n  base_url: http://{}\n  default_model: m\n",
        upstream.address()
    );
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "s-1")),
        ("llama.yaml", &llama),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .config("limits: {chat_body_size: 64KiB}\n")
        .start();
    let large =
        json!({"model": "small", "messages": [{"role": "user", "content": "x".repeat(65536)}]});
    assert_eq!(daemon.post("/v1/chat/completions", &large).status, 413);
    let deep = format!(
        r#"{{"model":"small","messages":[{{"role":"user","content":"hi"}}],"metadata":{}1{}}}"#,
        r#"{"a":"#.repeat(5000),
        "}".repeat(5000)
    );
    // Also where nothing has to be read of it: whoever comes next may go down into it.
    let head = head_of(&daemon, &deep);
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    let content = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let read = deep.replace("\"hi\"", &content);
    let head = head_of(&daemon, &read.replace("\"small\"", "\"llama\""));
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(upstream.requests().len(), 0);
    // A body that is packed counts as what is in it, and no further than that is it unpacked.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b' '; 32 << 20]).unwrap();
    packer
        .write_all(client::chat_body("small").to_string().as_bytes())
        .unwrap();
    let body = packer.finish().unwrap();
    assert!(body.len() < 60_000, "{} bytes", body.len());
    let url = format!("{}/v1/chat/completions", daemon.url());
    let request = client::client().post(url);
    let request = request
        .header("content-encoding", "gzip")
        .header("content-type", "application/json");
    let status = request.body(body).send().unwrap().status();
    assert_eq!(status, 413);
    assert!(
        daemon.peak_memory() < 200 * 1024,
        "{} KiB",
        daemon.peak_memory()
    );
    daemon.chat("small").status(200);
}

/// The packages of the lock file: name, where from, and whether it has a checksum.
fn locked() -> Vec<BTreeMap<String, String>> {
    let lock = fs::read_to_string(package_root().join("Cargo.lock")).unwrap();
    let packages = lock.split("[[package]]").skip(1);
    let fields = |text: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once(" = "));
        pairs
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect()
    };
    packages.map(fields).collect()
}

#[test]
fn f15_every_dependency_is_pinned_by_its_checksum_and_from_one_registry() {
    let packages = locked();
    assert!(packages.len() > 200, "{}", packages.len());
    for package in &packages {
        let name = &package["name"];
        if *name == "orloj" {
            continue;
        }
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(
            package.get("source").map(String::as_str),
            Some(registry),
            "{name}"
        );
        assert_eq!(package.get("checksum").map_or(0, String::len), 64, "{name}");
    }
    // The build takes nothing from a network of its own.
    let build = fs::read_to_string(package_root().join("build.rs")).unwrap();
    for word in ["http", "curl", "TcpStream", "git clone"] {
        assert!(!build.contains(word), "build.rs has `{word}`");
    }
}

/// What `deny.toml` bans, which `./test` holds against the whole graph; and what must not do private-key operations.
#[test]
fn d2_no_banned_package_is_in_the_lock_file() {
    let deny = fs::read_to_string(package_root().join("deny.toml")).unwrap();
    let bans = deny.split("[licenses]").next().unwrap();
    let banned: BTreeSet<_> = bans
        .split("crate = \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    for name in ["serde_yml", "libyml", "openssl-sys"] {
        assert!(banned.contains(name), "{name} is not banned");
    }
    for package in locked() {
        assert!(
            !banned.contains(package["name"].as_str()),
            "{}",
            package["name"]
        );
    }
    let script = fs::read_to_string(package_root().join("test")).unwrap();
    assert!(script.contains("cargo deny --locked check"));
}

#[test]
fn f16_a_daemon_opens_one_port_on_loopback_and_nothing_else() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "s-1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let folder = format!("/proc/{}", daemon.process());
    let handles = fs::read_dir(format!("{folder}/fd")).unwrap();
    let links = handles.filter_map(|handle| fs::read_link(handle.unwrap().path()).ok());
    let sockets: BTreeSet<String> = links
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let mut listening = Vec::new();
    for (table, listens) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let table = fs::read_to_string(format!("{folder}/net/{table}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let words: Vec<_> = line.split_whitespace().collect();
            if words[3] == listens && sockets.contains(words[9]) {
                listening.push(words[1].to_owned());
            }
        }
    }
    let port: u16 = daemon.url().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(listening, [format!("0100007F:{port:04X}")]);
}

#[test]
fn f17_no_credential_is_built_in() {
    let bytes = fs::read(binary()).unwrap();
    let forms = [
        ("AGE-SECRET-KEY-1", 58),
        ("sk-ant-", 30),
        ("sk-proj-", 30),
        ("ghp_", 30),
        ("glpat-", 20),
        ("whsec_", 20),
    ];
    for (prefix, length) in forms {
        let starts = bytes.windows(prefix.len()).enumerate();
        let starts = starts.filter(|(_, window)| *window == prefix.as_bytes());
        for (start, _) in starts {
            let rest = &bytes[start + prefix.len()..];
            let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
            let word = String::from_utf8_lossy(&rest[..end.unwrap_or(0)]).into_owned();
            let is_example = word.to_ascii_lowercase().contains("example");
            assert!(word.len() < length || is_example, "{prefix}{word}");
        }
    }
    let private = b"PRIVATE KEY-----\nM";
    assert!(!bytes.windows(private.len()).any(|window| window == private));
    // What a daemon needs and nobody gave it, it makes: no two have the same.
    let key = |_| {
        let daemon = DaemonBuilder::new().start_unready();
        let files = fs::read_dir(daemon.data_dir()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let is_key = |path: &std::path::PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().contains("key"))
        };
        let keys: Vec<_> = files
            .filter(is_key)
            .map(|path| fs::read(path).unwrap())
            .collect();
        assert_eq!(keys.len(), 1, "a data directory has one key");
        keys
    };
    let keys: BTreeSet<_> = (0..2).map(key).collect();
    assert_eq!(keys.len(), 2);
    let identity = |_| {
        let home = tempfile::TempDir::new().unwrap();
        let mut command = hermetic(binary(), home.path());
        command.args(["secret", "keygen"]);
        command.output().unwrap().stdout
    };
    let identities: BTreeSet<_> = (0..2).map(identity).collect();
    assert_eq!(identities.len(), 2);
}

#[test]
fn f18_the_same_prompt_twice_is_two_calls() {
    let upstream = FakeUpstream::plain();
    let daemon = DaemonBuilder::on(&on_upstream(&upstream)).start();
    let url = format!("{}/v1/chat/completions", daemon.url());
    for tenant in ["one", "two"] {
        let request = client::client().post(&url);
        let request = request.header("authorization", format!("Bearer {tenant}"));
        let answer = request.json(&client::chat_body("main")).send().unwrap();
        assert_eq!(answer.status(), 200);
    }
    let requests = upstream.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].bytes, requests[1].bytes);
}

#[test]
fn f19_a_key_that_was_rotated_in_git_is_sent_from_the_first_request_of_its_revision() {
    let (key, upstream) = (AgeKey::new(), FakeUpstream::plain());
    let more = "default_model: m\nauth:\n  secretRef: openai";
    let repo = TestRepo::with(&[
        (
            "a.yaml",
            &compatible_endpoint("main", &upstream.openai_url(), more),
        ),
        ("key.yaml", &key.secret("openai", "sk-before")),
    ]);
    let daemon = DaemonBuilder::on(&repo).age_key_file(&key.file()).start();
    // Connections of the former key are kept open, as pools do.
    for _ in 0..5 {
        daemon.chat("main").status(200);
        assert_eq!(upstream.last().header("authorization"), "Bearer sk-before");
    }
    upstream.script("slow", Script::slow_stream(Duration::from_millis(100)));
    let running = daemon.stream("main/slow");
    repo.write("key.yaml", &key.secret("openai", "sk-after"));
    let rotated = repo.commit_and_push("rotate");
    daemon.sync();
    for _ in 0..20 {
        let answer = daemon.chat("main").status(200);
        assert_eq!(answer.revision.as_deref(), Some(rotated.as_str()));
        assert_eq!(upstream.last().header("authorization"), "Bearer sk-after");
    }
    assert!(running.finish().done);
    let requests = upstream.requests();
    let of_running = requests.iter().find(|it| it.model() == "slow").unwrap();
    assert_eq!(of_running.header("authorization"), "Bearer sk-before");
}
