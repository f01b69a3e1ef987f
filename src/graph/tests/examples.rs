//! Upstream's own examples, as they are.

use super::{DependencyGraph, described};
use crate::{
    manifest::{AssembleOptions, ClearTextPolicy, ParsedFile, assemble, parse_file},
    model::{Catalog, Finding, Findings, Kind},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/orloj-examples")
}

/// Every manifest below a folder, sorted.
fn read(folder: &Path) -> Vec<Arc<ParsedFile>> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(read(&path));
        } else if path.extension().is_some_and(|end| end == "yaml") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = fs::read(&path).unwrap();
            files.push(Arc::new(parse_file(&name.as_str().into(), &bytes)));
        }
    }
    files
}

fn joined(folder: &Path) -> (Catalog, Findings) {
    let options = AssembleOptions {
        clear_text: ClearTextPolicy::Warn,
    };
    let files = read(folder);
    assert!(!files.is_empty(), "{}", folder.display());
    let (catalog, mut findings) = assemble(&files, options);
    let (_, linked) = DependencyGraph::build(&catalog);
    findings.extend(linked);
    (catalog, findings)
}

/// Every finding that is an error.
fn errors(findings: &Findings) -> Vec<String> {
    let errors: Findings = findings
        .iter()
        .filter(|finding| finding.code.as_str().starts_with("E-"))
        .cloned()
        .collect();
    described(&errors)
}

#[test]
fn every_example_is_accepted_as_it_is() {
    let folder = examples();
    let files = read(&folder);
    assert_eq!(files.len(), 98);
    for file in files {
        let findings: Vec<&Finding> = file.findings.iter().collect();
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(file.resources.len(), 1);
    }
}

#[test]
fn every_blueprint_lacks_its_endpoint_and_nothing_else() {
    let folder = examples();
    for bundle in ["hierarchical", "pipeline", "swarm-loop"] {
        let (catalog, findings) = joined(&folder.join("blueprints").join(bundle));
        let agents = catalog.of_kind(Kind::Agent).count();
        let errors = errors(&findings);
        assert_eq!(errors.len(), agents, "{errors:#?}");
        for error in errors {
            let missing = "E-REF-MISSING ModelEndpoint `openai-default` does not exist";
            assert!(error.contains(missing), "{error}");
        }
        assert_eq!(catalog.of_kind(Kind::AgentSystem).count(), 1);
    }
}

#[test]
fn every_use_case_holds_together() {
    let folder = examples();
    for bundle in [
        "cross-functional-pmo",
        "event-driven-webhook",
        "roadmap-synthesis-swarm",
        "weekly-intelligence-brief",
    ] {
        let (catalog, findings) = joined(&folder.join("use-cases").join(bundle));
        assert_eq!(errors(&findings), Vec::<String>::new(), "{bundle}");
        assert_eq!(catalog.of_kind(Kind::AgentSystem).count(), 1);
    }
}

#[test]
fn catalogue_of_single_objects_defines_one_agent_twice() {
    let folder = examples();
    let (_, findings) = joined(&folder.join("resources"));
    let errors = errors(&findings);
    let twice = "E-GRAPH-DUPLICATE Agent default/research-agent is defined twice";
    assert!(
        errors.iter().any(|line| line.contains(twice)),
        "{errors:#?}"
    );
    let others = errors.iter().filter(|line| !line.contains(twice));
    for error in others {
        assert!(error.contains("E-REF-MISSING"), "{error}");
    }
}
