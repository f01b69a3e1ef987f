//! Sealed values and the identities that open them; what is opened cannot be printed.
//!
//! A [`Sealed`] value is armored age ciphertext whose form was checked without a key. A [`Keyring`]
//! opens it into [`Opened`], which has no way to be formatted; an [`Envelope`] inside says where it may be
//! used. A [`Print`] tells whether two values are the same without keeping them. [`seal`] goes the other way. The
//! [`DataKey`] seals what the daemon itself keeps on disk. Nothing here reads a file, the environment
//! or a clock: bytes come in as arguments, and only sealing draws randomness.
//!
//! SSH and post-quantum identities, plugins and passphrases are refused by name.

mod age_file;
mod data_key;
mod envelope;
mod environment;
mod header;
mod identity;
mod keyring;
mod opened;
mod print;
mod recipient;
mod seal;
mod sealed;
mod sops;
#[cfg(feature = "ssh")]
mod ssh_identity;

#[cfg(test)]
mod tests;

pub use age_file::AgeFile;
pub use data_key::{CipherError, DataKey, DataKeyError};
pub use envelope::{Binding, Envelope, EnvelopeError};
pub use environment::{SECRET_VARIABLE_PREFIX, environment_names, normalized, reserved};
pub use keyring::{
    IdentityError, Keyring, LineProblem, OpenError, OpenTextError, generate_identity,
};
pub use opened::Opened;
pub use print::{Print, PrintKey};
pub use recipient::{Recipient, RecipientError};
pub use seal::{SealError, seal, seal_file};
pub use sealed::{MAX_PLAINTEXT_BYTES, Sealed, SealedError};
pub use sops::{
    OpenedSops, SopsError, SopsFile, SopsFormat, SopsKey, SopsKind, SopsMac, SopsRecipient,
    SopsScalar,
};
