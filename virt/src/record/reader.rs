//! Reading a log.

use super::asked::Asked;
use super::contents::Contents;
use super::log::{LogError, MAGIC, Summed, VERSION};
use super::numbers;
use super::shape;
use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufReader, ErrorKind, Read};
use turnkey_wasi_common::Errno;
use turnkey_wasi_common::function::Function;

/// A log that is being read, one thing after the other, in the order of its form.
pub(crate) struct Reader<R: Read> {
    stream: Summed<BufReader<DeflateDecoder<BufReader<R>>>>,
}

impl<R: Read> Reader<R> {
    /// Begins to read; answers the label as well.
    ///
    /// # Errors
    /// Of the source, and those of what is no log of this version.
    pub(crate) fn new(source: R) -> Result<(Self, Vec<u8>), LogError> {
        let mut head = Summed {
            inner: BufReader::new(source),
            sum: Hasher::new(),
        };
        let failed = |error| LogError::after(0, error);
        let mut magic = Vec::new();
        let length = MAGIC.len() as u64;
        let read = head.by_ref().take(length).read_to_end(&mut magic);
        read.map_err(LogError::Io)?;
        if !MAGIC.starts_with(&magic) {
            return Err(LogError::Foreign);
        }
        let [version, length] = [half(&mut head), half(&mut head)];
        let version = version.map_err(failed)?;
        if version != VERSION {
            return Err(LogError::Version {
                found: version,
                known: VERSION,
            });
        }
        let mut label = vec![0; usize::from(length.map_err(failed)?)];
        head.read_exact(&mut label).map_err(failed)?;
        let stream = Summed {
            inner: BufReader::new(DeflateDecoder::new(head.inner)),
            sum: head.sum,
        };
        Ok((Self { stream }, label))
    }

    /// What the next call asks for; answers whether there is one.
    ///
    /// # Errors
    /// As [`Asked::decode`].
    pub(crate) fn asked(&mut self, asked: &mut Asked) -> io::Result<bool> {
        asked.decode(&mut self.stream)
    }

    /// What it was answered, `None` if the guest was ended.
    ///
    /// # Errors
    /// Of the source; `InvalidData` if there is no such errno.
    pub(crate) fn answer(&mut self) -> io::Result<Option<Errno>> {
        let Some(number) = numbers::read(&mut self.stream)?.checked_sub(1) else {
            return Ok(None);
        };
        let errno = u16::try_from(number).ok().and_then(Errno::from_number);
        errno
            .map(Some)
            .ok_or_else(|| damaged("it has an unknown errno"))
    }

    /// What the host took from the guest's buffers, if this answer says that it did: how many
    /// bytes, and which.
    ///
    /// # Errors
    /// Of the source.
    pub(crate) fn data(
        &mut self,
        function: &'static Function,
        answer: Option<Errno>,
        data: &mut Contents,
    ) -> io::Result<Option<u64>> {
        data.clear();
        let list = shape::read_buffers(function).filter(|_| answer == Some(Errno::Success));
        let Some((_, list)) = list else {
            return Ok(None);
        };
        let moved = numbers::read(&mut self.stream)?;
        data.decode(&mut self.stream, list.records.kept)?;
        Ok(Some(moved))
    }

    /// The length of the next range that the host wrote, and the [step](numbers::step) that leads
    /// there.
    ///
    /// # Errors
    /// Of the source.
    pub(crate) fn range(&mut self) -> io::Result<Option<(u64, u64)>> {
        match numbers::read(&mut self.stream)? {
            0 => Ok(None),
            length => Ok(Some((length, numbers::read(&mut self.stream)?))),
        }
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// Of the source.
    pub(crate) fn bytes(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.stream.read_exact(bytes)
    }

    /// Reads the rest; answers how many calls there are.
    ///
    /// # Errors
    /// Why the log cannot be replayed.
    pub(crate) fn check(mut self) -> Result<u64, LogError> {
        let mut calls = 0;
        let (mut asked, mut data) = (Asked::default(), Contents::default());
        loop {
            match self.check_call(&mut asked, &mut data) {
                Ok(true) => calls += 1,
                Ok(false) => break,
                Err(error) => return Err(LogError::after(calls, error)),
            }
        }
        match self.check_end(calls) {
            Ok(()) => Ok(calls),
            Err(error) => Err(LogError::after(calls, error)),
        }
    }

    fn check_call(&mut self, asked: &mut Asked, data: &mut Contents) -> io::Result<bool> {
        let function = match self.asked(asked)? {
            true => asked.function,
            false => None,
        };
        let Some(function) = function else {
            return Ok(false);
        };
        let answer = self.answer()?;
        self.data(function, answer, data)?;
        if answer.is_some() {
            while let Some((length, _)) = self.range()? {
                let skipped = io::copy(&mut self.stream.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(true)
    }

    /// Reads what is behind the last call.
    fn check_end(mut self, calls: u64) -> io::Result<()> {
        let counted = numbers::read(&mut self.stream)?;
        if self.stream.inner.read(&mut [0])? != 0 {
            return Err(damaged("it goes on behind its end"));
        }
        let mut source = self.stream.inner.into_inner().into_inner();
        let mut sum = [0; 4];
        source.read_exact(&mut sum)?;
        if u32::from_le_bytes(sum) != self.stream.sum.finalize() {
            return Err(damaged("its checksum does not fit"));
        }
        if counted != calls {
            return Err(damaged("it has another number of calls than it says"));
        }
        match source.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(damaged("something follows its end")),
        }
    }
}

fn half(from: &mut impl Read) -> io::Result<u16> {
    let mut bytes = [0; 2];
    from.read_exact(&mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

pub(crate) fn damaged(flaw: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, flaw)
}
