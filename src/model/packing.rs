//! Values as bytes for the same build of this program to read again.

/// Collects numbers and texts: seven bits a byte, and texts behind their length.
#[derive(Debug, Default)]
pub struct Packing(Vec<u8>);

impl Packing {
    /// Appends a number: the lowest seven bits first; the eighth of each byte says that more follow.
    pub fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let low = rest.to_le_bytes()[0] & 0x7f;
            rest >>= 7;
            self.0.push(if rest == 0 { low } else { low | 0x80 });
            if rest == 0 {
                return;
            }
        }
    }

    /// Appends a number that counts something in memory.
    pub fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Appends bytes behind their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Appends bytes whose number the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Appends a text that may be missing.
    pub fn text_if(&mut self, text: Option<&str>) {
        self.number(text.is_some().into());
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was collected.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what [`Packing`] collected, in the same order. `None` where the bytes say something else.
#[derive(Debug, Clone, Copy)]
pub struct Unpacking<'a>(&'a [u8]);

impl<'a> Unpacking<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Takes a number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Takes a number that counts something in memory.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Takes bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.raw(count)
    }

    /// Takes so many bytes.
    pub fn raw(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes a text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Takes a text that may be missing.
    pub fn text_if(&mut self) -> Option<Option<&'a str>> {
        match self.number()? {
            0 => Some(None),
            1 => self.text().map(Some),
            _ => None,
        }
    }

    /// Takes as many things as were counted in front of them.
    pub fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        // Nothing takes less than a byte, so that no count asks for more room than the bytes have.
        let mut all = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            all.push(one(self)?);
        }
        Some(all)
    }

    /// Whether everything was taken.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Packing, Unpacking};

    #[test]
    fn what_is_collected_is_read_again_and_nothing_less() {
        let numbers = [0, 1, 127, 128, 16_384, u64::from(u32::MAX), u64::MAX];
        let mut packing = Packing::default();
        for number in numbers {
            packing.number(number);
        }
        packing.text("ü");
        packing.text_if(None);
        packing.text_if(Some(""));
        packing.bytes(&[0, 255]);
        let bytes = packing.finish();
        let read = |bytes| {
            let mut unpacking = Unpacking::new(bytes);
            for number in numbers {
                if unpacking.number()? != number {
                    return None;
                }
            }
            let text = unpacking.text()?.to_owned();
            let texts = (unpacking.text_if()?, unpacking.text_if()?);
            let last = unpacking.bytes()?;
            (text == "ü" && texts == (None, Some("")) && last == [0, 255])
                .then(|| unpacking.is_at_end())
        };
        assert!(read(&bytes).unwrap());
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end}");
        }
    }

    #[test]
    fn count_of_more_than_there_is_is_refused() {
        let mut packing = Packing::default();
        packing.number(u64::MAX);
        let bytes = packing.finish();
        assert_eq!(Unpacking::new(&bytes).list(Unpacking::number), None);
        assert_eq!(Unpacking::new(&bytes).bytes(), None);
        assert_eq!(Unpacking::new(&[0xff; 20]).number(), None);
    }
}
