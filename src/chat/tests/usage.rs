//! Tokens as servers count them.

use crate::chat::Usage;
use serde_json::json;

#[test]
fn a_chats_counts_a_responses_and_both_at_once_are_read() {
    let expected = Usage {
        prompt_tokens: 100,
        completion_tokens: 7,
        cached_tokens: 30,
        cache_write_tokens: 20,
        reasoning_tokens: 2,
        estimated: false,
    };
    let prompt = json!({"cached_tokens": 30, "cache_write_tokens": 20});
    let completion = json!({"reasoning_tokens": 2});
    let chat = json!({"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107,
        "prompt_tokens_details": prompt, "completion_tokens_details": completion});
    let response = json!({"input_tokens": 100, "output_tokens": 7,
        "input_tokens_details": prompt, "output_tokens_details": completion});
    let mut both = chat.clone();
    for (name, value) in response.as_object().unwrap() {
        both[name] = value.clone();
    }
    let mut half = both.clone();
    half["input_tokens_details"] = json!(null);
    half["output_tokens_details"] = json!([]);
    for counted in [chat, response, both, half] {
        let usage = Usage::from_json(&counted.to_string());
        assert_eq!(usage, Some(expected), "{counted}");
    }
    let told = expected.to_json();
    assert_eq!(Usage::from_json(&told.to_string()), Some(expected));
    assert_eq!(Usage::from_json("{}"), None);
}
