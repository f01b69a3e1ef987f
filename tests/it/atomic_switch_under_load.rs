//! Twenty commits go live under load: nobody sees half of one, and nobody is turned away.

use crate::support::{
    client,
    client::chat_body,
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{agent, alias, mock_endpoint},
};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

const COMMITS: usize = 20;
const CLIENTS: usize = 6;

/// What one request saw.
struct Seen {
    begun: Instant,
    ended: Instant,
    status: u16,
    revision: String,
    content: String,
    whole: bool,
}

/// A commit's number, and from when to when its revision may have been live.
struct Live {
    number: usize,
    from: Instant,
    until: Option<Instant>,
}

/// Each commit renames the endpoint, its model and all that leads to them: a mixture would show.
fn write(repo: &TestRepo, number: usize) {
    if number > 0 {
        repo.remove(&format!("endpoints/e{}.yaml", number - 1));
    }
    let (endpoint, model) = (format!("end{number:02}"), format!("model{number:02}"));
    repo.write(
        &format!("endpoints/e{number}.yaml"),
        &mock_endpoint(&endpoint, &model),
    );
    repo.write("aliases/fast.yaml", &alias("fast", &endpoint, &model));
    repo.write("agents/writer.yaml", &agent("writer", &endpoint));
}

fn ask(base: &str, turn: usize) -> Seen {
    let url = format!("{base}/v1/chat/completions");
    let model = if turn.is_multiple_of(2) {
        "fast"
    } else {
        "agent/writer"
    };
    let begun = Instant::now();
    if turn.is_multiple_of(3) {
        let streamed = client::open_stream(&url, chat_body(model)).finish();
        return Seen {
            begun,
            ended: Instant::now(),
            status: streamed.status,
            whole: streamed.done && streamed.error().is_none(),
            content: streamed.content(),
            revision: streamed.revision.unwrap_or_default(),
        };
    }
    let answer = client::post(&url, &chat_body(model));
    Seen {
        begun,
        ended: Instant::now(),
        status: answer.status,
        whole: answer.body["choices"][0]["finish_reason"] == "stop",
        content: answer.text,
        revision: answer.revision.unwrap_or_default(),
    }
}

fn check(seen: &Seen, lives: &HashMap<String, Live>) {
    assert_eq!(seen.status, 200, "{}", seen.content);
    assert!(seen.whole, "an answer without its end: {}", seen.content);
    let live = lives
        .get(&seen.revision)
        .unwrap_or_else(|| panic!("`{}` was never pushed", seen.revision));
    assert!(seen.ended >= live.from, "served before it was pushed");
    assert!(
        live.until.is_none_or(|until| seen.begun <= until),
        "served after its successor was live"
    );
    for part in [
        format!("end{:02}", live.number),
        format!("model{:02}", live.number),
        seen.revision[..7].to_owned(),
    ] {
        assert!(
            seen.content.contains(&part),
            "header says commit {}, `{part}` is missing in {}",
            live.number,
            seen.content
        );
    }
    for other in (0..=COMMITS).filter(|other| *other != live.number) {
        for word in [format!("end{other:02}"), format!("model{other:02}")] {
            assert!(!seen.content.contains(&word), "mixed: {}", seen.content);
        }
    }
}

#[test]
fn al_25_twenty_commits_go_live_under_load_and_no_request_fails_or_mixes_two() {
    let repo = TestRepo::new();
    write(&repo, 0);
    let first = repo.commit_and_push("commit 0");
    let daemon = DaemonBuilder::on(&repo).start();
    let mut lives = HashMap::new();
    let mut current = first;
    let from = Instant::now();
    lives.insert(
        current.clone(),
        Live {
            number: 0,
            from,
            until: None,
        },
    );

    let stop = AtomicBool::new(false);
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        // Also when an assertion below fails: the clients must end, or the scope never does.
        let _stop = StopOnDrop(&stop);
        for client in 0..CLIENTS {
            let (stop, seen, base) = (&stop, &seen, daemon.url());
            scope.spawn(move || {
                let mut turn = client;
                while !stop.load(Ordering::Relaxed) {
                    let one = ask(base, turn);
                    seen.lock().unwrap().push(one);
                    turn += 1;
                }
            });
        }
        for number in 1..=COMMITS {
            write(&repo, number);
            let from = Instant::now();
            let commit = repo.commit_and_push(&format!("commit {number}"));
            daemon.sync();
            let live = Live {
                number,
                from,
                until: None,
            };
            let before = std::mem::replace(&mut current, commit.clone());
            lives.insert(commit, live);
            lives.get_mut(&before).unwrap().until = Some(Instant::now());
        }
    });

    let seen = seen.into_inner().unwrap();
    for one in &seen {
        check(one, &lives);
    }
    let mut revisions: Vec<_> = seen.iter().map(|one| &one.revision).collect();
    revisions.sort_unstable();
    revisions.dedup();
    assert!(
        revisions.len() > COMMITS / 2,
        "only {} revisions of {COMMITS} were seen in {} answers",
        revisions.len(),
        seen.len()
    );
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
