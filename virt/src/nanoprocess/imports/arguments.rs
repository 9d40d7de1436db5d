//! The arguments of a parent's call, as the table of functions describes them.

use super::{Call, Failure, mistyped};
use smallvec::SmallVec;
use std::ops::Range;
use turnkey_snapshots::engine::{Guest, Value};
use turnkey_wasi_common::function::{Function, Kind, Param, Role, Type};
use turnkey_wasi_common::{Errno, Trap, TrapKind};

/// The longest text that is copied out of a parent's memory, in bytes.
const LONGEST: usize = 1 << 16;

/// The arguments of a call. Every pointer among them leads into the parent's memory.
pub(super) struct Arguments<'a> {
    function: &'a Function,
    words: SmallVec<[u64; 8]>,
}

impl<'a> Arguments<'a> {
    /// Checks all arguments, before anything is done.
    ///
    /// # Errors
    /// - `INVAL`: a number is none of those that its type has.
    /// - a trap: a pointer leads beyond the memory or is not aligned.
    pub(super) fn check(
        function: &'a Function,
        guest: &mut dyn Guest,
        values: &[Value],
    ) -> Result<Self, Failure> {
        let words = values.iter().map(|value| match value {
            Value::I32(_) => value.as_u32().map(u64::from),
            other => other.as_u64(),
        });
        let words: Option<SmallVec<[u64; 8]>> = words.collect();
        let args = Self {
            function,
            words: words.ok_or_else(|| mistyped(function))?,
        };
        for (role, word) in function.roles.iter().zip(&args.words) {
            match *role {
                Role::Length(_) => {}
                Role::Return(position) => {
                    let result = function.results.get(position);
                    let result = result.ok_or_else(|| mistyped(function))?;
                    args.check_place(guest, result.name, *word, result.ty, 1)?;
                }
                Role::Value(position) => {
                    let param = function.params.get(position);
                    let param = param.ok_or_else(|| mistyped(function))?;
                    args.check_value(guest, position, param, *word)?;
                }
            }
        }
        Ok(args)
    }

    fn check_value(
        &self,
        guest: &mut dyn Guest,
        position: usize,
        param: &Param,
        word: u64,
    ) -> Result<(), Failure> {
        let place = match param.ty.kind {
            Kind::Int { .. } | Kind::Handle => None,
            Kind::Enum { cases } if word < cases.len() as u64 => None,
            Kind::Flags { flags } if word >> flags.len().min(63) == 0 => None,
            Kind::Enum { .. } | Kind::Flags { .. } => return Err(Errno::Inval.into()),
            Kind::Record { .. } | Kind::Variant { .. } => Some((param.ty, 1)),
            Kind::String => Some((&BYTE, self.role(Role::Length(position))?)),
            Kind::List { element } => Some((element, self.role(Role::Length(position))?)),
            Kind::Pointer { pointee, .. } => match param.count {
                Some(count) => Some((pointee, self.role(Role::Value(count))?)),
                None => return Err(mistyped(self.function).into()),
            },
        };
        match place {
            Some((ty, count)) => self.check_place(guest, param.name, word, ty, count),
            None => Ok(()),
        }
    }

    fn check_place(
        &self,
        guest: &mut dyn Guest,
        name: &str,
        address: u64,
        ty: &Type,
        count: u64,
    ) -> Result<(), Failure> {
        let len = count.saturating_mul(u64::from(ty.size));
        let end = address.saturating_add(len);
        let aligned = address & u64::from(ty.align.saturating_sub(1)) == 0;
        if aligned && end <= guest.memory()?.len() as u64 {
            return Ok(());
        }
        let why = if aligned {
            "leads beyond its memory"
        } else {
            "is not aligned"
        };
        let function = self.function.name;
        let message =
            format!("the parent called `{function}` with `{name}` = {address:#x}, which {why}");
        Err(Trap::new(TrapKind::Fault, message).into())
    }

    /// The word of the core parameter with a role.
    fn role(&self, role: Role) -> Result<u64, Failure> {
        let position = self.function.roles.iter().position(|known| *known == role);
        let word = position.and_then(|position| self.words.get(position));
        word.copied().ok_or_else(|| mistyped(self.function).into())
    }

    fn param(&self, name: &str) -> Result<(usize, &'static Param), Failure> {
        let mut params = self.function.params.iter().enumerate();
        let found = params.find(|(_, param)| param.name == name);
        found.ok_or_else(|| mistyped(self.function).into())
    }

    /// The number of this name.
    pub(super) fn number(&self, name: &str) -> Result<u64, Failure> {
        self.role(Role::Value(self.param(name)?.0))
    }

    /// The number of this name, which has 32 bits.
    pub(super) fn word(&self, name: &str) -> Result<u32, Failure> {
        u32::try_from(self.number(name)?).map_err(|_| mistyped(self.function).into())
    }

    /// The name of the case that the enumeration of this name has.
    pub(super) fn case(&self, name: &str) -> Result<&'static str, Failure> {
        let (_, param) = self.param(name)?;
        let number = usize::try_from(self.number(name)?).unwrap_or(usize::MAX);
        match param.ty.kind {
            Kind::Enum { cases } => {
                let case = cases.get(number).copied();
                case.ok_or_else(|| Errno::Inval.into())
            }
            _ => Err(mistyped(self.function).into()),
        }
    }

    /// Where the bytes lie that the parameter of this name leads to.
    fn range(&self, name: &str) -> Result<Range<usize>, Failure> {
        let (position, param) = self.param(name)?;
        let (ty, count) = match param.ty.kind {
            Kind::List { element } => (element, self.role(Role::Length(position))?),
            Kind::String => (&BYTE, self.role(Role::Length(position))?),
            Kind::Pointer { pointee, .. } => {
                let count = param.count.ok_or_else(|| mistyped(self.function))?;
                (pointee, self.role(Role::Value(count))?)
            }
            _ => (param.ty, 1),
        };
        Ok(range(self.number(name)?, ty, count))
    }
}

fn range(address: u64, ty: &Type, count: u64) -> Range<usize> {
    let word = |word: u64| usize::try_from(word).unwrap_or(usize::MAX);
    let start = word(address);
    start..start.saturating_add(word(count.saturating_mul(u64::from(ty.size))))
}

static BYTE: Type = Type {
    name: "u8",
    size: 1,
    align: 1,
    kind: Kind::Int { signed: false },
};

/// The members of a record that was copied out of a parent's memory.
pub(super) struct Fields {
    ty: &'static Type,
    bytes: SmallVec<[u8; 96]>,
}

impl Fields {
    /// The number that a member holds; 0 if there is no such member.
    pub(super) fn number(&self, name: &str) -> u64 {
        let Kind::Record { members } = self.ty.kind else {
            return 0;
        };
        let member = members.iter().find(|member| member.name == name);
        let bytes = member.and_then(|member| {
            let start = member.offset as usize;
            self.bytes
                .get(start..start.saturating_add(member.ty.size as usize))
        });
        let mut word = [0; 8];
        for (place, byte) in word.iter_mut().zip(bytes.unwrap_or_default()) {
            *place = *byte;
        }
        u64::from_le_bytes(word)
    }
}

/// What is read and written in a parent's memory.
impl Call<'_> {
    /// The bytes that the parameter of this name leads to.
    pub(super) fn bytes(&mut self, name: &str) -> Result<&mut [u8], Failure> {
        let range = self.args.range(name)?;
        let bytes = self.guest.memory()?.get_mut(range);
        bytes.ok_or_else(|| Errno::Fault.into())
    }

    /// A copy of a text.
    ///
    /// # Errors
    /// - `ILSEQ`: it is not UTF-8.
    /// - `NAMETOOLONG`: it is longer than any that is of use.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Failure> {
        let bytes = self.bytes(name)?;
        if bytes.len() > LONGEST {
            return Err(Errno::Nametoolong.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Errno::Ilseq)?;
        Ok(text.to_owned())
    }

    /// A copy of a record.
    pub(super) fn record(&mut self, name: &str) -> Result<Fields, Failure> {
        let ty = self.args.param(name)?.1.ty;
        let bytes = SmallVec::from_slice(self.bytes(name)?);
        Ok(Fields { ty, bytes })
    }

    /// Writes the call's result.
    pub(super) fn answer(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let address = self.args.role(Role::Return(0))?;
        let place = range(address, &BYTE, bytes.len() as u64);
        let place = self.guest.memory()?.get_mut(place).ok_or(Errno::Fault)?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn answer_word(&mut self, word: u32) -> Result<(), Failure> {
        self.answer(&word.to_le_bytes())
    }
}
