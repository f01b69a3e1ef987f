use super::fake::{End, Fake, Script, call, chunks, hello_stream, streamed, upstream};
use crate::{
    providers::{ChatContent, Upstream},
    stopwatch::Stopwatch,
};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;

const STREAM: &str = ": ready\r\n\r\ndata: {\"id\":\"1\",\"model\":\"up-2024\",\"choices\":[],\"prompt_filter_results\":[]}\n\ndata: {\"id\":\"1\",\"model\" : \"up-2024\",\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\\\"error\\\":\"}}]}\n\ndata: [DONE]\n\n";

fn openai(fake: &Fake) -> Upstream {
    upstream("openai", &fake.url(), &json!({}))
}

/// Gives up a silent provider soon.
fn hasty(fake: &Fake) -> Upstream {
    let timeouts = json!({"timeouts": {"first_byte": "1s", "idle": "500ms"}});
    upstream("openai", &fake.url(), &timeouts)
}

#[tokio::test]
async fn line_40_stream_is_forwarded_byte_for_byte_wherever_it_is_cut() {
    let fake = Fake::start(Script::sse(STREAM)).await;
    let upstream = openai(&fake);
    for cut in 0..STREAM.len() {
        fake.set(Script::sse(STREAM).cut(cut));
        let got = streamed(&upstream, call(&hello_stream())).await.unwrap();
        assert_eq!(got, STREAM, "cut at {cut}");
    }
}

#[tokio::test]
async fn al_16_model_is_rewritten_in_each_frame_when_asked() {
    let fake = Fake::start(Script::sse(STREAM)).await;
    let mut asked = call(&hello_stream());
    asked.response_model = Some("fast".into());
    let got = streamed(&openai(&fake), asked).await.unwrap();
    assert_eq!(got, STREAM.replace("up-2024", "fast"));
}

#[tokio::test]
async fn line_49_stream_that_ends_early_gets_an_error_frame_and_no_done() {
    let cut = "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"id\":\"1\",\"cho";
    let fake = Fake::start(Script::sse(cut)).await;
    for (end, status) in [
        (End::Close, "upstream_error"),
        (End::Break, "upstream_error"),
        (End::Hang, "timeout"),
    ] {
        fake.set(Script::sse(cut).end(end));
        let got = streamed(&hasty(&fake), call(&hello_stream()))
            .await
            .unwrap();
        let chunks = chunks(&got);
        assert_eq!(chunks.len(), 2, "{got}");
        assert_eq!(chunks[1]["error"]["type"], status);
        assert!(!got.contains("[DONE]"));
    }
}

#[tokio::test]
async fn stream_whose_last_blank_line_is_missing_is_complete() {
    let fake = Fake::start(Script::sse("data: {\"choices\":[]}\n\ndata: [DONE]")).await;
    let got = streamed(&openai(&fake), call(&hello_stream()))
        .await
        .unwrap();
    assert_eq!(got, "data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
}

#[tokio::test]
async fn line_50_error_inside_a_stream_ends_it_without_done() {
    let text = "data: {\"choices\":[]}\n\ndata: {\"error\": {\"message\":\"overheated\",\"type\":\"server_error\"}}\n\ndata: [DONE]\n\n";
    let fake = Fake::start(Script::sse(text)).await;
    let got = streamed(&openai(&fake), call(&hello_stream()))
        .await
        .unwrap();
    let chunks = chunks(&got);
    assert_eq!(chunks[1]["error"]["message"], "overheated");
    assert_eq!(chunks[1]["error"]["orloj"]["endpoint"], "default/here");
    assert!(!got.contains("[DONE]"));
}

#[tokio::test]
async fn failure_before_the_first_frame_is_an_error_and_no_stream() {
    let fake = Fake::start(Script::sse("")).await;
    for (script, status) in [
        (Script::sse(""), 502),
        (Script::sse("").end(End::Break), 502),
        (Script::sse("").end(End::Hang), 504),
        (
            Script::sse("data: {\"error\":{\"message\":\"x\"}}\n\n"),
            502,
        ),
        (Script::json(200, &json!({"error": {"message": "x"}})), 502),
        (Script::json(200, &json!({"choices": []})), 502),
    ] {
        fake.set(script);
        let error = streamed(&hasty(&fake), call(&hello_stream()))
            .await
            .unwrap_err();
        assert_eq!(error.status, status, "{error}");
        assert!(error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn frame_over_the_limit_ends_the_stream_with_an_error() {
    let text = format!(
        "data: {{\"choices\":[]}}\n\ndata: {}",
        "x".repeat((1 << 20) + 1)
    );
    let fake = Fake::start(Script::sse(&text)).await;
    let got = streamed(&openai(&fake), call(&hello_stream()))
        .await
        .unwrap();
    assert!(
        chunks(&got)[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("larger than"),
        "{got}"
    );
}

#[tokio::test]
async fn line_56_first_frame_is_out_before_the_second_arrives_and_dropping_cancels() {
    let fake = Fake::start(Script::sse("data: {\"choices\":[]}\n\n").end(End::Hang)).await;
    let upstream = openai(&fake);
    let ChatContent::Stream(mut frames) =
        upstream.chat(call(&hello_stream())).await.unwrap().content
    else {
        panic!("no stream");
    };
    assert_eq!(
        frames.next().await.unwrap().bytes,
        "data: {\"choices\":[]}\n\n"
    );
    drop(frames);
    let dropped = Stopwatch::start();
    assert!(fake.was_cancelled().await);
    assert!(dropped.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn deadline_of_the_call_ends_a_stream_too() {
    let fake = Fake::start(Script::sse("data: {\"choices\":[]}\n\n").end(End::Hang)).await;
    let upstream = openai(&fake);
    let mut asked = call(&hello_stream());
    asked.deadline = Some(Duration::from_millis(500));
    let got = streamed(&upstream, asked).await.unwrap();
    assert_eq!(chunks(&got)[1]["error"]["orloj"]["timeout"], "total");
}

#[tokio::test]
async fn frames_tell_tokens_and_failures_to_whoever_counts() {
    let told = "data: {\"choices\":[],\"usage\":null}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
    let fake = Fake::start(Script::sse(told)).await;
    let answer = openai(&fake).chat(call(&hello_stream())).await.unwrap();
    let ChatContent::Stream(frames) = answer.content else {
        panic!("a whole answer");
    };
    let frames: Vec<_> = frames.collect().await;
    let usages: Vec<_> = frames.iter().map(|frame| frame.usage.is_some()).collect();
    assert_eq!(usages, [false, true, false]);
    assert_eq!(frames[1].usage.unwrap().total_tokens(), 9);
    let failed = frames[2].error.as_ref().unwrap();
    assert_eq!(failed.status, 502);
}

const COUNTED: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\ndata: {\"choices\":[ ],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

#[tokio::test]
async fn tokens_that_the_client_leaves_open_are_asked_for_and_kept_from_it() {
    let fake = Fake::start(Script::sse(COUNTED)).await;
    for provider in ["openai", "openai-compatible"] {
        let upstream = upstream(provider, &fake.url(), &json!({}));
        let mut asked = call(&hello_stream());
        asked.asks_usage = true;
        let answer = upstream.chat(asked).await.unwrap();
        assert!(answer.adjusted.is_empty());
        let ChatContent::Stream(frames) = answer.content else {
            panic!("a whole answer");
        };
        let frames: Vec<_> = frames.collect().await;
        let counted: Vec<_> = frames.iter().filter_map(|frame| frame.usage).collect();
        assert_eq!(counted.len(), 1);
        assert_eq!(counted[0].total_tokens(), 9);
        let bytes: Vec<_> = frames.iter().map(|frame| &*frame.bytes).collect();
        let told = String::from_utf8(bytes.concat()).unwrap();
        let whole = COUNTED.split_inclusive("\n\n").collect::<Vec<_>>();
        assert_eq!(told, [whole[0], whole[2]].concat());
        // Every other byte went out as it came.
        let body = fake.last().body;
        let said = String::from_utf8(body.to_vec()).unwrap();
        let plain = hello_stream().to_string();
        let asking = "{\"stream_options\":{\"include_usage\":true},";
        assert_eq!(said, plain.replacen('{', asking, 1));
    }
}

#[tokio::test]
async fn what_the_client_says_of_its_tokens_is_left_alone() {
    let fake = Fake::start(Script::sse(COUNTED)).await;
    for options in [
        json!({"include_usage": false}),
        json!({"include_usage": true}),
    ] {
        let mut body = hello_stream();
        body["stream_options"] = options;
        let told = streamed(&openai(&fake), call(&body)).await.unwrap();
        assert_eq!((told.as_str(), fake.last().json()), (COUNTED, body));
    }
    // What is not streamed is counted anyway.
    let mut whole = call(&super::fake::hello());
    whole.asks_usage = true;
    let _ = openai(&fake).chat(whole).await;
    assert_eq!(fake.last().json(), super::fake::hello());
    // Null says nothing.
    let mut body = hello_stream();
    body["stream_options"] = json!(null);
    let mut asked = call(&body);
    asked.asks_usage = true;
    streamed(&openai(&fake), asked).await.unwrap();
    body["stream_options"] = json!({"include_usage": true});
    assert_eq!(fake.last().json(), body);
}

#[tokio::test]
async fn a_chunk_that_counts_beside_its_text_goes_on() {
    let beside = COUNTED.replace("[ ]", "[{\"delta\":{}}]");
    let fake = Fake::start(Script::sse(&beside)).await;
    let mut asked = call(&hello_stream());
    asked.asks_usage = true;
    assert_eq!(streamed(&openai(&fake), asked).await.unwrap(), beside);
}

#[tokio::test]
async fn a_server_that_does_not_know_the_question_is_asked_once_and_then_never_again() {
    let refusal = json!({"error": {"message": "Unrecognized request argument supplied: stream_options",
        "type": "invalid_request_error"}});
    let fake = Fake::start(Script::json(400, &refusal)).await;
    let upstream = openai(&fake);
    let asked = || {
        let mut asked = call(&hello_stream());
        asked.asks_usage = true;
        asked
    };
    // It refuses everything: both ways were tried, and the second is what the client hears of.
    let error = streamed(&upstream, asked()).await.unwrap_err();
    assert_eq!((error.status, fake.calls()), (400, 2));
    assert_eq!(fake.last().json(), hello_stream());
    fake.last();
    fake.set(Script::sse(COUNTED));
    // Nobody knows who asked for the tokens that come all the same.
    assert_eq!(streamed(&upstream, asked()).await.unwrap(), COUNTED);
    assert_eq!((fake.calls(), fake.last().json()), (1, hello_stream()));
}

#[tokio::test]
async fn a_server_may_refuse_the_question_in_words_of_its_own() {
    let problem = json!([{"type": "extra_forbidden", "loc": ["body", "stream_options"],
        "msg": "Extra inputs are not permitted"}]);
    for refusal in [
        json!({"detail": problem}),
        json!({"object": "error", "message": {"detail": problem}}),
        json!({"object": "error", "message": "unknown field \"stream_options\"", "code": 400}),
    ] {
        let fake = Fake::start(Script::json(422, &refusal)).await;
        let mut asked = call(&hello_stream());
        asked.asks_usage = true;
        let error = streamed(&openai(&fake), asked).await.unwrap_err();
        assert!(error.message.contains("stream_options"), "{error}");
        assert_eq!(fake.calls(), 2);
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_is_not_sent_twice() {
    let refusal = json!({"error": {"message": "no such tool"}});
    let fake = Fake::start(Script::json(400, &refusal)).await;
    let mut asked = call(&hello_stream());
    asked.asks_usage = true;
    assert_eq!(
        streamed(&openai(&fake), asked).await.unwrap_err().status,
        400
    );
    assert_eq!(fake.calls(), 1);
}
