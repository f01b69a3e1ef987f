//! The seeds' manifests: three traps that are named, and everything else served.

use crate::support::{
    cli::{Cli, Findings},
    daemon::DaemonBuilder,
    fixture,
    git::TestRepo,
    serving::Authority,
    upstream::FakeUpstream,
};

fn validate(arguments: &[&str]) -> crate::support::cli::Output {
    let seed = fixture("seed-repo");
    let mut all = vec!["validate", seed.to_str().unwrap()];
    all.extend(arguments);
    Cli::new().run(&all)
}

#[test]
fn seed_repository_names_its_three_traps_and_is_refused() {
    let output = validate(&["-o", "json"]).code(3);
    let document = output.json();
    assert_eq!(document["format_version"], "1.0");
    let findings = Findings::of(&document);

    for file in [
        "secrets/openai-api-key.yaml",
        "secrets/anthropic-api-key.yaml",
    ] {
        let clear = findings.one("E-SECRET-PLAINTEXT", file);
        assert_eq!(clear.severity, "error");
        assert!(matches!(clear.line, Some(6 | 7)), "{clear:?}");
        assert!(clear.column.is_some_and(|column| column >= 1));
    }
    let azure = findings.one("W-REF-SECRET", "endpoints/azure_openai_default.yaml");
    assert_eq!(azure.line, Some(12), "{azure:?}");
    assert!(azure.message.contains("azure-openai-api-key"));
    let gateway = findings.one("W-REF-SECRET", "gateways/openai.yaml");
    assert!(matches!(gateway.line, Some(12 | 13)), "{gateway:?}");
    assert!(gateway.message.contains("openai-secret"));

    let denied: Vec<_> = findings
        .0
        .iter()
        .filter(|finding| finding.code == "W-POLICY-DENIES")
        .collect();
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert!(denied[0].message.contains("research-agent"), "{denied:?}");
    assert!(denied[0].message.contains("gpt-4o-mini"), "{denied:?}");
    assert!(denied[0].line.is_some_and(|line| line > 1), "{denied:?}");
    assert_eq!(
        findings.errors(),
        ["E-SECRET-PLAINTEXT", "E-SECRET-PLAINTEXT"]
    );
}

#[test]
fn seed_repository_is_refused_for_a_person_too_with_file_and_line() {
    let output = validate(&[]).code(3);
    let text = output.everything();
    assert!(text.contains("E-SECRET-PLAINTEXT"), "{text}");
    assert!(text.contains("secrets/openai-api-key.yaml:"), "{text}");
    assert!(!text.contains("sk-your-openai-key-here"), "{text}");
}

#[test]
fn seed_repository_passes_with_warnings_where_clear_text_is_allowed() {
    let output = validate(&["--allow-plaintext-secrets", "-o", "json"]).success();
    let findings = Findings::of(&output.json());
    assert!(findings.errors().is_empty(), "{findings:?}");
    for code in ["W-SECRET-PLAINTEXT", "W-REF-SECRET", "W-POLICY-DENIES"] {
        assert!(findings.has(code), "{code} is missing in {findings:?}");
    }
}

#[test]
fn seed_repository_is_served_but_for_the_endpoints_whose_secret_nothing_provides() {
    let authority = Authority::for_hosts(&["api.openai.com", "api.anthropic.com"]);
    let upstream = FakeUpstream::tls(&authority);
    let repo = TestRepo::with_folder(&fixture("seed-repo"));
    let daemon = DaemonBuilder::on(&repo)
        .arguments(&["--allow-plaintext-secrets"])
        .config(&format!(
            "upstream:\n  extra_ca: {}\n  resolve:\n    \"api.openai.com:443\": \"{1}\"\n    \"api.anthropic.com:443\": \"{1}\"\n",
            authority.certificate().display(),
            upstream.address(),
        ))
        .start();

    let openai = daemon.chat("openai-default").status(200);
    assert_eq!(openai.body["model"], "gpt-4o-mini");
    assert_eq!(
        upstream.last().header("authorization"),
        "Bearer sk-your-openai-key-here"
    );
    let writer = daemon.chat("agent/writer-agent").status(200);
    assert!(writer.content().contains("Recursion"));
    let received = upstream.last();
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(
        received.header("x-api-key"),
        "sk-ant-your-anthropic-key-here"
    );
    assert_eq!(received.body["max_tokens"], 1024);

    let before = upstream.requests().len();
    let research = daemon.chat("agent/research-agent").status(403);
    assert_eq!(research.body["error"]["code"], "model_not_allowed");
    for (model, secret) in [
        ("azure-openai-default", "azure-openai-api-key"),
        ("fast", "openai-secret"),
    ] {
        let unready = daemon.chat(model).status(503);
        let message = unready.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(secret), "{message}");
    }
    assert_eq!(upstream.requests().len(), before, "nobody was called");

    let table = daemon.cli().run(&["get", "model-endpoints"]).success();
    let line = |name: &str| {
        let found = table.stdout.lines().find(|line| line.starts_with(name));
        found.unwrap_or_else(|| panic!("{}", table.stdout))
    };
    assert!(line("openai-default").ends_with("Ready"));
    assert!(!line("azure-openai-default").ends_with(" Ready"));
    let described = daemon
        .cli()
        .run(&["describe", "model-endpoint", "azure-openai-default"]);
    described.success().says("azure-openai-api-key");
}
