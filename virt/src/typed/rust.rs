//! A Rust function that modules call.

use super::copy::Room;
use super::image::Image;
use super::side::{Callee, Failed, Side};
use super::types::Function;
use super::value::TypedValue;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Grant, Stop, Trap, TrapKind};

/// What a Rust function does that modules call.
pub(crate) type Run = dyn Fn(&[TypedValue]) -> Result<TypedValue, Stop> + Send + Sync;

/// A Rust function that is called.
pub(crate) struct RustSide<'a> {
    image: Image,
    function: &'a Function,
    run: &'a Run,
}

impl<'a> RustSide<'a> {
    pub(crate) fn new(function: &'a Function, run: &'a Run) -> Self {
        Self {
            image: Image::default(),
            function,
            run,
        }
    }
}

impl Side for RustSide<'_> {
    fn memory(&mut self) -> Result<&mut [u8], Failed> {
        self.image.memory()
    }

    fn alloc(&mut self, from: &mut dyn Side, size: u32, align: u32) -> Result<u32, Failed> {
        self.image.alloc(from, size, align)
    }

    fn free(&mut self, from: &mut dyn Side, room: Room) -> Result<(), Stop> {
        self.image.free(from, room)
    }

    fn handle(&mut self, number: u32) -> Result<Grant, Errno> {
        self.image.handle(number)
    }

    fn receive(&mut self, grant: Grant) -> Result<u32, Errno> {
        self.image.receive(grant)
    }

    fn forget(&mut self, number: u32) {
        self.image.forget(number);
    }
}

impl Callee for RustSide<'_> {
    fn call(
        &mut self,
        _caller: &mut dyn Side,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        let refused = |errno: Errno| {
            let message = format!(
                "a value of the function {} does not fit its type or takes too much room: {}",
                self.function,
                errno.name()
            );
            Stop::from(Trap::new(TrapKind::Host, message))
        };
        let values = self.image.read_args(self.function, args).map_err(refused)?;
        let answer = (self.run)(&values)?;
        let written = self.image.write_answer(self.function, args, &answer);
        let result = written.map_err(refused)?;
        for (place, result) in results.iter_mut().zip(result) {
            *place = result;
        }
        Ok(())
    }
}
