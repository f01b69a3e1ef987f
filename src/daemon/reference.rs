//! `ref` of the configuration: a name, or what sort of name it is.

use super::error::DaemonError;
use crate::source::VersionRange;
use schemars::JsonSchema;
use serde::Deserialize;

/// What to follow: a branch, a tag, a commit, a full reference such as `refs/pull/7/head`, or
/// `semver:RANGE` for the tag with the highest version in a range such as `>=1.2 <2` (`semver:app/:>=1.2 <2`
/// among the tags that begin with `app/`).
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RefConfig {
    /// By name, as `--ref` has it.
    Name(String),
    /// By sort.
    Sort(RefSort),
}

/// What to follow; exactly one of these, and with `semver` perhaps `tag_prefix`.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [
        {"required": ["branch"]}, {"required": ["tag"]}, {"required": ["semver"]},
        {"required": ["name"]}, {"required": ["commit"]},
    ],
    "dependentRequired" = {"tag_prefix": ["semver"]},
))]
pub struct RefSort {
    /// A branch.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// The tag with the highest version in this range, such as `>=1.2 <2`, `~1.4` or `1.x`; pre-releases
    /// only if the range names one.
    pub semver: Option<String>,
    /// What stands before the version in the tags that `semver` chooses from, such as `app/` for `app/v1.2.3`;
    /// nothing if absent.
    pub tag_prefix: Option<String>,
    /// A full reference, such as `refs/pull/7/head`.
    pub name: Option<String>,
    /// A commit, by its 40 digits.
    pub commit: Option<String>,
}

impl RefConfig {
    /// As `--ref` has it.
    ///
    /// # Errors
    ///
    /// [`DaemonError::Setting`] if it says nothing or two things.
    pub(super) fn into_reference(self) -> Result<String, DaemonError> {
        let sort = match self {
            Self::Name(name) => return Ok(name),
            Self::Sort(sort) => sort,
        };
        let prefix = sort.tag_prefix;
        if prefix.is_some() && sort.semver.is_none() {
            return Err(DaemonError::Setting {
                setting: "`ref`",
                problem: "has `tag_prefix`, which goes with `semver`".to_owned(),
            });
        }
        let folder = |folder: &'static str| move |name: String| format!("refs/{folder}/{name}");
        let given = [
            sort.branch.map(folder("heads")),
            sort.tag.map(folder("tags")),
            sort.semver
                .map(|range| VersionRange::reference(prefix.as_deref(), &range)),
            sort.name,
            sort.commit,
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(DaemonError::Setting {
                setting: "`ref`",
                problem: "must say one of `branch`, `tag`, `semver`, `name` and `commit`"
                    .to_owned(),
            }),
        }
    }
}
