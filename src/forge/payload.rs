//! What the payloads say, as far as it is read: repository, reference, commits.
//!
//! Everything else in a payload is skipped, and a payload that has not this form says nothing.

use super::Provider;
use serde::Deserialize;

/// What a payload says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The delivery's id, where it is in the body.
    pub(super) id: Option<String>,
    /// The event, where it is in the body.
    pub(super) event: Option<String>,
    /// Addresses of one repository.
    pub(super) addresses: Vec<String>,
    /// The references that moved.
    pub(super) moves: Vec<Move>,
}

/// A reference that moved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// In full, such as `refs/heads/main`.
    pub(super) reference: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// Reads a payload of JSON, or a form with it in `payload`; `None` if it has not the provider's form.
pub(super) fn read(provider: Provider, body: &[u8]) -> Option<Said> {
    if body.starts_with(b"payload=") {
        let (_, json) = url::form_urlencoded::parse(body).next()?;
        return read_json(provider, json.as_bytes());
    }
    read_json(provider, body)
}

fn read_json(provider: Provider, body: &[u8]) -> Option<Said> {
    match provider {
        Provider::Github | Provider::Gitea | Provider::Gitlab => {
            serde_json::from_slice::<Push>(body).ok().map(Into::into)
        }
        Provider::Bitbucket => serde_json::from_slice::<Bitbucket>(body)
            .ok()
            .map(Into::into),
        Provider::AzureDevops => serde_json::from_slice::<Azure>(body).ok().map(Into::into),
        Provider::Generic => serde_json::from_slice::<Generic>(body).ok().map(Into::into),
    }
}

/// A push as GitHub, Gitea and GitLab tell it.
#[derive(Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: Option<String>,
    before: Option<String>,
    after: Option<String>,
    /// GitLab's; its system hooks send every event under one name of the header.
    object_kind: Option<String>,
    /// GitLab's system hooks of old.
    event_name: Option<String>,
    repository: Option<Repository>,
    project: Option<Repository>,
}

/// A repository with the addresses that GitHub and Gitea, or GitLab, give it.
#[derive(Deserialize)]
struct Repository {
    #[serde(rename = "clone_url")]
    clone: Option<String>,
    #[serde(rename = "ssh_url")]
    ssh: Option<String>,
    #[serde(rename = "html_url")]
    page: Option<String>,
    #[serde(rename = "git_http_url")]
    gitlab_http: Option<String>,
    #[serde(rename = "git_ssh_url")]
    gitlab_ssh: Option<String>,
    #[serde(rename = "web_url")]
    gitlab_page: Option<String>,
}

impl Repository {
    fn addresses(self) -> impl Iterator<Item = String> {
        let github = [self.clone, self.ssh, self.page];
        let gitlab = [self.gitlab_http, self.gitlab_ssh, self.gitlab_page];
        github.into_iter().chain(gitlab).flatten()
    }
}

impl From<Push> for Said {
    fn from(push: Push) -> Self {
        let repositories = [push.repository, push.project].into_iter().flatten();
        let (before, after) = (push.before, push.after);
        let moved = push.reference.map(|reference| Move {
            reference,
            before,
            after,
        });
        Self {
            id: None,
            event: push.object_kind.or(push.event_name),
            addresses: repositories.flat_map(Repository::addresses).collect(),
            moves: moved.into_iter().collect(),
        }
    }
}

/// A push as Bitbucket tells it: the cloud under `push`, a server in `changes`.
#[derive(Deserialize)]
struct Bitbucket {
    repository: Option<BitbucketRepository>,
    push: Option<CloudPush>,
    changes: Option<Vec<ServerChange>>,
}

#[derive(Deserialize)]
struct BitbucketRepository {
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    html: Option<Link>,
    clone: Option<Vec<Link>>,
}

#[derive(Deserialize)]
struct Link {
    href: Option<String>,
}

#[derive(Deserialize)]
struct CloudPush {
    changes: Option<Vec<CloudChange>>,
}

#[derive(Deserialize)]
struct CloudChange {
    new: Option<CloudReference>,
    old: Option<CloudReference>,
}

#[derive(Deserialize)]
struct CloudReference {
    #[serde(rename = "type")]
    sort: Option<String>,
    name: Option<String>,
    target: Option<CloudTarget>,
}

#[derive(Deserialize)]
struct CloudTarget {
    hash: Option<String>,
}

impl CloudReference {
    fn full_name(&self) -> Option<String> {
        let folder = match self.sort.as_deref()? {
            "branch" => "heads",
            "tag" => "tags",
            _ => return None,
        };
        Some(format!("refs/{folder}/{}", self.name.as_deref()?))
    }

    fn hash(self) -> Option<String> {
        self.target?.hash
    }
}

impl CloudChange {
    fn moved(self) -> Option<Move> {
        let named = self.new.as_ref().or(self.old.as_ref())?;
        Some(Move {
            reference: named.full_name()?,
            before: self.old.and_then(CloudReference::hash),
            after: self.new.and_then(CloudReference::hash),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerChange {
    #[serde(rename = "ref")]
    reference: Option<ServerReference>,
    from_hash: Option<String>,
    to_hash: Option<String>,
}

#[derive(Deserialize)]
struct ServerReference {
    id: Option<String>,
}

impl ServerChange {
    fn moved(self) -> Option<Move> {
        Some(Move {
            reference: self.reference?.id?,
            before: self.from_hash,
            after: self.to_hash,
        })
    }
}

impl From<Bitbucket> for Said {
    fn from(hook: Bitbucket) -> Self {
        let links = hook.repository.and_then(|repository| repository.links);
        let links = links.into_iter().flat_map(|links| {
            let clone = links.clone.into_iter().flatten();
            links.html.into_iter().chain(clone)
        });
        let of_cloud = hook.push.and_then(|push| push.changes);
        let of_cloud = of_cloud.into_iter().flatten();
        let of_server = hook.changes.into_iter().flatten();
        Self {
            id: None,
            event: None,
            addresses: links.filter_map(|link| link.href).collect(),
            moves: of_cloud
                .filter_map(CloudChange::moved)
                .chain(of_server.filter_map(ServerChange::moved))
                .collect(),
        }
    }
}

/// `git.push` as Azure DevOps tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Azure {
    id: Option<String>,
    event_type: Option<String>,
    resource: Option<AzureResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AzureResource {
    ref_updates: Option<Vec<AzureUpdate>>,
    repository: Option<AzureRepository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AzureUpdate {
    name: Option<String>,
    old_object_id: Option<String>,
    new_object_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AzureRepository {
    remote_url: Option<String>,
}

impl AzureUpdate {
    fn moved(self) -> Option<Move> {
        Some(Move {
            reference: self.name?,
            before: self.old_object_id,
            after: self.new_object_id,
        })
    }
}

impl From<Azure> for Said {
    fn from(hook: Azure) -> Self {
        let resource = hook.resource;
        let (updates, repository) =
            resource.map_or((None, None), |it| (it.ref_updates, it.repository));
        let updates = updates.into_iter().flatten();
        Self {
            id: hook.id,
            event: hook.event_type,
            addresses: repository
                .and_then(|it| it.remote_url)
                .into_iter()
                .collect(),
            moves: updates.filter_map(AzureUpdate::moved).collect(),
        }
    }
}

/// What anybody may send: `{"repository": URL, "ref": "refs/heads/main", "after": COMMIT}`, or nothing.
#[derive(Deserialize)]
struct Generic {
    repository: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

impl From<Generic> for Said {
    fn from(hook: Generic) -> Self {
        let (before, after) = (hook.before, hook.after);
        let moved = hook.reference.map(|reference| Move {
            reference,
            before,
            after,
        });
        Self {
            addresses: hook.repository.into_iter().collect(),
            moves: moved.into_iter().collect(),
            ..Self::default()
        }
    }
}
