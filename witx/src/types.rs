//! The types of a snapshot, and how they lie in the guest's memory.

use crate::Layout;
use std::fmt;
use std::sync::Arc;

/// A type that has a name in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedType {
    /// The name, without the `$`.
    pub name: String,
    /// What it stands for. [`Type::Named`] if it merely renames another type.
    pub ty: Type,
    /// The room that a value takes.
    pub layout: Layout,
    /// What the document says about it.
    pub docs: String,
}

/// A type, as it stands where it is used: a name, or a type written in place.
///
/// Its [`Display`](fmt::Display) form is short: `$filesize`, `pointer<u8>`, `string`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A type with a name.
    Named(Arc<NamedType>),
    /// A number.
    Builtin(Builtin),
    /// The guest's number for something that the host holds for it.
    Handle,
    /// One of several names.
    Enum(Enum),
    /// A set of names.
    Flags(Flags),
    /// Text in UTF-8: a pointer and a length in bytes.
    String,
    /// Elements one after another: a pointer and the number of elements.
    List(Box<Self>),
    /// The address of one or more elements.
    Pointer {
        /// Whether the host writes there; else it only reads.
        mutable: bool,
        /// The element.
        pointee: Box<Self>,
    },
    /// Members one after another.
    Record(Record),
    /// One of several payloads, and a tag that says which.
    Variant(Variant),
}

impl Type {
    /// The type behind the name or names.
    #[must_use]
    pub fn resolved(&self) -> &Self {
        match self {
            Self::Named(named) => named.ty.resolved(),
            other => other,
        }
    }

    /// The room that a value takes in the guest's memory.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self {
            Self::Named(named) => named.layout,
            Self::Builtin(builtin) => builtin.layout(),
            Self::Handle | Self::Pointer { .. } => Layout::WORD,
            Self::Enum(cases) => cases.repr.layout(),
            Self::Flags(flags) => flags.repr.layout(),
            Self::String | Self::List(_) => Layout::LIST,
            Self::Record(record) => record.layout,
            Self::Variant(variant) => variant.layout,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) => write!(f, "${}", named.name),
            Self::Builtin(builtin) => f.write_str(builtin.name()),
            Self::Handle => f.write_str("handle"),
            Self::Enum(_) => f.write_str("enum"),
            Self::Flags(_) => f.write_str("flags"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Pointer { mutable, pointee } => {
                let constant = if *mutable { "" } else { "const_" };
                write!(f, "{constant}pointer<{pointee}>")
            }
            Self::Record(_) => f.write_str("record"),
            Self::Variant(_) => f.write_str("variant"),
        }
    }
}

/// The numbers that witx knows, without floating point, which no snapshot uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 8 bits.
    S8,
    /// Signed, 16 bits.
    S16,
    /// Signed, 32 bits.
    S32,
    /// Signed, 64 bits.
    S64,
    /// A Unicode scalar value in 32 bits.
    Char,
    /// An unsigned number of 32 bits, as wide as a pointer.
    Usize,
    /// A byte of text as C has it, unsigned.
    CChar,
}

impl Builtin {
    /// The name in witx; `usize` and `c_char` for those that it writes as annotations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::S8 => "s8",
            Self::S16 => "s16",
            Self::S32 => "s32",
            Self::S64 => "s64",
            Self::Char => "char",
            Self::Usize => "usize",
            Self::CChar => "c_char",
        }
    }

    /// The room that it takes.
    #[must_use]
    pub fn layout(self) -> Layout {
        Layout::of_int(match self {
            Self::U8 | Self::S8 | Self::CChar => 1,
            Self::U16 | Self::S16 => 2,
            Self::U32 | Self::S32 | Self::Char | Self::Usize => 4,
            Self::U64 | Self::S64 => 8,
        })
    }
}

/// A name with what the document says about it: a case of an enum, or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name, without the `$`.
    pub name: String,
    /// What the document says about it.
    pub docs: String,
}

/// One of several names, whose number is its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// How wide it is in memory.
    pub repr: Builtin,
    /// The names; the first is number 0.
    pub cases: Vec<Name>,
}

/// A set of names, each a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// How wide the set is in memory.
    pub repr: Builtin,
    /// The names; the first is the lowest bit.
    pub flags: Vec<Name>,
}

/// Members one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The members, in the order in which they lie in memory.
    pub members: Vec<Member>,
    /// The room that the whole takes.
    pub layout: Layout,
}

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name, without the `$`.
    pub name: String,
    /// What it holds.
    pub ty: Type,
    /// Where it begins in the record, in bytes.
    pub offset: u32,
    /// Which other member holds the number of elements that this one points to (`@count`).
    pub count: Option<usize>,
    /// What the document says about it.
    pub docs: String,
}

/// One of several payloads, and a tag that says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// How wide the tag is. It lies at offset 0.
    pub tag: Builtin,
    /// Where every payload begins, in bytes.
    pub payload_offset: u32,
    /// The cases; the tag is the position.
    pub cases: Vec<Case>,
    /// The room that the whole takes.
    pub layout: Layout,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The name, without the `$`.
    pub name: String,
    /// What it carries, if anything.
    pub payload: Option<Type>,
    /// What the document says about it.
    pub docs: String,
}
