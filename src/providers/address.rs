//! Which network addresses may be called.

use crate::model::AddressClass;
use std::net::IpAddr;

/// How far calls may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// Public addresses.
    Public,
    /// Public, private and loopback addresses.
    Any,
    /// Private and loopback addresses: for keys that travel unencrypted.
    PrivateOnly,
}

impl Reach {
    /// Why `ip` may not be called; `None` if it may.
    pub(super) fn refusal(self, ip: IpAddr) -> Option<&'static str> {
        match (AddressClass::of(ip), self) {
            (AddressClass::Forbidden, _) => Some(
                "is a link-local, metadata, unspecified or multicast address, which is never called",
            ),
            (AddressClass::Private, Self::Public) => {
                Some("is a private or loopback address; `allowPrivate: true` allows those")
            }
            (AddressClass::Public, Self::PrivateOnly) => {
                Some("is a public address, where a key may not go over plain http")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Reach;

    #[test]
    fn metadata_and_link_local_addresses_are_refused_in_every_form() {
        for ip in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "febf::1",
            "100.100.100.200",
            "::ffff:100.100.100.200",
            "192.0.0.192",
            "192.0.0.1",
            "168.63.129.16",
            "64:ff9b::168.63.129.16",
            "64:ff9b:1::a9fe:a9fe",
            "::ffff:0:169.254.169.254",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            for reach in [Reach::Public, Reach::Any, Reach::PrivateOnly] {
                assert!(reach.refusal(ip.parse().unwrap()).is_some(), "{ip}");
            }
        }
    }

    #[test]
    fn private_addresses_need_leave() {
        for ip in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd12::1",
            "::ffff:10.0.0.1",
        ] {
            let ip = ip.parse().unwrap();
            assert!(Reach::Public.refusal(ip).is_some(), "{ip}");
            assert!(Reach::Any.refusal(ip).is_none(), "{ip}");
            assert!(Reach::PrivateOnly.refusal(ip).is_none(), "{ip}");
        }
    }

    #[test]
    fn public_addresses_are_called_unless_a_key_is_in_the_clear() {
        for ip in [
            "1.1.1.1",
            "2606:4700::1111",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "64:ff9b:1::101:101",
        ] {
            let ip = ip.parse().unwrap();
            assert!(Reach::Public.refusal(ip).is_none(), "{ip}");
            assert!(Reach::PrivateOnly.refusal(ip).is_some(), "{ip}");
        }
    }
}
