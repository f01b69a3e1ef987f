//! SSH keys as identities: in builds with the feature `ssh` alone, as the crate that reads RSA keys carries an advisory
//! without a fix (RUSTSEC-2023-0071).

use super::keyring::{Held, LineProblem};
use age::ssh;

/// The public key of an SSH key, and the identity. One with a passphrase is refused: a daemon cannot ask for it.
pub(super) fn parse(text: &str) -> Result<Held, LineProblem> {
    let identity = ssh::Identity::from_buffer(text.as_bytes(), None);
    let identity = identity.map_err(|_| LineProblem::Ssh)?;
    match identity {
        ssh::Identity::Unencrypted(_) => {}
        ssh::Identity::Encrypted(_) => return Err(LineProblem::Encrypted),
        ssh::Identity::Unsupported(_) => return Err(LineProblem::Ssh),
    }
    let recipient = ssh::Recipient::try_from(identity.clone());
    let recipient = recipient.map_err(|_| LineProblem::Ssh)?;
    Ok((recipient.to_string(), Box::new(identity)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::secrets::{IdentityError, Keyring, LineProblem, Sealed};

    const KEY: &str = include_str!("../../tests/fixtures/age/id_ed25519");
    const SEALED: &str = include_str!("../../tests/fixtures/age/age_ssh.age");

    #[test]
    fn a_value_sealed_for_an_ssh_key_opens_with_it() {
        let mut keyring = Keyring::default();
        let added = keyring.parse_identity_file("id_ed25519", KEY);
        assert_eq!(added.unwrap(), 1);
        assert!(keyring.recipients()[0].starts_with("ssh-ed25519 AAAA"));
        let sealed = Sealed::parse(SEALED).unwrap();
        assert!(keyring.open(&sealed).is_ok());
    }

    #[test]
    fn what_is_no_ssh_key_after_all_is_named() {
        let text =
            "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n";
        let refused = Keyring::default().parse_identity_file("key", text);
        assert!(matches!(
            refused,
            Err(IdentityError::Line {
                problem: LineProblem::Ssh,
                ..
            })
        ));
    }
}
