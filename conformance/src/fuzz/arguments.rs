//! Arguments of calls, made by the types of the functions.

use super::guest::put;
use super::source::Source;
use super::time::START;
use std::collections::BTreeMap;
use turnkey_wasi_common::function::{Function, Kind, Role, Type};

/// What means something to the functions that are called.
pub(super) trait Vocabulary {
    /// A handle; `odd` is below 16, and was chosen already.
    fn handle(&self, odd: usize, source: &mut Source<'_>) -> u64;

    /// A text for a parameter of this name.
    fn text(&self, param: &str, source: &mut Source<'_>) -> Vec<u8>;
}

/// Makes arguments. Most mean something: handles that are open, texts that are known, buffers that
/// lie within the memory. Among them are those that no honest guest passes.
pub(super) struct Arguments<'a, 's> {
    pub(super) source: &'a mut Source<'s>,
    pub(super) memory: &'a mut [u8],
    pub(super) vocabulary: &'a dyn Vocabulary,
}

impl Arguments<'_, '_> {
    /// The words of a call, and in the memory what they lead to.
    pub(super) fn of(&mut self, function: &Function) -> Vec<u64> {
        // Lengths that belong to what lies in the memory, by the parameter that tells them.
        let mut lengths = BTreeMap::new();
        let mut length = 0;
        let mut words = Vec::with_capacity(function.roles.len());
        for role in function.roles {
            let word = match *role {
                Role::Return(result) => {
                    let ty = function.results[result].ty;
                    u64::from(self.place(ty.size, ty.align))
                }
                Role::Length(_) => self.length(length),
                Role::Value(index) => {
                    let param = &function.params[index];
                    match (lengths.get(&index), param.ty.kind) {
                        (Some(length), _) => self.length(*length),
                        (None, Kind::String) => {
                            let text = self.vocabulary.text(param.name, self.source);
                            length = text.len();
                            self.lay(&text, 1)
                        }
                        (None, Kind::List { element }) => {
                            length = self.source.below(6);
                            self.elements(element, length)
                        }
                        (None, Kind::Pointer { pointee, mutable }) => {
                            let count = match mutable {
                                true => usize::from(self.source.u16()) % 4096,
                                false => self.source.below(6),
                            };
                            if let Some(told_by) = param.count {
                                lengths.entry(told_by).or_insert(count);
                            }
                            match mutable {
                                true => self.place(pointee.size, pointee.align).into(),
                                false => self.elements(pointee, count),
                            }
                        }
                        (None, _) => self.scalar(param.ty),
                    }
                }
            };
            words.push(word);
        }
        words
    }

    /// A length, mostly the right one.
    fn length(&mut self, right: usize) -> u64 {
        match self.source.below(32) {
            0 => u64::from(self.source.u32()),
            1 => self.memory.len() as u64,
            2 => right as u64 + 1,
            _ => right as u64,
        }
    }

    /// An address, mostly of a place within the memory that is right for the type.
    fn place(&mut self, size: u32, align: u32) -> u32 {
        let memory = u32::try_from(self.memory.len()).unwrap();
        let last = (memory - size.min(memory)) / align * align;
        let somewhere = (256 + u32::from(self.source.u16() & 0x7fff)) / align * align;
        match self.source.below(24) {
            0 => self.source.u32(),
            1 => last,
            2 => last + align,
            3 => somewhere + 1,
            4 => u32::MAX - self.source.u16() as u32,
            _ => somewhere,
        }
    }

    /// Writes bytes to a place.
    fn lay(&mut self, bytes: &[u8], align: u32) -> u64 {
        let at = self.place(u32::try_from(bytes.len()).unwrap(), align);
        put(self.memory, at, bytes);
        at.into()
    }

    fn elements(&mut self, ty: &Type, count: usize) -> u64 {
        let bytes: Vec<u8> = (0..count).flat_map(|_| self.value(ty)).collect();
        self.lay(&bytes, ty.align)
    }

    /// A value as it lies in the memory.
    fn value(&mut self, ty: &Type) -> Vec<u8> {
        let mut bytes = vec![0; ty.size as usize];
        let mut put = |at: u32, part: &[u8]| {
            let at = at as usize;
            bytes[at..at + part.len()].copy_from_slice(part);
        };
        match ty.kind {
            Kind::Record { members } => {
                for member in members {
                    put(member.offset, &self.value(member.ty));
                }
            }
            Kind::Variant {
                payload_offset,
                cases,
                ..
            } => {
                let tag = self.source.below(cases.len() + 1);
                put(0, &tag.to_le_bytes()[..1]);
                if let Some(payload) = cases.get(tag).and_then(|case| case.payload) {
                    put(payload_offset, &self.value(payload));
                }
            }
            Kind::Pointer { .. } | Kind::String | Kind::List { .. } => {
                put(0, &self.place(64, 1).to_le_bytes());
            }
            Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => {
                put(0, &self.scalar(ty).to_le_bytes()[..ty.size as usize]);
            }
        }
        bytes
    }

    fn scalar(&mut self, ty: &Type) -> u64 {
        let odd = self.source.below(16);
        match ty.kind {
            Kind::Handle if odd == 0 => self.source.u32().into(),
            Kind::Handle => self.vocabulary.handle(odd, self.source),
            Kind::Enum { cases } => self.source.below(cases.len() + usize::from(odd == 0)) as u64,
            Kind::Flags { flags } => {
                let all = (1_u64 << flags.len()) - 1;
                match odd {
                    0 => self.source.u64(),
                    // Most that a call can be told makes it another call; most rights do not.
                    1..8 if ty.size < 8 => 0,
                    8..12 if ty.size < 8 => 1 << self.source.below(flags.len()),
                    1 => 0,
                    2..8 => all,
                    8..12 => all & !(1 << self.source.below(64)),
                    _ => all & self.source.u64(),
                }
            }
            _ if ty.size == 8 => match odd {
                0 => self.source.u64() | 1 << 62,
                1 => i64::MAX as u64,
                2 => u64::MAX - u64::from(self.source.byte()),
                3 => START + u64::from(self.source.u32()),
                4 => u64::from(self.source.byte()).wrapping_neg(),
                _ => self.source.u16().into(),
            },
            _ => match odd {
                0 => self.source.u32().into(),
                1 => u64::from(u32::MAX),
                _ => self.source.byte().into(),
            },
        }
    }
}
