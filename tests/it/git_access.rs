//! How the daemon asks a Git server: through proxies, as a GitHub App, as rarely as it is asked to, and without a
//! word about secrets.

use crate::support::{
    daemon::DaemonBuilder,
    git::TestRepo,
    http_remote::HttpRemote,
    manifests::{alias, mock_endpoint},
    serving::Server,
};
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

/// A file with a secret.
fn secret(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    fs::write(&file, format!("{text}\n")).unwrap();
    file
}

#[test]
fn proxy_of_the_environment_is_used_and_none_says_no() {
    let repo = repo();
    // It looks at paths alone, so it is a proxy to itself.
    let proxy = HttpRemote::of(&repo);
    let address = proxy.url().replace("/routing.git", "");
    let far = "http://git.routing.test/routing.git";
    let through = || {
        DaemonBuilder::new()
            .repo(far)
            .variable("http_proxy", &address)
    };
    let daemon = through().start();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    drop(daemon);
    let before = proxy.requests();
    for around in [
        through().config("auth: {proxy: none}\n"),
        through().variable("no_proxy", "routing.test"),
    ] {
        let daemon = around.start_unready();
        let answer = daemon.post("/api/v1/sync", &json!({}));
        assert!(answer.text.contains("failed to reach"), "{}", answer.text);
    }
    assert_eq!(proxy.requests(), before);
}

#[test]
fn password_and_that_of_a_proxy_are_in_no_log_however_much_it_says() {
    let repo = repo();
    let proxy = HttpRemote::of(&repo);
    let folder = TempDir::new().unwrap();
    let own = secret(&folder, "own", "c4nary-own");
    let proxys = secret(&folder, "proxys", "c4nary-proxys");
    let auth = format!(
        "auth: {{username: bot, secret_file: {}, proxy: '{}', proxy_password_file: {}}}\n",
        own.display(),
        proxy
            .url()
            .replace("/routing.git", "")
            .replace("http://", "http://me@"),
        proxys.display(),
    );
    let daemon = DaemonBuilder::new()
        .repo("http://git.routing.test/routing.git")
        .config(&auth)
        .arguments(&["--log-level", "trace"])
        .start();
    daemon.sync();
    let status = daemon.get("/api/v1/status").text;
    let log = daemon.log();
    assert!(log.len() > 1_000, "{log}");
    for canary in ["c4nary", "Ym90OmM0bmFyeS1vd2", "bWU6YzRuYXJ5LXByb3h5"] {
        assert!(
            !log.contains(canary) && !status.contains(canary),
            "{canary} in {log} {status}"
        );
    }
}

/// GitHub's API, and what it was sent.
fn github(tokens: &Arc<Mutex<Vec<String>>>) -> Server {
    let tokens = Arc::clone(tokens);
    Server::plain(
        Router::new().fallback(move |headers: HeaderMap| async move {
            let proof = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
            tokens.lock().unwrap().push(proof.replace("Bearer ", ""));
            let given = json!({"token": "ghs_c4nary", "expires_at": "2099-01-01T00:00:00Z"});
            (StatusCode::CREATED, Json(given))
        }),
    )
}

#[test]
fn github_app_is_served_from_and_neither_key_nor_proof_nor_token_is_in_a_log() {
    let (repo, folder, proofs) = (repo(), TempDir::new().unwrap(), Arc::default());
    let (remote, github) = (HttpRemote::of(&repo), github(&proofs));
    let key = rsa_key(folder.path());
    let auth = format!(
        "auth: {{github_app: {{app_id: 4711, installation_id: 99, private_key_file: {}, api_url: 'http://{}'}}}}\n",
        key.display(),
        github.address(),
    );
    let daemon = DaemonBuilder::new()
        .repo(&remote.url())
        .config(&auth)
        .arguments(&["--log-level", "trace"])
        .start();
    daemon.sync();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    let (log, proofs) = (daemon.log(), proofs.lock().unwrap().clone());
    assert_eq!(proofs.len(), 1, "one token, however many fetches");
    let key = fs::read_to_string(key).unwrap();
    let basic = "eC1hY2Nlc3MtdG9rZW46Z2hzX2M0bmFyeQ";
    let line = key.lines().nth(3).unwrap();
    for canary in [
        "ghs_c4nary",
        basic,
        line,
        &proofs[0],
        proofs[0].rsplit('.').next().unwrap(),
    ] {
        assert!(!log.contains(canary), "{canary} in {log}");
    }
}

fn rsa_key(folder: &Path) -> PathBuf {
    let file = folder.join("app.pem");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    file
}

#[test]
fn server_that_asks_to_be_left_alone_is() {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let server = Server::plain(Router::new().route(
        "/routing.git/info/refs",
        get(move || async move {
            seen.lock().unwrap().push(Instant::now());
            let busy = StatusCode::SERVICE_UNAVAILABLE;
            (busy, [(header::RETRY_AFTER, "4")])
        }),
    ));
    let url = format!("http://{}/routing.git", server.address());
    let mut daemon = DaemonBuilder::new()
        .arguments(&["--repo", &url, "--poll", "100ms"])
        .start_unready();
    daemon.wait_for_log("asks to wait 4 s");
    let times = crate::support::eventually("it is asked again", || {
        let times = asked.lock().unwrap().clone();
        (times.len() > 1).then_some(times)
    });
    // By itself it would have come back after a second.
    let pause = times[1] - times[0];
    assert!(pause >= Duration::from_secs(4), "{pause:?}");
}
