//! Model aliasing, in the seed's words and beyond them.

use crate::support::{
    cli::{Cli, Findings},
    client::chat_body,
    daemon::{Daemon, DaemonBuilder},
    fixture,
    git::TestRepo,
    manifests::{alias, alias_of_alias, compatible_endpoint, mock_endpoint},
    serving::Authority,
    upstream::FakeUpstream,
};
use serde_json::{Value, json};

/// The seed's backend.
fn seed() -> String {
    std::fs::read_to_string(fixture("seed-repo/gateways/openai.yaml")).unwrap()
}

/// The seed's backend, served, and the upstream behind it.
struct Seed {
    daemon: Daemon,
    upstream: FakeUpstream,
}

impl Seed {
    fn start() -> Self {
        Self::of(&seed())
    }

    fn of(manifest: &str) -> Self {
        let authority = Authority::for_hosts(&["api.openai.com"]);
        let upstream = FakeUpstream::tls(&authority);
        let repo = TestRepo::with(&[("openai.yaml", manifest)]);
        let daemon = DaemonBuilder::on(&repo)
            .variable("ORLOJ_SECRET_AGENTGATEWAY_SYSTEM_OPENAI_SECRET", "sk-seed")
            .config(&format!(
                "upstream:\n  extra_ca: {}\n  resolve:\n    \"api.openai.com:443\": \"{}\"\n",
                authority.certificate().display(),
                upstream.address(),
            ))
            .start();
        Self { daemon, upstream }
    }

    /// Asks `path` for `model`: what the upstream was asked for, what the answer names.
    fn ask(&self, path: &str, model: &str) -> (String, Value) {
        let answer = self.daemon.post(path, &chat_body(model)).status(200);
        let received = self.upstream.last();
        assert_eq!(received.path, "/v1/chat/completions");
        assert_eq!(received.header("authorization"), "Bearer sk-seed");
        (received.model().to_owned(), answer.body["model"].clone())
    }
}

/// One endpoint with `aliases`, served, and the upstream behind it.
fn with_aliases(aliases: &str) -> (Daemon, FakeUpstream) {
    let upstream = FakeUpstream::plain();
    let endpoint = compatible_endpoint("main", &upstream.openai_url(), aliases);
    let repo = TestRepo::with(&[("main.yaml", &endpoint)]);
    (DaemonBuilder::on(&repo).start(), upstream)
}

fn validate(files: &[(&str, &str)]) -> Findings {
    let repo = TestRepo::with(files);
    let output = Cli::new()
        .in_directory(&repo.work())
        .run(&["validate", "-o", "json"])
        .code(3);
    Findings::of(&output.json())
}

#[test]
fn al_01_fast_reaches_gpt_3_5_turbo() {
    let (asked, answered) = Seed::start().ask("/v1/chat/completions", "fast");
    assert_eq!(asked, "gpt-3.5-turbo");
    assert_eq!(answered, "gpt-3.5-turbo-0125");
}

#[test]
fn al_02_smart_reaches_gpt_4_turbo() {
    let (asked, answered) = Seed::start().ask("/v1/chat/completions", "smart");
    assert_eq!(asked, "gpt-4-turbo");
    assert_eq!(answered, "gpt-4-turbo-2024-04-09");
}

#[test]
fn al_03_aliases_work_on_the_endpoints_own_path() {
    let seed = Seed::start();
    for path in ["/openai", "/openai/v1/chat/completions"] {
        let (asked, answered) = seed.ask(path, "fast");
        assert_eq!(asked, "gpt-3.5-turbo");
        assert_eq!(answered, "gpt-3.5-turbo-0125");
        assert_eq!(seed.ask(path, "smart").0, "gpt-4-turbo");
    }
}

#[test]
fn al_04_unknown_model_passes_through_where_scoped_and_is_not_found_elsewhere() {
    let seed = Seed::start();
    assert_eq!(seed.ask("/openai", "gpt-4o").0, "gpt-4o");
    let before = seed.upstream.requests().len();
    seed.daemon.chat("gpt-4o").error(404, "model_not_found");
    assert_eq!(seed.upstream.requests().len(), before);

    let (strict, upstream) = with_aliases("model_aliases:\n  fast: small\nunknown_models: reject");
    strict
        .post("/main", &chat_body("gpt-4o"))
        .error(404, "model_not_found");
    assert!(upstream.requests().is_empty());
    strict.post("/main", &chat_body("fast")).status(200);
}

#[test]
fn al_05_request_without_a_model_is_told_so() {
    let seed = Seed::start();
    for path in ["/v1/chat/completions", "/openai"] {
        let body = json!({"messages": [{"role": "user", "content": "hello"}]});
        let answer = seed.daemon.post(path, &body).error(400, "missing_model");
        assert_eq!(answer.body["error"]["param"], "model");
    }
    assert!(seed.upstream.requests().is_empty());
}

#[test]
fn al_06_model_that_is_no_name_is_a_bad_request() {
    let seed = Seed::start();
    for model in [json!(5), json!(null), json!([]), json!(""), json!("  ")] {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
        let answer = seed.daemon.post("/v1/chat/completions", &body).status(400);
        assert_eq!(answer.body["error"]["param"], "model", "{}", answer.text);
        assert_eq!(answer.body["error"]["type"], "invalid_request_error");
    }
    assert!(seed.upstream.requests().is_empty());
}

#[test]
fn al_07_exact_alias_wins_and_then_the_wildcard_with_more_letters() {
    let (daemon, upstream) = with_aliases(
        "model_aliases:\n  \"*-sonnet-*\": sonnet-target\n  \"claude-haiku-*\": haiku-target\n  \"claude-haiku-3.5-*\": haiku-3.5-target\n  gpt-4: gpt-4-target\n  \"gpt-*\": gpt-any-target",
    );
    for (model, target) in [
        ("gpt-4", "gpt-4-target"),
        ("gpt-4o", "gpt-any-target"),
        ("claude-haiku-3.5-v1", "haiku-3.5-target"),
        ("claude-haiku-v1", "haiku-target"),
        ("other-sonnet-model", "sonnet-target"),
    ] {
        daemon.chat(model).status(200);
        assert_eq!(upstream.last().model(), target, "{model}");
    }
    let before = upstream.requests().len();
    daemon.chat("unmatched-model").error(404, "model_not_found");
    assert_eq!(upstream.requests().len(), before);
}

#[test]
fn al_08_dot_in_a_wildcard_is_only_a_dot() {
    let (daemon, upstream) = with_aliases("model_aliases:\n  \"test.*\": target");
    daemon.chat("test.v1").status(200);
    assert_eq!(upstream.last().model(), "target");
    daemon.chat("testXv1").error(404, "model_not_found");
}

#[test]
fn al_09_equally_specific_wildcards_are_an_error_that_names_both() {
    let endpoint = |name: &str| {
        let plain = mock_endpoint(name, "m");
        format!("{plain}  model_aliases:\n    \"big-*\": m\n")
    };
    let (one, two) = (endpoint("one"), endpoint("two"));
    let findings = validate(&[("one.yaml", &one), ("two.yaml", &two)]);
    let told = format!("{findings:?}");
    assert!(findings.has("E-GRAPH-AMBIGUOUS"), "{told}");
    assert!(
        told.contains("one.yaml") && told.contains("two.yaml"),
        "{told}"
    );
}

#[test]
fn al_10_alias_makes_one_hop_unless_the_hop_is_written_as_one() {
    let endpoint = format!(
        "{}  model_aliases:\n    a: b\n    b: c\n",
        mock_endpoint("main", "m")
    );
    let findings = validate(&[("main.yaml", &endpoint)]);
    let finding = findings.one("E-GRAPH-ALIAS-CHAIN", "main.yaml");
    assert_eq!(finding.line, Some(9), "{finding:?}");

    let repo = TestRepo::with(&[
        ("main.yaml", &mock_endpoint("main", "m")),
        ("a.yaml", &alias_of_alias("a", "b")),
        ("b.yaml", &alias("b", "main", "target-of-b")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let answer = daemon.chat("a").status(200);
    assert!(answer.content().contains("target-of-b"), "{}", answer.text);
}

#[test]
fn al_11_cycle_of_aliases_is_an_error_that_prints_it() {
    let findings = validate(&[
        ("main.yaml", &mock_endpoint("main", "m")),
        ("a.yaml", &alias_of_alias("aaa", "bbb")),
        ("b.yaml", &alias_of_alias("bbb", "ccc")),
        ("c.yaml", &alias_of_alias("ccc", "aaa")),
    ]);
    let cycle = findings
        .0
        .iter()
        .find(|finding| finding.code == "E-GRAPH-CYCLE")
        .unwrap_or_else(|| panic!("{findings:?}"));
    for name in ["aaa", "bbb", "ccc"] {
        assert!(cycle.message.contains(name), "{cycle:?}");
    }
}

#[test]
fn al_12_alias_beside_a_pinned_model_is_a_warning() {
    let pinned = seed().replace("openai: {}", "openai: {model: gpt-4o}");
    let repo = TestRepo::with(&[("openai.yaml", &pinned)]);
    let cli = Cli::new().in_directory(&repo.work());
    let findings = Findings::of(&cli.run(&["validate", "-o", "json"]).code(0).json());
    let dead = findings.0.iter();
    let dead: Vec<_> = dead.filter(|it| it.code == "W-ALIAS-UNREACHABLE").collect();
    let lines: Vec<_> = dead.iter().map(|it| it.line).collect();
    assert_eq!(lines, [Some(16), Some(17)], "{findings:?}");
    assert!(dead[0].message.contains("pins the model `gpt-4o`"));
    let seed = Seed::of(&pinned);
    for model in ["fast", "gpt-3.5-turbo", "anything"] {
        let (asked, _) = seed.ask("/openai/v1/chat/completions", model);
        assert_eq!(asked, "gpt-4o");
    }
    let elsewhere = seed.daemon.post("/v1/chat/completions", &chat_body("fast"));
    elsewhere.error(404, "model_not_found");
}

#[test]
fn al_13_aliases_of_a_provider_and_its_backend_are_merged_by_name() {
    let of_provider = "groups: [{providers: [{name: main, openai: {}, policies: {ai: {modelAliases: {fast: gpt-4o-mini}}}}]}]";
    let seed_text = seed();
    let (before, rest) = seed_text.split_once("provider:").unwrap();
    let (_, policies) = rest.split_once("openai: {}").unwrap();
    let merged = format!("{before}{of_provider}{policies}");
    let seed = Seed::of(&merged);
    let path = "/v1/chat/completions";
    assert_eq!(seed.ask(path, "fast").0, "gpt-4o-mini");
    assert_eq!(seed.ask(path, "smart").0, "gpt-4-turbo");

    let replaced = merged.replace("modelAliases: {fast", "replace: true, modelAliases: {fast");
    let seed = Seed::of(&replaced);
    assert_eq!(seed.ask(path, "fast").0, "gpt-4o-mini");
    let hidden = seed.daemon.post(path, &chat_body("smart"));
    hidden.error(404, "model_not_found");
}

#[test]
fn names_within_one_endpoint_are_listed_under_its_path() {
    let seed = Seed::start();
    let listed = seed.daemon.get("/openai/v1/models").status(200);
    let names: Vec<_> = listed.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["fast", "smart"]);
    let nobody = seed.daemon.get("/nobody/v1/models");
    nobody.error(404, "endpoint_not_found");
    for path in ["/openai/v1/models/fast", "/openai/v1/models/%66ast"] {
        let one = seed.daemon.get(path).status(200);
        assert_eq!(one.body["object"], "model");
        assert_eq!(one.body, listed.body["data"][0]);
    }
    let unknown = seed.daemon.get("/openai/v1/models/a/b%2Fc");
    unknown.error(404, "model_not_found");
    let nobody = seed.daemon.get("/nobody/v1/models/fast");
    nobody.error(404, "endpoint_not_found");
}
