//! A typed call, from each parent to its child, down to the one at the end: it is handed a string of
//! 1 KiB, and answers its length.

use super::guests::LIMIT;
use super::tree::{compile, node};
use crate::Failure;
use crate::imports::nanoprocess;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, Handler, Instance, Value};
use turnkey_virt::nanoprocess::{ChildLimits, Family};
use turnkey_virt::typed::Interface;

/// A parent, and its export that makes the call so many times.
pub(super) struct Caller {
    instance: Box<dyn Instance>,
    run: Handler,
}

/// What is called, as the modules describe it.
const DESCRIBED: &str = r#";;; @exports\n(module $text (@interface func (export \"take\") (param $s string) (result $length u32)))"#;

/// Room that the host asks for to hand something over, and gives back.
const ALLOC: &str = r#"
    (global $next (mut i32) (i32.const 8192))
    (func (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
            (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (local.get $at))
    (func (export "virt_free") (param $at i32) (param i32 i32)
        (global.set $next (local.get $at)))"#;

/// The one at the end.
fn last() -> String {
    format!(
        r#"(module (@custom "witx" "{DESCRIBED}")
    (memory (export "memory") 1) {ALLOC}
    (func (export "take") (param i32 i32) (result i32) (local.get 1)))"#
    )
}

/// A parent, of modules as in [`guests`](super::guests). Its memory: texts from 256, what calls are
/// handed and answer from 1024, the string from 4096.
fn parent() -> String {
    format!(
        r#"(module (@custom "witx" "{DESCRIBED}") {imports}
    (memory (export "memory") 1) {ALLOC}
    (data (i32.const 256) "take")
    (data (i32.const 264) "set_up")
    (data (i32.const 304) "class:nanoprocess")
    (global $child (mut i32) (i32.const 0))
    (func $must (param i32) (if (local.get 0) (then (unreachable))))
    {LIMIT}
    (func $take (export "take") (param $at i32) (param $length i32) (result i32)
        (i64.store (i32.const 1056) (i64.extend_i32_u (local.get $at)))
        (i64.store (i32.const 1064) (i64.extend_i32_u (local.get $length)))
        (call $must (call $child_call_typed (global.get $child) (i32.const 256) (i32.const 4)
            (i32.const 1056) (i32.const 2) (i32.const 1088) (i32.const 1) (i32.const 1072)))
        (call $must (i32.load (i32.const 1072)))
        (i32.load (i32.const 1088)))
    (func (export "run") (param $left i32)
        (loop $again
            (if (local.get $left) (then
                (call $must (i32.ne (i32.const 1024)
                    (call $take (i32.const 4096) (i32.const 1024))))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again)))))
    (func (export "set_up") (param $levels i32)
        (memory.fill (i32.const 4096) (i32.const 97) (i32.const 1024))
        (local.set $levels (i32.sub (local.get $levels) (i32.const 1)))
        (call $must (call $child_new (i32.eqz (local.get $levels)) (i32.const 1048)))
        (global.set $child (i32.load (i32.const 1048)))
        (call $limit (local.get $levels))
        (if (local.get $levels) (then
            (call $must (call $child_bind (global.get $child) (i32.const 304) (i32.const 17)
                (i32.const 2) (i32.const 0)))
            (call $must (call $child_module (global.get $child) (i32.const 0) (i32.const 1048)))
            (call $must (call $child_module (global.get $child) (i32.const 1) (i32.const 1048)))))
        (call $must (call $child_link (global.get $child) (i32.const 1048)))
        (call $must (i32.load (i32.const 1048)))
        (if (local.get $levels) (then
            (i64.store (i32.const 1056) (i64.extend_i32_u (local.get $levels)))
            (call $must (call $child_call (global.get $child) (i32.const 264) (i32.const 6)
                (i32.const 1056) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 1072)))
            (call $must (i32.load (i32.const 1072)))))))"#,
        imports = nanoprocess(),
    )
}

impl Caller {
    /// A parent on one engine with so many levels beneath it, of which the last is on another.
    pub(super) fn new(
        parents: &dyn Engine,
        end: &dyn Engine,
        levels: u32,
    ) -> Result<Self, Failure> {
        let module = compile(parents, &parent())?;
        let family = Family::builder()
            .limits(ChildLimits {
                memory_below: 1 << 30,
                files_below: 1 << 16,
                ..ChildLimits::PARENT
            })
            .interface(Interface::of(&*module)?)
            .module(Arc::clone(&module))
            .module(compile(end, &last())?)
            .build();
        let mut instance = module.instantiate(node(family.functions())?)?;
        let set_up = instance.export("set_up").ok_or("there is no `set_up`")?;
        instance.call(set_up, &[Value::from(levels)], &mut [])?;
        let run = instance.export("run").ok_or("there is no `run`")?;
        Ok(Self { instance, run })
    }

    /// Makes the call so many times.
    pub(super) fn run(&mut self, times: u32) -> Result<(), Failure> {
        Ok(self
            .instance
            .call(self.run, &[Value::from(times)], &mut [])?)
    }
}
