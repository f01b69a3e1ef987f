use crate::secrets::{
    DataKey, Envelope, Keyring, Opened, OpenedSops, Print, PrintKey, SopsKey, SopsScalar,
};
use std::fmt::{Debug, Display};

/// Compiles only if the type lacks the trait: one that has it makes `_` ambiguous.
macro_rules! lacks {
    ($type:ty, $trait:path) => {{
        trait Ambiguous<Marker> {
            fn here() {}
        }
        struct Has;
        impl<T: ?Sized> Ambiguous<()> for T {}
        impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
        <$type as Ambiguous<_>>::here();
    }};
}

#[test]
fn types_that_hold_plaintext_cannot_be_printed_copied_or_serialised() {
    lacks!(Opened, Debug);
    lacks!(Opened, Display);
    lacks!(Opened, Clone);
    lacks!(Opened, serde::Serialize);
    lacks!(DataKey, Debug);
    lacks!(DataKey, Display);
    lacks!(DataKey, Clone);
    lacks!(DataKey, serde::Serialize);
    lacks!(PrintKey, Debug);
    lacks!(PrintKey, Display);
    lacks!(PrintKey, Clone);
    lacks!(PrintKey, serde::Serialize);
    lacks!(Print, Debug);
    lacks!(Print, Display);
    lacks!(Print, serde::Serialize);
    lacks!(Envelope, Debug);
    lacks!(Envelope, Clone);
    lacks!(OpenedSops, Debug);
    lacks!(OpenedSops, Clone);
    lacks!(SopsKey, Debug);
    lacks!(SopsKey, Clone);
    lacks!(SopsScalar, Debug);
    lacks!(SopsScalar, Clone);
    lacks!(Keyring, Debug);
    lacks!(Keyring, Display);
    lacks!(Keyring, Clone);
    lacks!(Keyring, serde::Serialize);
}

#[test]
fn plaintexts_are_compared_byte_by_byte() {
    let of = |text: &str| Opened::new(text.as_bytes().to_vec());
    assert!(of("sk-canary").same_as(&of("sk-canary")));
    assert!(of("").same_as(&of("")));
    for other in ["sk-canarz", "tk-canary", "sk-canary ", "sk-canar", ""] {
        assert!(!of("sk-canary").same_as(&of(other)), "{other}");
    }
}
