//! OpenSSH's server on a port of the loopback interface, for one key and one host key.

use super::cli::hermetic;
use std::{
    fs,
    io::Read as _,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Where Debian and others keep it. It wants to be called by its whole path.
const PROGRAMS: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];

/// A running `sshd`; it ends with this value.
pub(crate) struct Sshd {
    child: Child,
    folder: TempDir,
    port: u16,
    user: String,
}

impl Sshd {
    /// Starts it, for whoever has the key of [`Sshd::key`].
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        for key in ["host", "user", "stranger"] {
            keygen(&at(key));
        }
        fs::copy(at("user.pub"), at("authorized")).unwrap();
        let port = free_port();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nLogLevel VERBOSE\n",
            at("host").display(),
            at("authorized").display(),
        );
        fs::write(at("config"), settings).unwrap();
        let child = run(&at("config"), &at("log"));
        let sshd = Self {
            child,
            folder,
            port,
            user: user(),
        };
        super::eventually("sshd listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        sshd
    }

    /// Starts it again with another host key, as a machine does that took the place of the first.
    pub(crate) fn change_host_key(&mut self) {
        self.end();
        fs::remove_file(self.at("host")).unwrap();
        keygen(&self.at("host"));
        self.child = run(&self.at("config"), &self.at("log"));
        let port = self.port;
        super::eventually("sshd listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    /// The address of a directory.
    pub(crate) fn url(&self, directory: &Path) -> String {
        format!(
            "ssh://{}@127.0.0.1:{}{}",
            self.user,
            self.port,
            directory.display()
        )
    }

    /// The private key that may log in.
    pub(crate) fn key(&self) -> PathBuf {
        self.at("user")
    }

    /// A private key that may not.
    pub(crate) fn strange_key(&self) -> PathBuf {
        self.at("stranger")
    }

    /// A file of known hosts with the key that the server has now.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.known_hosts_with("host.pub")
    }

    /// A file of known hosts with another key for the server.
    pub(crate) fn other_known_hosts(&self) -> PathBuf {
        self.known_hosts_with("stranger.pub")
    }

    fn known_hosts_with(&self, key: &str) -> PathBuf {
        let key = fs::read_to_string(self.at(key)).unwrap();
        let file = self.at("known_hosts");
        fs::write(&file, format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        file
    }

    /// An agent with the key that may log in.
    pub(crate) fn agent(&self) -> Agent {
        let socket = self.at("agent");
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Agent { child, socket };
        super::eventually("the agent listens", || agent.socket.exists().then_some(()));
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(self.key())
            .env("SSH_AUTH_SOCK", &agent.socket)
            .status();
        assert!(added.unwrap().success());
        agent
    }

    /// What it has written.
    pub(crate) fn log(&self) -> String {
        let mut log = String::new();
        if let Ok(mut file) = fs::File::open(self.at("log")) {
            file.read_to_string(&mut log).unwrap();
        }
        log
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            eprintln!("--- the log of sshd\n{}", self.log());
        }
    }
}

/// A running `ssh-agent`; it ends with this value.
pub(crate) struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    /// What `SSH_AUTH_SOCK` says.
    pub(crate) fn socket(&self) -> &str {
        self.socket.to_str().unwrap()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(config: &Path, log: &Path) -> Child {
    let program = PROGRAMS.iter().find(|path| Path::new(path).exists());
    let program = program.expect("sshd is missing: run `./test` once, or install openssh-server");
    let separation = Path::new("/run/sshd");
    if user() == "root" && !separation.exists() {
        // As the service would: sshd puts what does not need root's rights there.
        fs::create_dir(separation).unwrap();
        fs::set_permissions(separation, fs::Permissions::from_mode(0o755)).unwrap();
    }
    Command::new(program)
        .args(["-D", "-f"])
        .arg(config)
        .arg("-E")
        .arg(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn keygen(file: &Path) {
    let folder = file.parent().unwrap();
    let made = hermetic(Path::new("ssh-keygen"), folder)
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(file)
        .status();
    assert!(made.unwrap().success());
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
