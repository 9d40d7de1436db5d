//! A call as filters see it.

use crate::function::{Function, Kind, Role};
use crate::{Original, Verdict};
use std::cell::Cell;

/// A call that is under way.
///
/// Besides the bare words there are two ways to look at the arguments: by the names that the
/// descriptors of the function give them, as here, and as typed structures, which
/// `turnkey-snapshots` has for every function.
pub struct Invocation<'a> {
    /// The function that the guest calls.
    pub function: &'static Function,
    /// The arguments of its core signature; an `i32` is zero-extended.
    pub args: &'a [u64],
    /// A word that belongs to the filter, kept from `before` to `after` of the same call.
    pub note: &'a Cell<u64>,
    /// What a filter behind this one decided, so that the host did not carry the call out. Nothing
    /// is known before that.
    pub decided: Option<&'a Verdict>,
    /// What there is to say about how the call went, for whoever reads a trace. Nothing is known
    /// before it is carried out.
    pub remark: Option<&'a str>,
    /// The call itself, for a filter that carries it out while it decides. Nothing before or after
    /// that.
    pub original: Option<&'a dyn Original>,
}

impl<'a> Invocation<'a> {
    /// A call that nothing is known about yet but what the guest said.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use turnkey_wasi_common::Invocation;
    /// # use turnkey_wasi_common::function::{Function, Signature};
    /// # static YIELD: Function = Function {
    /// #     module: "wasi_snapshot_preview1", name: "sched_yield", index: 40, params: &[],
    /// #     results: &[], core: Signature { params: &[], results: &[] }, roles: &[],
    /// #     class: "process", may_wait: false, noreturn: false,
    /// # };
    ///
    /// let note = Cell::new(0);
    /// let call = Invocation::new(&YIELD, &[], &note);
    /// assert!(call.decided.is_none() && call.remark.is_none());
    /// ```
    pub fn new(function: &'static Function, args: &'a [u64], note: &'a Cell<u64>) -> Self {
        Self {
            function,
            args,
            note,
            decided: None,
            remark: None,
            original: None,
        }
    }

    /// The word that stands for something: a value or its address, a length, the address of a
    /// result. `None` if the function has no such thing.
    pub fn word(&self, role: Role) -> Option<u64> {
        let position = self
            .function
            .roles
            .iter()
            .position(|known| *known == role)?;
        self.args.get(position).copied()
    }

    /// The argument of a name: its value, or its address if it is a string or lies in memory.
    /// `None` if the function has no parameter of this name.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use turnkey_wasi_common::Invocation;
    /// # use turnkey_wasi_common::function::*;
    /// # static FD: Type = Type { name: "fd", size: 4, align: 4, kind: Kind::Handle };
    /// # static FD_SYNC: Function = Function {
    /// #     module: "wasi_snapshot_preview1", name: "fd_sync", index: 24,
    /// #     params: &[Param { name: "fd", ty: &FD, count: None }],
    /// #     results: &[], core: Signature { params: &[CoreType::I32], results: &[CoreType::I32] },
    /// #     roles: &[Role::Value(0)], class: "files.sync", may_wait: false, noreturn: false,
    /// # };
    ///
    /// let note = Cell::new(0);
    /// let call = Invocation::new(&FD_SYNC, &[7], &note);
    /// assert_eq!(call.argument("fd"), Some(7));
    /// assert_eq!(call.argument("offset"), None);
    /// ```
    pub fn argument(&self, name: &str) -> Option<u64> {
        let params = self.function.params.iter();
        let position = params.map(|param| param.name).position(|of| of == name)?;
        self.word(Role::Value(position))
    }

    /// Every string that the guest hands in, by the name of its parameter: the paths, and the text
    /// of a symbolic link. A string that leads beyond the memory is `None`. Nothing is copied, and
    /// it need not be UTF-8.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use turnkey_wasi_common::Invocation;
    /// # use turnkey_wasi_common::function::*;
    /// # static FD: Type = Type { name: "fd", size: 4, align: 4, kind: Kind::Handle };
    /// # static STRING: Type = Type { name: "string", size: 8, align: 4, kind: Kind::String };
    /// # static UNLINK: Function = Function {
    /// #     module: "wasi_snapshot_preview1", name: "path_unlink_file", index: 37,
    /// #     params: &[
    /// #         Param { name: "fd", ty: &FD, count: None },
    /// #         Param { name: "path", ty: &STRING, count: None },
    /// #     ],
    /// #     results: &[], core: Signature { params: &[CoreType::I32; 3], results: &[CoreType::I32] },
    /// #     roles: &[Role::Value(0), Role::Value(1), Role::Length(1)],
    /// #     class: "files.remove", may_wait: false, noreturn: false,
    /// # };
    ///
    /// let note = Cell::new(0);
    /// let memory = b"....data.txt";
    /// let call = Invocation::new(&UNLINK, &[3, 4, 8], &note);
    /// let strings: Vec<_> = call.strings(memory).collect();
    /// assert_eq!(strings, [("path", Some(&b"data.txt"[..]))]);
    ///
    /// let beyond = Invocation::new(&UNLINK, &[3, 4, 9], &note);
    /// assert!(beyond.strings(memory).eq([("path", None)]));
    /// ```
    pub fn strings<'m>(
        &self,
        memory: &'m [u8],
    ) -> impl Iterator<Item = (&'static str, Option<&'m [u8]>)> {
        let params = self.function.params.iter().enumerate();
        params
            .filter(|(_, param)| matches!(param.ty.kind, Kind::String))
            .map(move |(index, param)| {
                let start = self.word(Role::Value(index));
                let length = self.word(Role::Length(index));
                let text = start.zip(length).and_then(|(start, length)| {
                    let start = usize::try_from(start).ok()?;
                    let end = start.checked_add(usize::try_from(length).ok()?)?;
                    memory.get(start..end)
                });
                (param.name, text)
            })
    }
}
