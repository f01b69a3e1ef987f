//! Which network addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Public,
    Private,
    /// Link-local (where clouds keep their metadata), unspecified, multicast, broadcast.
    Forbidden,
}

impl Reach {
    /// Why `ip` may not be called; `None` if it may.
    pub(super) fn refusal(self, ip: IpAddr) -> Option<&'static str> {
        match (class(ip), self) {
            (Class::Forbidden, _) => {
                Some("is a link-local, unspecified or multicast address, which is never called")
            }
            (Class::Private, Self::Public) => {
                Some("is a private or loopback address; `allowPrivate: true` allows those")
            }
            (Class::Public, Self::PrivateOnly) => {
                Some("is a public address, where a key may not go over plain http")
            }
            _ => None,
        }
    }
}

fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => embedded_v4(ip).map_or_else(|| class_v6(ip), class_v4),
    }
}

fn class_v4(ip: Ipv4Addr) -> Class {
    let [a, b, ..] = ip.octets();
    if ip.is_link_local() || a == 0 || ip.is_multicast() || a >= 240 {
        Class::Forbidden
    } else if ip.is_private()
        || ip.is_loopback()
        // Carrier-grade NAT, RFC 6598: some clouds keep services and metadata there.
        || (a == 100 && (64..128).contains(&b))
        // Benchmarking networks, RFC 2544.
        || (a == 198 && (b == 18 || b == 19))
    {
        Class::Private
    } else {
        Class::Public
    }
}

fn class_v6(ip: Ipv6Addr) -> Class {
    // `fd00:ec2::254` is a metadata address inside the unique-local range.
    let metadata = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast() || ip == metadata {
        Class::Forbidden
    } else if ip.is_loopback()
        || ip.is_unique_local()
        // Site-local, deprecated by RFC 3879 but still routed by some.
        || ip.segments()[0] & 0xffc0 == 0xfec0
    {
        Class::Private
    } else {
        Class::Public
    }
}

/// The IPv4 address that a packet to `ip` ends up at: mapped, compatible, NAT64 and 6to4 forms.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let from = |at: usize| {
        let [[a, b], [c, d]] = [segments[at].to_be_bytes(), segments[at + 1].to_be_bytes()];
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => from(6),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => from(6),
        [0x2002, ..] => from(1),
        _ => None,
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
        for ip in ["1.1.1.1", "2606:4700::1111", "172.32.0.1", "100.128.0.1"] {
            let ip = ip.parse().unwrap();
            assert!(Reach::Public.refusal(ip).is_none(), "{ip}");
            assert!(Reach::PrivateOnly.refusal(ip).is_some(), "{ip}");
        }
    }
}
