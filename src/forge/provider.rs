//! Who sends webhooks, and how each proves itself.

use std::fmt;

/// A sender of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// GitHub: <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>.
    Github,
    /// GitLab: <https://docs.gitlab.com/user/project/integrations/webhooks/>.
    Gitlab,
    /// Gitea and Forgejo: <https://docs.gitea.com/usage/webhooks>.
    Gitea,
    /// Bitbucket: <https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/>.
    Bitbucket,
    /// Azure DevOps: <https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks>.
    AzureDevops,
    /// Anything that can compute an HMAC-SHA256 (RFC 2104).
    Generic,
}

impl Provider {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Github,
        Self::Gitlab,
        Self::Gitea,
        Self::Bitbucket,
        Self::AzureDevops,
        Self::Generic,
    ];

    /// The one of `/webhooks/<segment>`.
    pub fn parse(segment: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.as_str() == segment)
    }

    /// Its path segment, which is its key in the configuration too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
            Self::Bitbucket => "bitbucket",
            Self::AzureDevops => "azure-devops",
            Self::Generic => "generic",
        }
    }

    /// Headers with the id of a delivery, the best first; a delivery that is sent again keeps it.
    pub(super) const fn delivery_headers(self) -> &'static [&'static str] {
        match self {
            Self::Github => &["x-github-delivery"],
            Self::Gitlab => &["idempotency-key", "webhook-id"],
            Self::Gitea => &["x-gitea-delivery", "x-forgejo-delivery"],
            // The cloud's, and a server's.
            Self::Bitbucket => &["x-request-uuid", "x-request-id"],
            // It is in the body.
            Self::AzureDevops => &[],
            Self::Generic => &["x-orloj-delivery", "idempotency-key"],
        }
    }

    /// Headers with the name of the event.
    pub(crate) const fn event_headers(self) -> &'static [&'static str] {
        match self {
            Self::Github => &["x-github-event"],
            Self::Gitea => &["x-gitea-event", "x-forgejo-event"],
            Self::Bitbucket => &["x-event-key"],
            // A system hook has one name for all events, and the body says which.
            Self::Gitlab | Self::AzureDevops | Self::Generic => &[],
        }
    }

    /// Whether an event of this name tells of references that moved.
    pub(super) fn is_push(self, event: &str) -> bool {
        match self {
            Self::Github | Self::Gitea => event == "push",
            Self::Gitlab => matches!(event, "push" | "tag_push"),
            Self::Bitbucket => matches!(
                event,
                "repo:push" | "repo:refs_changed" | "mirror:repo_synchronized"
            ),
            Self::AzureDevops => event == "git.push",
            Self::Generic => true,
        }
    }

    /// Whether it can sign as <https://www.standardwebhooks.com> says, beside its own proof.
    pub(super) const fn has_signing_tokens(self) -> bool {
        matches!(self, Self::Gitlab)
    }

    pub(super) const fn proof(self) -> Proof {
        match self {
            Self::Github => Proof::hmac("x-hub-signature-256", "sha256="),
            Self::Gitlab => Proof::Token {
                header: "x-gitlab-token",
            },
            Self::Gitea => Proof::hmac("x-gitea-signature", ""),
            Self::Bitbucket => Proof::hmac("x-hub-signature", "sha256="),
            Self::AzureDevops => Proof::BasicPassword,
            Self::Generic => Proof::hmac("x-orloj-signature-256", "sha256="),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What shows that a sender knows the secret.
pub(super) enum Proof {
    /// HMAC-SHA256 of the body, in lower-case hexadecimal behind `prefix`.
    Hmac {
        header: &'static str,
        prefix: &'static str,
    },
    /// The secret itself.
    Token { header: &'static str },
    /// The secret as the password of `Authorization: Basic` (RFC 7617).
    BasicPassword,
}

impl Proof {
    const fn hmac(header: &'static str, prefix: &'static str) -> Self {
        Self::Hmac { header, prefix }
    }

    pub(super) const fn header(&self) -> &'static str {
        match self {
            Self::Hmac { header, .. } | Self::Token { header } => header,
            Self::BasicPassword => "authorization",
        }
    }
}
