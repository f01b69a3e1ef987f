//! What we accept, a second YAML parser accepts too and reads as the same identities.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orloj::{
    manifest::parse_file,
    model::{Finding, code},
};
use saphyr::{LoadableYamlNode as _, Yaml};

fuzz_target!(|text: &str| {
    let parsed = parse_file(&"f.yaml".into(), text.as_bytes());
    // Documents beside one that is no YAML are read; the other parser refuses the whole text.
    let syntax = |finding: &Finding| finding.code == code::YAML_SYNTAX;
    if parsed.resources.is_empty() || parsed.findings.iter().any(syntax) {
        return;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents = match Yaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => panic!("we accept what the other parser refuses: {error}"),
    };
    for resource in &parsed.resources {
        let named = documents.iter().any(|document| {
            let name = document
                .as_mapping_get("metadata")
                .and_then(|metadata| metadata.as_mapping_get("name"));
            match name.map(|name| (name.as_str(), name)) {
                Some((Some(name), _)) => name.trim() == &*resource.id.name,
                // We keep the source text of a name that looks like a number.
                Some((None, _)) => true,
                None => false,
            }
        });
        assert!(
            named,
            "{} is not in the other parser's documents",
            resource.id
        );
    }
});
