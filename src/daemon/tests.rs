//! Settings files, as people write them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod git;

use super::{Config, Flags, config_schema, error::DaemonError};
use crate::forge::Provider;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, path::PathBuf, time::Duration};

fn flags(yaml: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orloj.yaml");
    fs::write(&file, yaml).unwrap();
    let flags = Flags {
        config: Some(file),
        data_dir: Some(folder.path().join("data")),
        ..Flags::default()
    };
    (folder, flags)
}

fn refused(yaml: &str) -> DaemonError {
    let (_folder, flags) = flags(yaml);
    Config::load(flags).err().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn committed_config_schema_is_what_the_types_generate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/orloj-config.schema.json");
    let mut text = serde_json::to_string_pretty(&config_schema()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == text, "run with UPDATE_SCHEMAS=1 and commit it");
}

#[test]
fn unknown_key_is_named_with_its_place_and_a_suggestion() {
    let DaemonError::Config(findings) = refused("addr: 127.0.0.1:0\npol: 5s\n") else {
        panic!("not a config error");
    };
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.code.as_str(), "E-FIELD-UNKNOWN");
    assert_eq!(
        (
            finding.origin.span.start.line,
            finding.origin.span.start.column
        ),
        (2, 1)
    );
    assert_eq!(finding.hint.as_deref(), Some("did you mean `poll`?"));
}

#[test]
fn flag_goes_before_the_same_key_of_the_file() {
    let (_folder, mut flags) = flags("addr: 127.0.0.1:1\npoll: 5s\n");
    flags.addr = Some("127.0.0.1:2".to_owned());
    let config = Config::load(flags).unwrap();
    assert_eq!(config.addr.port(), 2);
    assert_eq!(config.poll, Duration::from_secs(5));
}

#[test]
fn address_that_others_reach_is_refused_unless_said_so() {
    let DaemonError::Exposed(text) = refused("addr: 0.0.0.0:8080\n") else {
        panic!("not refused");
    };
    assert!(text.contains("--insecure-allow-anonymous"), "{text}");
    let (_folder, flags) = flags("addr: 0.0.0.0:8080\ninsecure_allow_anonymous: true\n");
    assert!(!Config::load(flags).unwrap().require_key);
}

#[test]
fn with_a_token_others_reach_it_and_need_a_key_to_call_models() {
    let (_folder, public) = flags("addr: 0.0.0.0:8080\napi_token: tok\n");
    assert!(Config::load(public).unwrap().require_key);
    let (_folder, local) = flags("addr: 127.0.0.1:8080\napi_token: tok\n");
    assert!(!Config::load(local).unwrap().require_key);
    assert!(matches!(
        refused("addr: 0.0.0.0:8080\napi_token: ' '\n"),
        DaemonError::Exposed(_)
    ));
}

#[test]
fn webhook_without_a_secret_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "\n").unwrap();
    let yaml = format!(
        "webhooks: {{github: {{secret_file: {}}}}}\n",
        secret.display()
    );
    let DaemonError::Setting { problem, .. } = refused(&yaml) else {
        panic!("not refused");
    };
    assert!(problem.contains("holds no secret"), "{problem}");
}

#[test]
fn webhooks_of_every_provider_are_configured_by_name_with_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "new\nold\n").unwrap();
    let one = |provider: &Provider| {
        let file = secret.display();
        format!("  {provider}: {{secret_file: {file}}}\n")
    };
    let all: String = Provider::ALL.iter().map(one).collect();
    let with = |limit: &str| format!("webhooks:\n  max_body: {limit}\n{all}");
    for (limit, bytes) in [("25MiB", 26_214_400), ("64KiB", 65_536), ("\"1000\"", 1000)] {
        let (_folder, flags) = flags(&with(limit));
        let webhooks = Config::load(flags).unwrap().webhooks;
        assert_eq!(webhooks.max_body, bytes);
        for provider in Provider::ALL {
            assert_eq!(webhooks.secrets[provider.as_str()].len(), 2, "{provider}");
        }
    }
    for limit in ["26MiB", "0MiB", "many", "-1MiB"] {
        let error = refused(&with(limit)).to_string();
        assert!(error.contains("`webhooks.max_body`"), "{error}");
    }
    let DaemonError::Config(findings) = refused("webhooks: {guthub: {secret_file: x}}\n") else {
        panic!("not a config error");
    };
    let hint = findings.iter().next().unwrap().hint.as_deref();
    assert_eq!(hint, Some("did you mean `github`?"));
}

#[test]
fn key_file_that_does_not_exist_names_the_flag() {
    let mut flags = Flags {
        data_dir: Some(PathBuf::from("unused")),
        ..Flags::default()
    };
    flags.age_key_files.push(PathBuf::from("no-such-key"));
    let error = Config::load(flags).err().unwrap();
    assert!(error.to_string().contains("--age-key-file"), "{error}");
}

#[test]
fn s7_key_files_that_others_may_read_are_noticed() {
    let (folder, mut flags) = flags("addr: 127.0.0.1:0\n");
    let line = crate::secrets::generate_identity().0;
    for (name, mode) in [("own.key", 0o600), ("group.key", 0o640), ("all.key", 0o644)] {
        let path = folder.path().join(name);
        fs::write(&path, line.expose_bytes()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        flags.age_key_files.push(path);
    }
    let open = Config::load(flags).unwrap().open_key_files;
    let names = open.iter().filter_map(|path| path.file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["group.key", "all.key"]);
}

#[test]
fn relative_repository_is_shown_with_its_whole_path() {
    let (_folder, mut flags) = flags("addr: 127.0.0.1:0\n");
    flags.repo = Some("some/where".to_owned());
    let location = Config::load(flags)
        .unwrap()
        .sources
        .remove(0)
        .config
        .location;
    assert!(Path::new(&location.to_string()).is_absolute(), "{location}");
    assert!(location.to_string().ends_with("some/where"), "{location}");
}

#[test]
fn windows_that_cannot_be_read_stop_the_start_and_say_why() {
    let window = |more: &str| format!("windows:\n- {{name: nights, kind: allow, {more}}}\n");
    for (more, says) in [
        (
            "schedule: '0 20 * *', duration: 4h",
            "`windows.schedule` of `nights` cannot be read",
        ),
        (
            "schedule: '0 20 * * *', duration: 4",
            "`windows.duration` of `nights` must be from",
        ),
        (
            "schedule: '0 20 * * *', duration: 745h",
            "`windows.duration` of `nights` must be from",
        ),
        (
            "schedule: '0 20 * * *', duration: 4h, timezone: Europe/Berlni",
            "did you mean `Europe/Berlin`?",
        ),
    ] {
        let problem = refused(&window(more)).to_string();
        assert!(problem.contains(says), "{problem}");
    }
    let twice = window("schedule: '0 20 * * *', duration: 4h");
    let twice = format!("{twice}{}", twice.trim_start_matches("windows:\n"));
    assert!(refused(&twice).to_string().contains("that of two windows"));
    let good =
        window("schedule: '0 20 * * 1-5', duration: 4h, timezone: Europe/Berlin, paths: [a/]");
    let (_folder, flags) = flags(&good);
    assert_eq!(Config::load(flags).unwrap().windows.entries().len(), 1);
}

#[test]
fn limits_hold_for_every_source() {
    let yaml = "limits: {files: 7, fetch_timeout: 5s}\nsources:\n- {name: a, url: /a}\n- {name: b, url: /b, include: ['x/']}\n";
    let (_folder, flags) = flags(yaml);
    for source in Config::load(flags).unwrap().sources {
        let limits = source.config.limits;
        assert_eq!(
            (limits.max_files, limits.fetch_timeout),
            (7, Duration::from_secs(5))
        );
    }
    let wrong = "webhook_hosts: ['no host']\nrepo: https://git.example.com/a/b.git\n";
    assert!(refused(wrong).to_string().contains("no name of a host"));
}

#[test]
fn what_is_not_there_yet_is_refused_and_not_passed_over() {
    let text = "sources:\n- {name: a, url: /srv/a.git, run_tasks: true}\n";
    let DaemonError::Config(findings) = refused(text) else {
        panic!("not a config error");
    };
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.code.as_str(), "E-FIELD-UNKNOWN");
    assert!(finding.message.contains("run_tasks"), "{}", finding.message);
}
