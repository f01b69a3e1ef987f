//! The harness itself: a fake that is wrong would make every other test worthless.

use crate::support::{
    client::{chat_body, client, open_stream, post},
    fixture,
    git::{TestRepo, git},
    http_remote::HttpRemote,
    package_root,
    sealing::AgeKey,
    serving::Authority,
    upstream::{FakeUpstream, Script},
};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn http_remote_is_cloned_from_and_pushed_to_by_git() {
    let repo = TestRepo::with_folder(&fixture("seed-repo"));
    let remote = HttpRemote::of(&repo);
    let folder = TempDir::new().unwrap();
    let home = folder.path();
    git(home, home, &["clone", "--quiet", &remote.url(), "clone"]);
    let clone = home.join("clone");
    assert!(clone.join("policies/cost-policy.yaml").exists());
    std::fs::write(clone.join("new.txt"), "x".repeat(100_000)).unwrap();
    git(home, &clone, &["add", "."]);
    git(home, &clone, &["commit", "--quiet", "-m", "over HTTP"]);
    git(home, &clone, &["push", "--quiet"]);
    let pushed = git(home, &clone, &["rev-parse", "HEAD"]).stdout;
    let served = git(home, &repo.bare(), &["rev-parse", "main"]).stdout;
    assert_eq!(pushed, served);
    assert!(remote.requests() >= 4);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a client that trusts the test's own authority"
)]
fn tls_upstream_is_reached_by_its_name_through_the_authority_only() {
    let authority = Authority::for_hosts(&["api.openai.com"]);
    let upstream = FakeUpstream::tls(&authority);
    client();
    let pem = std::fs::read(authority.certificate()).unwrap();
    let reach = |builder: reqwest::blocking::ClientBuilder| {
        let address = upstream.address().parse().unwrap();
        let client = builder.no_proxy().resolve("api.openai.com", address);
        let port = upstream.address().rsplit_once(':').unwrap().1.to_owned();
        client
            .build()
            .unwrap()
            .post(format!("https://api.openai.com:{port}/v1/chat/completions"))
            .json(&chat_body("gpt-3.5-turbo"))
            .send()
    };
    assert!(reach(reqwest::blocking::Client::builder()).is_err());
    let root = reqwest::Certificate::from_pem(&pem).unwrap();
    let trusting = reqwest::blocking::Client::builder().tls_certs_only([root]);
    let answer: serde_json::Value = reach(trusting).unwrap().json().unwrap();
    assert_eq!(answer["model"], "gpt-3.5-turbo-0125");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn upstream_is_as_strict_as_the_real_ones() {
    let upstream = FakeUpstream::plain();
    let url = |path: &str| format!("http://{}{path}", upstream.address());
    let body = chat_body("m");
    assert_eq!(post(&url("/v1/messages"), &body).status, 401);
    let azure = "/openai/deployments/d/chat/completions";
    assert_eq!(post(&url(azure), &body).status, 401);
    assert_eq!(post(&url("/v1/chat/completions"), &json!({})).status, 400);
    assert_eq!(post(&url("/v1/other"), &body).status, 404);
    let streamed_by_default = post(&url("/api/chat"), &body).status(200);
    assert!(streamed_by_default.text.lines().count() > 3);
}

#[test]
fn scripted_stream_breaks_off_and_a_whole_one_ends() {
    let upstream = FakeUpstream::plain();
    upstream.script("cut", Script::cut_after(2));
    let url = format!("{}/chat/completions", upstream.openai_url());
    let whole = open_stream(&url, chat_body("m")).finish();
    assert!(whole.done);
    assert!(whole.content().starts_with("Recursion is"));
    let raw = client()
        .post(&url)
        .json(&json!({"model": "cut", "stream": true, "messages": []}))
        .send()
        .unwrap()
        .text();
    assert!(raw.is_err(), "the connection is cut, not ended: {raw:?}");
}

#[test]
fn sealed_secret_is_opened_by_its_key_alone() {
    let (key, other) = (AgeKey::new(), AgeKey::new());
    let manifest = key.secret("name", "the value");
    let value: serde_json::Value = serde_yaml::from_str(&manifest).unwrap();
    let armored = value["spec"]["encryptedData"]["value"].as_str().unwrap();
    let open = |key: &AgeKey| {
        let text = std::fs::read_to_string(key.file()).unwrap();
        let identity: age::x25519::Identity = text.trim().parse().unwrap();
        age::decrypt(&identity, armored.as_bytes())
    };
    assert_eq!(open(&key).unwrap(), b"the value");
    assert!(open(&other).is_err());
    assert!(key.recipient().starts_with("age1"));
}

#[test]
fn every_file_of_tests_is_part_of_the_binary() {
    let folder = package_root().join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            module == "main" || main.contains(&format!("mod {module};\n")),
            "tests/it/{name} is never run: declare it in main.rs"
        );
    }
}
