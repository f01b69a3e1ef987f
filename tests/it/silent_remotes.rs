//! Git servers that fall silent: each fetch ends at its deadline, the next one is made, and a thousand of them
//! leave nothing behind in the daemon.

use crate::support::{
    client,
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    held::Held,
    manifests::{alias, mock_endpoint},
    serving::Authority,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How many fetches a daemon goes through.
const CYCLES: usize = 1_000;

/// Looked at together: the first ones, some in the middle, and the last ones.
const GROUP: usize = 100;

/// What memory may grow by while the allocator still takes what it will use, in KiB (4,400 were measured), and
/// by what it goes up and down later.
const WARMING_KIB: u64 = 8_192;
const SAME_KIB: u64 = 2_048;

/// How long one fetch may take.
const DEADLINE: Duration = Duration::from_millis(20);

const COMMIT: &str = "1111111111111111111111111111111111111111";

/// How far a connection comes before nothing more, or nothing of use, is sent.
const STAGES: usize = 5;

/// A server over TLS of which every connection falls silent at another stage, the one least reached so far.
struct SilentRemote {
    address: String,
    reached: Arc<[AtomicUsize; STAGES]>,
    _runtime: tokio::runtime::Runtime,
}

impl SilentRemote {
    fn start(authority: &Authority) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!(
            "https://localhost:{}/a.git",
            listener.local_addr().unwrap().port()
        );
        let reached: Arc<[AtomicUsize; STAGES]> = Arc::default();
        let (count, acceptor) = (Arc::clone(&reached), authority.acceptor());
        let handle = runtime.handle().clone();
        runtime.spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                // On a busy machine the deadline comes before the late stages more often than not.
                let least = (0..STAGES).min_by_key(|stage| count[*stage].load(SeqCst));
                let stage = least.unwrap();
                let (count, acceptor) = (Arc::clone(&count), acceptor.clone());
                handle.spawn(async move {
                    let _ = go_silent(socket, &acceptor, stage, &count).await;
                });
            }
        });
        Self {
            address,
            reached,
            _runtime: runtime,
        }
    }
}

/// Behaves well up to a stage, and says so when it is reached.
async fn go_silent(
    socket: TcpStream,
    acceptor: &TlsAcceptor,
    stage: usize,
    reached: &[AtomicUsize; STAGES],
) -> std::io::Result<()> {
    let reach = |of: usize| reached[of].fetch_add(1, SeqCst);
    if stage == 0 {
        reach(0);
        return until_closed(socket).await;
    }
    let mut stream = acceptor.accept(socket).await?;
    head(&mut stream).await?;
    if stage == 1 {
        reach(1);
        return until_closed(stream).await;
    }
    let open = "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-advertisement\r\ntransfer-encoding: chunked\r\n\r\n";
    if stage == 2 {
        stream.write_all(open.as_bytes()).await?;
        reach(2);
        loop {
            // Never a whole line.
            stream.write_all(b"1\r\n0\r\n").await?;
            stream.flush().await?;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let begin = line("# service=git-upload-pack\n") + "0000";
    if stage == 3 {
        let all = open.to_owned() + &chunk(begin.as_bytes());
        stream.write_all(all.as_bytes()).await?;
        reach(3);
        for number in 0_u64.. {
            let reference = line(&format!("{COMMIT} refs/heads/b{number}\n"));
            stream
                .write_all(chunk(reference.as_bytes()).as_bytes())
                .await?;
        }
    }
    let capabilities = "multi_ack_detailed side-band-64k ofs-delta shallow no-progress";
    let references = line(&format!("{COMMIT} refs/heads/main\0{capabilities}\n"));
    let body = format!("{begin}{references}0000");
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-advertisement\r\ncontent-length: ";
    stream
        .write_all(format!("{answer}{}\r\n\r\n{body}", body.len()).as_bytes())
        .await?;
    head(&mut stream).await?;
    let shallow = line(&format!("shallow {COMMIT}")) + "0000" + &line("NAK\n");
    let mut pack = b"\x01PACK\0\0\0\x02\0\0\0\x03".to_vec();
    pack.splice(0..0, format!("{:04x}", pack.len() + 4).into_bytes());
    let open = "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-result\r\ncontent-length: 1000000\r\n\r\n";
    stream
        .write_all(format!("{open}{shallow}").as_bytes())
        .await?;
    stream.write_all(&pack).await?;
    stream.flush().await?;
    reach(4);
    until_closed(stream).await
}

/// The head of a request; what follows it is left to [`until_closed`].
async fn head(stream: &mut TlsStream<TcpStream>) -> std::io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}

async fn until_closed(mut stream: impl tokio::io::AsyncRead + Unpin) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// A line of Git's protocol.
fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

fn chunk(bytes: &[u8]) -> String {
    format!(
        "{:x}\r\n{}\r\n",
        bytes.len(),
        std::str::from_utf8(bytes).unwrap()
    )
}

/// Has the daemon fetch a thousand times in vain, and holds the last ones against the first ones.
fn fail_a_thousand_times(daemon: &Daemon) {
    let url = format!("{}/api/v1/sync", daemon.url());
    let client = client::client();
    let [mut first, mut middle, mut last] = [Held::default(); 3];
    let started = Instant::now();
    for cycle in 0..CYCLES {
        let answer = client
            .post(&url)
            .json(&serde_json::json!({}))
            .send()
            .unwrap();
        let text = answer.text().unwrap();
        assert!(text.contains("\"retry\""), "{text}");
        if cycle < GROUP {
            first = first.max(Held::by(daemon));
        } else if (CYCLES / 2..CYCLES / 2 + GROUP).contains(&cycle) {
            middle = middle.max(Held::by(daemon));
        } else if cycle >= CYCLES - GROUP {
            last = last.max(Held::by(daemon));
        }
    }
    let all = format!("{first:?} {middle:?} {last:?}");
    eprintln!("{CYCLES} fetches in {:?}: {all}", started.elapsed());
    assert!(last.memory_kib <= first.memory_kib + WARMING_KIB, "{all}");
    assert!(last.memory_kib <= middle.memory_kib + SAME_KIB, "{all}");
    // The pool of threads that may wait grows to what a busy machine once needed, and no further.
    assert!(last.threads <= first.threads + 8, "{all}");
    assert!(last.threads <= middle.threads + 8, "{all}");
    assert!(last.files <= first.files + 4, "{all}");
}

/// How many files a mirror holds.
fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap();
    let count = |path: std::path::PathBuf| if path.is_dir() { files(&path) } else { 1 };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}

fn settings(more: &str) -> String {
    format!(
        "limits: {{fetch_timeout: {}ms}}\n{more}",
        DEADLINE.as_millis()
    )
}

#[test]
fn thousand_fetches_from_servers_that_fall_silent_leave_nothing_behind() {
    let authority = Authority::for_hosts(&["localhost"]);
    let remote = SilentRemote::start(&authority);
    let trust = format!("auth: {{ca_file: {}}}\n", authority.certificate().display());
    let daemon = DaemonBuilder::new()
        .repo(&remote.address)
        .config(&settings(&trust))
        .start_unready();
    let mirror = daemon.data_dir().join("mirror");
    let before = files(&mirror);
    fail_a_thousand_times(&daemon);
    assert_eq!(files(&mirror), before);
    let reached = remote.reached.each_ref().map(|count| count.load(SeqCst));
    eprintln!("stages reached: {reached:?}");
    assert!(
        reached.iter().all(|count| *count >= GROUP / STAGES),
        "{reached:?}"
    );
}

#[test]
fn thousand_fetches_from_an_ssh_that_says_nothing_leave_nothing_behind() {
    let folder = tempfile::TempDir::new().unwrap();
    let ssh = folder.path().join("ssh");
    fs::write(&ssh, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let daemon = DaemonBuilder::new()
        .repo("ssh://git@host.test/a.git")
        .variable("PATH", &path)
        .config(&settings(""))
        .start_unready();
    fail_a_thousand_times(&daemon);
}

#[test]
fn server_that_speaks_again_is_served_from() {
    let repo = TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ]);
    let remote = crate::support::http_remote::HttpRemote::of(&repo);
    remote.slow_down(Duration::from_secs(10));
    let daemon = DaemonBuilder::new()
        .repo(&remote.url())
        .config("limits: {fetch_timeout: 3s}\n")
        .start_unready();
    let answer = daemon.post("/api/v1/sync", &serde_json::json!({}));
    assert!(
        answer.text.contains("took longer than 3 s"),
        "{}",
        answer.text
    );
    remote.slow_down(Duration::ZERO);
    daemon.sync();
    assert!(daemon.chat("fast").content().contains("small-v1"));
}
