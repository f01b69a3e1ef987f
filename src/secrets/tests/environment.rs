use crate::secrets::{SECRET_VARIABLE_PREFIX, environment_names, normalized, reserved};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

#[test]
fn default_namespace_has_the_folded_and_the_documented_spelling() {
    assert_eq!(
        environment_names("default", "openai-api-key"),
        ["ORLOJ_SECRET_OPENAI_API_KEY", "ORLOJ_SECRET_openai_api_key"]
    );
}

#[test]
fn equal_spellings_are_listed_once() {
    assert_eq!(environment_names("default", "KEY"), ["ORLOJ_SECRET_KEY"]);
}

#[test]
fn other_namespaces_stand_in_the_name() {
    assert_eq!(
        environment_names("team-a", "openai.key"),
        ["ORLOJ_SECRET_TEAM_A_OPENAI_KEY"]
    );
}

#[test]
fn variable_of_a_flag_is_reserved() {
    let names = environment_names("default", "encryption-key");
    assert!(names.iter().any(|name| reserved(name)));
    let names = environment_names("encryption", "key");
    assert!(names.iter().any(|name| reserved(name)));
    assert!(
        !environment_names("default", "openai")
            .iter()
            .any(|name| reserved(name))
    );
}

proptest! {
    #[test]
    fn names_never_leave_the_prefix_and_fold_byte_by_byte(
        namespace in any::<String>(),
        name in any::<String>(),
    ) {
        for variable in environment_names(&namespace, &name) {
            prop_assert!(variable.starts_with(SECRET_VARIABLE_PREFIX));
        }
        let folded = normalized(&name);
        prop_assert_eq!(folded.len(), name.len());
        prop_assert!(folded.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_')));
        prop_assert_eq!(normalized(&folded), folded.clone());
        for (was, is) in name.bytes().zip(folded.bytes()) {
            prop_assert!(is == was.to_ascii_uppercase() || (is == b'_' && !was.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn valid_names_give_valid_variables(name in "[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?") {
        let first = environment_names("default", &name).remove(0);
        prop_assert!(first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }
}
