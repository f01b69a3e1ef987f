//! Addresses of repositories, brought into one form: only compared, never called.

use std::borrow::Cow;
use url::Url;

/// Hosts that lead to another host's repositories.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
];

/// Where a repository is, without what differs between its addresses: user, scheme, case, `.git`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    host: String,
    /// Ports are compared only among ssh and among HTTP addresses; `None` is the scheme's own.
    port: Option<u16>,
    is_ssh: bool,
    path: String,
}

impl Address {
    /// Reads a URL or `user@host:path`; `None` for what names no host, such as a directory.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), Cow::Borrowed(rest)),
            None => {
                let (host, path) = text.split_once(':')?;
                if host.contains('/') || path.starts_with(':') {
                    return None;
                }
                let rest = format!("{host}/{}", path.trim_start_matches('/'));
                ("ssh".to_owned(), Cow::Owned(rest))
            }
        };
        let (is_ssh, own_port) = match scheme.as_str() {
            "https" => (false, 443),
            "http" => (false, 80),
            "ssh" | "git+ssh" => (true, 22),
            _ => return None,
        };
        // Read as `https`, which has its host in lower case and ASCII. That drops port 443 only.
        let url = Url::parse(&format!("https://{rest}")).ok()?;
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        let port = url.port_or_known_default();
        let has_port = url.port().is_some() || names_port(&rest, 443);
        let port = port.filter(|port| has_port && *port != own_port);
        Some(Self::known(host, port, is_ssh, &decoded(url.path())))
    }

    /// Whether both are the same repository.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same_port = self.is_ssh != other.is_ssh || self.port == other.port;
        same_port && self.host == other.host && self.path == other.path
    }

    /// The same repository under another name of its host, `HOST` or `HOST:PORT`.
    pub(super) fn at_host(&self, host: &str) -> Option<Self> {
        if host.contains(['/', '\\', '@', '?', '#']) {
            return None;
        }
        let scheme = if self.is_ssh { "ssh" } else { "https" };
        let path = self.path.replace('%', "%25");
        Self::parse(&format!("{scheme}://{host}/{path}"))
    }

    fn known(host: String, port: Option<u16>, is_ssh: bool, path: &str) -> Self {
        let path = path.to_lowercase();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let other = OTHER_NAMES.iter().find(|(name, _)| *name == host);
        let (host, port) = match other {
            Some((_, host)) => ((*host).to_owned(), None),
            None => (host, port),
        };
        let azure = azure_devops(&host, path);
        let (host, path) = azure.unwrap_or_else(|| (host.clone(), path.to_owned()));
        Self {
            host,
            port,
            is_ssh,
            path,
        }
    }
}

/// Azure DevOps has three forms for one repository; this is `dev.azure.com/ORG/PROJECT/_git/NAME`.
fn azure_devops(host: &str, path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    let (organisation, rest) = match host.strip_suffix(".visualstudio.com") {
        Some("vs-ssh") => (*parts.get(1)?, parts.get(2..)?),
        Some(organisation) => (organisation, parts.as_slice()),
        None if host == "ssh.dev.azure.com" => (*parts.get(1)?, parts.get(2..)?),
        None if host == "dev.azure.com" => (*parts.first()?, parts.get(1..)?),
        None => return None,
    };
    let rest: Vec<&str> = rest
        .iter()
        .copied()
        .filter(|part| !matches!(*part, "_git" | "defaultcollection" | "_ssh"))
        .collect();
    // A project's repository of the same name may be written without the project.
    let (project, name) = match rest.as_slice() {
        [name] => (name, name),
        [project, name] => (project, name),
        _ => return None,
    };
    let path = format!("{organisation}/{project}/_git/{name}");
    Some(("dev.azure.com".to_owned(), path))
}

/// Whether the part before the path ends with this port.
fn names_port(rest: &str, port: u16) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    authority
        .rsplit_once(':')
        .is_some_and(|(_, digits)| digits.parse() == Ok(port))
}

/// Escapes (`%7E`) read as what they stand for.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let mut byte = [0];
        let escaped = *first == b'%'
            && tail.len() >= 2
            && hex::decode_to_slice(&tail[..2], &mut byte).is_ok();
        bytes.push(if escaped { byte[0] } else { *first });
        rest = if escaped { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
