//! HTTPS remotes: the same server behind TLS.

use super::super::{Credentials, SourceError};
use super::http_remote::Behaviour;
use super::remotes::{follows_pushes, remote};
use super::tls_front::{Authority, TlsFront};
use super::{chain, config, mirrored, repository::Repository};
use crate::source::SourceConfig;
use std::{fs, path::Path};

#[test]
fn fetch_over_https_follows_pushes_if_the_authority_is_trusted() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let authorities = repository.home().join("ca.pem");
    fs::write(&authorities, &front.certificate).unwrap();
    let mut config = config(&format!("{}/bare.git", front.address));
    config.credentials = Credentials::none().with_ca_file(&authorities);
    follows_pushes(&repository, config);
}

#[test]
fn unknown_authority_is_refused_before_anything_is_sent() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let config = config(&format!("{}/bare.git", front.address));
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
    assert!(chain(&error).contains("certificate"), "{}", chain(&error));
    assert_eq!(remote.requests(), 0);
}

#[test]
fn unusable_authority_file_is_an_error_of_its_own() {
    let repository = Repository::new();
    let file = repository.home().join("ca.pem");
    let refusal = || {
        let mut config = config("https://localhost/a.git");
        config.credentials = Credentials::none().with_ca_file(&file);
        mirrored(config).mirror.fetch().unwrap_err()
    };
    assert!(matches!(refusal(), SourceError::Io { .. }));
    fs::write(
        &file,
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(matches!(refusal(), SourceError::Tls { .. }));
}

/// A source behind a front, with trust in it.
fn trusting(front: &TlsFront, home: &Path) -> SourceConfig {
    let authorities = home.join("ca.pem");
    fs::write(&authorities, &front.certificate).unwrap();
    let mut config = config(&format!("{}/bare.git", front.address));
    config.credentials = Credentials::none().with_ca_file(&authorities);
    config
}

#[test]
fn server_that_wants_a_certificate_is_shown_the_configured_one() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let authority = Authority::new();
    let front = TlsFront::for_clients_of(&authority, &remote);
    let (certificate, key) = authority.sign(repository.home());
    let mut config = trusting(&front, repository.home());
    config.credentials = config
        .credentials
        .with_client_certificate(&certificate, &key);
    follows_pushes(&repository, config);
}

#[test]
fn server_that_wants_a_certificate_answers_nobody_without_one_or_with_anothers() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let authority = Authority::new();
    let front = TlsFront::for_clients_of(&authority, &remote);
    let without = trusting(&front, repository.home());
    let (certificate, key) = Authority::new().sign(repository.home());
    let mut foreign = trusting(&front, repository.home());
    foreign.credentials = foreign
        .credentials
        .with_client_certificate(&certificate, &key);
    for config in [without, foreign] {
        let error = mirrored(config).mirror.fetch().unwrap_err();
        assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
        assert!(!chain(&error).contains("PRIVATE"), "{error:?}");
    }
    assert_eq!(remote.requests(), 0);
}

#[test]
fn renewed_certificate_is_taken_up_without_a_restart() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let authority = Authority::new();
    let front = TlsFront::for_clients_of(&authority, &remote);
    let (certificate, key) = Authority::new().sign(repository.home());
    let mut config = trusting(&front, repository.home());
    config.credentials = config
        .credentials
        .with_client_certificate(&certificate, &key);
    let mirrored = mirrored(config);
    mirrored.mirror.fetch().unwrap_err();
    authority.sign(repository.home());
    mirrored.mirror.fetch().unwrap();
}

#[test]
fn certificate_is_not_shown_to_another_host() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (elsewhere, _) = remote(&repository, Behaviour::Open);
    let authority = Authority::new();
    let other = TlsFront::for_clients_of(&authority, &elsewhere);
    let (remote, _) = remote(&repository, Behaviour::Redirect(other.address.clone()));
    let front = TlsFront::for_clients_of(&authority, &remote);
    let (certificate, key) = authority.sign(repository.home());
    let mut config = trusting(&front, repository.home());
    config.credentials = config
        .credentials
        .with_client_certificate(&certificate, &key);
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(matches!(error, SourceError::Protocol { .. }), "{error:?}");
    assert_eq!((remote.requests(), other.connections()), (1, 0));
}

#[test]
fn certificate_that_cannot_be_used_names_its_settings() {
    let repository = Repository::new();
    let (certificate, key) = Authority::new().sign(repository.home());
    let refusal = |certificate: &Path, key: &Path| {
        let mut config = config("https://localhost/a.git");
        config.credentials = Credentials::none().with_client_certificate(certificate, key);
        mirrored(config).mirror.fetch().unwrap_err()
    };
    let absent = refusal(&certificate, &repository.home().join("absent"));
    assert!(matches!(absent, SourceError::Io { .. }), "{absent:?}");
    let other = repository.home().join("other");
    fs::create_dir(&other).unwrap();
    let (_, foreign_key) = Authority::new().sign(&other);
    for key in [&certificate, &foreign_key] {
        let error = refusal(&certificate, key);
        assert!(matches!(error, SourceError::Tls { .. }), "{error:?}");
        assert!(
            !error.transient() && error.to_string().contains("client_key_file"),
            "{error}"
        );
    }
    assert!(matches!(
        refusal(&certificate, &key),
        SourceError::Network { .. }
    ));
}
