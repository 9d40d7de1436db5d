//! The types of what crosses between modules, and how values lie in a memory.

use std::sync::Arc;

/// The most types that a type may be made of, counted anew wherever one is named.
pub(crate) const MOST_PARTS: u32 = 4096;

/// How deep types may be nested.
pub(crate) const DEEPEST: u32 = 16;

/// A type, without the names that documents give to whole types: two documents mean the same if
/// these are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Number(Number),
    /// One of several names, by its position.
    Enum(Arc<Names>),
    /// A set of names, the first being the lowest bit.
    Flags(Arc<Names>),
    /// A descriptor in the table of whoever holds the value.
    Handle,
    String,
    List(Arc<List>),
    Record(Arc<Record>),
    Variant(Arc<Variant>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F32,
    F64,
    Char,
}

impl Number {
    pub(crate) const ALL: [(Self, &'static str); 11] = [
        (Self::U8, "u8"),
        (Self::U16, "u16"),
        (Self::U32, "u32"),
        (Self::U64, "u64"),
        (Self::S8, "s8"),
        (Self::S16, "s16"),
        (Self::S32, "s32"),
        (Self::S64, "s64"),
        (Self::F32, "f32"),
        (Self::F64, "f64"),
        (Self::Char, "char"),
    ];

    pub(crate) fn size(self) -> u32 {
        match self {
            Self::U8 | Self::S8 => 1,
            Self::U16 | Self::S16 => 2,
            Self::U32 | Self::S32 | Self::F32 | Self::Char => 4,
            Self::U64 | Self::S64 | Self::F64 => 8,
        }
    }
}

/// The names of an enumeration or of a set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// Bytes of the number: 1, 2, 4 or 8.
    pub(crate) size: u32,
    pub(crate) names: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) element: Type,
    shape: Shape,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) fields: Vec<Field>,
    shape: Shape,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) offset: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Bytes of the tag: 1, 2, 4 or 8.
    pub(crate) tag: u32,
    pub(crate) payload: u32,
    pub(crate) cases: Vec<Case>,
    shape: Shape,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) payload: Option<Type>,
}

/// What is known of a type without looking into it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes, a multiple of the alignment.
    pub(crate) size: u32,
    /// The alignment in bytes, a power of two.
    pub(crate) align: u32,
    /// Any bytes are a value, and all of them belong to it.
    pub(crate) plain: bool,
    /// It leads to bytes that lie elsewhere.
    pub(crate) leads: bool,
    /// Of how many types it is made, itself among them.
    pub(crate) parts: u32,
    /// How deep they are nested.
    depth: u32,
}

impl Shape {
    const fn of_number(size: u32, plain: bool) -> Self {
        Self {
            size,
            align: size,
            plain,
            leads: false,
            parts: 1,
            depth: 1,
        }
    }

    /// A pointer and a length.
    const LIST: Self = Self {
        size: 8,
        align: 4,
        plain: false,
        leads: true,
        parts: 1,
        depth: 1,
    };

    /// Nothing yet, to which parts are added.
    const EMPTY: Self = Self {
        size: 0,
        align: 1,
        plain: true,
        leads: false,
        parts: 1,
        depth: 1,
    };

    /// Counts a part in.
    fn hold(&mut self, part: Self) {
        self.leads |= part.leads;
        self.parts = self.parts.saturating_add(part.parts);
        self.depth = self.depth.max(part.depth.saturating_add(1));
    }
}

/// Why a type cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Type {
    pub(crate) fn list(element: Self) -> Result<Self, TooLarge> {
        if element == Self::Number(Number::Char) {
            return Ok(Self::String);
        }
        let mut shape = Shape::LIST;
        shape.hold(element.shape());
        Ok(Self::List(Arc::new(List {
            element,
            shape: sound(shape)?,
        })))
    }

    /// Members one after another, each at the first place that its alignment allows.
    pub(crate) fn record(members: Vec<(String, Self)>) -> Result<Self, TooLarge> {
        let mut shape = Shape::EMPTY;
        let fields = members.into_iter().map(|(name, ty)| {
            let part = ty.shape();
            let offset = align_up(shape.size, part.align);
            shape.plain &= part.plain && offset == shape.size;
            shape.size = offset.saturating_add(part.size);
            shape.align = shape.align.max(part.align);
            shape.hold(part);
            Field { name, ty, offset }
        });
        let fields = fields.collect();
        let size = align_up(shape.size, shape.align);
        shape.plain &= size == shape.size;
        shape.size = size;
        Ok(Self::Record(Arc::new(Record {
            fields,
            shape: sound(shape)?,
        })))
    }

    /// A tag of so many bytes, and then room for any of the payloads.
    pub(crate) fn variant(tag: u32, cases: Vec<Case>) -> Result<Self, TooLarge> {
        let mut shape = Shape::of_number(tag, false);
        let (mut widest, mut align) = (0, 1);
        for payload in cases.iter().filter_map(|case| case.payload.as_ref()) {
            let part = payload.shape();
            widest = widest.max(part.size);
            align = part.align.max(align);
            shape.hold(part);
        }
        let payload = align_up(tag, align);
        shape.align = align.max(tag);
        shape.size = align_up(payload.saturating_add(widest), shape.align);
        Ok(Self::Variant(Arc::new(Variant {
            tag,
            payload,
            cases,
            shape: sound(shape)?,
        })))
    }

    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Number(number) => Shape::of_number(number.size(), *number != Number::Char),
            Self::Enum(names) | Self::Flags(names) => Shape::of_number(names.size, false),
            Self::Handle => Shape::of_number(4, false),
            Self::String => Shape::LIST,
            Self::List(list) => list.shape,
            Self::Record(record) => record.shape,
            Self::Variant(variant) => variant.shape,
        }
    }

    /// Whether it crosses as one number, by value.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Number(_) | Self::Enum(_) | Self::Flags(_) | Self::Handle
        )
    }
}

/// # Errors
/// It is made of too much, or fits no memory.
fn sound(shape: Shape) -> Result<Shape, TooLarge> {
    let fits = shape.parts <= MOST_PARTS && shape.depth <= DEEPEST;
    // A size is a positive number that every memory's length can be compared with.
    match fits && shape.size > 0 && shape.size < 1 << 24 {
        true => Ok(shape),
        false => Err(TooLarge),
    }
}

fn align_up(size: u32, align: u32) -> u32 {
    size.checked_next_multiple_of(align).unwrap_or(u32::MAX)
}

/// A function: what it is handed, and what it answers.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) params: Vec<(String, Type)>,
    pub(crate) answer: Answer,
}

/// What a function answers, with the name that it has in the document.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Nothing,
    Value(String, Type),
    /// A value or nothing, or an error, which is a number other than 0.
    Expected {
        name: String,
        value: Option<Type>,
        error: Type,
    },
}

impl Answer {
    /// What is answered when all goes well.
    pub(crate) fn value(&self) -> Option<&Type> {
        match self {
            Self::Nothing => None,
            Self::Value(_, ty) => Some(ty),
            Self::Expected { value, .. } => value.as_ref(),
        }
    }

    /// What is written to a place that the caller names, rather than returned.
    pub(crate) fn written(&self) -> Option<&Type> {
        match self {
            Self::Expected { value, .. } => value.as_ref(),
            Self::Value(_, ty) if !ty.is_scalar() => Some(ty),
            Self::Value(..) | Self::Nothing => None,
        }
    }

    /// Whether an errno of WASI's fits where errors are told: in a number of 16 bits or more, or in
    /// an enumeration of as many names.
    pub(crate) fn tells_errno(&self) -> bool {
        match self {
            Self::Expected {
                error: Type::Enum(names),
                ..
            } => names.names.len() >= turnkey_wasi_common::Errno::ALL.len(),
            Self::Expected { error, .. } => error.shape().size >= 2,
            Self::Nothing | Self::Value(..) => false,
        }
    }
}

/// The names of parameters and results say nothing about the type.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        let params = self.params.iter().map(|(_, ty)| ty);
        params.eq(other.params.iter().map(|(_, ty)| ty)) && self.answer == other.answer
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Value(_, one), Self::Value(_, other)) => one == other,
            (
                Self::Expected { value, error, .. },
                Self::Expected {
                    value: other_value,
                    error: other_error,
                    ..
                },
            ) => value == other_value && error == other_error,
            _ => false,
        }
    }
}
