//! The two files of a LOBSTER session inside their zip archive, unpacked as they are read.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::CrcReader;
use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::Error;
use crate::error::NoRecording;
use crate::lobster::{Part, SessionLines, SessionName};
use crate::made::MadeText;

const BUFFER_BYTES: usize = 1 << 18;

/// Where a member lies in the archive.
#[derive(Clone, Copy, Debug)]
struct Member {
    start: u64,
    packed_bytes: u64,
    crc32: u32,
    is_packed: bool,
}

/// A member's bytes, checked against their sum at the end.
pub(crate) struct Unpacked {
    bytes: CrcReader<Box<dyn io::BufRead + Send>>,
    crc32: u32,
}

/// Opens the only session of an archive.
pub(crate) fn open(path: &Path) -> Result<MadeText<SessionLines<BufReader<Unpacked>>>, Error> {
    let refused = |what| Error::NoRecording { path: path.to_owned(), what };
    let failed = |source| Error::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|_| refused(NoRecording::Archive))?;
    let mut sessions: Vec<(SessionName, [Option<Member>; 2])> = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(|_| refused(NoRecording::Archive))?;
        let Ok(name) = file.name() else { continue };
        let Some((name, part)) = SessionName::parse(&name) else { continue };
        let is_packed = match file.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => return Err(refused(NoRecording::Packing)),
        };
        if file.encrypted() {
            return Err(refused(NoRecording::Packing));
        }
        let start = file.data_start().ok_or_else(|| refused(NoRecording::Archive))?;
        let (packed_bytes, crc32) = (file.compressed_size(), file.crc32());
        let member = Member { start, packed_bytes, crc32, is_packed };
        let at = match sessions.iter().position(|(known, _)| *known == name) {
            Some(at) => at,
            None => {
                sessions.push((name, [None; 2]));
                sessions.len() - 1
            }
        };
        sessions[at].1[usize::from(part == Part::Book)] = Some(member);
    }
    let whole = sessions.into_iter().filter_map(|(name, parts)| match parts {
        [Some(messages), Some(book)] => Some((name, messages, book)),
        _ => None,
    });
    let mut whole: Vec<_> = whole.collect();
    let sessions = whole.len();
    let (name, messages, book) = match (whole.pop(), sessions) {
        (Some(session), 1) => session,
        (None, _) => return Err(refused(NoRecording::NoSession)),
        _ => return Err(refused(NoRecording::Sessions { sessions })),
    };
    let unpacked = |member| Unpacked::open(path, member).map_err(failed);
    let (messages, book) = (unpacked(messages)?, unpacked(book)?);
    let buffered = |bytes| BufReader::with_capacity(BUFFER_BYTES, bytes);
    let lines = SessionLines::new(name, buffered(messages), buffered(book));
    lines.map(MadeText::new).ok_or_else(|| refused(NoRecording::NoSession))
}

impl Unpacked {
    fn open(path: &Path, member: Member) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(member.start))?;
        let packed = BufReader::with_capacity(BUFFER_BYTES, file.take(member.packed_bytes));
        let bytes: Box<dyn io::BufRead + Send> = if member.is_packed {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, DeflateDecoder::new(packed)))
        } else {
            Box::new(packed)
        };
        Ok(Self { bytes: CrcReader::new(bytes), crc32: member.crc32 })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.bytes.crc().sum() != self.crc32 {
            let what = "a member of the archive is not what it was packed from";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(read)
    }
}
