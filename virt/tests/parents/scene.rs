//! A parent, its child, and what both leave behind.

use crate::parents::*;
use std::sync::Arc;
use std::time::Duration;
use turnkey_snapshots::engine::{Engine, Limits, Node};
use turnkey_snapshots::preview_1;
use turnkey_virt::nanoprocess::{ChildLimits, Family, FamilyBuilder};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Stop, WasiCtx};

/// Where a scene keeps what it needs in the parent's memory, behind what the parent serves.
const BASE: u32 = 0x3_0000;
const TEXTS: u32 = BASE + 1024;

/// The child's number.
pub(crate) const CHILD: &str = "(i32.load (i32.const 0x30040))";
/// The number of the handle that was made last.
pub(crate) const CAP: &str = "(i32.load (i32.const 0x30044))";
/// How the child ended, counted as the document does; the code, the result of its `f`, and how
/// often `obj_drop` was called.
pub(crate) const ENDING: u32 = 0x3_0010;
pub(crate) const CODE: u32 = 0x3_0014;
pub(crate) const RESULT: u32 = 0x3_0050;
/// What a parent of a test's leaves behind for it: some words.
pub(crate) const LEFT: u32 = 0x3_0100;

/// How a call ended.
pub(crate) const RETURNED: u32 = 0;
pub(crate) const EXITED: u32 = 1;
pub(crate) const TRAPPED: u32 = 2;
pub(crate) const KILLED: u32 = 3;
pub(crate) const DEADLINE: u32 = 4;
pub(crate) const OUT_OF_FUEL: u32 = 5;
pub(crate) const UNSERVED: u32 = 6;

/// A parent that makes a child of module 0, binds it, calls its `f`, and lets it go.
pub(crate) struct Scene<'a> {
    /// What the parent exports, and functions beside that.
    pub(crate) exports: &'a str,
    pub(crate) child: &'a str,
    pub(crate) binds: &'a [(&'a str, u32)],
    /// What it is bound with: 7 unless said otherwise.
    pub(crate) tag: u32,
    /// What the parent does before it links the child.
    pub(crate) before: &'a str,
    /// And after the call.
    pub(crate) after: &'a str,
    pub(crate) limits: ChildLimits,
}

impl Default for Scene<'_> {
    fn default() -> Self {
        Self {
            exports: "",
            child: "(module)",
            binds: &[("class:*", PASS)],
            tag: 7,
            before: "",
            after: "",
            limits: ChildLimits::DEFAULT,
        }
    }
}

/// What is left of a parent.
pub(crate) struct Seen {
    pub(crate) ended: Result<(), Stop>,
    pub(crate) memory: Vec<u8>,
}

impl Seen {
    pub(crate) fn word(&self, at: u32) -> u32 {
        let bytes = &self.memory[at as usize..][..4];
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    /// How the child ended, and what its `f` returned or it exited with.
    pub(crate) fn outcome(&self) -> (u32, u32) {
        assert_eq!(self.ended, Ok(()));
        match self.word(ENDING) {
            EXITED => (EXITED, self.word(CODE)),
            ending => (ending, self.word(RESULT)),
        }
    }
}

/// Makes the handle of a descriptor of the parent's, and grants it at the same number.
pub(crate) fn hand(fd: u32) -> String {
    let fd = fd.to_string();
    must("cap_from_fd", &[&fd, "(i64.const -1)", "0x30044"])
        + &must("child_grant", &[CHILD, CAP, &fd, "0", "0", "0x30048"])
}

/// Serves an object and grants it: a directory under the name `d`, anything else without one.
pub(crate) fn serve(kind: u32, object: u32, at: u32) -> String {
    let (kind, object) = (kind.to_string(), format!("(i64.const {object})"));
    let named = if kind == "1" { "1" } else { "0" };
    "(i32.store8 (i32.const 0x303f0) (i32.const 100))\n".to_owned()
        + &must(
            "cap_serve",
            &[&kind, "7", &object, "(i64.const -1)", "0x30044"],
        )
        + &must(
            "child_grant",
            &[CHILD, CAP, &at.to_string(), "0x303f0", named, "0x30048"],
        )
}

/// Stores a text at an address when the parent runs.
pub(crate) fn store(at: u32, text: &str) -> String {
    (at..)
        .zip(text.bytes())
        .map(|(at, byte)| format!("(i32.store8 (i32.const {at}) (i32.const {byte}))\n"))
        .collect()
}

/// Calls a function of the child's, and keeps how that ended.
pub(crate) fn call_export(child: &str, name: &str) -> String {
    let length = name.len().to_string();
    let args = [
        child, "0x303e0", &length, "0", "0", "0x30050", "1", "0x30010",
    ];
    store(0x3_03e0, name) + &must("child_call", &args)
}

impl Scene<'_> {
    /// The parent's source.
    pub(crate) fn source(&self) -> String {
        let mut texts = String::new();
        let mut body = must("child_new", &["0", "0x30040"]);
        for (at, (name, binding)) in (TEXTS..).step_by(64).zip(self.binds) {
            texts += &data(at, name);
            let numbers = [at, name.len() as u32, *binding, self.tag];
            let [at, len, binding, tag] = &numbers.map(|number| number.to_string());
            body += &must("child_bind", &[CHILD, at, len, binding, tag]);
        }
        texts += &limits_at(BASE + 512, &self.limits);
        body += &must("child_limits", &[CHILD, "0x30200"]);
        body += self.before;
        body += &must("child_link", &[CHILD, "0x3004c"]);
        body += "(call $must (i32.load (i32.const 0x3004c)))\n";
        body += &call_export(CHILD, "f");
        body += self.after;
        body += &must("child_drop", &[CHILD]);
        module(&format!("{}\n{texts}", self.exports), &body)
    }

    pub(crate) fn run_with(
        &self,
        parent: &Arc<dyn Engine>,
        child: &Arc<dyn Engine>,
        ctx: WasiCtx,
        builder: FamilyBuilder,
    ) -> Seen {
        let family = builder.module(compile(child, self.child)).build();
        run_seen(parent, &self.source(), ctx, &family)
    }

    pub(crate) fn run(
        &self,
        parent: &Arc<dyn Engine>,
        child: &Arc<dyn Engine>,
        ctx: WasiCtx,
    ) -> Seen {
        self.run_with(parent, child, ctx, Family::builder())
    }

    /// Runs it on every pair of engines.
    pub(crate) fn on_every_pair(&self, check: impl Fn(&Seen)) {
        on_every_pair(|parent, child| {
            let ctx = WasiCtx::builder().build().unwrap();
            check(&self.run(parent, child, ctx));
        });
    }
}

/// Tries with ever longer deadlines, until what is to happen before has happened in time.
pub(crate) fn in_time(attempt: impl FnMut(Duration) -> bool) {
    let mut deadlines = (0..10).map(|tries| Duration::from_millis(50 << tries));
    assert!(
        deadlines.any(attempt),
        "it did not happen within any deadline"
    );
}

/// A parent with every import and four pages, whose `_start` does `body`.
pub(crate) fn module(exports: &str, body: &str) -> String {
    parent(exports, body).replacen(
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 4)",
        1,
    )
}

pub(crate) fn run_seen(
    engine: &Arc<dyn Engine>,
    source: &str,
    ctx: WasiCtx,
    family: &Family,
) -> Seen {
    let node = Node {
        ctx,
        functions: family.functions(),
        limits: Limits::default(),
    };
    let mut parent = compile(engine, source).instantiate(node).unwrap();
    let start = parent.export("_start").unwrap();
    let ended = parent.call(start, &[], &mut []);
    let memory = parent.memory().unwrap().to_vec();
    Seen { ended, memory }
}

/// Room of 16 KiB that a parent lends, at 0x20000.
pub(crate) const ROOM: &str =
    r#"(func (export "virt_scratch") (result i64) (i64.const 0x4000_0002_0000))"#;

/// The parameters of a function's core signature.
pub(crate) fn params(function: &Function) -> String {
    types(function.core.params)
}

/// A child with every function of preview 1, whose `f` does `body`.
pub(crate) fn child(datas: &str, body: &str) -> String {
    format!(
        r#"(module {} (memory (export "memory") 2) {datas}
            (func (export "f") (result i32) {body}))"#,
        imports_of(&preview_1::FUNCTIONS)
    )
}

/// Calls that are made one after another, each with the errno that it is to answer. The child
/// returns 0, or 1000 times the number of the first that answers another, counted from 1, and that.
pub(crate) fn steps(datas: &str, steps: &[(String, u32)]) -> String {
    let steps = steps.iter().zip(1..).map(|((call, errno), number)| {
        format!(
            "(local.set 0 {call}) (if (i32.ne (local.get 0) (i32.const {errno}))
                (then (return (i32.add (i32.const {}) (local.get 0)))))\n",
            number * 1000
        )
    });
    let body: String = steps.collect();
    child(datas, &format!("(local i32) {body} (i32.const 0)"))
}
