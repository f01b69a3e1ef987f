//! What kind of network address it is: addresses alone, which `core` has without the sockets of `std`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Anywhere on the Internet.
    Public,
    /// This machine or a private network.
    Private,
    /// Link-local and the other places where clouds keep their metadata, unspecified, multicast, broadcast.
    Forbidden,
}

impl AddressClass {
    /// The class of an address; of one that stands for an IPv4 address, that of the latter.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => class_v4(ip),
            IpAddr::V6(ip) => embedded_v4(ip).map_or_else(|| class_v6(ip), class_v4),
        }
    }
}

/// Metadata outside of the link-local range: of Alibaba, inside carrier-grade NAT, and Azure's `WireServer`, which is public.
const METADATA_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// Metadata inside the unique-local range: of AWS, Google, Oracle and Scaleway.
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

fn class_v4(ip: Ipv4Addr) -> AddressClass {
    let [a, b, c, _] = ip.octets();
    // Protocol assignments, RFC 6890: nobody's servers, but Oracle's metadata.
    let is_assigned = [a, b, c] == [192, 0, 0];
    if ip.is_link_local()
        || a == 0
        || ip.is_multicast()
        || a >= 240
        || is_assigned
        || METADATA_V4.contains(&ip)
    {
        AddressClass::Forbidden
    } else if ip.is_private()
        || ip.is_loopback()
        // Carrier-grade NAT, RFC 6598: some clouds keep services and metadata there.
        || (a == 100 && (64..128).contains(&b))
        // Benchmarking networks, RFC 2544.
        || (a == 198 && (b == 18 || b == 19))
    {
        AddressClass::Private
    } else {
        AddressClass::Public
    }
}

fn class_v6(ip: Ipv6Addr) -> AddressClass {
    if ip.is_unicast_link_local()
        || ip.is_unspecified()
        || ip.is_multicast()
        || METADATA_V6.contains(&ip)
    {
        AddressClass::Forbidden
    } else if ip.is_loopback()
        || ip.is_unique_local()
        // Site-local, deprecated by RFC 3879 but still routed by some.
        || ip.segments()[0] & 0xffc0 == 0xfec0
    {
        AddressClass::Private
    } else {
        AddressClass::Public
    }
}

/// The IPv4 address that a packet to `ip` ends up at: mapped, translated, compatible, NAT64 (RFC 6052 and RFC 8215) and 6to4
/// forms.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let from = |at: usize| {
        let [[a, b], [c, d]] = [segments[at].to_be_bytes(), segments[at + 1].to_be_bytes()];
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0 | 1, 0, 0, 0, ..] => from(6),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => from(6),
        [0x2002, ..] => from(1),
        _ => None,
    }
}
