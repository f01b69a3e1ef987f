//! The contract and the routes say the same.

use crate::chat::Dialect;
use crate::model::Kind;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_route_is_in_the_contract_and_the_other_way_round() {
    let source = include_str!("../router.rs");
    let literals = source
        .split("\"/")
        .skip(1)
        .map(|rest| format!("/{}", rest.split('"').next().unwrap()));
    let mut routed: BTreeSet<String> = literals
        .filter(|path| {
            !path.starts_with("/v1/{}")
                && !path.starts_with("/assets/")
                && !path.ends_with("/{{name}}")
        })
        .map(|path| path.replace("{*id}", "{id}"))
        .filter(|path| !matches!(path.as_str(), "/chat/completions" | "/v1/"))
        .collect();
    for kind in Kind::ALL {
        routed.insert(format!("/v1/{}", kind.plural()));
        routed.insert(format!("/v1/{}/{{name}}", kind.plural()));
    }
    routed.insert("/{endpoint}".to_owned());
    for dialect in Dialect::ALL {
        routed.insert(dialect.path().to_owned());
        routed.insert(format!("/{{endpoint}}{}", dialect.path()));
    }
    routed.insert("/{endpoint}/v1/models".to_owned());
    routed.insert("/{endpoint}/v1/models/{id}".to_owned());
    let contract: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let documented: BTreeSet<String> = contract["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(routed, documented);
}
