//! How Git is asked: what is followed, as whom, and by which way.

use super::{flags, refused};
use crate::daemon::{Config, error::DaemonError};

fn reference(yaml: &str) -> String {
    let (_folder, mut flags) = flags(yaml);
    flags.repo = Some("/srv/routing.git".to_owned());
    Config::load(flags)
        .unwrap()
        .sources
        .pop()
        .unwrap()
        .config
        .reference
}

#[test]
fn reference_is_named_as_the_flag_has_it_or_by_its_sort() {
    for (yaml, expected) in [
        ("", "main"),
        ("ref: production\n", "production"),
        ("ref: 'semver:>=1.2 <2'\n", "semver:>=1.2 <2"),
        ("ref: {semver: '>=1.2 <2'}\n", "semver:>=1.2 <2"),
        (
            "ref: {semver: '>=1', tag_prefix: app/}\n",
            "semver:app/:>=1",
        ),
        ("ref: {branch: main}\n", "refs/heads/main"),
        ("ref: {tag: v1}\n", "refs/tags/v1"),
        ("ref: {name: refs/pull/7/head}\n", "refs/pull/7/head"),
        ("ref: {commit: abc}\n", "abc"),
    ] {
        assert_eq!(reference(yaml), expected, "{yaml}");
    }
}

#[test]
fn reference_of_no_sort_or_of_two_is_refused_at_its_place() {
    for yaml in [
        "ref: {}\n",
        "ref: {branch: main, tag: v1}\n",
        "ref: {brnch: main}\n",
        "ref: {branch: main, tag_prefix: app/}\n",
        "ref: {tag_prefix: app/}\n",
        "ref: [main]\n",
    ] {
        let DaemonError::Config(findings) = refused(yaml) else {
            panic!("not a config error: {yaml}");
        };
        let finding = findings.iter().next().unwrap();
        assert_eq!(
            finding.origin.span.start.line, 1,
            "{yaml}: {}",
            finding.message
        );
    }
}

/// What loading says with this `auth`, for a repository over `https`.
fn loaded(auth: &str) -> Result<String, DaemonError> {
    let (_folder, mut flags) = flags(&format!("auth: {{{auth}}}\n"));
    flags.repo = Some("https://git.example.com/routing.git".to_owned());
    Config::load(flags).map(|config| format!("{:?}", config.sources[0].config))
}

#[test]
fn proxy_and_its_password_are_configured_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "c4nary\n").unwrap();
    let file = format!("proxy_password_file: {}", password.display());
    let shown = loaded(&format!("proxy: 'http://me@proxy.test:3128', {file}")).unwrap();
    assert!(
        shown.contains("http://proxy.test:3128") && !shown.contains("c4nary"),
        "{shown}"
    );
    let shown = loaded("proxy: none").unwrap();
    assert!(shown.contains("proxy: None"), "{shown}");
    for (auth, expected) in [
        (
            format!("proxy: 'http://proxy.test:3128', {file}"),
            "http://USER@HOST:PORT",
        ),
        (
            "proxy: 'socks5://proxy.test:1080'".to_owned(),
            "http://HOST:PORT",
        ),
        (file.clone(), "goes with `proxy`"),
        (format!("proxy: none, {file}"), "goes with `proxy`"),
        (
            "proxy: 'http://:c4nary@proxy.test:3128'".to_owned(),
            "without a user",
        ),
        ("username: me".to_owned(), "goes with `secret_file`"),
        ("client_cert_file: a.pem".to_owned(), "client_key_file"),
        ("client_key_file: a.pem".to_owned(), "client_cert_file"),
    ] {
        let error = loaded(&auth).unwrap_err().to_string();
        assert!(error.contains(expected), "{auth}: {error}");
    }
}

#[test]
fn what_does_not_reach_several_sources_is_refused_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let signers = folder.path().join("signers");
    std::fs::write(&signers, "").unwrap();
    let verify = format!("verify: {{signers: [{}]}}", signers.display());
    for (setting, name) in [
        ("ref: v1", "`ref`"),
        ("path: [a]", "`path`"),
        ("auth: {proxy: none}", "`auth`"),
        ("protected: true", "`protected`"),
        (&*verify, "`verify`"),
        ("webhook_hosts: [git.internal]", "`webhook_hosts`"),
    ] {
        let (_folder, flags) = flags(&format!("{setting}\nsources: [{{name: a, url: /srv/a}}]\n"));
        let error = Config::load(flags).err().unwrap().to_string();
        assert!(
            error.contains(name) && error.contains("in each source"),
            "{error}"
        );
    }
}

#[test]
fn signatures_that_nothing_could_need_or_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let signers = folder.path().join("signers");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEcGlmFzoSKsPnHYdWFpZ6YGnYQLzr8ovmGwYGjXG4Lx";
    std::fs::write(&signers, format!("ada@example.com {key}\n")).unwrap();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    for (reference, more, expected) in [
        ("main", "paths: ['']", "`verify.paths`"),
        ("main", "paths: ['#secrets']", "`verify.paths`"),
        ("main", "paths: ['!secrets/']", "`verify.paths`"),
        (commit, "mode: tag", "`verify.mode`"),
    ] {
        let (_folder, mut flags) = flags(&format!(
            "ref: {reference}\nverify: {{signers: [{}], {more}}}\n",
            signers.display()
        ));
        flags.repo = Some("/srv/a".to_owned());
        let error = Config::load(flags).err().unwrap().to_string();
        assert!(error.contains(expected), "{more}: {error}");
    }
}

#[test]
fn github_app_is_configured_alone_and_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&file)
        .output();
    assert!(made.unwrap().status.success());
    let app = format!(
        "github_app: {{app_id: 4711, installation_id: 99, private_key_file: {}}}",
        file.display()
    );
    let shown = loaded(&app).unwrap();
    assert!(
        shown.contains("GitHub App") && !shown.contains("PRIVATE"),
        "{shown}"
    );
    for more in ["username: me", "secret_file: /etc/hostname"] {
        let error = loaded(&format!("{app}, {more}")).unwrap_err().to_string();
        assert!(error.contains("`auth.github_app`"), "{error}");
    }
    std::fs::write(&file, "c4nary").unwrap();
    let error = loaded(&app).unwrap_err().to_string();
    assert!(
        error.contains("`private_key_file`") && !error.contains("c4nary"),
        "{error}"
    );
}

#[test]
fn cost_of_a_fetch_is_configured() {
    let limits = |fetch: &str| {
        let (_folder, mut flags) = flags(fetch);
        flags.repo = Some("/srv/routing.git".to_owned());
        Config::load(flags).map(|config| config.sources[0].config.limits.clone())
    };
    let usual = limits("").unwrap();
    assert_eq!(
        (usual.fetch_timeout.as_secs(), usual.fetch_bytes),
        (60, 1 << 30)
    );
    let own = limits("limits: {fetch_timeout: 1500ms, fetch_size: 512MiB}\n").unwrap();
    assert_eq!(
        (own.fetch_timeout.as_millis(), own.fetch_bytes),
        (1500, 512 << 20)
    );
    for (wrong, key) in [
        ("fetch_timeout: 2h", "`limits.fetch_timeout`"),
        ("fetch_timeout: 1ms", "`limits.fetch_timeout`"),
        ("fetch_timeout: soon", "`limits.fetch_timeout`"),
        ("fetch_size: 0", "`limits.fetch_size`"),
        ("fetch_size: 1TB", "`limits.fetch_size`"),
        ("fetch_size: 99999999999999GiB", "`limits.fetch_size`"),
    ] {
        let error = limits(&format!("limits: {{{wrong}}}\n")).unwrap_err();
        assert!(error.to_string().starts_with(key), "{wrong}: {error}");
    }
}
