//! The decoder, as the program sees it.

use std::sync::Arc;
use turnkey_examples::Failure;
use turnkey_snapshots::engine::{Module, Value};
use turnkey_virt::nanoprocess::{Child, ChildLimits, Family, Outcome};

/// Bytes of memory that it may have.
const MEMORY: u64 = 32 << 20;

/// What the shim answers for what is no image, and where there is no room for the pixels.
const NO_IMAGE: i32 = -1;
const NO_ROOM: i32 = -2;

/// What becomes of an image.
#[derive(Debug, PartialEq)]
pub(crate) enum Decoded {
    Pixels(Vec<u8>),
    /// It is no image.
    Refused,
    /// Its pixels take more memory than the decoder has.
    NoRoom,
    /// The decoder has trapped.
    Ended,
}

/// A decoder that has been given nothing but memory.
pub(crate) struct Decoder {
    child: Child,
    /// Where its room begins, and how many bytes are left from there on.
    room: u32,
    left: u32,
}

impl Decoder {
    pub(crate) fn new(module: &Arc<dyn Module>) -> Result<Self, Failure> {
        let family = Family::builder().build();
        let child = family.spawn(Arc::clone(module))?;
        child.limit(ChildLimits {
            memory: MEMORY,
            ..ChildLimits::DEFAULT
        })?;
        child.link()?;
        let left = u32::try_from(MEMORY / 4)?;
        let room = match child.call("room", &[left.into()])? {
            Outcome::Returned(values) => number(&values)?,
            ended => return Err(format!("the decoder does not begin: {ended:?}").into()),
        };
        match room {
            0 => Err("the decoder gets no memory".into()),
            room => Ok(Self {
                child,
                room: room.cast_unsigned(),
                left,
            }),
        }
    }

    pub(crate) fn decode(&mut self, image: &[u8]) -> Result<Decoded, Failure> {
        let length = u32::try_from(image.len())?;
        let pixels = (self.room + length).next_multiple_of(16);
        let room = self.left - (pixels - self.room);
        self.child.write(self.room, image)?;
        let args = [self.room, length, pixels, room].map(Value::from);
        let answer = match self.child.call("decode", &args)? {
            Outcome::Returned(values) => number(&values)?,
            _ => return Ok(Decoded::Ended),
        };
        match answer {
            NO_IMAGE => Ok(Decoded::Refused),
            NO_ROOM => Ok(Decoded::NoRoom),
            length => {
                let mut bytes = vec![0; usize::try_from(length)?];
                self.child.read(pixels, &mut bytes)?;
                Ok(Decoded::Pixels(bytes))
            }
        }
    }
}

fn number(values: &[Value]) -> Result<i32, Failure> {
    match values {
        [Value::I32(number)] => Ok(*number),
        other => Err(format!("the decoder answers {other:?}").into()),
    }
}
