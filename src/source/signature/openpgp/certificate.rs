//! A key with its names and subkeys, and what of it counts.
//!
//! Format: RFC 9580 §10.1; what is signed how: §5.2.4.

use super::{Problem, SIGNATURE, key::Key, packet::Packet, signed::Signature};

const PRIMARY: u8 = 6;
const NAME: u8 = 13;
const SUBKEY: u8 = 14;
const IMAGE: u8 = 17;

/// What a key may be for: signing data.
const SIGNS: u8 = 0x02;

/// Longest name that is shown, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// Somebody's key with its subkeys, as far as they were signed by it.
#[derive(Debug, Clone)]
pub(in crate::source::signature) struct Certificate {
    who: String,
    keys: Vec<Bound>,
}

/// A key and whether it counts.
#[derive(Debug, Clone)]
struct Bound {
    key: Key,
    signs: bool,
    is_revoked: bool,
    /// The first second, since 1970 (UTC), in which it does not count any more.
    until: Option<u64>,
}

/// Whose key it is, and whether it counts.
pub(super) struct Judged<'a> {
    pub(super) who: &'a str,
    bound: &'a Bound,
}

/// Whether a key counts.
pub(super) enum Standing {
    Counts,
    Revoked,
    NotThen,
    NotForSigning,
}

impl Judged<'_> {
    pub(super) fn is_revoked(&self) -> bool {
        self.bound.is_revoked
    }

    /// Whether it counted at a time, in seconds since 1970 (UTC). A key that is revoked never did: whoever has it
    /// may give any time.
    pub(super) fn at(&self, second: u32) -> Standing {
        let early = second < self.bound.key.created;
        let late = self
            .bound
            .until
            .is_some_and(|until| u64::from(second) >= until);
        if self.bound.is_revoked {
            Standing::Revoked
        } else if !self.bound.signs {
            Standing::NotForSigning
        } else if early || late {
            Standing::NotThen
        } else {
            Standing::Counts
        }
    }
}

/// The packets of each of several keys.
pub(super) fn split<'p, 'a>(packets: &'p [Packet<'a>]) -> Vec<&'p [Packet<'a>]> {
    packets.chunk_by(|_, next| next.tag != PRIMARY).collect()
}

impl Certificate {
    /// Every key of it.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&Key, Judged<'_>)> {
        let who = self.who.as_str();
        self.keys
            .iter()
            .map(move |bound| (&bound.key, Judged { who, bound }))
    }

    /// Reads the packets of one key.
    ///
    /// # Errors
    ///
    /// Why it is no use: a sentence without its subject.
    pub(super) fn read(packets: &[Packet<'_>]) -> Result<Self, Problem> {
        let (first, rest) = packets
            .split_first()
            .filter(|(first, _)| first.tag == PRIMARY)
            .ok_or("holds no public key")?;
        let primary = Key::read(first.body)
            .ok_or("holds an OpenPGP key that is not of version 4, or makes no sense")?;
        if !primary.is_supported() {
            return Err(format!(
                "holds the OpenPGP key {} of a sort that is not supported; RSA, Ed25519 and ECDSA with P-256 or P-384 are",
                primary.shown()
            ));
        }
        let mut reading = Reading::new(primary);
        for (part, signatures) in parts(rest) {
            reading.take(part, &signatures);
        }
        reading.finish()
    }
}

/// A part of a key with the signatures behind it; nothing for the key itself.
fn parts<'p, 'a>(packets: &'p [Packet<'a>]) -> Vec<(Option<&'p Packet<'a>>, Vec<Signature<'a>>)> {
    let mut parts: Vec<(Option<&Packet<'a>>, Vec<Signature<'a>>)> = vec![(None, Vec::new())];
    for packet in packets {
        match packet.tag {
            NAME | SUBKEY | IMAGE => parts.push((Some(packet), Vec::new())),
            SIGNATURE => {
                let read = Signature::read(packet.body).ok();
                if let (Some((_, signatures)), Some(read)) = (parts.last_mut(), read) {
                    signatures.push(read);
                }
            }
            // Whatever else there may be is not about signing.
            _ => {}
        }
    }
    parts
}

/// What was found out of a key so far.
struct Reading {
    primary: Key,
    is_revoked: bool,
    /// What it says of itself: when it said so, for how long it counts and what it is for.
    newest: Option<(u32, u32, Option<u8>)>,
    /// Its name, and whether that is the main one.
    name: Option<(bool, String)>,
    subkeys: Vec<Bound>,
}

impl Reading {
    fn new(primary: Key) -> Self {
        Self {
            primary,
            is_revoked: false,
            newest: None,
            name: None,
            subkeys: Vec::new(),
        }
    }

    fn take(&mut self, part: Option<&Packet<'_>>, signatures: &[Signature<'_>]) {
        match part {
            None => self.take_own(signatures),
            Some(packet) if packet.tag == NAME => self.take_name(packet.body, signatures),
            Some(packet) if packet.tag == SUBKEY => self.take_subkey(packet.body, signatures),
            Some(_) => {}
        }
    }

    /// The newest signature of some kinds that the key itself made over these bytes.
    fn newest<'s, 'a>(
        &self,
        signatures: &'s [Signature<'a>],
        kinds: std::ops::RangeInclusive<u8>,
        over: &[&[u8]],
    ) -> Option<&'s Signature<'a>> {
        let own = signatures.iter().filter(|signature| {
            kinds.contains(&signature.kind)
                && signature.names(&self.primary)
                && signature.check(&self.primary, over).is_ok()
        });
        own.max_by_key(|signature| signature.created)
    }

    fn take_own(&mut self, signatures: &[Signature<'_>]) {
        let key = self.primary.framed.clone();
        let revoked = self.newest(signatures, 0x20..=0x20, &[&key]);
        self.is_revoked = revoked.is_some();
        if let Some(said) = self.newest(signatures, 0x1f..=0x1f, &[&key]) {
            self.says(said);
        }
    }

    fn take_name(&mut self, name: &[u8], signatures: &[Signature<'_>]) {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
        let key = self.primary.framed.clone();
        let over: [&[u8]; 4] = [&key, &[0xb4], &length, name];
        let Some(said) = self.newest(signatures, 0x10..=0x13, &over) else {
            return;
        };
        let revoked = self.newest(signatures, 0x30..=0x30, &over);
        if revoked.is_some_and(|revoked| revoked.created >= said.created) {
            return;
        }
        self.says(said);
        let is_better = match &self.name {
            None => true,
            Some((is_primary, _)) => said.is_primary_name && !is_primary,
        };
        if is_better {
            self.name = Some((said.is_primary_name, shown(name)));
        }
    }

    fn says(&mut self, said: &Signature<'_>) {
        if self.newest.is_none_or(|(at, _, _)| at <= said.created) {
            self.newest = Some((said.created, said.key_expires, said.flags));
        }
    }

    fn take_subkey(&mut self, body: &[u8], signatures: &[Signature<'_>]) {
        let Some(subkey) = Key::read(body) else {
            return;
        };
        let key = self.primary.framed.clone();
        let over: [&[u8]; 2] = [&key, &subkey.framed];
        let Some(bound) = self.newest(signatures, 0x18..=0x18, &over) else {
            return;
        };
        let is_revoked = self.newest(signatures, 0x28..=0x28, &over).is_some();
        // A subkey that signs says itself that it belongs here, or anybody could claim it.
        let back = bound.embedded.and_then(|body| Signature::read(body).ok());
        let agrees =
            back.is_some_and(|back| back.kind == 0x19 && back.check(&subkey, &over).is_ok());
        let signs = bound.flags.is_some_and(|flags| flags & SIGNS != 0) && agrees;
        let until = until(subkey.created, bound.key_expires);
        self.subkeys.push(Bound {
            key: subkey,
            signs,
            is_revoked,
            until,
        });
    }

    fn finish(self) -> Result<Certificate, Problem> {
        let print = self.primary.shown();
        let (Some((_, expires, flags)), Some((_, who))) = (self.newest, self.name) else {
            return Err(format!(
                "holds the OpenPGP key {print}, which has no name that it signed itself with SHA-2"
            ));
        };
        let until = until(self.primary.created, expires);
        let mut keys = vec![Bound {
            key: self.primary,
            signs: flags.is_none_or(|flags| flags & SIGNS != 0),
            is_revoked: self.is_revoked,
            until,
        }];
        // What holds for the key holds for what belongs to it.
        keys.extend(self.subkeys.into_iter().map(|subkey| Bound {
            is_revoked: subkey.is_revoked || self.is_revoked,
            until: [subkey.until, until].into_iter().flatten().min(),
            ..subkey
        }));
        let can_sign = |bound: &Bound| bound.signs && bound.key.is_supported();
        if !keys.iter().any(can_sign) {
            return Err(format!(
                "holds the OpenPGP key {print}, which cannot sign, nor can a subkey that is supported"
            ));
        }
        Ok(Certificate { who, keys })
    }
}

fn until(created: u32, expires: u32) -> Option<u64> {
    (expires != 0).then(|| u64::from(created) + u64::from(expires))
}

/// A name as it is shown.
fn shown(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text[..text.floor_char_boundary(MAX_NAME_BYTES.min(text.len()))].to_owned()
}
