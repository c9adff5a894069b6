use std::io::{self, Seek, SeekFrom, Write};

use aws_lc_rs::digest::{SHA256, digest};
use thiserror::Error;
use xorf::{BinaryFuse8, BinaryFuse16, DmaSerializable};

use super::{Bits, HEAD, MAGIC, ROW, Sha1};

/// Hashes of a shard. Building one takes some 180 MB at most.
const SHARD: usize = 4_000_000;

/// Why no filter came of it.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A hash is smaller than the one before it.
    #[error("it is not sorted: this hash is smaller than the one before it")]
    Unsorted,
    /// More came than was announced.
    #[error("there are more hashes than the {0} that there was room for")]
    TooMany(u64),
    /// The keys of a shard could not be peeled, which chance alone does not bring about.
    #[error("no filter could be made of a shard: {0}")]
    Shard(&'static str),
    /// It could not be written.
    #[error("it cannot be written")]
    Write(#[from] io::Error),
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Different hashes in it.
    pub entries: u64,
    /// Hashes that came twice.
    pub doubles: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Builds a filter of hashes that come sorted, a shard at a time.
pub struct Builder<W> {
    out: W,
    bits: Bits,
    most: u64,
    body: u64,
    end: u64,
    keys: Vec<u64>,
    last: Option<Sha1>,
    directory: Vec<u8>,
    entries: u64,
    doubles: u64,
}

impl<W: Write + Seek> Builder<W> {
    /// Begins one of at most `most` hashes, for which it leaves room in the head.
    pub fn new(mut out: W, bits: Bits, most: u64) -> Result<Self, BuildError> {
        let rows = most.div_ceil(SHARD as u64);
        let body = rows.checked_mul(ROW as u64).and_then(|room| room.checked_add(HEAD as u64));
        let body = body.ok_or(BuildError::TooMany(most))?;
        out.seek(SeekFrom::Start(body))?;
        let (keys, directory) = (Vec::new(), Vec::new());
        Ok(Self { out, bits, most, body, end: body, keys, last: None, directory, entries: 0, doubles: 0 })
    }

    /// Takes the next. One that is there already is counted and left out.
    pub fn push(&mut self, hash: Sha1) -> Result<(), BuildError> {
        if let Some(last) = self.last {
            if hash < last {
                return Err(BuildError::Unsorted);
            }
            // Two of one key are one for a filter.
            if hash.key() == last.key() {
                self.doubles += 1;
                return Ok(());
            }
        }
        if self.entries >= self.most {
            return Err(BuildError::TooMany(self.most));
        }
        self.last = Some(hash);
        self.entries += 1;
        self.keys.push(hash.key());
        if self.keys.len() >= SHARD { self.shard() } else { Ok(()) }
    }

    /// Writes the last shard, and the head.
    pub fn finish(mut self) -> Result<Built, BuildError> {
        self.shard()?;
        let rows = u32::try_from(self.directory.len() / ROW).unwrap_or(u32::MAX);
        let mut head = MAGIC.to_vec();
        head.extend(self.bits.count().to_le_bytes());
        head.extend(rows.to_le_bytes());
        head.extend(self.entries.to_le_bytes());
        head.extend(self.body.to_le_bytes());
        let seal = digest(&SHA256, &[head.as_slice(), &self.directory].concat());
        head.extend(seal.as_ref());
        head.extend(&self.directory);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&head)?;
        let room = self.body.saturating_sub(head.len() as u64);
        io::copy(&mut io::Read::take(io::repeat(0), room), &mut self.out)?;
        self.out.flush()?;
        Ok(Built { entries: self.entries, doubles: self.doubles, bytes: self.end })
    }

    fn shard(&mut self) -> Result<(), BuildError> {
        let Some(first) = self.keys.first().copied() else { return Ok(()) };
        let keys = std::mem::take(&mut self.keys);
        let mut descriptor = [0; 20];
        match self.bits {
            Bits::Eight => {
                let filter = BinaryFuse8::try_from(&keys).map_err(BuildError::Shard)?;
                filter.dma_copy_descriptor_to(&mut descriptor);
                self.prints(&filter.fingerprints)?;
            }
            Bits::Sixteen => {
                let filter = BinaryFuse16::try_from(&keys).map_err(BuildError::Shard)?;
                filter.dma_copy_descriptor_to(&mut descriptor);
                for prints in filter.fingerprints.chunks(4096) {
                    let bytes: Vec<u8> = prints.iter().flat_map(|print| print.to_le_bytes()).collect();
                    self.prints(&bytes)?;
                }
            }
        }
        // Seed, segment length, its mask, segments' length.
        let (seed_and_segment, rest) = descriptor.split_at(12);
        self.directory.extend(first.to_le_bytes());
        self.directory.extend(seed_and_segment);
        self.directory.extend(rest.iter().skip(4));
        self.directory.extend((keys.len() as u64).to_le_bytes());
        self.keys = keys;
        self.keys.clear();
        Ok(())
    }

    fn prints(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.out.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}
