use crate::manifest::parse_file;

const SMALL: &str =
    "kind: ModelEndpoint\nmetadata: {name: small}\nspec: {provider: mock, default_model: s}\n";

/// `LINE:COLUMN CODE` of what is found behind a good manifest, and every message.
fn stray(text: &str) -> (Vec<String>, String) {
    let text = format!("{SMALL}{text}");
    let parsed = parse_file(&"a.yaml".into(), text.as_bytes());
    let found = parsed.findings.iter().filter(|it| {
        let code = it.code.as_str();
        code == "W-SECRET-STRAY" || code == "E-SECRET-IDENTITY"
    });
    let mut messages = String::new();
    let places = found
        .map(|it| {
            let start = it.origin.span.start;
            messages.push_str(&format!("{} {:?}\n", it.message, it.hint));
            format!("{}:{} {}", start.line, start.column, it.code)
        })
        .collect();
    (places, messages)
}

/// Put together here, so that nobody takes this file for one with credentials.
fn credential(parts: &[&str]) -> String {
    parts.concat()
}

#[test]
fn an_identity_is_an_error_wherever_it_stands_and_never_repeated() {
    let key = credential(&["AGE-SECRET-", "KEY-1", &"QPZRY9X8GF".repeat(6)[..58]]);
    let (places, messages) = stray(&format!("# é our key: {key}\n"));
    assert_eq!(places, ["4:14 E-SECRET-IDENTITY"]);
    assert!(!messages.contains("QPZRY9"), "{messages}");
    let (places, _) = stray(&format!(
        "---\nkind: Secret\nmetadata: {{name: a}}\nspec:\n  stringData:\n    value: {key}\n"
    ));
    assert_eq!(places, ["9:12 E-SECRET-IDENTITY"]);
    assert_eq!(
        stray("# AGE-SECRET-KEY-1… is what it begins with\n").0,
        [""; 0]
    );
}

#[test]
fn keys_of_known_form_and_random_texts_are_warned_of() {
    for value in [
        credential(&["sk-", "proj-abc123DEF456ghi789"]),
        credential(&["ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"]),
        credential(&["github", "_pat_11ABCDEFG0aBcDeFgHiJkL_0123456789abcdef"]),
        credential(&["AKIA", "IOSFODNN7EX4MPL3"]),
        credential(&["hf_", "aBcD1234eFgH5678iJkL9012mNoP34"]),
        credential(&["q7Xz", "9fKp2LmVb8Rt4Wd6YsHj3Nc5Ga1Te0Qu"]),
    ] {
        let (places, messages) = stray(&format!("# use {value}\n"));
        assert_eq!(places, ["4:7 W-SECRET-STRAY"], "{value}");
        assert!(!messages.contains(&value[4..]), "{messages}");
    }
}

#[test]
fn names_digests_public_keys_and_sealed_values_are_none() {
    for text in [
        "anthropic/claude-sonnet-4-20250514-thinking-with-long-name",
        "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo-FP8-Dynamic-2024",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        "018f3c1e-7b9a-7cc0-8b1e-3d5f6a7b8c9d",
        "https://my-resource-name-eastus2.openai.azure.com/openai/deployments/gpt4o",
        "sk-this-is-only-an-example-of-a-name",
        "ENC[AES256_GCM,data:q7Xz9fKp2LmVb8Rt4Wd6YsHj3Nc5Ga1Te0Qu,iv:q7Xz9fKp2LmVb8Rt4Wd6YsHj3Nc5Ga1Te0Qu=]",
    ] {
        assert_eq!(stray(&format!("# {text}\n")).0, [""; 0], "{text}");
    }
    let armor = "-----BEGIN AGE ENCRYPTED FILE-----\n# YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB4\n# -----END AGE ENCRYPTED FILE-----\n";
    let behind = credential(&["sk-", "proj-abc123DEF456ghi789"]);
    let (places, _) = stray(&format!("# {armor}# {armor}# {behind}\n"));
    assert_eq!(places, ["10:3 W-SECRET-STRAY"]);
}

#[test]
fn values_of_a_secret_are_reported_as_such_and_not_twice() {
    let key = credential(&["sk-", "proj-abc123DEF456ghi789"]);
    let secret = format!(
        "---\nkind: Secret\nmetadata: {{name: a}}\nspec:\n  stringData:\n    value: {key}\n"
    );
    assert_eq!(stray(&secret).0, [""; 0]);
}

#[test]
fn many_words_are_looked_at_in_time_that_grows_with_them() {
    let key = credential(&["sk-", "proj-abc123DEF456ghi789"]);
    let armor = "-----BEGIN AGE ENCRYPTED FILE-----\n#-----END AGE ENCRYPTED FILE-----\n";
    let text =
        format!("# {}\n", format!("{key} ").repeat(20_000)) + &format!("#{armor}").repeat(2_000);
    let (places, _) = stray(&text);
    assert_eq!(places.len(), 20);
}
