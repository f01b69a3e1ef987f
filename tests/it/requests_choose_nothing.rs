//! A request chooses a name, and nothing of where it goes, with whose key, and what runs here: F3 and F8.

use crate::support::{
    client::client,
    daemon::{Daemon, DaemonBuilder},
    foreign::endpoint,
    git::TestRepo,
    manifests::mock_endpoint,
    package_root,
    upstream::FakeUpstream,
};
use serde_json::{Value, json};
use std::{fs, io::ErrorKind, net::TcpListener, path::Path, process::Command};

/// Page faults of the children that a process has waited for: none as long as it never had one.
fn faults_of_children(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit(')').next().unwrap();
    fields.split_whitespace().nth(8).unwrap().parse().unwrap()
}

/// Processes whose parent is this one.
fn children(process: u32) -> usize {
    let entries = fs::read_dir("/proc").unwrap();
    let stats = entries.filter_map(|entry| {
        let path = entry.unwrap().path().join("stat");
        fs::read_to_string(path).ok()
    });
    let parents = stats.filter_map(|stat| {
        let fields = stat.rsplit(')').next()?.to_owned();
        fields.split_whitespace().nth(1)?.parse::<u32>().ok()
    });
    parents.filter(|parent| *parent == process).count()
}

/// What others took out of a request and ran.
fn commands(marker: &Path) -> Value {
    let command = format!("touch {}", marker.display());
    json!({
        "model": "small", "max_tokens": 9, "input": "hi",
        "messages": [{"role": "user", "content": format!("$({command}) `{command}`")}],
        "command": command, "args": ["-c", command], "cmd": command, "exec": command,
        "mcp_servers": [{"transport": "stdio", "command": "sh", "args": ["-c", command]}],
        "guardrails": [{"code": format!("import os; os.system('{command}')")}],
        "documents": [{"name": "a", "content": format!("$({command})")}],
    })
}

#[test]
fn f03_no_request_starts_a_process() {
    // What is looked at shows a process that ran, however short.
    let before = faults_of_children("self");
    assert!(Command::new("true").status().unwrap().success());
    assert!(faults_of_children("self") > before);

    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "s-1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let process = daemon.process();
    let before = faults_of_children(&process.to_string());
    let marker = daemon.data_dir().join("f03-was-here");
    let asked = commands(&marker);
    let contract = fs::read_to_string(package_root().join("src/http/openapi.json")).unwrap();
    let contract: Value = serde_json::from_str(&contract).unwrap();
    let mut requests = 0;
    for (path, item) in contract["paths"].as_object().unwrap() {
        // It never ends.
        if path == "/api/v1/events" {
            continue;
        }
        let path = path.replace("{endpoint}", "small").replace(['{', '}'], "");
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|it| *it != "parameters")
        {
            let method = method.to_uppercase().parse().unwrap();
            let request = client().request(method, format!("{}{path}", daemon.url()));
            request.json(&asked).send().unwrap().text().unwrap();
            requests += 1;
        }
    }
    assert!(requests > 80, "only {requests} requests");
    assert_eq!(faults_of_children(&process.to_string()), before);
    assert_eq!(children(process), 0);
    assert!(!marker.exists());

    // And the rooms that a request walks through cannot.
    for room in ["chat", "routing", "providers", "gateway", "runtime", "http"] {
        for file in files(&package_root().join("src").join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            for word in [
                "process::Command",
                "Command::new",
                "libc::exec",
                "libc::fork",
            ] {
                assert!(!text.contains(word), "{}: {word}", file.display());
            }
        }
    }
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// An endpoint of each dialect on one upstream, with a key of ours.
fn served(upstream: &FakeUpstream) -> Daemon {
    let base = upstream.openai_url();
    let repo = TestRepo::with(&[
        ("main.yaml", &endpoint("main", "openai", &base, "m")),
        ("claude.yaml", &endpoint("claude", "anthropic", &base, "c")),
        (
            "llama.yaml",
            &endpoint(
                "llama",
                "ollama",
                &format!("http://{}", upstream.address()),
                "l",
            ),
        ),
    ]);
    DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-ours")
        .start()
}

#[test]
fn f08_a_request_chooses_neither_where_it_goes_nor_with_whose_key() {
    let attacker = TcpListener::bind("127.0.0.1:0").unwrap();
    attacker.set_nonblocking(true).unwrap();
    let theirs = attacker.local_addr().unwrap().to_string();
    let url = format!("http://{theirs}/v1");
    let upstream = FakeUpstream::plain();
    let daemon = served(&upstream);
    let fields = [
        "api_base",
        "base_url",
        "baseUrl",
        "api_key",
        "endpoint",
        "url",
        "host",
        "provider",
        "custom_llm_provider",
        "azure_endpoint",
        "proxy",
        "webhook",
        "model_list",
        "litellm_params",
    ];
    let headers = [
        "host",
        "x-portkey-custom-host",
        "x-portkey-config",
        "helicone-target-url",
        "x-litellm-api-base",
        "x-upstream-url",
        "x-target-url",
        "x-forwarded-host",
        "forwarded",
        "x-original-host",
        "x-base-url",
        "openai-organization",
        "x-api-base",
        "proxy-authorization",
    ];
    let (mut answered, mut asked) = (0, 0);
    for model in ["main", "claude", "llama"] {
        let plain = json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        let path = format!("{}/v1/chat/completions", daemon.url());
        let bodies = fields.iter().map(|field| {
            let mut body = plain.clone();
            body[*field] = url.clone().into();
            (body, None, path.clone())
        });
        let headed = headers
            .iter()
            .map(|name| (plain.clone(), Some(*name), path.clone()));
        let queried = [(
            plain.clone(),
            None,
            format!("{path}?api_base={url}&base_url={url}"),
        )];
        for (body, header, path) in bodies.chain(headed).chain(queried) {
            let mut request = client().post(&path).json(&body);
            if let Some(name) = header {
                request = request.header(name, &theirs);
            }
            let status = request.send().unwrap().status().as_u16();
            assert!(matches!(status, 200 | 400), "{status}: {body} {header:?}");
            asked += 1;
            answered += usize::from(status == 200);
        }
    }
    assert_eq!(asked, 3 * (fields.len() + headers.len() + 1));
    let requests = upstream.requests();
    assert!(answered > asked / 2, "{answered} of {asked} answered");
    assert_eq!(
        requests.len(),
        answered,
        "each answer came from the one upstream"
    );
    for request in requests {
        assert!(
            !request
                .headers
                .values()
                .any(|value| value.contains(&theirs)),
            "{:?}",
            request.headers
        );
        assert_eq!(request.query, "");
        let (bearer, key) = (request.header("authorization"), request.header("x-api-key"));
        assert!(
            bearer == "Bearer sk-ours" || key == "sk-ours",
            "{:?}",
            request.headers
        );
    }
    let nobody = attacker.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "somebody connected");
}
