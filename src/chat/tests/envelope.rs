use crate::chat::{ApiError, BodyError, Dialect, scan, scan_answer, scan_as};

/// Odd on purpose: escapes, a number too large for a double, a repeated unknown field, wild spacing.
const ODD: &str = "\n {\"n\\u0061me\" : \"\\u00e9\u{e9}\",  \"model\":\t\"fa\\u0073t\" ,\"seed\":12345678901234567890123, \"seed\":1.50,\r\n\"messages\":[ {\"role\":\"user\",\"content\":\"{\\\"model\\\":\\\"x\\\"}\"}], \"metadata\":{\"model\":\"inner\"}}\n";

#[test]
fn model_is_spliced_and_every_other_byte_stays() {
    let envelope = scan(ODD.as_bytes()).unwrap();
    assert_eq!(envelope.model.as_deref(), Some("fast"));
    let spliced = envelope.with_model(ODD.as_bytes(), "gpt-\"4\"");
    assert_eq!(spliced, ODD.replace("\"fa\\u0073t\"", "\"gpt-\\\"4\\\"\""));
}

#[test]
fn model_is_inserted_first_when_absent() {
    let body = " {\"messages\":[]}";
    let envelope = scan(body.as_bytes()).unwrap();
    assert_eq!(envelope.model, None);
    assert_eq!(
        envelope.with_model(body.as_bytes(), "m"),
        " {\"model\":\"m\",\"messages\":[]}"
    );
}

#[test]
fn system_prompt_goes_before_the_first_message() {
    let body = r#"{"messages": [{"role":"user","content":"hi"}],"model":"a"}"#;
    let envelope = scan(body.as_bytes()).unwrap();
    assert_eq!(
        envelope.with_system_prompt(body.as_bytes(), "be \"brief\""),
        r#"{"messages": [{"role":"system","content":"be \"brief\""},{"role":"user","content":"hi"}],"model":"a"}"#
    );
    assert_eq!(
        envelope.edited(body.as_bytes(), Some("b"), Some("p")),
        r#"{"messages": [{"role":"system","content":"p"},{"role":"user","content":"hi"}],"model":"b"}"#
    );
}

#[test]
fn system_prompt_in_an_empty_conversation_leaves_no_comma() {
    let body = r#"{"messages":[ ]}"#;
    let envelope = scan(body.as_bytes()).unwrap();
    assert_eq!(
        envelope.with_system_prompt(body.as_bytes(), "p"),
        r#"{"messages":[{"role":"system","content":"p"} ]}"#
    );
}

#[test]
fn line_03_al_23_fields_that_decide_are_refused_when_repeated_even_behind_escapes() {
    for (body, field) in [
        (r#"{"model":"a","messages":[],"model":"b"}"#, "model"),
        (r#"{"model":"a","messages":[],"mod\u0065l":"b"}"#, "model"),
        (r#"{"messages":[],"messages":[]}"#, "messages"),
        (r#"{"messages":[],"stream":true,"stream":false}"#, "stream"),
    ] {
        assert_eq!(
            scan(body.as_bytes()),
            Err(BodyError::Duplicate(field)),
            "{body}"
        );
    }
}

#[test]
fn model_in_other_letter_case_is_refused() {
    let body = r#"{"model":"a","Model":"b","messages":[]}"#;
    let error = scan(body.as_bytes()).unwrap_err();
    assert_eq!(error, BodyError::ModelCase("Model".into()));
    assert_eq!(ApiError::from(error).param.as_deref(), Some("model"));
}

#[test]
fn model_of_a_wrong_type_or_blank_is_refused_naming_the_field() {
    for model in ["1", "null", "[]", "{}", "true", "\"\"", "\"  \\t\""] {
        let body = format!(r#"{{"model":{model},"messages":[]}}"#);
        let error = ApiError::from(scan(body.as_bytes()).unwrap_err());
        assert_eq!(
            (error.status, error.param.as_deref()),
            (400, Some("model")),
            "{body}"
        );
    }
}

#[test]
fn bodies_that_are_not_one_object_are_refused() {
    for body in [
        "",
        "[]",
        "\"x\"",
        "{",
        "{\"messages\":[]} x",
        "{\"messages\":[],}",
        "null",
    ] {
        assert!(
            matches!(scan(body.as_bytes()), Err(BodyError::NotJson(_))),
            "{body}"
        );
    }
    assert!(matches!(
        scan(b"{\"a\":\"\xff\",\"messages\":[]}"),
        Err(BodyError::NotJson(_))
    ));
}

#[test]
fn messages_and_stream_have_their_types() {
    for (body, error) in [
        (r"{}", BodyError::Messages),
        (r#"{"messages":"hi"}"#, BodyError::Messages),
        (r#"{"messages":[],"stream":"yes"}"#, BodyError::Stream),
        (
            r#"{"messages":[],"stream_options":1}"#,
            BodyError::StreamOptions,
        ),
    ] {
        assert_eq!(scan(body.as_bytes()), Err(error));
    }
    let body = br#"{"messages":[],"stream":true,"stream_options":{"include_usage":false}}"#;
    let envelope = scan(body).unwrap();
    assert!(envelope.stream);
    assert_eq!(envelope.include_usage, Some(false));
    assert!(!scan(br#"{"messages":[],"stream":null}"#).unwrap().stream);
}

#[test]
fn f13_deep_nesting_is_refused_without_overflow() {
    let nested = |count: usize| {
        let (open, close) = ("[".repeat(count), "]".repeat(count));
        format!("{{\"messages\":[],\"x\":{open}{close}}}")
    };
    assert!(scan(nested(127).as_bytes()).is_ok());
    for count in [128, 200_000] {
        assert_eq!(scan(nested(count).as_bytes()), Err(BodyError::Depth));
    }
}

#[test]
fn answer_model_is_rewritten_in_place_and_usage_read() {
    let answer = r#"{ "id":"1","model" : "up-2024","choices":[{"message":{"content":"\"model\":\"x\""}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    let scan = scan_answer(Dialect::Chat, answer).unwrap();
    let usage = scan.usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.total_tokens()
        ),
        (9, 4, 11)
    );
    assert_eq!(
        scan.with_model(answer, "fast"),
        answer.replace("up-2024", "fast")
    );
}

#[test]
fn embeddings_need_an_input_and_take_no_prompt() {
    let scan = |body: &str| scan_as(Dialect::Embeddings, body.as_bytes());
    let body = r#"{"input":[1,2],"stream":"x","messages":1,"model":"m"}"#;
    let envelope = scan(body).unwrap();
    assert!(!envelope.is_conversation() && !envelope.stream);
    assert_eq!(
        envelope.edited(body.as_bytes(), Some("n"), Some("p")),
        body.replace("\"m\"", "\"n\"")
    );
    for body in ["{}", r#"{"input":null}"#] {
        assert_eq!(scan(body), Err(BodyError::Input), "{body}");
    }
    let twice = r#"{"input":"a","input":"b"}"#;
    assert_eq!(scan(twice), Err(BodyError::Duplicate("input")));
}

#[test]
fn a_messages_prompt_goes_in_front_of_the_system_whatever_its_form() {
    for (body, expected) in [
        (
            r#"{"messages":[]}"#,
            r#"{"system":"be \"brief\"","messages":[]}"#,
        ),
        (
            r#"{"system": null,"messages":[]}"#,
            r#"{"system": "be \"brief\"","messages":[]}"#,
        ),
        (
            r#"{"messages":[], "system":"m\u0069ne"}"#,
            r#"{"messages":[], "system":"be \"brief\"\n\nmine"}"#,
        ),
        (
            r#"{"system":[],"messages":[]}"#,
            r#"{"system":[{"type":"text","text":"be \"brief\""}],"messages":[]}"#,
        ),
        (
            r#"{"system": [ {"type":"text","text":"mine"}],"messages":[]}"#,
            r#"{"system": [{"type":"text","text":"be \"brief\""}, {"type":"text","text":"mine"}],"messages":[]}"#,
        ),
    ] {
        for dialect in [Dialect::Messages, Dialect::CountTokens] {
            let envelope = scan_as(dialect, body.as_bytes()).unwrap();
            assert_eq!(
                envelope.with_system_prompt(body.as_bytes(), "be \"brief\""),
                expected
            );
        }
    }
    let scan = |body: &str| scan_as(Dialect::Messages, body.as_bytes());
    assert_eq!(
        scan(r#"{"messages":[],"system":{}}"#),
        Err(BodyError::System)
    );
    assert_eq!(
        scan(r#"{"messages":[],"system":"a","system":"b"}"#),
        Err(BodyError::Duplicate("system"))
    );
}

#[test]
fn a_responses_prompt_goes_in_front_of_the_instructions() {
    for (body, expected) in [
        (r#"{"model":"a"}"#, r#"{"instructions":"p","model":"a"}"#),
        (
            r#"{"instructions":"mine"}"#,
            r#"{"instructions":"p\n\nmine"}"#,
        ),
        (r#"{"instructions": null}"#, r#"{"instructions": "p"}"#),
    ] {
        let envelope = scan_as(Dialect::Responses, body.as_bytes()).unwrap();
        assert_eq!(envelope.with_system_prompt(body.as_bytes(), "p"), expected);
    }
    let scan = |body: &str| scan_as(Dialect::Responses, body.as_bytes());
    assert_eq!(scan(r#"{"instructions":[]}"#), Err(BodyError::Instructions));
    assert_eq!(
        scan("{ }").unwrap().with_model(b"{ }", "m"),
        "{\"model\":\"m\" }"
    );
}

#[test]
fn only_the_limits_of_the_own_dialect_bound_an_answer() {
    let most = |dialect: Dialect, limits: &str| {
        let body = format!(r#"{{"messages":[],"input":"x",{limits}}}"#);
        scan_as(dialect, body.as_bytes()).unwrap().max_output()
    };
    for (dialect, limit) in [
        (Dialect::Chat, "max_tokens"),
        (Dialect::Chat, "max_completion_tokens"),
        (Dialect::Messages, "max_tokens"),
        (Dialect::Responses, "max_output_tokens"),
    ] {
        let own = format!(r#""{limit}":5"#);
        assert_eq!(most(dialect, &own), Some(5), "{dialect:?} {limit}");
    }
    for (dialect, limit) in [
        (Dialect::Chat, "max_output_tokens"),
        (Dialect::Messages, "max_completion_tokens"),
        (Dialect::Messages, "max_output_tokens"),
        (Dialect::Responses, "max_tokens"),
        (Dialect::Responses, "max_completion_tokens"),
    ] {
        // A field that the dialect does not know goes on whatever it is.
        for value in ["5", "\"x\""] {
            let other = format!(r#""{limit}":{value}"#);
            assert_eq!(most(dialect, &other), None, "{dialect:?} {limit}");
        }
    }
    let several = r#""max_tokens":5,"max_completion_tokens":7,"n":3"#;
    assert_eq!(most(Dialect::Chat, several), Some(21));
    assert_eq!(most(Dialect::Messages, r#""max_tokens":5,"n":3"#), Some(5));
}

#[test]
fn a_bound_is_a_whole_number_or_null_which_means_absent() {
    for name in ["max_tokens", "max_completion_tokens", "n"] {
        let with = |value: &str| {
            let body = format!(r#"{{"messages":[],"{name}": {value}}}"#);
            scan(body.as_bytes())
        };
        let absent = with("null").unwrap();
        assert_eq!((absent.max_output(), absent.answers), (None, 1), "{name}");
        assert!(with("0").is_ok(), "{name}");
        for value in [
            "-1",
            "\"9\"",
            "2.0",
            "1e3",
            "true",
            "[]",
            "{}",
            "99999999999999999999",
        ] {
            let error = with(value).unwrap_err();
            assert_eq!(error, BodyError::Number(name), "{value}");
            let answer = ApiError::from(error);
            assert_eq!((answer.status, answer.param.as_deref()), (400, Some(name)));
        }
        let twice = format!(r#"{{"messages":[],"{name}":1,"{name}":null}}"#);
        assert_eq!(scan(twice.as_bytes()), Err(BodyError::Duplicate(name)));
    }
}
