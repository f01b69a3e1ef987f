use crate::{
    forge::{Provider, VerifyError, verify},
    secrets::Opened,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// GitHub's own example: <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
const MAC: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn secrets(texts: &[&str]) -> Vec<Opened> {
    let open = |text: &&str| Opened::new(text.as_bytes().to_vec());
    texts.iter().map(open).collect()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_str(value).unwrap();
        map.append(HeaderName::from_static(name), value);
    }
    map
}

fn proof(provider: Provider) -> (&'static str, String) {
    match provider {
        Provider::Github => ("x-hub-signature-256", format!("sha256={MAC}")),
        Provider::Bitbucket => ("x-hub-signature", format!("sha256={MAC}")),
        Provider::Generic => ("x-orloj-signature-256", format!("sha256={MAC}")),
        Provider::Gitea => ("x-gitea-signature", MAC.to_owned()),
        Provider::Gitlab => ("x-gitlab-token", SECRET.to_owned()),
        Provider::AzureDevops => {
            use base64::Engine as _;
            let pair = format!("bot:{SECRET}");
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            ("authorization", format!("Basic {encoded}"))
        }
    }
}

#[test]
fn every_provider_is_verified_by_its_own_header() {
    for provider in Provider::ALL {
        let (header, value) = proof(provider);
        let given = headers(&[(header, &value)]);
        assert_eq!(verify(provider, &secrets(&[SECRET]), &given, BODY), Ok(()));
        let other = verify(provider, &secrets(&["another"]), &given, BODY);
        assert_eq!(other, Err(VerifyError::Mismatch { header }), "{provider}");
        assert_eq!(Provider::parse(provider.as_str()), Some(provider));
    }
    assert_eq!(Provider::parse("GitHub"), None);
}

#[test]
fn either_of_two_secrets_is_accepted_and_a_key_files_newline_does_not_count() {
    for provider in Provider::ALL {
        let (header, value) = proof(provider);
        let given = headers(&[(header, &value)]);
        let rotated = secrets(&["new", &format!("{SECRET}\n")]);
        assert_eq!(verify(provider, &rotated, &given, BODY), Ok(()));
        let rotated = secrets(&[SECRET, "old"]);
        assert_eq!(verify(provider, &rotated, &given, BODY), Ok(()));
    }
}

#[test]
fn mac_of_another_body_is_a_mismatch() {
    let given = headers(&[("x-hub-signature-256", &format!("sha256={MAC}"))]);
    let refused = verify(Provider::Github, &secrets(&[SECRET]), &given, b"Hello");
    let header = "x-hub-signature-256";
    assert_eq!(refused, Err(VerifyError::Mismatch { header }));
}

#[test]
fn without_a_usable_secret_nothing_is_accepted() {
    for provider in Provider::ALL {
        let (header, value) = proof(provider);
        let given = headers(&[(header, &value)]);
        let refused = Err(VerifyError::NotConfigured { provider });
        assert_eq!(verify(provider, &[], &given, BODY), refused);
        assert_eq!(
            verify(provider, &secrets(&["", "\n"]), &given, BODY),
            refused
        );
    }
}

#[test]
fn missing_and_repeated_headers_are_refused() {
    for provider in Provider::ALL {
        let (header, value) = proof(provider);
        let none = verify(provider, &secrets(&[SECRET]), &headers(&[]), BODY);
        assert_eq!(none, Err(VerifyError::Missing { header }));
        let twice = headers(&[(header, &value), (header, &value)]);
        let twice = verify(provider, &secrets(&[SECRET]), &twice, BODY);
        assert_eq!(twice, Err(VerifyError::Repeated { header }));
    }
}

#[test]
fn other_forms_of_a_signature_are_malformed() {
    let upper = MAC.to_uppercase();
    for value in [
        String::new(),
        "sha256=".to_owned(),
        MAC.to_owned(),
        format!("sha1={MAC}"),
        format!("sha256={}", &MAC[..62]),
        format!("sha256={MAC}00"),
        format!("sha256={upper}"),
        format!("sha256= {MAC}"),
    ] {
        let given = headers(&[("x-hub-signature-256", &value)]);
        let refused = verify(Provider::Github, &secrets(&[SECRET]), &given, BODY);
        assert!(
            matches!(refused, Err(VerifyError::Malformed { .. })),
            "{value}"
        );
    }
    for value in ["", "Basic", "Basic !", "Basic Zm9v", "Bearer x"] {
        let given = headers(&[("authorization", value)]);
        let refused = verify(Provider::AzureDevops, &secrets(&[SECRET]), &given, BODY);
        assert!(
            matches!(refused, Err(VerifyError::Malformed { .. })),
            "{value}"
        );
    }
}

#[test]
fn secret_longer_than_a_block_is_hashed_first() {
    // As in test case 6 of RFC 4231, with a key that is text.
    let key = "k".repeat(131);
    let mac = {
        use hmac::Mac as _;
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(BODY);
        hex::encode(mac.finalize().into_bytes())
    };
    let given = headers(&[("x-gitea-signature", &mac)]);
    assert_eq!(
        verify(Provider::Gitea, &secrets(&[&key]), &given, BODY),
        Ok(())
    );
}

/// A proof must not be compared byte by byte until one differs: that is what `subtle` is for.
#[test]
fn proofs_are_compared_in_constant_time_only() {
    let [text, standard] = [include_str!("../verify.rs"), include_str!("../standard.rs")];
    let compares =
        |line: &&str| line.contains("==") || line.contains("!=") || line.contains("matches!");
    // The colon is looked for in what the sender sent; no secret takes part.
    let lines = text.lines().chain(standard.lines());
    let others = lines.filter(|line| !line.contains("b':'"));
    assert_eq!(others.filter(compares).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(text.matches("ct_eq(").count(), 2);
    assert_eq!(standard.matches("ct_eq(").count(), 1);
}

/// The example of <https://github.com/standard-webhooks/standard-webhooks>.
const TOKEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SIGNED: [(&str, &str); 3] = [
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
    ("webhook-timestamp", "1614265330"),
    (
        "webhook-signature",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];
const SIGNED_BODY: &[u8] = b"{\"test\": 2432232314}";

fn gitlab(secret: &str, pairs: &[(&'static str, &str)], body: &[u8]) -> Result<(), VerifyError> {
    verify(Provider::Gitlab, &secrets(&[secret]), &headers(pairs), body)
}

#[test]
fn gitlabs_signing_token_is_a_proof_beside_its_plain_one() {
    assert_eq!(gitlab(TOKEN, &SIGNED, SIGNED_BODY), Ok(()));
    let header = "webhook-signature";
    let mismatch = Err(VerifyError::Mismatch { header });
    assert_eq!(gitlab(TOKEN, &SIGNED, b"{}"), mismatch);
    assert_eq!(gitlab("whsec_AAAA", &SIGNED, SIGNED_BODY), mismatch);
    for (at, name) in ["webhook-id", "webhook-timestamp"].into_iter().enumerate() {
        let mut other = SIGNED;
        other[at].1 = "1614265331";
        assert_eq!(gitlab(TOKEN, &other, SIGNED_BODY), mismatch, "{name}");
        let mut without = SIGNED.to_vec();
        without.remove(at);
        let missing = Err(VerifyError::Missing { header: name });
        assert_eq!(gitlab(TOKEN, &without, SIGNED_BODY), missing);
    }
    // During rotation there are two, and a token that is no base64 is its own key.
    let two = format!("v1,AAAA {}", SIGNED[2].1);
    let mut rotated = SIGNED;
    rotated[2].1 = &two;
    assert_eq!(gitlab(TOKEN, &rotated, SIGNED_BODY), Ok(()));
    // One of both proofs is enough, and neither is needed for the other.
    let wrong = [SIGNED.as_slice(), &[("x-gitlab-token", TOKEN)]].concat();
    assert_eq!(gitlab(TOKEN, &wrong, b"{}"), Ok(()));
    let neither = [SIGNED.as_slice(), &[("x-gitlab-token", "guess")]].concat();
    assert!(gitlab(TOKEN, &neither, b"{}").is_err());
    // Others do not sign so.
    let github = verify(
        Provider::Github,
        &secrets(&[TOKEN]),
        &headers(&SIGNED),
        SIGNED_BODY,
    );
    assert!(matches!(github, Err(VerifyError::Missing { .. })));
}

#[test]
fn what_is_no_signature_is_malformed_and_an_empty_key_is_nobodys() {
    for wrong in ["", "v1,", "v2,AAAA", "v1,***", "g0hM9SsE"] {
        let mut pairs = SIGNED;
        pairs[2].1 = wrong;
        let refused = gitlab(TOKEN, &pairs, SIGNED_BODY);
        assert!(refused.is_err(), "{wrong}");
    }
    // The HMAC under no key at all.
    let mut empty = SIGNED;
    empty[2].1 = "v1,woH/1mJtZGSMCmpFTxRYbStS24eLLD/oXIYr4PYyZ7g=";
    assert!(gitlab("whsec_", &empty, SIGNED_BODY).is_err());
}
