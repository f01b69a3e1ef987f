//! How many requests to models may be under way at once.

use crate::support::{
    client::{Answer, client},
    daemon::DaemonBuilder,
    eventually,
    git::TestRepo,
    manifests::{mock_endpoint, slow_endpoint},
};
use serde_json::json;
use std::{io::Write as _, net::TcpStream};

#[test]
fn a_request_beyond_the_limit_is_refused_until_a_stream_has_ended() {
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("slow.yaml", &slow_endpoint("slow", "slow-v1", 60_000)),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .config("limits: {chat_concurrency: 1}\n")
        .start();
    // What is refused gives its place back, too.
    for _ in 0..3 {
        daemon.chat("no-such-model").status(404);
        daemon.chat("small").status(200);
    }
    let stream = daemon.stream("slow");
    let refused = daemon.chat("small").error(503, "too_many_requests_at_once");
    assert_eq!(refused.body["error"]["orloj"]["most"], 1);
    let body =
        json!({"model": "small", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    let request = client().post(format!("{}/v1/messages", daemon.url()));
    let refused = request.json(&body).send().unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    let refused = Answer::read(refused);
    assert_eq!(
        (refused.status, &refused.body["error"]["type"]),
        (503, &json!("overloaded_error"))
    );
    let metrics = daemon.get("/metrics").text;
    assert!(
        metrics.contains("orloj_gateway_requests_under_way 1\n"),
        "{metrics}"
    );
    // What is no request to a model is answered all the same.
    daemon.get("/v1/models").status(200);

    drop(stream);
    eventually("a place is free", || {
        (daemon.chat("small").status == 200).then_some(())
    });
}

#[test]
fn f13_bodies_that_stop_half_way_keep_no_other_request_away() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo)
        .config("limits: {chat_concurrency: 1}\n")
        .start();
    let address = daemon.url().replace("http://", "");
    let slow: Vec<_> = (0..3)
        .map(|_| {
            let mut connection = TcpStream::connect(&address).unwrap();
            let head = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"mo"
            );
            connection.write_all(head.as_bytes()).unwrap();
            connection
        })
        .collect();
    // What was sent is read soon.
    std::thread::sleep(std::time::Duration::from_millis(300));
    daemon.chat("small").status(200);
    drop(slow);
}
