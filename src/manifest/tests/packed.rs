//! What was packed is read again as it was.

use super::{agent, endpoint, properties::texts};
use crate::manifest::{ParsedFile, parse_file, parse_kept_file};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use std::{fs, path::Path, sync::Arc};

/// Everything a file says, in words.
fn told(parsed: &ParsedFile) -> String {
    format!("{parsed:#?}")
}

/// What is read again of a text, if it can be packed.
fn again(path: &Arc<str>, text: &str) -> Option<(ParsedFile, ParsedFile)> {
    let parsed = parse_file(path, text.as_bytes());
    let bytes = parsed.pack(path)?;
    Some((ParsedFile::unpack(path, &bytes).unwrap(), parsed))
}

fn each_manifest(directory: &Path, look: &mut impl FnMut(&Arc<str>, &str)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_manifest(&path, look);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            let name = path.to_string_lossy().into();
            look(&name, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_good_manifest_without_a_secret_is_read_again_as_it_was() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["sample-repo", "tests/fixtures"] {
        each_manifest(&root.join(folder), &mut |path, text| {
            let parsed = parse_file(path, text.as_bytes());
            let Some((again, _)) = again(path, text) else {
                assert!(!parsed.is_packable(), "{path}");
                return;
            };
            assert_eq!(told(&again), told(&parsed), "{path}");
            count += 1;
        });
    }
    assert!(count > 50, "only {count} manifests");
}

#[test]
fn what_a_backend_adds_to_its_endpoint_is_not_lost() {
    let text = "apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayBackend\nmetadata: {name: b}\nspec:\n  ai: {provider: {openai: {model: m}}}\n  policies: {auth: {secretRef: {name: s}}}\n";
    let (again, parsed) = again(&"b.yaml".into(), text).unwrap();
    assert!(told(&parsed).contains("authorization_first: true"));
    assert_eq!(told(&again), told(&parsed));
}

#[test]
fn secrets_and_errors_are_not_packed() {
    let path: Arc<str> = "f.yaml".into();
    let secret = "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {value: clear}}\n";
    for text in [
        secret.to_owned(),
        format!("{}---\n{secret}", endpoint("")),
        endpoint("  misspelt: 1\n"),
        "kind: [".to_owned(),
    ] {
        assert!(parse_file(&path, text.as_bytes()).pack(&path).is_none());
        assert!(
            parse_kept_file(&path, text.as_bytes())
                .pack(&path)
                .is_none()
        );
    }
}

#[test]
fn warnings_and_moves_are_packed() {
    let text = format!(
        "{}---\nmoved: [{{from: Agent/a, to: Agent/other/b}}, {{from: old/, to: new/}}]\n",
        agent("  limits: {max_steps: -1}\n")
    );
    let (again, parsed) = again(&"f.yaml".into(), &text).unwrap();
    assert_eq!((parsed.findings.len(), parsed.moves.len()), (1, 2));
    assert_eq!(told(&again), told(&parsed));
}

#[test]
fn changed_bytes_are_refused_or_read_and_never_a_defect() {
    let path: Arc<str> = "f.yaml".into();
    let parsed = parse_file(&path, agent("  limits: {max_steps: -1}\n").as_bytes());
    let bytes = parsed.pack(&path).unwrap();
    for at in 0..bytes.len() {
        assert!(ParsedFile::unpack(&path, &bytes[..at]).is_none(), "{at}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let _ = ParsedFile::unpack(&path, &changed);
        }
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(ParsedFile::unpack(&path, &longer).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_packed_is_read_again_as_it_was(text in texts()) {
        let path: Arc<str> = "f.yaml".into();
        if let Some((again, _)) = again(&path, &text) {
            // The journal's files are read as kept ones, and what has no error is read alike.
            let kept = parse_kept_file(&path, text.as_bytes());
            prop_assert_eq!(told(&again), told(&kept));
        }
    }
}
