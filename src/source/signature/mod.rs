//! Whether somebody who may has signed what is followed.
//!
//! SSH signatures (`gpg.format = ssh`) are checked against files of allowed signers, OpenPGP signatures against
//! public keys. Nothing is asked but the objects themselves: no agent, no key server, no other program.

mod allowed;
mod object;
mod openpgp;
mod ssh;
mod verify;

pub use allowed::{Signers, SignersError};
pub use verify::{Unverified, VerifyMode, VerifyPolicy};
