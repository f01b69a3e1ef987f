//! The seed repository: its three traps are named with file and line, and allowed it is served.

use super::{described, facts, leads, run};
use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ClearTextPolicy, assemble, parse_file},
    model::{Catalog, Findings},
    routing::{Facts, RoutingTable, check_policies},
};
use std::{fs, path::Path, sync::Arc};

const FOLDERS: [&str; 5] = ["agents", "endpoints", "gateways", "policies", "secrets"];

fn review(clear_text: ClearTextPolicy) -> (Catalog, RoutingTable, Findings) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seed-repo");
    let mut files = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            files.push(Arc::new(parse_file(
                &name.into(),
                &fs::read(entry.path()).unwrap(),
            )));
        }
    }
    let (catalog, mut findings) = assemble(&files, AssembleOptions { clear_text });
    let (graph, linked) = DependencyGraph::build(&catalog);
    findings.extend(linked);
    let (table, more) = RoutingTable::build(&catalog, &graph);
    findings.extend(more);
    (catalog, table, findings)
}

/// `FILE:LINE:COLUMN CODE` of every finding.
fn places(findings: &Findings) -> Vec<String> {
    described(findings)
        .iter()
        .map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn three_traps_are_named_with_file_and_line() {
    let (catalog, _, findings) = review(ClearTextPolicy::Refuse);
    assert_eq!(
        places(&findings),
        [
            "endpoints/azure_openai_default.yaml:12:16 W-REF-SECRET",
            "gateways/openai.yaml:13:15 W-REF-SECRET",
            "policies/cost-policy.yaml:6:3 W-POLICY-DENIES",
            "policies/cost-policy.yaml:7:7 W-POLICY-MODEL",
            "secrets/anthropic-api-key.yaml:7:12 E-SECRET-PLAINTEXT",
            "secrets/openai-api-key.yaml:7:12 E-SECRET-PLAINTEXT",
        ]
    );
    let all = described(&findings).join("\n");
    for word in [
        "azure-openai-api-key",
        "openai-secret",
        "research-agent",
        "gpt-4o-mini",
        "agents/research-agent.yaml:6",
    ] {
        assert!(all.contains(word), "{word} in {all}");
    }
    assert!(!all.contains("your-openai-key"), "{all}");
    assert_eq!(catalog.len(), 10);
}

#[test]
fn with_clear_text_allowed_nothing_is_an_error_and_it_is_served() {
    let (_, table, findings) = review(ClearTextPolicy::Warn);
    assert!(!findings.has_errors(), "{:#?}", described(&findings));
    assert_eq!(findings.summary().warnings, 6);
    assert_eq!(
        leads(&table, "fast"),
        "agentgateway-system/openai/gpt-3.5-turbo"
    );
    let scoped = Facts {
        scope: Some("openai"),
        ..facts("smart")
    };
    assert_eq!(
        super::outcome(&run(&table, &scoped).0),
        "agentgateway-system/openai/gpt-4-turbo"
    );
    assert_eq!(leads(&table, "ollama-default"), "ollama-default/llama3.1");
    assert!(check_policies(&table, run(&table, &facts("agent/writer-agent")).0.unwrap()).is_ok());
    assert!(
        check_policies(
            &table,
            run(&table, &facts("agent/research-agent")).0.unwrap()
        )
        .is_err()
    );
}
