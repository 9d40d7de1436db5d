//! What is known about every function that a guest can import.
//!
//! The descriptors are generated from the witx documents (`turnkey-witx`), so that a table of
//! imports, a filter, a trace, a record of calls and a bridge between two memories read one list
//! and none is kept by hand. The types here say how each value lies in the guest's memory, which
//! is little-endian and of 32 bits.
//!
//! ```
//! use turnkey_wasi_common::function::{CoreType, Function, Kind, Param, Role, Signature, Type};
//!
//! static FD: Type = Type {
//!     name: "fd",
//!     size: 4,
//!     align: 4,
//!     kind: Kind::Handle,
//! };
//! static FILESIZE: Type = Type {
//!     name: "filesize",
//!     size: 8,
//!     align: 8,
//!     kind: Kind::Int { signed: false },
//! };
//! static FD_TELL: Function = Function {
//!     module: "wasi_snapshot_preview1",
//!     name: "fd_tell",
//!     index: 25,
//!     params: &[Param {
//!         name: "fd",
//!         ty: &FD,
//!         count: None,
//!     }],
//!     results: &[Param {
//!         name: "retptr0",
//!         ty: &FILESIZE,
//!         count: None,
//!     }],
//!     core: Signature {
//!         params: &[CoreType::I32, CoreType::I32],
//!         results: &[CoreType::I32],
//!     },
//!     roles: &[Role::Value(0), Role::Return(0)],
//!     class: "fd.meta",
//!     may_wait: false,
//!     noreturn: false,
//! };
//!
//! // What a record of calls needs to keep: where the results are, and how long they are.
//! let mut written = Vec::new();
//! for (position, role) in FD_TELL.roles.iter().enumerate() {
//!     if let Role::Return(result) = *role {
//!         written.push((position, FD_TELL.results[result].ty.size));
//!     }
//! }
//! assert_eq!(written, [(1, 8)]);
//! ```

/// A function that a guest can import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The module that it is imported from, such as `wasi_snapshot_preview1`.
    pub module: &'static str,
    /// The name that it is imported by.
    pub name: &'static str,
    /// The position in the table of its snapshot.
    pub index: usize,
    /// What the guest hands in.
    pub params: &'static [Param],
    /// What is written to the guest's memory on success, each to an address of its own.
    pub results: &'static [Param],
    /// The signature in core WebAssembly.
    pub core: Signature,
    /// What each parameter of the core signature stands for, in the same order.
    pub roles: &'static [Role],
    /// The authority that it needs, a name with dots such as `files.open`.
    pub class: &'static str,
    /// Whether it may have to wait for a handle or a deadline.
    pub may_wait: bool,
    /// Whether the call ends the guest instead of coming back.
    pub noreturn: bool,
}

impl Function {
    /// Whether it needs authority of this class: its own, or a prefix of it that ends at a dot.
    ///
    /// ```
    /// # use turnkey_wasi_common::function::{Function, Signature};
    /// # let path_open = Function {
    /// #     module: "wasi_snapshot_preview1", name: "path_open", index: 31, params: &[],
    /// #     results: &[], core: Signature { params: &[], results: &[] }, roles: &[],
    /// #     class: "files.open", may_wait: false, noreturn: false,
    /// # };
    /// assert!(path_open.in_class("files.open"));
    /// assert!(path_open.in_class("files"));
    /// assert!(!path_open.in_class("file"));
    /// assert!(!path_open.in_class("files.open.new"));
    /// ```
    #[must_use]
    pub fn in_class(&self, class: &str) -> bool {
        match self.class.strip_prefix(class) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        }
    }

    /// Whether it reads or writes the guest's memory. A guest without memory can call the others.
    #[must_use]
    pub fn touches_memory(&self) -> bool {
        let points = |param: &Param| {
            !matches!(
                param.ty.kind,
                Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. }
            )
        };
        !self.results.is_empty() || self.params.iter().any(points)
    }
}

/// What a guest hands in, or what is written to its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// The name in the witx document; `retptr0`, `retptr1` for results.
    pub name: &'static str,
    /// What it is.
    pub ty: &'static Type,
    /// Which other parameter holds the number of elements that this pointer leads to. A pointer
    /// without it leads to as many as the host has to give, as in `args_get`.
    pub count: Option<usize>,
}

/// A signature in core WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The parameters.
    pub params: &'static [CoreType],
    /// The results: an `i32` for an errno, or nothing.
    pub results: &'static [CoreType],
}

/// A type of core WebAssembly. No function of WASI passes floating point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoreType {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

/// What a parameter of a core signature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The parameter with this position: its value, or its address if it is a string, list,
    /// record or variant.
    Value(usize),
    /// The length of the string or list with this position: bytes, or elements.
    Length(usize),
    /// The address that the result with this position is written to on success.
    Return(usize),
}

/// A type, and how its values lie in the guest's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    /// The name in the witx document; `string`, `pointer<u8>` and the like for those that have no
    /// name of their own.
    pub name: &'static str,
    /// The size in bytes, a multiple of the alignment.
    pub size: u32,
    /// The alignment in bytes, a power of two.
    pub align: u32,
    /// What it is made of.
    pub kind: Kind,
}

/// What a type is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number, as wide as the type is large.
    Int {
        /// Whether it can be negative.
        signed: bool,
    },
    /// A file descriptor, or the guest's number for something else that the host holds for it.
    Handle,
    /// One of several names, as a number.
    Enum {
        /// The names; the position is the number.
        cases: &'static [&'static str],
    },
    /// A set of names, as bits.
    Flags {
        /// The names; the first is the lowest bit.
        flags: &'static [&'static str],
    },
    /// Text in UTF-8: its address, and its length in bytes.
    String,
    /// Elements one after another: the address of the first, and their number.
    List {
        /// The type of each element.
        element: &'static Type,
    },
    /// The address of elements, whose number is told elsewhere ([`Param::count`],
    /// [`Member::count`]).
    Pointer {
        /// The type of each element.
        pointee: &'static Type,
        /// Whether the host writes there; else it only reads.
        mutable: bool,
    },
    /// Members, each at its offset. Bytes between them mean nothing.
    Record {
        /// The members, in the order of their offsets.
        members: &'static [Member],
    },
    /// A tag at offset 0 that says which of several payloads follows.
    Variant {
        /// The size of the tag in bytes.
        tag_size: u32,
        /// Where every payload begins, in bytes.
        payload_offset: u32,
        /// The cases; the tag is the position.
        cases: &'static [Case],
    },
}

/// A part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The name in the witx document.
    pub name: &'static str,
    /// What it holds.
    pub ty: &'static Type,
    /// Where it begins in the record, in bytes.
    pub offset: u32,
    /// Which other member holds the number of elements that this pointer leads to.
    pub count: Option<usize>,
}

/// A case of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The name in the witx document.
    pub name: &'static str,
    /// What it carries, if anything.
    pub payload: Option<&'static Type>,
}
