//! Which commits need a signature, and whether they have one.

use super::{
    allowed::{NotAllowed, Signers},
    object::{MAX_OBJECT_BYTES, Signed, header, is_openpgp, of_commit, of_tag},
    openpgp, ssh,
};
use crate::source::{
    CommitId, Mirror, Patterns, SourceError, fetch,
    history::{between, oid, parents},
    objects::Objects,
    patterns::IGNORE_FILE,
};
use git2::{DiffFile, ErrorCode, ObjectType, Oid, Repository, Tree};
use std::sync::Arc;

/// What is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyMode {
    /// The newest commit.
    #[default]
    Head,
    /// Every commit since the one that is live; at the first start the newest one.
    EveryCommit,
    /// The tag that is followed, which must be one with an object of its own.
    Tag,
}

/// Who must have signed what.
#[derive(Debug, Clone)]
pub struct VerifyPolicy {
    /// What is to be signed.
    pub mode: VerifyMode,
    /// By whom.
    pub signers: Signers,
    /// Which changed files need it; all if absent. The file that says what is not read always does.
    pub paths: Option<Arc<Patterns>>,
}

/// A commit or tag that was not signed as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// Whether it has no signature at all.
    pub is_unsigned: bool,
    /// Which commit, what is wrong with it and who wrote it, in a sentence.
    pub message: String,
}

/// What a commit is compared with to see what it changes.
#[derive(Clone, Copy)]
enum Since {
    /// Nothing is live: everything is new.
    Nothing,
    /// The commit that is live.
    Live(Oid),
    /// Each of its parents: a merge can bring back what either side had.
    Parents,
}

/// Who signed the newest commit, or why it does not count.
type Verdict = Result<Option<String>, Unverified>;

impl Mirror {
    /// Checks the signatures of what came after `from` up to `to`, and says who signed `to`; nobody if it needs
    /// no signature. May ask the remote for more history.
    ///
    /// # Errors
    ///
    /// - [`SourceError`] as a fetch gives it, if waiting may help.
    pub fn verify(
        &self,
        policy: &VerifyPolicy,
        from: Option<&CommitId>,
        to: &CommitId,
    ) -> Result<Verdict, SourceError> {
        let tip = oid(to)?;
        let since = match from {
            Some(from) => Since::Live(oid(from)?),
            None => Since::Nothing,
        };
        let commits = match (policy.mode, from) {
            (VerifyMode::EveryCommit, Some(from)) if from != to => match between(self, from, to)? {
                Some(commits) => commits,
                None => {
                    return Ok(Err(Unverified {
                        is_unsigned: true,
                        message: format!(
                            "the remote does not show what lies between {} and {}, so that nobody can say who signed it",
                            from.short(),
                            to.short()
                        ),
                    }));
                }
            },
            _ => Vec::new(),
        };
        let repository = self.open_repository()?;
        let objects = Objects::of(&repository)?;
        let check = Check {
            repository: &repository,
            objects: &objects,
            policy,
        };
        if policy.mode == VerifyMode::Tag {
            return check.tag(since, tip);
        }
        // Where the newest is none of them, the reference was moved back: it counts by itself.
        let is_among = commits.contains(&tip);
        let signer = match check.commit(tip, if is_among { Since::Parents } else { since })? {
            Ok(signer) => signer,
            unverified => return Ok(unverified),
        };
        for id in commits.into_iter().filter(|id| *id != tip) {
            if let Err(unverified) = check.commit(id, Since::Parents)? {
                return Ok(Err(unverified));
            }
        }
        Ok(Ok(signer))
    }
}

struct Check<'r> {
    repository: &'r Repository,
    objects: &'r Objects<'r>,
    policy: &'r VerifyPolicy,
}

impl Check<'_> {
    /// Checks one commit.
    fn commit(&self, id: Oid, since: Since) -> Result<Verdict, SourceError> {
        let data = self.read(id, ObjectType::Commit)?;
        let shown = shown(id, &data);
        let signed = match of_commit(&data) {
            Ok(Some(signed)) => signed,
            Ok(None) if !self.is_needed(id, since)? => return Ok(Ok(None)),
            Ok(None) => return Ok(Err(unsigned(&shown))),
            Err(problem) => return Ok(Err(odd(format!("{shown} {problem}")))),
        };
        let verdict = self.signer(&signed, &shown, committed_us(&data));
        match verdict {
            Err(_) if !self.is_needed(id, since)? => Ok(Ok(None)),
            verdict => Ok(verdict.map(Some)),
        }
    }

    fn tag(&self, since: Since, to: Oid) -> Result<Verdict, SourceError> {
        if !self.is_needed(to, since)? {
            return Ok(Ok(None));
        }
        let tip = self.repository.find_reference(fetch::TIP);
        let tip = tip.map_err(SourceError::damaged)?;
        let followed = fetch::followed(self.repository);
        let name = followed
            .as_deref()
            .and_then(|name| name.strip_prefix("refs/tags/"));
        let commit = tip.peel_to_commit().map_err(SourceError::damaged)?;
        if commit.id() != to {
            // It moved meanwhile; the next look sees where to.
            return Err(SourceError::CommitNotFound {
                commit: to.to_string(),
            });
        }
        let (Some(name), Some(id)) = (name, tip.target()) else {
            return Ok(Err(unsigned("what is followed is no tag, and")));
        };
        let shown = format!("the tag `{name}` at {}", CommitId::from_oid(to).short());
        if id == to {
            return Ok(Err(unsigned(&shown)));
        }
        let data = self.read(id, ObjectType::Tag)?;
        // A signed tag under another name would bring back what it once stood for.
        if header(&data, "tag") != Some(name.as_bytes())
            || header(&data, "object") != Some(to.to_string().as_bytes())
        {
            return Ok(Err(odd(format!(
                "{shown} was signed under another name or for something else"
            ))));
        }
        let Some(signed) = of_tag(&data) else {
            return Ok(Err(unsigned(&shown)));
        };
        Ok(self
            .signer(&signed, &shown, signed_us(&data, "tagger"))
            .map(Some))
    }

    fn signer(&self, signed: &Signed, shown: &str, at_us: i64) -> Result<String, Unverified> {
        if is_openpgp(&signed.signature) {
            let signers = self.policy.signers.openpgp();
            let who = openpgp::verify(signers, &signed.signature, &signed.payload);
            return who.map_err(|problem| odd(format!("{shown} {problem}")));
        }
        let key = ssh::verify(&signed.signature, &signed.payload);
        let key = key.map_err(|problem| odd(format!("{shown} {problem}")))?;
        let print = ssh::fingerprint(&key);
        let found = self.policy.signers.find(&key, at_us);
        found.map(str::to_owned).map_err(|why| {
            odd(match why {
                NotAllowed::Unknown => {
                    format!("{shown} is signed with the key {print}, which is no allowed signer's")
                }
                NotAllowed::NotThen(who) => format!(
                    "{shown} is signed by {who} ({print}) at a time when that key does not count"
                ),
                NotAllowed::NotForGit(who) => {
                    format!("{shown} is signed by {who} ({print}), whose key is not for `git`")
                }
            })
        })
    }

    /// Whether a commit changes a file that needs a signature. What cannot be told does.
    fn is_needed(&self, id: Oid, since: Since) -> Result<bool, SourceError> {
        let Some(patterns) = &self.policy.paths else {
            return Ok(true);
        };
        let commit = self.objects.commit(id).map_err(SourceError::damaged)?;
        let after = commit.tree().map_err(SourceError::damaged)?;
        let befores = match since {
            Since::Nothing => Vec::new(),
            Since::Live(live) => vec![live],
            Since::Parents => parents(self.objects, id)?.unwrap_or_default(),
        };
        if befores.is_empty() {
            return self.changes(patterns, None, &after);
        }
        for before in befores {
            let before = match self.objects.commit(before) {
                Ok(before) => Some(before.tree().map_err(SourceError::damaged)?),
                Err(error) if error.code() == ErrorCode::NotFound => None,
                Err(error) => return Err(SourceError::damaged(error)),
            };
            if self.changes(patterns, before.as_ref(), &after)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a file that needs a signature differs between two trees.
    fn changes(
        &self,
        patterns: &Patterns,
        before: Option<&Tree<'_>>,
        after: &Tree<'_>,
    ) -> Result<bool, SourceError> {
        let diff = self.repository.diff_tree_to_tree(before, Some(after), None);
        let diff = diff.map_err(SourceError::damaged)?;
        let counts = |file: DiffFile<'_>| match file.path_bytes().map(std::str::from_utf8) {
            // What it names is not read: with it, a protected file could be made to vanish.
            Some(Ok(path)) => path == IGNORE_FILE || patterns.matches(path, false),
            _ => true,
        };
        let mut deltas = diff.deltas();
        Ok(deltas.any(|delta| counts(delta.old_file()) || counts(delta.new_file())))
    }

    fn read(&self, id: Oid, kind: ObjectType) -> Result<Vec<u8>, SourceError> {
        let read = || {
            let (bytes, found) = self.objects.header(id)?;
            if found != kind || bytes > MAX_OBJECT_BYTES {
                return Err(git2::Error::from_str(
                    "an object is of another kind or too large",
                ));
            }
            Ok(self.objects.read(id)?.data().to_vec())
        };
        read().map_err(SourceError::damaged)
    }
}

fn unsigned(shown: &str) -> Unverified {
    Unverified {
        is_unsigned: true,
        message: format!("{shown} is not signed"),
    }
}

fn odd(message: String) -> Unverified {
    Unverified {
        is_unsigned: false,
        message,
    }
}

/// A commit as messages name it.
fn shown(id: Oid, data: &[u8]) -> String {
    let author = header(data, "author").unwrap_or_default();
    let author = String::from_utf8_lossy(author);
    let author = author.rsplit_once('>').map_or("", |(who, _)| who);
    format!("commit {} by {author}>", CommitId::from_oid(id).short())
}

fn committed_us(commit: &[u8]) -> i64 {
    signed_us(commit, "committer")
}

/// When somebody says to have signed, in microseconds since 1970 (UTC).
fn signed_us(object: &[u8], who: &str) -> i64 {
    let line = header(object, who).unwrap_or_default();
    let mut words = line.rsplit(|byte| *byte == b' ');
    let seconds = words
        .nth(1)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let seconds: i64 = seconds
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default();
    seconds.saturating_mul(1_000_000)
}
