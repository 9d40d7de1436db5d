//! Defining the types that are made from a witx document.

/// A number of which some values have names. It may be any other: a guest says what it likes.
macro_rules! enumeration {
    (
        $(#[$docs:meta])* $name:ident $repr:ident {
            $($(#[$case_docs:meta])* $case:ident = $value:literal,)*
        }
    ) => {
        $(#[$docs])*
        ///
        /// It may be a number that has no name: a guest says what it likes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(
            /// The number.
            pub $repr,
        );

        impl $name {
            $($(#[$case_docs])* pub const $case: Self = Self($value);)*
        }

        $crate::typed::number!($name $repr);
    };
}

/// A set of bits, some of which have names.
macro_rules! flags {
    (
        $(#[$docs:meta])* $name:ident $repr:ident {
            $($(#[$flag_docs:meta])* $flag:ident = $value:literal,)*
        }
    ) => {
        $(#[$docs])*
        ///
        /// It may have bits that have no name: a guest says what it likes.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name(
            /// The bits.
            pub $repr,
        );

        impl $name {
            $($(#[$flag_docs])* pub const $flag: Self = Self($value);)*

            /// Whether all of these flags are set.
            #[must_use]
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        $crate::typed::number!($name $repr);
    };
}

/// How a type that is a number lies in memory.
macro_rules! number {
    ($name:ident $repr:ident) => {
        impl $crate::typed::Value for $name {
            const SIZE: u32 = <$repr as $crate::typed::Value>::SIZE;
            const ALIGN: u32 = <$repr as $crate::typed::Value>::ALIGN;

            fn store(self, to: &mut [u8]) {
                self.0.store(to);
            }

            fn load(from: &[u8]) -> Option<Self> {
                <$repr as $crate::typed::Value>::load(from).map(Self)
            }
        }

        impl $crate::typed::Scalar for $name {
            fn of_word(word: u64) -> Self {
                Self(<$repr as $crate::typed::Scalar>::of_word(word))
            }
        }
    };
}

/// Members, each at its offset.
macro_rules! record {
    (
        $(#[$docs:meta])* vector $name:ident $size:literal $align:literal {
            $(#[$start_docs:meta])* $start:ident: u32 = $start_offset:literal,
            $(#[$length_docs:meta])* $length:ident: u32 = $length_offset:literal,
        }
    ) => {
        $crate::typed::record! {
            $(#[$docs])* $name $size $align {
                $(#[$start_docs])* $start: u32 = $start_offset,
                $(#[$length_docs])* $length: u32 = $length_offset,
            }
        }

        impl $crate::typed::Vector for $name {
            fn buffer(self) -> $crate::typed::Array<u8> {
                $crate::typed::Array::new(self.$start, self.$length)
            }
        }
    };
    (
        $(#[$docs:meta])* $name:ident $size:literal $align:literal {
            $($(#[$field_docs:meta])* $field:ident: $ty:ty = $offset:literal,)*
        }
    ) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_docs])* pub $field: $ty,)*
        }

        impl $crate::typed::Value for $name {
            const SIZE: u32 = $size;
            const ALIGN: u32 = $align;

            fn store(self, to: &mut [u8]) {
                $(
                    if let Some(to) = to.get_mut($offset..) {
                        self.$field.store(to);
                    }
                )*
            }

            fn load(from: &[u8]) -> Option<Self> {
                Some(Self {
                    $($field: $crate::typed::Value::load(from.get($offset..)?)?,)*
                })
            }
        }
    };
}

/// A tag, and a payload that depends on it.
macro_rules! variant {
    (
        $(#[$docs:meta])* $name:ident $size:literal $align:literal $tag:ident $offset:literal {
            $($(#[$case_docs:meta])* $case:ident($payload:ty) = $value:literal,)*
        }
    ) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$case_docs])* $case($payload),)*
        }

        impl $crate::typed::Value for $name {
            const SIZE: u32 = $size;
            const ALIGN: u32 = $align;

            fn store(self, to: &mut [u8]) {
                match self {
                    $(Self::$case(payload) => {
                        let tag: $tag = $value;
                        tag.store(to);
                        if let Some(to) = to.get_mut($offset..) {
                            payload.store(to);
                        }
                    })*
                }
            }

            fn load(from: &[u8]) -> Option<Self> {
                let tag = <$tag as $crate::typed::Value>::load(from)?;
                let payload = from.get($offset..)?;
                match tag {
                    $($value => $crate::typed::Value::load(payload).map(Self::$case),)*
                    _ => None,
                }
            }
        }
    };
}

/// The arguments of a function, and how it is answered.
macro_rules! call {
    (
        $(#[$docs:meta])* $name:ident $index:literal ($($word:ident),*) {
            $($(#[$field_docs:meta])* $field:ident: $ty:ty = $value:expr,)*
        } ($($returned:ident),*) $($result:tt)*
    ) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_docs])* pub $field: $ty,)*
            /// Where the results go.
            returned: [u32; const { <[&str]>::len(&[$(stringify!($returned)),*]) }],
        }

        impl $name {
            /// The arguments of a call; `None` if it is a call of another function.
            #[must_use]
            pub fn of(call: &turnkey_wasi_common::Invocation<'_>) -> Option<Self> {
                let &[$($word),*] = $crate::typed::words(call, super::MODULE, $index)?;
                Some(Self {
                    $($field: $value,)*
                    returned: [$($crate::typed::address($returned)),*],
                })
            }
        }

        $crate::typed::results!($name $($result)*);
    };
}

/// How a function is answered.
macro_rules! results {
    ($name:ident noreturn) => {};
    ($name:ident -> () ()) => {
        impl $name {
            /// The verdict that the call has been carried out.
            #[must_use]
            pub fn answer(&self) -> turnkey_wasi_common::Verdict {
                turnkey_wasi_common::Verdict::Answer(turnkey_wasi_common::Errno::Success)
            }
        }
    };
    ($name:ident -> ($($result:ident: $ty:ty),+) $all:ty) => {
        impl $name {
            /// Sees that the results have a place in the guest's memory, for a filter that is not
            /// to do anything if they have not.
            ///
            /// # Errors
            /// The trap to return, of the kind `Fault`: a result would lie beyond the memory, or
            /// misaligned.
            pub fn check(&self, memory: &[u8]) -> Result<(), turnkey_wasi_common::Verdict> {
                $crate::typed::check::<$all>(memory, &self.returned)
            }

            /// Writes the results, and gives the verdict that the call has been carried out. If a
            /// result has no place, nothing is written, and the verdict is the trap of
            /// [`check`](Self::check).
            #[must_use]
            pub fn answer(&self, memory: &mut [u8], $($result: $ty),+) -> turnkey_wasi_common::Verdict {
                let results: $all = ($($result),+);
                $crate::typed::write(memory, &self.returned, results)
            }

            /// What the call has answered, for a filter that sees it after its success. `None` if
            /// what lies there is no such value.
            #[must_use]
            pub fn results(&self, memory: &[u8]) -> Option<$all> {
                $crate::typed::read(memory, &self.returned)
            }
        }
    };
}

pub(crate) use {call, enumeration, flags, number, record, results, variant};
