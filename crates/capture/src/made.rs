//! Text that is made line by line while it is read.

use std::io::{self, Read};

/// Makes one line after the other.
pub(crate) trait MakesLines {
    /// Appends the next line with its end; nothing when there is none left.
    fn make_line(&mut self, line: &mut Vec<u8>) -> io::Result<()>;
}

/// The lines of a maker as a text.
pub(crate) struct MadeText<M> {
    maker: M,
    line: Vec<u8>,
    /// How much of the line was read.
    read: usize,
}

impl<M: MakesLines> MadeText<M> {
    pub(crate) fn new(maker: M) -> Self {
        Self { maker, line: Vec::with_capacity(1 << 12), read: 0 }
    }
}

impl<M: MakesLines> Read for MadeText<M> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.line.len() {
            self.line.clear();
            self.read = 0;
            self.maker.make_line(&mut self.line)?;
        }
        let count = buffer.len().min(self.line.len() - self.read);
        buffer[..count].copy_from_slice(&self.line[self.read..][..count]);
        self.read += count;
        Ok(count)
    }
}
