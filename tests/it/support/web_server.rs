//! lighttpd with `git http-backend`, over TLS: a web server and a TLS library that are not of our making.

use super::{cli::hermetic, git::TestRepo, serving::Authority};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Where Debian and others keep it.
const PROGRAMS: [&str; 3] = [
    "/usr/sbin/lighttpd",
    "/usr/local/sbin/lighttpd",
    "/usr/bin/lighttpd",
];

/// The user and the password that it wants.
pub(crate) const USER: (&str, &str) = ("bot", "c4nary");

/// A running web server; it ends with this value.
pub(crate) struct WebServer {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl WebServer {
    /// Serves `repo`, which must outlive it, as `localhost`, for [`USER`].
    pub(crate) fn of(repo: &TestRepo, authority: &Authority) -> Self {
        Self::start(repo, authority, "")
    }

    /// The same, for clients with a certificate by the authority alone.
    pub(crate) fn for_clients_of(repo: &TestRepo, authority: &Authority) -> Self {
        let demand = format!(
            "ssl.verifyclient.activate = \"enable\"\nssl.verifyclient.enforce = \"enable\"\n\
             ssl.verifyclient.ca-file = \"{}\"\n",
            authority.certificate().display()
        );
        Self::start(repo, authority, &demand)
    }

    fn start(repo: &TestRepo, authority: &Authority, demand: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("users"), format!("{}:{}\n", USER.0, USER.1)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = format!(
            r#"
server.modules = ("mod_alias", "mod_setenv", "mod_auth", "mod_authn_file", "mod_cgi", "mod_openssl")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{home}"
server.errorlog = "{errors}"
ssl.engine = "enable"
ssl.pemfile = "{pem}"
ssl.privkey = "{key}"
{demand}
alias.url = ("/git" => "{backend}")
cgi.assign = ("" => "")
setenv.add-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "HOME" => "{home}")
auth.backend = "plain"
auth.backend.plain.userfile = "{users}"
auth.require = ("/git" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
"#,
            home = folder.path().display(),
            errors = at("errors"),
            users = at("users"),
            pem = authority.server_certificate().display(),
            key = authority.server_key().display(),
            backend = backend(folder.path()),
            root = repo.bare().parent().unwrap().display(),
        );
        fs::write(at("config"), settings).unwrap();
        let program = PROGRAMS.iter().find(|path| Path::new(path).exists());
        let program = program.expect("lighttpd is missing: run `./test` once, or install it");
        let child = Command::new(program)
            .args(["-D", "-f", &at("config")])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            folder,
            port,
        };
        super::eventually("lighttpd listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        server
    }

    /// The clone URL.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/git/routing.git", self.port)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let errors = fs::read_to_string(self.folder.path().join("errors"));
            eprintln!("--- the log of lighttpd\n{}", errors.unwrap_or_default());
        }
    }
}

/// Git's program for web servers.
fn backend(home: &Path) -> String {
    let output = hermetic(Path::new("git"), home)
        .arg("--exec-path")
        .output()
        .unwrap();
    format!(
        "{}/git-http-backend",
        String::from_utf8(output.stdout).unwrap().trim()
    )
}
