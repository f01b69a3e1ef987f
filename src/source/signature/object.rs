//! The signature in a commit or a tag, and what is signed.

/// Largest signed object in bytes that is looked at.
pub(super) const MAX_OBJECT_BYTES: usize = 1 << 20;

const SSH_BEGIN: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
const PGP_BEGINS: [&[u8]; 2] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
];

/// A signature and the bytes that it is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// With its armour.
    pub(super) signature: Vec<u8>,
    pub(super) payload: Vec<u8>,
}

/// The signature of a commit; `None` if it has none.
///
/// # Errors
///
/// What is odd about it. More than one is refused, because nobody could say which counts.
///
/// Format: <https://git-scm.com/docs/gitformat-signature>.
pub(super) fn of_commit(commit: &[u8]) -> Result<Option<Signed>, &'static str> {
    let end = header_end(commit);
    let (header, rest) = commit.split_at(end);
    let (mut signatures, mut payload) = (Vec::new(), Vec::with_capacity(commit.len()));
    let mut within = Within::Other;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if let Some(continued) = line.strip_prefix(b" ") {
            match within {
                Within::Signature => {
                    if let Some(signature) = signatures.last_mut() {
                        Vec::extend_from_slice(signature, continued);
                    }
                }
                Within::Foreign => {}
                Within::Other => payload.extend_from_slice(line),
            }
        } else if let Some(first) = line.strip_prefix(b"gpgsig ") {
            within = Within::Signature;
            signatures.push(first.to_vec());
        } else if line.starts_with(b"gpgsig-") {
            within = Within::Foreign;
        } else {
            within = Within::Other;
            payload.extend_from_slice(line);
        }
    }
    payload.extend_from_slice(rest);
    match signatures.len() {
        0 => Ok(None),
        1 => Ok(signatures
            .pop()
            .map(|signature| Signed { signature, payload })),
        _ => Err("has more than one signature"),
    }
}

/// Which header a continued line belongs to.
enum Within {
    Signature,
    /// A signature over another form of the object.
    Foreign,
    Other,
}

/// The signature of a tag, which stands behind its message; `None` if it has none.
pub(super) fn of_tag(tag: &[u8]) -> Option<Signed> {
    let mut at = 0;
    let mut begin = None;
    for line in tag.split_inclusive(|byte| *byte == b'\n') {
        let begins = |mark: &[u8]| line.starts_with(mark);
        if begins(SSH_BEGIN) || PGP_BEGINS.into_iter().any(begins) {
            begin = Some(at);
        }
        at += line.len();
    }
    let (payload, signature) = tag.split_at(begin?);
    Some(Signed {
        signature: signature.to_vec(),
        payload: payload.to_vec(),
    })
}

/// Whether a signature is of the OpenPGP form.
pub(super) fn is_openpgp(signature: &[u8]) -> bool {
    PGP_BEGINS
        .into_iter()
        .any(|mark| signature.starts_with(mark))
}

/// The value of a header of an object.
pub(super) fn header<'o>(object: &'o [u8], name: &str) -> Option<&'o [u8]> {
    let header = &object[..header_end(object)];
    let mut lines = header.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b" "))
}

/// Where the empty line behind the header begins.
fn header_end(object: &[u8]) -> usize {
    let empty = object.windows(2).position(|pair| pair == b"\n\n");
    empty.map_or(object.len(), |at| at + 1)
}
