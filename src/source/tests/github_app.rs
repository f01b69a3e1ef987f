//! A GitHub App against a server that answers as GitHub's API does.

use super::super::{Credentials, GithubApp, GithubAppError, Location, SourceConfig, SourceError};
use super::http_remote::{Behaviour, HttpRemote, basic};
use super::remotes::remote;
use super::tls_front::{Authority, TlsFront};
use super::{chain, config, mirrored, repository::Repository};
use crate::{secrets::Opened, stopwatch::Stopwatch};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use ring::{
    rsa::KeyPair,
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the API does once it has looked at the proof.
#[derive(Clone)]
enum Api {
    /// Gives tokens of this life, in seconds.
    Gives(i64),
    /// Answers so.
    Answers(u16, Vec<(&'static str, String)>, String),
}

/// GitHub's API; it ends with this value.
struct FakeGithub {
    address: String,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

struct Shared {
    public_key: Vec<u8>,
    api: Mutex<Api>,
    /// How much its clock is ahead, in seconds.
    ahead: Mutex<i64>,
    asked: Mutex<Vec<Asked>>,
}

#[derive(Clone)]
struct Asked {
    uri: String,
    headers: HeaderMap,
    body: Value,
    proof: String,
}

impl FakeGithub {
    fn start(public_key: Vec<u8>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let shared = Arc::new(Shared {
            public_key,
            api: Mutex::new(Api::Gives(3600)),
            ahead: Mutex::new(0),
            asked: Mutex::default(),
        });
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    fn does(&self, api: Api) {
        *self.shared.api.lock().unwrap() = api;
    }

    fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let proof = headers["authorization"]
        .to_str()
        .unwrap()
        .replacen("Bearer ", "", 1);
    shared.asked.lock().unwrap().push(Asked {
        uri: uri.to_string(),
        headers,
        body: serde_json::from_slice(&body).unwrap(),
        proof: proof.clone(),
    });
    let now = Timestamp::now() + SignedDuration::from_secs(*shared.ahead.lock().unwrap());
    let date = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .unwrap();
    let api = shared.api.lock().unwrap().clone();
    let answer = match (proves(&shared.public_key, &proof, now), api) {
        (Err(message), _) => {
            (StatusCode::UNAUTHORIZED, Json(json!({"message": message}))).into_response()
        }
        (Ok(()), Api::Gives(life)) => {
            let number = shared.asked.lock().unwrap().len();
            let given = json!({
                "token": token(number),
                "expires_at": (now + SignedDuration::from_secs(life)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "permissions": {"contents": "read", "metadata": "read"},
                "repository_selection": "selected",
            });
            (StatusCode::CREATED, Json(given)).into_response()
        }
        (Ok(()), Api::Answers(status, headers, body)) => {
            let mut answer = (
                StatusCode::from_u16(status).unwrap(),
                body.replace("PROOF", &proof),
            )
                .into_response();
            for (name, value) in headers {
                answer.headers_mut().insert(name, value.parse().unwrap());
            }
            answer
        }
    };
    ([("date", date)], answer).into_response()
}

/// As GitHub judges a proof (RFC 7519), with its words.
fn proves(public_key: &[u8], proof: &str, now: Timestamp) -> Result<(), &'static str> {
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(signed.as_bytes(), &decode(signature))
        .map_err(|_| "A JSON web token could not be decoded")?;
    let (head, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap();
    assert_eq!(json(head), json!({"alg": "RS256", "typ": "JWT"}));
    let claims = json(claims);
    let (from, to) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    let now = now.as_second();
    if claims["iss"] != "4711" {
        Err("Integration not found")
    } else if from > now {
        Err(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    } else if to <= now || to > now + 600 {
        Err("'Expiration time' claim ('exp') is too far in the future")
    } else {
        Ok(())
    }
}

fn token(number: usize) -> String {
    format!("ghs_c4nary{number}")
}

/// The `Authorization` of the token that the API gives when it is asked for the `number`th time.
fn guard(number: usize) -> Behaviour {
    Behaviour::Guarded(basic("x-access-token", &token(number)))
}

/// A repository that only the tokens of an App open.
struct Stage {
    repository: Repository,
    remote: HttpRemote,
    github: FakeGithub,
    key: Vec<u8>,
}

impl Stage {
    fn new() -> Self {
        let repository = Repository::with(&[("a.yaml", "one")]);
        let (remote, _) = remote(&repository, guard(1));
        let key = key(repository.home(), &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
        let github = FakeGithub::start(public(&key));
        Self {
            repository,
            remote,
            github,
            key,
        }
    }

    fn app(&self) -> GithubApp {
        let location = Location::parse(&self.remote.address).unwrap();
        let location = Location::parse(&format!("{location}bare.git")).unwrap();
        let key = Opened::new(self.key.clone());
        GithubApp::new("4711", 99, &key, Some(&self.github.address), &location).unwrap()
    }

    fn config(&self) -> SourceConfig {
        let mut config = config(&format!("{}/bare.git", self.remote.address));
        config.credentials = Credentials::github_app(self.app());
        config
    }

    /// An error holds neither key, nor proof, nor token.
    #[track_caller]
    fn refusal(&self) -> SourceError {
        let error = mirrored(self.config()).mirror.fetch().unwrap_err();
        let text = chain(&error);
        let proofs = self.github.asked();
        let proofs = proofs
            .iter()
            .map(|asked| asked.proof.rsplit_once('.').unwrap().1);
        for canary in proofs.chain(["c4nary", "PRIVATE"]) {
            assert!(!text.contains(canary), "{text}");
        }
        error
    }
}

/// A private key in PEM, made by OpenSSH.
fn key(home: &Path, sort: &[&str]) -> Vec<u8> {
    let file = home.join("app.key");
    let _ = fs::remove_file(&file);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-f"])
        .arg(&file)
        .args(sort)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::read(&file).unwrap()
}

fn public(pem: &[u8]) -> Vec<u8> {
    let text: String = std::str::from_utf8(pem)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    KeyPair::from_der(&der).unwrap().public().as_ref().to_vec()
}

#[test]
fn token_for_this_repository_alone_is_asked_for_once_and_used_until_it_ends() {
    let stage = Stage::new();
    let mirrored = mirrored(stage.config());
    mirrored.mirror.fetch().unwrap();
    stage.repository.commit(&[("a.yaml", "two")], "second");
    stage.repository.push();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| mirrored.mirror.fetch().unwrap());
        }
    });
    let asked = stage.github.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].uri, "/app/installations/99/access_tokens");
    assert_eq!(asked[0].headers["accept"], "application/vnd.github+json");
    assert_eq!(asked[0].headers["x-github-api-version"], "2022-11-28");
    let least = json!({"repositories": ["bare"], "permissions": {"contents": "read"}});
    assert_eq!(asked[0].body, least);
    let shown = format!("{:?}", mirrored.mirror);
    assert!(
        shown.contains("GitHub App") && !shown.contains("c4nary"),
        "{shown}"
    );
}

#[test]
fn token_is_renewed_ahead_of_its_end() {
    let stage = Stage::new();
    stage.github.does(Api::Gives(6));
    let mirrored = mirrored(stage.config());
    mirrored.mirror.fetch().unwrap();
    mirrored.mirror.fetch().unwrap();
    assert_eq!(stage.github.asked().len(), 1);
    // Half of its life; its end is seconds away.
    std::thread::sleep(Duration::from_secs(3));
    stage.remote.behave(guard(2));
    mirrored.mirror.fetch().unwrap();
    assert_eq!(stage.github.asked().len(), 2);
}

#[test]
fn token_that_cannot_be_renewed_is_used_to_its_end() {
    let stage = Stage::new();
    stage.github.does(Api::Gives(6));
    let mirrored = mirrored(stage.config());
    mirrored.mirror.fetch().unwrap();
    stage
        .github
        .does(Api::Answers(503, Vec::new(), String::new()));
    std::thread::sleep(Duration::from_secs(3));
    mirrored.mirror.fetch().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let error = mirrored.mirror.fetch().unwrap_err();
    assert!(
        matches!(error, SourceError::Server { status: 503, .. }),
        "{error:?}"
    );
}

#[test]
fn token_that_was_revoked_is_replaced_in_the_same_look() {
    let stage = Stage::new();
    let mirrored = mirrored(stage.config());
    mirrored.mirror.fetch().unwrap();
    stage.remote.behave(guard(2));
    mirrored.mirror.fetch().unwrap();
    assert_eq!(stage.github.asked().len(), 2);
    // One that is refused at once is not asked for again and again.
    stage.remote.behave(Behaviour::Guarded("other".to_owned()));
    let error = mirrored.mirror.fetch().unwrap_err();
    assert!(matches!(error, SourceError::Auth { .. }), "{error:?}");
    assert_eq!(stage.github.asked().len(), 3);
}

#[test]
fn clock_of_this_machine_may_be_wrong() {
    for ahead in [-20 * 60, 20 * 60] {
        let stage = Stage::new();
        *stage.github.shared.ahead.lock().unwrap() = ahead;
        stage.github.does(Api::Gives(3600));
        stage.remote.behave(guard(2));
        let mirrored = mirrored(stage.config());
        mirrored.mirror.fetch().unwrap();
        mirrored.mirror.fetch().unwrap();
        assert_eq!(stage.github.asked().len(), 2, "{ahead}");
        // What was learnt is kept for the next token.
        stage.remote.behave(guard(3));
        mirrored.mirror.fetch().unwrap();
        assert_eq!(stage.github.asked().len(), 3, "{ahead}");
    }
}

#[test]
fn refusals_say_what_to_look_at_and_whether_to_wait() {
    let stage = Stage::new();
    let message = |text: &str| json!({"message": text}).to_string();
    let soon = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&(Timestamp::now() + SignedDuration::from_secs(300)))
        .unwrap();
    let reset = (Timestamp::now() + SignedDuration::from_secs(300))
        .as_second()
        .to_string();
    let limited = vec![
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", reset),
    ];
    let after = |text: &str| vec![("retry-after", text.to_owned())];
    for (status, headers, body, says, waits) in [
        (401, vec![], message("Bad PROOF"), "Bad …", None),
        (
            403,
            vec![],
            message("This installation has been suspended"),
            "suspended?",
            None,
        ),
        (
            403,
            after("120"),
            message("secondary rate limit"),
            "wait 120 s",
            Some(120..=120),
        ),
        (429, after(&soon), String::new(), "wait", Some(297..=301)),
        (
            403,
            limited,
            message("API rate limit exceeded"),
            "wait",
            Some(297..=301),
        ),
        (404, vec![], message("Not Found"), "`installation_id`", None),
        (
            422,
            vec![],
            message("no such repository"),
            "read the contents",
            None,
        ),
        (500, vec![], String::new(), "status 500", Some(0..=0)),
        (503, after("7"), String::new(), "wait 7 s", Some(7..=7)),
        (
            302,
            vec![("location", "http://elsewhere.test/".to_owned())],
            String::new(),
            "status 302",
            None,
        ),
        (200, vec![], "{}".to_owned(), "status 200", None),
        (201, vec![], "{}".to_owned(), "an answer that is none", None),
        (
            201,
            vec![],
            message("PROOF").repeat(20_000),
            "an answer that is none",
            None,
        ),
    ] {
        stage.github.does(Api::Answers(status, headers, body));
        let error = stage.refusal();
        assert!(error.to_string().contains(says), "{status}: {error}");
        assert_eq!(error.transient(), waits.is_some(), "{error:?}");
        let asked = error.retry_after().unwrap_or_default().as_secs();
        assert!(waits.unwrap_or(0..=0).contains(&asked), "{status}: {asked}");
        assert_eq!(stage.remote.requests(), 0);
    }
}

#[test]
fn remote_that_is_busy_says_for_how_long() {
    let stage = Stage::new();
    for (status, transient) in [(429, true), (503, true), (403, true)] {
        stage
            .remote
            .behave(Behaviour::Busy(status, "90".to_owned()));
        let error = stage.refusal();
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(90)),
            "{error:?}"
        );
        assert_eq!(error.transient(), transient);
    }
    stage.remote.behave(Behaviour::Busy(503, "soon".to_owned()));
    assert_eq!(stage.refusal().retry_after(), None);
}

#[test]
fn foreign_key_is_refused_and_silence_ends_at_the_deadline() {
    let mut stage = Stage::new();
    stage.key = key(
        stage.repository.home(),
        &["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
    );
    let error = stage.refusal();
    assert!(matches!(error, SourceError::App { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("`private_key_file` and the clock"),
        "{error}"
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.github.address = format!("http://{}", silent.local_addr().unwrap());
    let mut config = stage.config();
    config.limits.fetch_timeout = Duration::from_millis(300);
    let started = Stopwatch::start();
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(matches!(error, SourceError::Timeout { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn neither_proof_nor_token_goes_to_another_host() {
    let stage = Stage::new();
    let (elsewhere, _) = remote(&stage.repository, Behaviour::Open);
    stage
        .remote
        .behave(Behaviour::Redirect(elsewhere.address.clone()));
    let error = stage.refusal();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error:?}");
    let away = vec![("location", format!("{}/x", elsewhere.address))];
    for status in [302, 307, 308] {
        stage
            .github
            .does(Api::Answers(status, away.clone(), String::new()));
        let error = stage.refusal();
        assert!(matches!(error, SourceError::App { .. }), "{error:?}");
    }
    assert_eq!(elsewhere.requests(), 0);
    let authorizations = stage.remote.authorizations();
    assert!(
        authorizations.iter().all(|sent| sent.starts_with("Basic ")),
        "{authorizations:?}"
    );
}

#[test]
fn certificate_of_the_repositorys_host_is_not_shown_to_another_api() {
    let stage = Stage::new();
    let front = TlsFront::before(&stage.remote);
    let (certificate, key) = Authority::new().sign(stage.repository.home());
    let location = format!("{}/bare.git", front.address);
    let app = |api: &str| {
        let key = Opened::new(stage.key.clone());
        let location = Location::parse(&location).unwrap();
        GithubApp::new("4711", 99, &key, Some(api), &location).unwrap()
    };
    let refused = |api: &str| {
        let mut config = config(&location);
        config.credentials =
            Credentials::github_app(app(api)).with_client_certificate(&certificate, &key);
        let error = mirrored(config).mirror.fetch().unwrap_err();
        matches!(error, SourceError::CertificateForOthers { .. })
    };
    assert!(refused(&stage.github.address));
    assert!(!refused(
        &stage.github.address.replace("127.0.0.1", "localhost")
    ));
}

#[test]
fn app_is_refused_where_its_tokens_would_be_seen_or_its_key_is_none() {
    let home = tempfile::tempdir().unwrap();
    let rsa = key(home.path(), &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    let new = |location: &str, api: Option<&str>, key: &[u8]| {
        let location = Location::parse(location).unwrap();
        GithubApp::new("1", 2, &Opened::new(key.to_vec()), api, &location)
    };
    for (location, api) in [
        ("http://github.com/a/b", None),
        ("git@github.com:a/b", None),
        ("/srv/a", None),
        ("https://github.com/a/b", Some("http://api.github.com")),
    ] {
        let refused = new(location, api, &rsa);
        assert!(
            matches!(refused, Err(GithubAppError::NotHttps)),
            "{location} {refused:?}"
        );
    }
    for api in ["api", "https://me:c4nary@h", "https://h?x"] {
        let refused = new("https://github.com/a/b", Some(api), &rsa).unwrap_err();
        assert!(matches!(refused, GithubAppError::Api), "{api}: {refused:?}");
        assert!(!chain(&refused).contains("c4nary"));
    }
    let elliptic = key(home.path(), &["-t", "ecdsa", "-m", "PKCS8"]);
    for key in [&b"c4nary"[..], &elliptic] {
        let refused = new("https://github.com/a/b", None, key).unwrap_err();
        assert!(matches!(refused, GithubAppError::Key), "{refused:?}");
        assert!(!chain(&refused).contains("c4nary"));
    }
    for (location, api) in [
        ("https://github.com/a/b.git", "https://api.github.com/"),
        ("https://acme.ghe.com/a/b", "https://api.acme.ghe.com/"),
        ("https://git.test:8443/a/b", "https://git.test:8443/api/v3"),
    ] {
        let shown = format!("{:?}", new(location, None, &rsa).unwrap());
        assert_eq!(shown, format!("GithubApp(1 at {api})"));
    }
}
