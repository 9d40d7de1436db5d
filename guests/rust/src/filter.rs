//! Filters, which see what children call.

#[rustfmt::skip]
mod exports;

use crate::Errno;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Continue,
    /// The child receives an errno instead.
    Deny(Errno),
}

impl Verdict {
    #[doc(hidden)]
    #[must_use]
    pub fn answer(self) -> i32 {
        match self {
            Self::Continue => 0,
            Self::Deny(errno) => Errno::answer(Err(errno)),
        }
    }
}

/// A call that a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The number that the child was bound with.
    pub context: u32,
    /// The number of the call.
    pub number: u32,
    /// The name of the function.
    pub function: &'static str,
    /// Its arguments, pointers among them, which lead to copies. Those of 32 bits are in the lower
    /// half. None are told once the call has ended.
    pub args: &'a [u64],
}

impl Call<'_> {
    /// Copies from what an argument points to, and answers how many bytes that were.
    ///
    /// # Errors
    /// - `INVAL`: the argument leads nowhere.
    #[cfg(target_family = "wasm")]
    pub fn read(&self, arg: u32, offset: u32, buffer: &mut [u8]) -> crate::Result<usize> {
        crate::raw::imports::call_arg(self.number, arg, offset, buffer)
    }
}

/// A filter: [`export_filter!`](crate::export_filter) exports it.
pub trait Filter {
    /// Decides what becomes of a call.
    fn before(&self, call: &Call<'_>) -> Verdict;

    /// Is told what the child will receive, unless the filter decided that; `None` if the call has
    /// ended the child.
    fn after(&self, _call: &Call<'_>, _errno: Option<u16>) {}
}

/// Exports a pair of functions for each function of preview 1.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_filters {
    ($filter:expr; $(
        $name:ident $before:literal $after:literal ($($arg:ident: $type:ty),*);
    )*) => {
        $(
            const _: () = {
                #[export_name = $before]
                extern "C" fn before(context: u32, call: u32 $(, $arg: $type)*) -> i32 {
                    let call = $crate::Call {
                        context,
                        number: call,
                        function: stringify!($name),
                        args: &[$($crate::__exports::Word::word($arg)),*],
                    };
                    $crate::Filter::before($filter, &call).answer()
                }

                #[export_name = $after]
                extern "C" fn after(context: u32, call: u32, errno: u32) {
                    let call = $crate::Call {
                        context,
                        number: call,
                        function: stringify!($name),
                        args: &[],
                    };
                    $crate::Filter::after($filter, &call, u16::try_from(errno).ok());
                }
            };
        )*
    };
}
