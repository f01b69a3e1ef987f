//! Bytes as packets, and what stands in them.
//!
//! Format: RFC 9580 §3 and §4. Packets of a length that is told bit by bit are none that keys and signatures
//! are made of.

/// One packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
}

/// All packets; `None` if the bytes are not just packets.
pub(super) fn packets(bytes: &[u8]) -> Option<Vec<Packet<'_>>> {
    let mut reader = Reader(bytes);
    let mut packets = Vec::new();
    while !reader.is_at_end() {
        let first = reader.u8()?;
        if first & 0x80 == 0 {
            return None;
        }
        let (tag, length) = if first & 0x40 == 0 {
            let length = match first & 0x03 {
                0 => reader.u8()?.into(),
                1 => reader.u16()?.into(),
                2 => reader.u32()?,
                _ => return None,
            };
            ((first >> 2) & 0x0f, length)
        } else {
            (first & 0x3f, packet_length(&mut reader)?)
        };
        let body = reader.take(length.try_into().ok()?)?;
        packets.push(Packet { tag, body });
    }
    Some(packets)
}

fn packet_length(reader: &mut Reader<'_>) -> Option<u32> {
    let first = u32::from(reader.u8()?);
    match first {
        0..192 => Some(first),
        192..224 => Some(((first - 192) << 8) + u32::from(reader.u8()?) + 192),
        255 => reader.u32(),
        _ => None,
    }
}

/// Takes bytes from the front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A number, without the zeros before it. RFC 9580 §3.2.
    pub(super) fn number(&mut self) -> Option<&'a [u8]> {
        let bits = usize::from(self.u16()?);
        let bytes = self.take(bits.div_ceil(8))?;
        let first = bytes.iter().position(|byte| *byte != 0);
        Some(&bytes[first.unwrap_or(bytes.len())..])
    }

    /// The next subpacket: whether it is critical, its type and what it holds. RFC 9580 §5.2.3.7.
    pub(super) fn subpacket(&mut self) -> Option<(bool, u8, &'a [u8])> {
        let first = u32::from(self.u8()?);
        let length = match first {
            0..192 => first,
            192..255 => ((first - 192) << 8) + u32::from(self.u8()?) + 192,
            _ => self.u32()?,
        };
        let (kind, body) = self.take(length.try_into().ok()?)?.split_first()?;
        Some((kind & 0x80 != 0, kind & 0x7f, body))
    }
}
