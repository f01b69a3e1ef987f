//! Remotes behind a forward proxy.

use super::super::{Credentials, GitProxy, Location, ProxyVariables, SourceConfig, SourceError};
use super::http_remote::{Behaviour, basic};
use super::remotes::{follows_pushes, remote};
use super::tls_front::{Authority, TlsFront};
use super::{chain, config, mirrored, repository::Repository};
use crate::secrets::Opened;
use std::{
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// A proxy that finds every host at one address.
struct ForwardProxy {
    address: String,
    /// The heads of all requests.
    heads: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

impl ForwardProxy {
    /// Passes on to `target`, and asks for this `Proxy-Authorization` if there is one.
    fn to(target: SocketAddr, wanted: Option<String>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::default();
        let kept: Arc<Mutex<Vec<String>>> = Arc::clone(&heads);
        let handle = runtime.handle().clone();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                handle.spawn(pass(socket, target, wanted.clone(), Arc::clone(&kept)));
            }
        });
        Self {
            address,
            heads,
            _runtime: runtime,
        }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn pass(
    mut near: TcpStream,
    target: SocketAddr,
    wanted: Option<String>,
    heads: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(near.read_u8().await?);
    }
    let head = String::from_utf8(read).unwrap();
    heads.lock().unwrap().push(head.clone());
    let given = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_it = name.eq_ignore_ascii_case("proxy-authorization");
        is_it.then(|| value.to_owned())
    });
    if wanted.is_some() && given != wanted {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return near.write_all(refusal).await;
    }
    let mut far = TcpStream::connect(target).await?;
    if head.starts_with("CONNECT ") {
        near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    } else {
        let own = |line: &&str| !line.to_ascii_lowercase().starts_with("proxy-");
        let mut lines: Vec<_> = head.trim_end().lines().filter(own).collect();
        // One request a connection: what follows would not be looked at.
        lines.push("connection: close\r\n\r\n");
        far.write_all(lines.join("\r\n").as_bytes()).await?;
    }
    copy_bidirectional(&mut near, &mut far).await.map(drop)
}

/// A source at a name that only the proxy can find, with a password of its own.
fn behind(front: &TlsFront, repository: &Repository, proxy: GitProxy) -> SourceConfig {
    let authorities = repository.home().join("ca.pem");
    fs::write(&authorities, &front.certificate).unwrap();
    let mut config = config("https://git.routing.test/bare.git");
    config.credentials = Credentials::basic("bot", Opened::new(b"c4nary".to_vec()))
        .with_ca_file(&authorities)
        .with_proxy(proxy);
    config
}

#[test]
fn https_remote_is_reached_through_a_proxy_that_sees_no_credentials() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let guard = basic("bot", "c4nary");
    let (remote, _) = remote(&repository, Behaviour::Guarded(guard.clone()));
    let front = TlsFront::before(&remote);
    let wanted = basic("me", "pr0xy");
    let proxy = ForwardProxy::to(front.socket, Some(wanted.clone()));
    let way = GitProxy::parse(&format!("http://me:pr0xy@{}", proxy.address)).unwrap();
    follows_pushes(&repository, behind(&front, &repository, way));
    let heads = proxy.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.starts_with("CONNECT git.routing.test:443 "), "{head}");
        assert!(head.contains(&wanted) && !head.contains(&guard), "{head}");
    }
    assert!(!format!("{:?}", remote.requested()).contains("pr0xy"));
}

#[test]
fn proxy_that_refuses_is_named_without_its_password() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, http) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let proxy = ForwardProxy::to(front.socket, Some(basic("me", "other")));
    let way = || GitProxy::parse(&format!("http://me@{}", proxy.address)).unwrap();
    let way = || way().with_password(Opened::new(b"pr0xy".to_vec()));
    let tunnelled = behind(&front, &repository, way());
    let mut plain = http;
    plain.credentials = Credentials::none().with_proxy(way());
    for config in [tunnelled, plain] {
        let shown = format!("{config:?}");
        let error = mirrored(config).mirror.fetch().unwrap_err();
        assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
        assert!(error.transient());
        let text = chain(&error);
        assert!(
            text.contains("proxy") && text.contains(&*proxy.address),
            "{text}"
        );
        for canary in ["pr0xy", "c4nary", &basic("me", "pr0xy")[6..]] {
            assert!(
                !text.contains(canary) && !shown.contains(canary),
                "{text} {shown}"
            );
        }
    }
    assert_eq!(remote.requests(), 0);
}

#[test]
fn http_remote_is_asked_for_by_its_whole_address() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, mut config) = remote(&repository, Behaviour::Open);
    let target = remote.address.strip_prefix("http://").unwrap();
    let proxy = ForwardProxy::to(target.parse().unwrap(), None);
    config.credentials = Credentials::none().with_proxy(GitProxy::parse(&proxy.address).unwrap());
    follows_pushes(&repository, config);
    let first = &proxy.heads()[0];
    assert!(
        first.starts_with(&format!("GET {}/bare.git/info/refs", remote.address)),
        "{first}"
    );
}

#[test]
fn redirect_to_another_host_is_not_followed_through_a_proxy() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let elsewhere = "https://elsewhere.test".to_owned();
    let (remote, _) = remote(&repository, Behaviour::Redirect(elsewhere));
    let front = TlsFront::before(&remote);
    let proxy = ForwardProxy::to(front.socket, None);
    let way = GitProxy::parse(&proxy.address).unwrap();
    let error = mirrored(behind(&front, &repository, way))
        .mirror
        .fetch()
        .unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error:?}");
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(!heads[0].contains("elsewhere"), "{heads:?}");
}

#[test]
fn proxy_over_tls_and_a_client_certificate_do_not_go_together() {
    let repository = Repository::new();
    let (certificate, key) = Authority::new().sign(repository.home());
    let mut config = config("https://git.routing.test/a.git");
    config.credentials = Credentials::none()
        .with_client_certificate(&certificate, &key)
        .with_proxy(GitProxy::parse("https://proxy.test:3128").unwrap());
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(
        matches!(error, SourceError::CertificateForOthers { .. }),
        "{error:?}"
    );
    assert!(!error.transient());
}

fn variables(https: &str, http: &str, all: &str, no: &str) -> ProxyVariables {
    let some = |name, text: &str| (!text.is_empty()).then(|| (name, text.to_owned()));
    ProxyVariables {
        https: some("HTTPS_PROXY", https),
        http: some("http_proxy", http),
        all: some("ALL_PROXY", all),
        no: some("NO_PROXY", no),
    }
}

#[test]
fn variable_that_names_no_proxy_is_named_with_a_way_out() {
    let location = Location::parse("https://h.test/a").unwrap();
    let given = variables("", "", "socks5://me:c4nary@a:1", "");
    let error = GitProxy::of_variables(&given, &location).unwrap_err();
    let error = error.to_string();
    for part in ["`ALL_PROXY`", "`http://HOST:PORT`", "`auth.proxy: none`"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("c4nary"), "{error}");
}

#[test]
fn environment_names_a_proxy_by_scheme_and_never_for_this_machine() {
    let (https, http, all) = ("http://a:1", "b:2", "http://c:3");
    for (location, given, expected) in [
        (
            "https://h.test/a",
            variables(https, http, all, ""),
            Some("http://a:1"),
        ),
        (
            "http://h.test/a",
            variables(https, http, all, ""),
            Some("http://b:2"),
        ),
        ("http://h.test/a", variables(https, "", "", ""), None),
        (
            "https://h.test/a",
            variables("", "", all, ""),
            Some("http://c:3"),
        ),
        ("ssh://h.test/a", variables(https, http, all, ""), None),
        ("/srv/a.git", variables(https, http, all, ""), None),
        (
            "https://localhost:8443/a",
            variables(https, http, all, ""),
            None,
        ),
        ("http://127.0.0.2/a", variables(https, http, all, ""), None),
        ("http://[::1]/a", variables(https, http, all, ""), None),
    ] {
        let location = Location::parse(location).unwrap();
        let proxy = GitProxy::of_variables(&given, &location).unwrap();
        let shown = proxy.map(|proxy| proxy.to_string());
        assert_eq!(shown.as_deref(), expected, "{location}");
    }
}

#[test]
fn hosts_that_the_environment_excepts_are_reached_straight() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let proxy = ForwardProxy::to(front.socket, None);
    for (excepted, asked) in [
        ("", true),
        ("other.test,.routing.example", true),
        ("other.test, .routing.test", false),
        ("git.routing.test", false),
        ("*", false),
    ] {
        let given = variables(&proxy.address, "", "", excepted);
        let location = Location::parse("https://git.routing.test/bare.git").unwrap();
        let way = GitProxy::of_variables(&given, &location).unwrap().unwrap();
        let before = proxy.heads().len();
        let fetched = mirrored(behind(&front, &repository, way)).mirror.fetch();
        // Without the proxy nobody knows the name.
        assert_eq!(fetched.is_ok(), asked, "{excepted}: {fetched:?}");
        assert_eq!(proxy.heads().len() > before, asked, "{excepted}");
    }
}

#[test]
fn proxy_that_is_none_is_refused_without_being_repeated() {
    for text in [
        "",
        "socks5://h:1",
        "http://",
        "http://h:1/path",
        "http://me:c4nary@h:1?x",
        "ftp://h",
    ] {
        let error = GitProxy::parse(text).unwrap_err().to_string();
        assert!(
            error.contains("http://HOST:PORT") && !error.contains("c4nary"),
            "{text}: {error}"
        );
    }
    let proxy = GitProxy::parse("http://me:c4nary%2B@h:3128/").unwrap();
    assert_eq!(
        format!("{proxy} {proxy:?}"),
        "http://h:3128 GitProxy(http://h:3128)"
    );
    assert!(proxy.has_user());
}
