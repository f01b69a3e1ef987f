//! A webhook brings a push live; whoever sends strange ones, or many, or slowly, costs little.

use crate::support::{
    PATIENCE,
    client::client,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    http_remote::HttpRemote,
    manifests::{alias, mock_endpoint},
    stopwatch::Stopwatch,
};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SECRET: &str = "hook-secret";

/// A repository behind HTTP, a daemon that follows it, and a webhook of GitHub's form.
struct Hooked {
    daemon: Daemon,
    remote: HttpRemote,
    repo: TestRepo,
    _folder: TempDir,
}

impl Hooked {
    fn start(poll: &str) -> Self {
        let repo = TestRepo::with(&[
            ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
            ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
        ]);
        let remote = HttpRemote::of(&repo);
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, SECRET).unwrap();
        let webhooks = format!(
            "webhooks: {{github: {{secret_file: {}}}}}\n",
            file.display()
        );
        let daemon = DaemonBuilder::new()
            .arguments(&["--repo", &remote.url(), "--poll", poll])
            .config(&webhooks)
            .start();
        Self {
            daemon,
            remote,
            repo,
            _folder: folder,
        }
    }

    /// What GitHub would send for a push of this commit.
    fn body(&self, commit: &str) -> String {
        let repository = json!({"clone_url": self.remote.url()});
        json!({"ref": "refs/heads/main", "after": commit, "repository": repository}).to_string()
    }

    /// Sends a webhook that proves itself; says how long the answer took, and what it is.
    #[track_caller]
    fn hook(&self, id: &str, body: &str) -> (Duration, String) {
        let start = Stopwatch::start();
        let request = client()
            .post(format!("{}/webhooks/github", self.daemon.url()))
            .header("x-github-event", "push")
            .header("x-github-delivery", id)
            .header("x-hub-signature-256", proof(body))
            .body(body.to_owned());
        let answer = request.send().unwrap();
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().unwrap();
        (
            start.elapsed(),
            answer["outcome"].as_str().unwrap().to_owned(),
        )
    }

    #[track_caller]
    fn serves(&self, commit: &str) {
        eventually("the commit is served", || {
            (self.daemon.revision() == commit).then_some(())
        });
    }

    fn metric(&self, line: &str) -> bool {
        self.daemon.get("/metrics").text.contains(line)
    }
}

fn proof(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[test]
fn push_is_served_when_its_webhook_comes() {
    let hooked = Hooked::start("1h");
    hooked
        .repo
        .replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = hooked.repo.commit_and_push("fast: small-v2");
    let (_, said) = hooked.hook("1", &hooked.body(&commit));
    assert_eq!(said, "rung");
    hooked.serves(&commit);
    assert_eq!(hooked.hook("1", &hooked.body(&commit)).1, "duplicate");
    assert!(hooked.metric(r#"orloj_webhooks_total{provider="github",result="duplicate"} 1"#));
}

#[test]
fn webhook_that_is_faster_than_the_remote_is_waited_for() {
    let hooked = Hooked::start("1h");
    hooked
        .repo
        .replace("aliases/fast.yaml", "small-v1", "small-v2");
    let before = hooked.daemon.revision();
    let commit = hooked.repo.commit("fast: small-v2");
    hooked.hook("1", &hooked.body(&commit));
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(hooked.daemon.revision(), before);
    hooked.repo.push();
    hooked.serves(&commit);
}

#[test]
fn commit_that_the_remote_never_shows_is_given_up_with_a_warning() {
    let hooked = Hooked::start("1h");
    hooked.hook("1", &hooked.body(&"ab".repeat(20)));
    eventually("it is given up", || {
        let told = "a webhook told of a commit that the remote does not show";
        hooked.daemon.log().contains(told).then_some(())
    });
    let asked = hooked.remote.requests();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(hooked.remote.requests(), asked);
}

#[test]
fn lost_webhook_is_noticed_by_the_poll() {
    let hooked = Hooked::start("1s");
    let change = |from: &str, to: &str| {
        hooked.repo.replace("aliases/fast.yaml", from, to);
        hooked.repo.commit_and_push(to)
    };
    let told = change("small-v1", "small-v2");
    hooked.hook("1", &hooked.body(&told));
    hooked.serves(&told);
    let lost = change("small-v2", "small-v3");
    hooked.serves(&lost);
    eventually("it is noticed", || {
        hooked.metric("orloj_webhook_missed_total 1").then_some(())
    });
    // The log is read by a thread of its own.
    let told = format!(
        "a poll found a commit that no webhook told of; see at the Git host whether the webhook is delivered commit=\"{lost}\""
    );
    eventually("the log says so", || {
        hooked.daemon.log().contains(&told).then_some(())
    });
}

#[test]
fn hostile_repetitions_cost_few_fetches() {
    let hooked = Hooked::start("1h");
    let commit = hooked.daemon.revision();
    let (body, start, before) = (
        hooked.body(&commit),
        Instant::now(),
        hooked.remote.requests(),
    );
    for n in 0..1000 {
        assert_eq!(hooked.hook(&n.to_string(), &body).1, "rung");
    }
    for _ in 0..1000 {
        assert_eq!(hooked.hook("0", &body).1, "duplicate");
    }
    // The window doubles from 50 ms to 2 s while nothing new is found; a look is two requests at most.
    let looks = 8 + start.elapsed().as_secs();
    let asked = (hooked.remote.requests() - before) as u64;
    assert!(
        asked <= 2 * looks,
        "{asked} requests in {:?}",
        start.elapsed()
    );
}

/// How many webhooks come while the Git host is slow; `./test --soak` has more.
#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn deliveries() -> usize {
    let told = std::env::var("ORLOJ_TEST_WEBHOOKS").ok();
    told.map_or(2_000, |number| number.parse().unwrap())
}

#[test]
fn hostile_rate_is_answered_at_once_while_the_git_host_is_slow() {
    let hooked = Hooked::start("1h");
    let slow = Duration::from_secs(2);
    hooked.remote.slow_down(slow);
    let mut times = Vec::new();
    let mut last = hooked.daemon.revision();
    let (pushes, total) = (5, deliveries());
    for n in 0..pushes {
        let (from, to) = (format!("small-v{}", n + 1), format!("small-v{}", n + 2));
        hooked.repo.replace("aliases/fast.yaml", &from, &to);
        last = hooked.repo.commit_and_push(&to);
        let body = hooked.body(&last);
        for m in 0..total / pushes {
            times.push(hooked.hook(&format!("{n}-{m}"), &body).0);
        }
    }
    times.sort();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!(
        "{} webhooks: median {median:?}, longest {longest:?}",
        times.len()
    );
    assert!(median < Duration::from_millis(50), "{median:?}");
    // Not one waited for the Git host.
    assert!(longest < slow / 2, "{longest:?}");
    hooked.serves(&last);
}

#[test]
fn hostile_bodies_without_end_take_bounded_memory() {
    let hooked = Hooked::start("1h");
    let before = hooked.daemon.peak_memory();
    let address = hooked.daemon.url().trim_start_matches("http://").to_owned();
    let endless = |address: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "POST /webhooks/github HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=00\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        // 10 GiB, of which hardly more is taken than the buffers on the way hold.
        let sent = (0..10 << 14).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok());
        let mebibytes = sent.count() / 16;
        assert!(mebibytes < 64, "{mebibytes} MiB were taken");
        let mut answer = String::new();
        // The connection may be reset before the answer is read: not everything was taken.
        let _ = stream.read_to_string(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
            "{answer}"
        );
        !answer.is_empty()
    };
    let answered = thread::scope(|scope| {
        let callers: Vec<_> = (0..200)
            .map(|_| scope.spawn(|| endless(&address)))
            .collect();
        let chat = hooked.daemon.chat("fast");
        assert_eq!(chat.status, 200);
        let joined = callers.into_iter().map(|caller| caller.join().unwrap());
        joined.filter(|answered| *answered).count()
    });
    let grown = hooked.daemon.peak_memory().saturating_sub(before) / 1024;
    eprintln!("200 endless bodies: {answered} answers read, {grown} MiB more");
    assert!(grown < 200 * 2, "{grown} MiB");
    assert!(hooked.metric(r#"result="too_large"} 200"#));
}

#[test]
fn hostile_slowness_is_cut_off_and_others_are_served() {
    let hooked = Hooked::start("1h");
    let address = hooked.daemon.url().trim_start_matches("http://").to_owned();
    let open = |text: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let head = "POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
    let (begun, watch) = (Instant::now(), Stopwatch::start());
    let bodies: Vec<_> = (0..50).map(|_| open(head)).collect();
    let heads: Vec<_> = (0..1000)
        .map(|_| open("POST /webhooks/github HT"))
        .collect();
    let opened = Stopwatch::start();
    let drip = |mut stream: &TcpStream| stream.write_all(b"x");
    let is_closed = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let ended = match stream.peek(&mut [0]) {
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        };
        stream.set_nonblocking(false).unwrap();
        ended
    };
    let mut closed = (None, None);
    while closed.1.is_none() && begun.elapsed() < 2 * PATIENCE {
        for stream in heads.iter().chain(&bodies) {
            if !is_closed(stream) {
                let _ = drip(stream);
            }
        }
        assert_eq!(hooked.daemon.chat("fast").status, 200);
        thread::sleep(Duration::from_millis(500));
        let all_closed = |streams: &[TcpStream]| streams.iter().all(is_closed);
        closed.0 = closed
            .0
            .or_else(|| all_closed(&heads).then(|| opened.elapsed()));
        closed.1 = closed
            .1
            .or_else(|| all_closed(&bodies).then(|| watch.elapsed()));
    }
    eprintln!("heads and bodies were closed after {closed:?}");
    let (heads, bodies) = (closed.0.unwrap(), closed.1.unwrap());
    assert!(heads < Duration::from_secs(10), "{heads:?}");
    assert!(begun.elapsed() > Duration::from_secs(13));
    assert!(bodies < Duration::from_secs(25), "{bodies:?}");
}

#[test]
fn webhook_without_a_secret_stops_the_start() {
    let yaml = "webhooks: {github: {secret_file: /dev/null}}\n";
    let ended = DaemonBuilder::new().config(yaml).run_to_end();
    ended.code(1).complains("holds no secret");
}
