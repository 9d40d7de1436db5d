//! Memories of any bytes, on both sides.

use super::definition;
use crate::typed::call::Broken;
use crate::typed::copy::Room;
use crate::typed::side::{Callee, Failed, Side};
use crate::typed::{Interface, of_bits};
use proptest::prelude::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Grant, Null, Object, Stop};

/// A side without an engine: any bytes, and an allocator that gives the same room each time.
struct Flat {
    bytes: Vec<u8>,
    room: u32,
    given: Vec<Room>,
    freed: Vec<Room>,
    /// How many of the handles that were received are held.
    held: i64,
    /// What is written where the answer belongs, and what is returned.
    answer: Vec<u8>,
    called: bool,
}

impl Flat {
    fn new(bytes: Vec<u8>, room: u32, answer: Vec<u8>) -> Self {
        Self {
            bytes,
            room,
            answer,
            given: Vec::new(),
            freed: Vec::new(),
            held: 0,
            called: false,
        }
    }

    /// That nothing but the room and this place was changed.
    fn check(&self, before: &[u8], at: Option<u32>, len: usize) {
        let is_in = |index: usize, start: u32, len: usize| {
            index >= start as usize && index < start as usize + len
        };
        for (index, (now, then)) in self.bytes.iter().zip(before).enumerate() {
            let mut rooms = self.given.iter();
            let lies_in_room = rooms.any(|room| is_in(index, room.start, room.size as usize));
            let allowed = lies_in_room || at.is_some_and(|at| is_in(index, at, len));
            assert!(now == then || allowed, "byte {index} of {:?}", self.given);
        }
    }
}

impl Side for Flat {
    fn memory(&mut self) -> Result<&mut [u8], Failed> {
        Ok(&mut self.bytes)
    }

    fn alloc(&mut self, _: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed> {
        let start = self.room.next_multiple_of(align);
        if u64::from(start) + u64::from(size) > self.bytes.len() as u64 {
            return Err(Errno::Nomem.into());
        }
        self.given.push(Room { start, size, align });
        Ok(start)
    }

    fn free(&mut self, _: &mut dyn Side, room: Room) -> Result<(), Stop> {
        self.freed.push(room);
        Ok(())
    }

    fn handle(&mut self, number: u32) -> Result<Grant, Errno> {
        match number % 2 {
            0 => Ok(Grant::new(Object::Stream(Arc::new(Null)))),
            _ => Err(Errno::Badf),
        }
    }

    fn receive(&mut self, _: Grant) -> Result<u32, Errno> {
        self.held += 1;
        match self.held {
            4 => {
                self.held -= 1;
                Err(Errno::Mfile)
            }
            held => Ok(u32::try_from(held).unwrap_or(0)),
        }
    }

    fn forget(&mut self, _: u32) {
        self.held -= 1;
    }
}

impl Callee for Flat {
    fn call(
        &mut self,
        _: &mut dyn Side,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        self.called = true;
        if let Some(at) = args.last().and_then(|word| word.as_u32()) {
            let places = self.bytes.iter_mut().skip(at as usize);
            places
                .zip(&self.answer)
                .for_each(|(place, byte)| *place = *byte);
        }
        results
            .iter_mut()
            .for_each(|result| *result = Value::I32(0));
        Ok(())
    }
}

/// Bytes among which many are small numbers, so that some lead somewhere.
fn memory() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        3 => (0..64_u32).prop_map(|n| n * 4),
        3 => 0..8_u32,
        1 => any::<u32>(),
    ];
    prop::collection::vec(word, 64)
        .prop_map(|words| words.into_iter().flat_map(u32::to_le_bytes).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn call_any_bytes_nothing_but_the_room_is_written(
        definitions in (1..5_usize).prop_flat_map(|count| {
            (0..count).map(definition).collect::<Vec<_>>()
        }),
        (from, to, answer) in (memory(), memory(), memory()),
        words in prop::collection::vec((0..72_u32).prop_map(|n| n * 4), 4),
        handles in any::<bool>(),
        (room, answer_room) in (0..280_u32, 0..280_u32),
    ) {
        let last = definitions.len() - 1;
        let types = definitions.iter().enumerate();
        let types: String = types.map(|(n, ty)| format!("(typename $t{n} {ty})\n")).collect();
        // Some of the numbers in the type are handles.
        let types = match handles {
            true => types.replace(" u32", " (handle)").replace("repr (handle)", "repr u32"),
            false => types,
        };
        let text = format!(
            ";;; @exports\n{types} (module $m (@interface func (export \"f\")
                (param $in $t{last}) (result $out (expected $t{last} (error u16)))))"
        );
        let interface = Interface::parse(&text).unwrap();
        let function = interface.exported("f").unwrap();
        let types = function.core.params.iter().zip(&words);
        let args: Vec<_> = types.map(|(ty, word)| of_bits(*ty, u64::from(*word))).collect();
        let answer_at = args.last().and_then(|word| word.as_u32());
        let size = function.answer.written().unwrap().shape().size as usize;

        let mut caller = Flat::new(from.clone(), answer_room, Vec::new());
        let mut callee = Flat::new(to, room, answer);
        let result = function.call(&mut caller, &args, &mut callee);
        if !callee.called {
            prop_assert_eq!(&caller.bytes, &from);
            prop_assert!(!matches!(result, Ok(_) | Err(Broken::Callee(_))));
            prop_assert_eq!(callee.held, 0, "nothing stays with who was not called");
        }
        if result.is_err() {
            prop_assert_eq!(caller.held, 0, "nothing stays of an answer that did not come");
        }
        caller.check(&from, answer_at, size);
        if let (Err(Broken::Errno(_)) | Ok(_), [given]) = (&result, &callee.given[..]) {
            prop_assert_eq!(&callee.freed, &[*given]);
        }
    }
}
