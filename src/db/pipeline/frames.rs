//! Which messages go by on a socket, without looking at what they say.

/// Messages of PostgreSQL's protocol: a letter, then a length that counts itself, then as many bytes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The letter and the length of the message that is going by, as far as they are known.
    header: [u8; 5],
    known: usize,
    /// How many of its bytes are still to come once the header is known.
    left: usize,
}

impl Frames {
    /// Whether the last message has gone by as a whole.
    pub(super) fn is_between(&self) -> bool {
        self.known == 0
    }

    /// Lets bytes go by; how many messages of these letters were completed.
    pub(super) fn pass(&mut self, mut bytes: &[u8], letters: &[u8]) -> usize {
        let mut completed = 0;
        while !bytes.is_empty() {
            if self.known < self.header.len() {
                let taken = bytes.len().min(self.header.len() - self.known);
                self.header[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
                (self.known, bytes) = (self.known + taken, &bytes[taken..]);
                let [_, length @ ..] = self.header;
                self.left = (u32::from_be_bytes(length) as usize).saturating_sub(length.len());
            }
            if self.known == self.header.len() {
                let taken = bytes.len().min(self.left);
                (self.left, bytes) = (self.left - taken, &bytes[taken..]);
                if self.left == 0 {
                    completed += usize::from(letters.contains(&self.header[0]));
                    self.known = 0;
                }
            }
        }
        completed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let stream = [&b"Q\0\0\0\x05\0"[..], b"S\0\0\0\x04", b"X\0\0\0\x08SSSS", b"S\0\0\0\x04"].concat();
        for size in 1..=stream.len() {
            let mut frames = Frames::default();
            let counted: usize = stream.chunks(size).map(|part| frames.pass(part, b"QS")).sum();
            assert_eq!(counted, 3, "in pieces of {size}");
        }
        let mut frames = Frames::default();
        assert_eq!((frames.pass(&stream[..4], b"QS"), frames.is_between()), (0, false));
        assert_eq!((frames.pass(&stream[4..6], b"QS"), frames.is_between()), (1, true));
    }
}
