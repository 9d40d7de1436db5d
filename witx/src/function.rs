//! The functions of a snapshot, and their signatures in core WebAssembly.

use crate::Type;

/// A function that a host offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name it is imported by.
    pub name: String,
    /// What the guest hands in.
    pub params: Vec<Param>,
    /// What comes back; `None` if nothing does.
    pub result: Option<Outcome>,
    /// The signature in core WebAssembly.
    pub core: Signature,
    /// Whether the call ends the guest instead of coming back.
    pub noreturn: bool,
    /// The authority that it needs, a name with dots (`@class`).
    pub class: String,
    /// Whether it may wait for a handle or a deadline (`@waits`).
    pub waits: bool,
    /// What the document says about it.
    pub docs: String,
}

/// What the guest hands to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name, without the `$`.
    pub name: String,
    /// What it is.
    pub ty: Type,
    /// Which other parameter holds the number of elements that this one points to (`@count`).
    pub count: Option<usize>,
    /// What the document says about it.
    pub docs: String,
}

/// What a function answers: an error, or values written through return pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The name, without the `$`.
    pub name: String,
    /// What is written on success, one return pointer for each.
    pub ok: Vec<Type>,
    /// The type of the errors. The call returns its number, or 0 on success.
    pub error: Option<Type>,
    /// What the document says about it.
    pub docs: String,
}

/// A type of core WebAssembly. Floating point is missing, because no snapshot uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreType {
    /// A number of 32 bits.
    I32,
    /// A number of 64 bits.
    I64,
}

impl CoreType {
    /// The name in the text format of WebAssembly, which is also the name of the Rust type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    fn of(ty: &Type) -> Self {
        match ty.resolved() {
            Type::Builtin(builtin) if builtin.layout().size == 8 => Self::I64,
            Type::Flags(flags) if flags.repr.layout().size == 8 => Self::I64,
            _ => Self::I32,
        }
    }
}

/// A signature in core WebAssembly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// The parameters.
    pub params: Vec<CoreParam>,
    /// The results.
    pub results: Vec<CoreType>,
}

/// A parameter in core WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreParam {
    /// What it stands for.
    pub role: Role,
    /// Its type.
    pub ty: CoreType,
}

/// What a parameter in core WebAssembly stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The parameter with this position: its value, or the address of it if it is a string, list,
    /// record or variant.
    Value(usize),
    /// The length of the string or list with this position: bytes, or elements.
    Length(usize),
    /// The address to which the result with this position is written on success.
    Return(usize),
}

impl Signature {
    /// Lowers parameters and an outcome in the way of preview 1: one core parameter for each, two
    /// for a string or list, then a return pointer for each result; the error is returned.
    pub(crate) fn lower(params: &[Param], result: Option<&Outcome>) -> Self {
        let mut core = Self::of_params(params);
        if let Some(outcome) = result {
            for position in 0..outcome.ok.len() {
                core.params.push(CoreParam {
                    role: Role::Return(position),
                    ty: CoreType::I32,
                });
            }
            core.results.push(CoreType::I32);
        }
        core
    }

    /// Lowers them so that one number is returned (`@answers signed`): the value, or the error with
    /// its sign turned. `None` if there is more than one value, or one that is no number.
    pub(crate) fn lower_signed(params: &[Param], result: Option<&Outcome>) -> Option<Self> {
        let mut core = Self::of_params(params);
        if let Some(outcome) = result {
            core.results.push(match outcome.ok.as_slice() {
                [] => CoreType::I32,
                [ty] => match ty.resolved() {
                    Type::Builtin(_) | Type::Enum(_) | Type::Flags(_) => CoreType::of(ty),
                    _ => return None,
                },
                _ => return None,
            });
        }
        Some(core)
    }

    fn of_params(params: &[Param]) -> Self {
        let mut core = Self::default();
        let mut push = |role, ty| core.params.push(CoreParam { role, ty });
        for (position, param) in params.iter().enumerate() {
            push(Role::Value(position), CoreType::of(&param.ty));
            if let Type::String | Type::List(_) = param.ty.resolved() {
                push(Role::Length(position), CoreType::I32);
            }
        }
        core
    }
}

impl Function {
    /// A name for a core parameter: the witx name, with `length` appended for the length of a
    /// string or list, and `retptr0`, `retptr1` for return pointers.
    #[must_use]
    pub fn core_name(&self, role: Role, length: &str) -> String {
        let name = |position: usize| match self.params.get(position) {
            Some(param) => param.name.as_str(),
            None => "",
        };
        match role {
            Role::Value(position) => name(position).to_owned(),
            Role::Length(position) => format!("{}{length}", name(position)),
            Role::Return(position) => format!("retptr{position}"),
        }
    }
}
