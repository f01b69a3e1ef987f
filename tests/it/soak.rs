//! A daemon under a mixed load for a long time: whole answers, streams, clients that leave, slow readers, upstreams
//! that fail, refused keys, every dialect, and a push each second. Nobody gets another answer than the expected one,
//! nothing is left behind, and each request is in the books exactly once.

mod keys;
mod kinds;
mod raw;
mod upstream;

use crate::support::{
    client::chat_body,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    held::Held,
    manifests::{agent, alias, compatible_endpoint, policy},
};
use keys::{Keys, MOST};
use kinds::{Asker, Fate, KINDS, Kind, SLOW};
use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use upstream::Upstream;

/// How long it takes, in seconds; `./test --soak` takes an hour.
const SECONDS: u64 = 120;

/// Who ask in turn, and who read slowly.
const ASKERS: usize = 10;
const SLOW_READERS: usize = 2;

/// Between two requests of one who asks.
const PAUSE: Duration = Duration::from_millis(120);

/// Between two pushes.
const PUSH_EACH: Duration = Duration::from_millis(900);

/// Memory may be this much more, in KiB, in the last fifth than in the middle one.
/// In two minutes that is 3 KiB for each request, in an hour 100 bytes.
const SAME_KIB: u64 = 8 * 1024;

/// What was asked so far: how often each kind, by what became of it.
type Tally = BTreeMap<(&'static str, &'static str, Fate), u64>;

#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn length() -> Duration {
    let asked = std::env::var("ORLOJ_TEST_SOAK_SECONDS").ok();
    Duration::from_secs(asked.map_or(SECONDS, |text| text.parse().unwrap()))
}

/// Two endpoints on one upstream, and a way to each of its moods.
fn repo(upstream: &Upstream) -> (TestRepo, Keys) {
    let repo = TestRepo::new();
    let url = upstream.base_url();
    let retry = "retry: {max_attempts: 2, backoff: 5ms}";
    for (name, default) in [("main", "good"), ("shaky", "broken")] {
        let more = format!(
            "default_model: {default}\n{retry}\nlimits: [{{per: month, requests: {MOST}}}]"
        );
        let text = compatible_endpoint(name, &url, &more);
        repo.write(&format!("endpoints/{name}.yaml"), &text);
    }
    for model in ["endless", "held", "late", "vectors", "large"] {
        repo.write(
            &format!("aliases/{model}.yaml"),
            &alias(model, "main", model),
        );
    }
    for model in ["limited", "broken", "cut"] {
        repo.write(
            &format!("aliases/{model}.yaml"),
            &alias(model, "shaky", model),
        );
    }
    repo.write("aliases/fast.yaml", &alias("fast", "main", "good"));
    let safe = alias("safe", "shaky", "broken");
    let safe = format!("{safe}  fallbacks:\n    - {{endpoint: main, model: good}}\n");
    repo.write("aliases/safe.yaml", &safe);
    repo.write("agents/writer.yaml", &agent("writer", "main"));
    repo.write("agents/stray.yaml", &agent("stray", "shaky"));
    repo.write("policy.yaml", &policy("good-ones", &["good", "better"]));
    let keys = Keys::make(&repo);
    repo.commit_and_push("everything");
    (repo, keys)
}

/// Pushes a commit that changes a route, and each time in five an endpoint; it is live when this returns.
fn push(repo: &TestRepo, client: &Client, url: &str, number: usize) -> String {
    let model = if number.is_multiple_of(2) {
        "good"
    } else {
        "better"
    };
    repo.write("aliases/fast.yaml", &alias("fast", "main", model));
    if number.is_multiple_of(5) {
        let (from, to) = if number.is_multiple_of(2) {
            (6, 5)
        } else {
            (5, 6)
        };
        let file = "endpoints/main.yaml";
        repo.replace(
            file,
            &format!("backoff: {from}ms"),
            &format!("backoff: {to}ms"),
        );
    }
    let note = format!("commit {number}\n");
    repo.write("README.md", &note);
    let commit = repo.commit_and_push(&note);
    let synced = client.post(format!("{url}/api/v1/sync")).json(&json!({}));
    let synced = synced.send().unwrap();
    assert_eq!(synced.status(), 200, "{}", synced.text().unwrap());
    commit
}

/// A request after a push is answered by what was pushed.
fn is_live(client: &Client, url: &str, keys: &Keys, commit: &str) {
    let request = client.post(format!("{url}/v1/chat/completions"));
    let answer = request.bearer_auth(&keys.good).json(&chat_body("fast"));
    let answer = answer.send().unwrap();
    assert_eq!(answer.status(), 200);
    let revision = answer.headers()["x-orloj-revision"].to_str().unwrap();
    assert_eq!(revision, commit);
    let _ = answer.bytes().unwrap();
}

struct Soak<'a> {
    asker: Asker<'a>,
    stop: AtomicBool,
    tally: Mutex<Tally>,
}

impl Soak<'_> {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, kind: &Kind, fate: Fate) {
        let mut tally = self.tally.lock().unwrap();
        *tally.entry((kind.name, kind.agent, fate)).or_default() += 1;
    }

    fn ask_on(&self, number: usize) {
        let _stop = StopOnPanic(&self.stop);
        let mut turn = number;
        while !self.is_over() {
            let kind = &KINDS[turn % KINDS.len()];
            let fate = (kind.ask)(&self.asker, &format!("{number} {turn}"));
            self.count(kind, fate);
            turn += 1;
            thread::sleep(PAUSE);
        }
    }

    fn read_slowly(&self) {
        let _stop = StopOnPanic(&self.stop);
        while !self.is_over() {
            let fate = (SLOW.ask)(&self.asker, "");
            self.count(&SLOW, fate);
        }
    }

    fn push_on(&self, repo: &TestRepo) {
        let _stop = StopOnPanic(&self.stop);
        let Asker {
            client, url, keys, ..
        } = self.asker;
        let mut number = 1;
        while !self.is_over() {
            let commit = push(repo, client, url, number);
            is_live(client, url, keys, &commit);
            self.count(&KINDS[0], Fate::Finished);
            number += 1;
            thread::sleep(PUSH_EACH);
        }
        eprintln!("{} pushes", number - 1);
    }

    /// What the daemon holds, each second until the end.
    fn watch(&self, daemon: &Daemon, length: Duration) -> Vec<Held> {
        let _stop = StopOnPanic(&self.stop);
        let started = Instant::now();
        let mut samples = Vec::new();
        while started.elapsed() < length && !self.is_over() {
            thread::sleep(Duration::from_secs(1));
            samples.push(Held::by(daemon));
        }
        self.stop.store(true, Ordering::Relaxed);
        samples
    }
}

struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// The fifth that ends after so many fifths: the most of each, but the median of memory, which comes and goes.
fn fifth(samples: &[Held], number: usize) -> Held {
    let part = samples.len() / 5;
    let samples = &samples[part * (number - 1)..part * number];
    let mut memory: Vec<_> = samples.iter().map(|held| held.memory_kib).collect();
    memory.sort_unstable();
    let most = samples.iter().copied().fold(Held::default(), Held::max);
    Held {
        memory_kib: memory[memory.len() / 2],
        ..most
    }
}

fn stayed_flat(samples: &[Held]) {
    let parts = [1, 2, 3, 4, 5].map(|number| fifth(samples, number));
    eprintln!("held, by fifths: {parts:?}");
    let [_, _, middle, _, last] = parts;
    assert!(last.memory_kib <= middle.memory_kib + SAME_KIB, "{parts:?}");
    // The pool of threads that may wait grows to what a busy machine once needed.
    assert!(last.threads <= middle.threads + 8, "{parts:?}");
    let askers = ASKERS + SLOW_READERS;
    assert!(last.files <= middle.files + 2 * askers, "{parts:?}");
}

/// The sum of what was asked that `is_meant` says.
fn sum(tally: &Tally, is_meant: impl Fn(&'static str, Fate) -> bool) -> u64 {
    let meant = tally
        .iter()
        .filter(|((_, agent, fate), _)| is_meant(agent, *fate));
    meant.map(|(_, count)| count).sum()
}

/// The usage of the one that is called so.
fn used(daemon: &Daemon, by: &str, name: &str) -> Value {
    let usage = daemon.get(&format!("/api/v1/usage?by={by}")).body;
    let items = usage["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["name"] == name);
    item.cloned().unwrap_or_default()
}

/// Each request that was let in is in the books once, and no other one.
fn is_accounted_for(daemon: &Daemon, tally: &Tally, asker: &Asker<'_>) {
    let admitted = sum(tally, |_, fate| fate != Fate::Refused);
    let unfinished = sum(tally, |_, fate| fate == Fate::Unfinished);
    let of_agent = sum(tally, |agent, _| agent == "writer");
    eventually("the last record is written", || {
        (used(daemon, "key", "good")["requests"].as_u64()? >= admitted).then_some(())
    });
    // Whatever would come too much has come by then.
    thread::sleep(Duration::from_secs(2));
    let good = used(daemon, "key", "good");
    assert_eq!(good["requests"], admitted, "{tally:?}");
    assert_eq!(good["unfinished"], unfinished, "{tally:?}");
    assert_eq!(used(daemon, "key", "spent")["requests"], 1);
    assert_eq!(used(daemon, "agent", "writer")["requests"], of_agent);
    assert_eq!(used(daemon, "total", "")["requests"], admitted + 1);
    // The key's limit has counted the same, across every push, and this one.
    let request = asker
        .client
        .post(format!("{}/v1/chat/completions", asker.url));
    let answer = request
        .bearer_auth(&asker.keys.good)
        .json(&chat_body("late"));
    let answer = answer.send().unwrap();
    let left = answer.headers()["x-ratelimit-remaining-requests"]
        .to_str()
        .unwrap();
    assert_eq!(left.parse(), Ok(MOST - admitted - 1));
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own client, for the loopback interface only"
)]
fn own_client() -> Client {
    let client = Client::builder().no_proxy();
    client.timeout(Duration::from_mins(5)).build().unwrap()
}

#[test]
fn mixed_load_and_pushes_for_a_long_time_leave_nothing_behind_and_all_is_accounted_for() {
    let upstream = Upstream::start();
    let (repo, keys) = repo(&upstream);
    let daemon = DaemonBuilder::on(&repo).start();
    // What the process needs once is there before anything is counted.
    let _ = daemon.get("/api/v1/usage").status(200);
    let before = Held::by(&daemon);
    let client = own_client();
    let soak = Soak {
        asker: Asker {
            client: &client,
            url: daemon.url(),
            keys: &keys,
            upstream: &upstream,
        },
        stop: AtomicBool::new(false),
        tally: Mutex::default(),
    };
    let request = client.post(format!("{}/v1/chat/completions", daemon.url()));
    let request = request.bearer_auth(&keys.spent).json(&chat_body("fast"));
    assert_eq!(request.send().unwrap().status(), 200);
    let samples = thread::scope(|scope| {
        for number in 0..ASKERS {
            let soak = &soak;
            scope.spawn(move || soak.ask_on(number));
        }
        for _ in 0..SLOW_READERS {
            scope.spawn(|| soak.read_slowly());
        }
        scope.spawn(|| soak.push_on(&repo));
        soak.watch(&daemon, length())
    });
    let tally = soak.tally.lock().unwrap().clone();
    eprintln!("asked: {tally:?}");
    for kind in KINDS.iter().chain([&SLOW]) {
        let times = tally.iter().filter(|((name, ..), _)| *name == kind.name);
        assert!(times.count() == 1, "{} was not asked", kind.name);
    }
    is_accounted_for(&daemon, &tally, &soak.asker);
    stayed_flat(&samples);
    leaves_nothing_open(&daemon, upstream, client, before);
}

/// With those who asked and the one who answered gone, nothing is open that was not at the start.
fn leaves_nothing_open(daemon: &Daemon, upstream: Upstream, client: Client, before: Held) {
    eventually("nobody is waited for", || {
        (upstream.open() == 0).then_some(())
    });
    eprintln!("at most {} open upstream", upstream.most_open());
    drop(client);
    drop(upstream);
    let after = eventually("its connections are closed", || {
        let after = Held::by(daemon);
        (after.files <= before.files + 4).then_some(after)
    });
    eprintln!("held before and after: {before:?} {after:?}");
}
