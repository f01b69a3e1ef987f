//! A verified webhook: its id, and what it says about a source that is followed.

use super::{
    Provider, VerifyError,
    address::Address,
    payload::{Move, Said, read},
    verify,
};
use crate::{
    secrets::Opened,
    source::{CommitId, Location, VersionRange},
};
use axum::http::HeaderMap;
use sha2::{Digest as _, Sha256};

/// Longest id of a delivery that is taken as it is, in bytes; real ones have 36.
const MAX_ID_BYTES: usize = 128;

/// A source that is followed, as webhooks name it.
#[derive(Debug, Clone)]
pub struct Watched {
    name: String,
    /// `None` for a directory, which no webhook can name.
    address: Option<Address>,
    /// Where it is under other names of its host.
    aliases: Vec<Address>,
    reference: String,
}

impl Watched {
    /// The source `name` at `location`, of which `reference` is followed.
    pub fn new(name: &str, location: &Location, reference: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: Address::parse(&location.to_string()),
            aliases: Vec::new(),
            reference: reference.to_owned(),
        }
    }

    /// The same source where its host has other names too, each `HOST` or `HOST:PORT`.
    ///
    /// # Errors
    ///
    /// The first of them that is no name of a host.
    pub fn also_at<S: AsRef<str>>(mut self, hosts: &[S]) -> Result<Self, &str> {
        let Some(address) = &self.address else {
            return Ok(self);
        };
        let aliases = hosts.iter().map(AsRef::as_ref);
        let aliases = aliases.map(|host| address.at_host(host).ok_or(host));
        self.aliases = aliases.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Whether an address is the source's; `None` if it has none.
    fn is_at(&self, addresses: &[Address]) -> Option<bool> {
        let own = self.address.as_ref()?;
        let mut own = [own].into_iter().chain(&self.aliases);
        Some(own.any(|own| addresses.iter().any(|other| other.is(own))))
    }

    /// What the source is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a full name is what is followed; `None` if only the remote knows.
    fn follows(&self, full: &str) -> Option<bool> {
        let wanted = self.reference.as_str();
        if wanted == "HEAD" || CommitId::parse(wanted).is_some() {
            return None;
        }
        if let Some(Ok(range)) = VersionRange::of_reference(wanted) {
            return Some(range.follows(full));
        }
        let short = ["refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|folder| full.strip_prefix(folder));
        Some(full == wanted || short == Some(wanted))
    }
}

/// What a webhook says about a source. Only a hint: the remote alone says what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// The source may have moved.
    Moved(MovedTo),
    /// It tells of something that is no push.
    NotAPush,
    /// It tells of another repository.
    OtherRepository,
    /// It tells of other references of the repository.
    OtherReference,
}

/// Where a source is said to stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedTo {
    /// The commit before, if it was named.
    pub before: Option<CommitId>,
    /// The commit now, if it was named; a tag names none, because its object may be no commit.
    pub after: Option<CommitId>,
    /// Whether the webhook named the source itself, repository and reference.
    pub is_named: bool,
}

/// A webhook whose sender knows the secret.
#[derive(Debug)]
pub struct Delivery {
    id: Option<String>,
    event: Option<String>,
    provider: Provider,
    /// `None` if the payload cannot be read.
    said: Option<Said>,
}

impl Delivery {
    /// Verifies a webhook over its raw body, and only then reads in it.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] as [`verify`] gives it.
    pub fn open(
        provider: Provider,
        secrets: &[Opened],
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, VerifyError> {
        verify(provider, secrets, headers, body)?;
        Ok(Self::read(provider, headers, body))
    }

    /// Reads what is verified.
    pub(super) fn read(provider: Provider, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = read(provider, body);
        let (id, event) = said
            .as_ref()
            .map_or((None, None), |said| (said.id.clone(), said.event.clone()));
        Self {
            id: id_of(provider, headers, body).or(id).map(bounded),
            event: first(headers, provider.event_headers()).or(event),
            provider,
            said,
        }
    }

    /// What tells this delivery from others, the same when it is sent again; at most 128 bytes.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What it says about one source. What cannot be read may be about any.
    pub fn concern(&self, watched: &Watched) -> Concern {
        if let Some(event) = &self.event
            && !self.provider.is_push(event)
        {
            return Concern::NotAPush;
        }
        let unknown = Concern::Moved(MovedTo::default());
        let Some(said) = &self.said else {
            return unknown;
        };
        let addresses: Vec<_> = said
            .addresses
            .iter()
            .filter_map(|it| Address::parse(it))
            .collect();
        let is_here = watched.is_at(&addresses);
        let is_here = is_here.filter(|_| !addresses.is_empty());
        if is_here == Some(false) {
            return Concern::OtherRepository;
        }
        let mut unknown_reference = said.moves.is_empty();
        for moved in &said.moves {
            match watched.follows(&moved.reference) {
                Some(true) => return Concern::Moved(moved.to(is_here == Some(true))),
                Some(false) => {}
                None => unknown_reference = true,
            }
        }
        if unknown_reference {
            return unknown;
        }
        Concern::OtherReference
    }
}

impl Move {
    fn to(&self, is_named: bool) -> MovedTo {
        let is_tag = self.reference.starts_with("refs/tags/");
        let commit = |id: &Option<String>| {
            let id = id.as_deref().filter(|_| !is_tag)?;
            // Nothing but zeros stands for a reference that is not there.
            CommitId::parse(id).filter(|id| id.as_bytes().iter().any(|byte| *byte != 0))
        };
        MovedTo {
            before: commit(&self.before),
            after: commit(&self.after),
            is_named,
        }
    }
}

/// The id in the headers.
fn id_of(provider: Provider, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let own = first(headers, provider.delivery_headers());
    if own.is_some() || provider != Provider::Gitlab {
        return own;
    }
    // Before version 17.4. An event that a webhook caused carries the same, so its body counts too.
    let event = text(headers, "x-gitlab-event-uuid")?;
    Some(format!(
        "{event}/{}",
        hex::encode(&Sha256::digest(body)[..8])
    ))
}

/// The first of some headers that is there.
fn first(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(headers, name))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn bounded(id: String) -> String {
    if id.len() <= MAX_ID_BYTES && !id.contains(char::is_control) {
        return id;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(&id)))
}
