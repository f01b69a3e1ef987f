use super::fake::{Fake, KEY, Script, build, call, full, hello, upstream};
use crate::providers::{Network, NetworkOptions};
use serde_json::{Value, json};

fn problem(provider: &str, base_url: &str, extra: &Value) -> String {
    match build(provider, base_url, extra, &NetworkOptions::default()) {
        Ok(_) => "ready".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn endpoints_that_cannot_be_called_say_why() {
    let keyless = json!({"auth": {}});
    for (provider, url, extra, words) in [
        (
            "acme",
            "https://x.test",
            json!({}),
            "`acme` is not supported",
        ),
        ("openai-compatible", "", json!({}), "needs spec.base_url"),
        ("azure-openai", "", json!({}), "needs spec.base_url"),
        ("openai", "", keyless.clone(), "needs a key"),
        ("anthropic", "", keyless, "needs a key"),
        ("openai", "api.test/v1", json!({}), "no absolute URL"),
        (
            "openai",
            "ftp://api.test/v1",
            json!({}),
            "must start with http",
        ),
        (
            "openai",
            "https://me:pw@api.test/v1",
            json!({}),
            "holds a user or password",
        ),
        (
            "openai",
            "http://api.test/v1",
            json!({"allowPrivate": false}),
            "plain http",
        ),
        ("openai", "http://1.1.1.1/v1", json!({}), "plain http"),
        (
            "openai",
            "http://127.0.0.1:1/v1",
            json!({"allowPrivate": false}),
            "private or loopback",
        ),
        (
            "openai",
            "https://2130706433/v1",
            json!({"allowPrivate": false}),
            "private or loopback",
        ),
        (
            "openai",
            "https://[::ffff:169.254.169.254]/v1",
            json!({}),
            "never called",
        ),
        (
            "ollama",
            "http://169.254.169.254",
            json!({"auth": {}}),
            "never called",
        ),
        (
            "openai",
            "",
            json!({"timeouts": {"idle": "30"}}),
            "spec.timeouts.idle `30`",
        ),
        (
            "anthropic",
            "",
            json!({"options": {"max_tokens": "many"}}),
            "spec.options.max_tokens `many`",
        ),
        (
            "ollama",
            "",
            json!({"options": {"api": "grpc"}}),
            "must be native or openai",
        ),
    ] {
        let problem = problem(provider, url, &extra);
        assert!(problem.contains(words), "{provider} {url}: {problem}");
        assert!(!problem.contains("pw"), "{problem}");
    }
}

#[test]
fn key_that_is_no_header_is_refused_by_the_secrets_name() {
    use crate::model::{Kind, ResourceId, spec::ModelEndpointSpec};
    use crate::secrets::Opened;
    let spec = json!({"provider": "openai", "base_url": "https://x.test/v1", "auth": {"secretRef": "ns/k:v"}});
    let spec: ModelEndpointSpec = serde_json::from_value(spec).unwrap();
    let id = ResourceId::new(Kind::ModelEndpoint, "default", "e");
    let network = Network::new(&NetworkOptions::default()).unwrap();
    for value in ["hid den", "hid\nden", "hid\u{e9}", "\u{0}", "Bearer \u{e9}"] {
        let key = Opened::new(value.as_bytes().to_vec());
        let error = crate::providers::Upstream::new(&id, &spec, Some(&key), &network)
            .err()
            .unwrap();
        assert!(error.to_string().contains("`ns/k:v`"), "{error}");
        assert!(!format!("{error:?}").contains("hid"), "{error:?}");
    }
    let error = crate::providers::Upstream::new(&id, &spec, None, &network)
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "nothing provides the secret `ns/k:v`");
}

#[tokio::test]
async fn f09_name_that_leads_to_a_private_address_is_refused_when_connecting() {
    let fake = Fake::start(Script::json(200, &json!({"choices": []}))).await;
    let url = format!("http://localhost:{}/v1", fake.address.port());
    let closed = upstream(
        "openai-compatible",
        &url,
        &json!({"allowPrivate": false, "auth": {}}),
    );
    let error = closed.chat(call(&hello())).await.unwrap_err();
    assert_eq!(error.status, 502);
    assert!(
        error.message.contains("private or loopback"),
        "{}",
        error.message
    );
    assert_eq!(fake.calls(), 0);
    let open = upstream("openai-compatible", &url, &json!({}));
    full(&open, call(&hello())).await;
    assert_eq!(
        fake.last().header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
}

#[tokio::test]
async fn pinned_places_are_called_under_the_manifests_names() {
    let fake = Fake::start(Script::json(200, &json!({"choices": []}))).await;
    let options = NetworkOptions {
        resolve: vec![
            ("Models.Test:9000".into(), fake.address),
            ("models.test:80".into(), fake.address),
            ("1.1.1.1:81".into(), fake.address),
        ],
        extra_ca_pem: Vec::new(),
    };
    for (url, host) in [
        ("http://models.test:9000/v1", "models.test:9000"),
        ("http://models.test/v1", "models.test"),
        ("http://1.1.1.1:81/v1", "1.1.1.1:81"),
    ] {
        let upstream = build("openai", url, &json!({"allowPrivate": false}), &options).unwrap();
        full(&upstream, call(&hello())).await;
        let asked = fake.last();
        assert_eq!(asked.header("host"), Some(host));
        assert_eq!(asked.path, "/v1/chat/completions");
    }
}

#[tokio::test]
async fn a_pin_with_a_zone_is_called_and_nothing_else() {
    let fake = Fake::start(Script::json(200, &json!({"choices": []}))).await;
    let options = NetworkOptions {
        resolve: vec![(
            fake.address.to_string(),
            "[fd00::1%9999]:1".parse().unwrap(),
        )],
        extra_ca_pem: Vec::new(),
    };
    let quick = json!({"timeouts": {"connect": "200ms"}});
    let upstream = build("openai", &fake.url(), &quick, &options).unwrap();
    let error = upstream.chat(call(&hello())).await.unwrap_err();
    assert!([502, 504].contains(&error.status), "{error:?}");
}

#[tokio::test]
async fn pinned_tls_place_is_called_with_the_manifests_name_and_an_extra_authority() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let made = rcgen::generate_simple_self_signed(vec!["models.test".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
        let mut socket = acceptor.accept(socket).await.unwrap();
        let name = socket.get_ref().1.server_name().map(str::to_owned);
        let mut head = vec![0; 4096];
        let read = socket.read(&mut head).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"choices\":[]}";
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
        (name, String::from_utf8_lossy(&head[..read]).into_owned())
    });
    let options = NetworkOptions {
        resolve: vec![("models.test:9443".into(), address)],
        extra_ca_pem: vec![made.cert.pem().into_bytes()],
    };
    let upstream = build(
        "openai",
        "https://models.test:9443/v1",
        &json!({}),
        &options,
    )
    .unwrap();
    full(&upstream, call(&hello())).await;
    let (name, head) = server.await.unwrap();
    assert_eq!(name.as_deref(), Some("models.test"));
    assert!(head.contains("host: models.test:9443"), "{head}");
}

#[test]
fn network_options_that_cannot_be_read_are_refused() {
    for key in [
        "models.test",
        "models.test:http",
        ":80",
        "http://x:80",
        "::1:80",
    ] {
        let options = NetworkOptions {
            resolve: vec![(key.into(), ([127, 0, 0, 1], 1).into())],
            extra_ca_pem: Vec::new(),
        };
        assert!(Network::new(&options).is_err(), "{key}");
    }
}

#[test]
fn f09_no_pin_leads_to_link_local_or_metadata_addresses() {
    for address in [
        "169.254.77.77:8000",
        "[fe80::1%1]:8000",
        "[::ffff:169.254.169.254]:80",
        "100.100.100.200:80",
        "[fd00:ec2::254]:80",
    ] {
        let options = NetworkOptions {
            resolve: vec![("ll.example.com:8000".into(), address.parse().unwrap())],
            extra_ca_pem: Vec::new(),
        };
        let error = Network::new(&options).err().unwrap().to_string();
        assert!(
            error.contains("`ll.example.com:8000`") && error.contains("never called"),
            "{error}"
        );
    }
}
