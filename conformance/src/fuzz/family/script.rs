//! An engine whose programs do what the bytes of an input say.

use super::super::arguments::{Arguments, Vocabulary};
use super::super::guest::put;
use super::super::heap::live_bytes;
use super::super::names;
use super::super::source::Source;

use Argument::{Out, Text, Word};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use turnkey_snapshots::engine::{
    CompileError, Engine, Export, ExternType, FuncType, Guest, Handler, HostFunction, Import,
    Instance, InstantiateError, Module, Node, Value, ValueType,
};
use turnkey_snapshots::{Call, Memory, complete, preview_1};
use turnkey_virt::nanoprocess::{FUNCTIONS, served_exports};
use turnkey_wasi_common::function::{CoreType, Function};
use turnkey_wasi_common::{Errno, Stop, Trap, TrapKind, WasiCtx};

/// Bytes of a guest's memory: one page of WebAssembly.
const MEMORY: usize = 65536;
/// Where a parent has the room that it lends for requests.
const ROOM: u32 = 32768;
/// Calls that one run of `_start` makes at most.
const MOST_CALLS: usize = 24;
/// Bytes of the input that choose a call, and an answer.
const CHOICE: usize = 40;
/// Guests that are entered above each other.
const DEEPEST: usize = 12;

/// What a program is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// It makes calls of WASI.
    Child,
    /// And those of a parent, whatever they lead to.
    Parent,
    /// A parent that first sets a child up as it should be, and serves it all there is.
    Server,
    /// It asks for what nobody has.
    Unfit,
}

/// The engine: an input, and what is known of the guests that it makes.
#[derive(Clone)]
pub(super) struct Scripts(Arc<Shared>);

struct Shared {
    input: Mutex<(Vec<u8>, usize)>,
    alive: AtomicUsize,
    entered: AtomicUsize,
    held_before: usize,
    most_held: AtomicUsize,
}

impl Scripts {
    pub(super) fn new(input: &[u8]) -> Self {
        Self(Arc::new(Shared {
            input: Mutex::new((input.to_vec(), 0)),
            alive: AtomicUsize::new(0),
            entered: AtomicUsize::new(0),
            held_before: live_bytes(),
            most_held: AtomicUsize::new(0),
        }))
    }

    pub(super) fn module(&self, program: Program) -> Arc<dyn Module> {
        Arc::new(Script {
            scripts: self.clone(),
            program,
        })
    }

    /// The bytes of the next choice; none when the input has come to its end.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut input = self.0.input.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, at) = &mut *input;
        let end = (*at + CHOICE).min(bytes.len());
        let taken = bytes[*at..end].to_vec();
        *at = end;
        taken
    }

    /// Instances that have not been dropped.
    pub(super) fn alive(&self) -> usize {
        self.0.alive.load(Ordering::Relaxed)
    }

    /// The most bytes of the heap that were held after any call.
    pub(super) fn most_held(&self) -> usize {
        self.0.most_held.load(Ordering::Relaxed)
    }

    fn look_at_the_heap(&self) {
        let held = live_bytes().saturating_sub(self.0.held_before);
        self.0.most_held.fetch_max(held, Ordering::Relaxed);
    }
}

impl Engine for Scripts {
    fn name(&self) -> &'static str {
        "script"
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
        match wasm.starts_with(b"\0asm") {
            true => Ok(Box::new(Script {
                scripts: self.clone(),
                program: Program::Child,
            })),
            false => Err(CompileError("it is no module".to_owned())),
        }
    }
}

struct Script {
    scripts: Scripts,
    program: Program,
}

/// What every program exports, beside its memory.
static EXPORTS: LazyLock<Vec<(String, FuncType)>> = LazyLock::new(|| {
    use ValueType::{I32, I64};
    let mut exports = vec![
        ("_start".to_owned(), FuncType::new([], [])),
        ("sum".to_owned(), FuncType::new([I32, I64], [I64])),
    ];
    exports.extend(served_exports().map(|(name, ty)| (name.to_owned(), ty)));
    for function in &preview_1::FUNCTIONS {
        let own = function.core.params.iter().copied().map(ValueType::from);
        let before: Vec<_> = [I32, I32].into_iter().chain(own).collect();
        exports.push((
            format!("filter_{}", function.name),
            FuncType::new(before, [I32]),
        ));
        exports.push((
            format!("after_{}", function.name),
            FuncType::new([I32, I32, I32], []),
        ));
    }
    exports
});

const START: usize = 0;

impl Module for Script {
    fn imports(&self) -> Vec<Import> {
        let import = |module: &str, name: &str, ty| Import {
            module: module.to_owned(),
            name: name.to_owned(),
            ty: ExternType::Function(ty),
        };
        let of_table = |functions: &'static [Function]| {
            functions.iter().map(move |function| {
                import(
                    function.module,
                    function.name,
                    FuncType::from(&function.core),
                )
            })
        };
        let mut imports: Vec<Import> = of_table(&preview_1::FUNCTIONS).collect();
        match self.program {
            Program::Child => {}
            Program::Parent | Program::Server => imports.extend(of_table(&FUNCTIONS)),
            Program::Unfit => imports.push(import("env", "unknown", FuncType::new([], []))),
        }
        imports
    }

    fn exports(&self) -> Vec<Export> {
        let memory = Export {
            name: "memory".to_owned(),
            ty: ExternType::Memory,
        };
        let functions = EXPORTS.iter().map(|(name, ty)| Export {
            name: name.clone(),
            ty: ExternType::Function(ty.clone()),
        });
        [memory].into_iter().chain(functions).collect()
    }

    fn instantiate(&self, node: Node) -> Result<Box<dyn Instance>, InstantiateError> {
        let limit = node.limits.memory;
        if limit.is_some_and(|limit| limit < MEMORY as u64) {
            return Err(InstantiateError::Link("a page is too much".to_owned()));
        }
        self.scripts.0.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Running {
            scripts: self.scripts.clone(),
            program: self.program,
            memory: vec![0; MEMORY],
            ctx: node.ctx,
            functions: node.functions.into(),
            has_ended: false,
            has_failed: false,
            handled: 0,
        }))
    }
}

struct Running {
    scripts: Scripts,
    program: Program,
    memory: Vec<u8>,
    ctx: WasiCtx,
    functions: Arc<[HostFunction]>,
    /// Its own call has ended it.
    has_ended: bool,
    /// A handler of it has failed, and the call in which that happened has not returned.
    has_failed: bool,
    /// How many handlers have run.
    handled: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.scripts.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Instance for Running {}

impl Guest for Running {
    fn export(&mut self, name: &str) -> Option<Handler> {
        EXPORTS
            .iter()
            .position(|(known, _)| known == name)
            .map(Handler)
    }

    fn export_type(&mut self, handler: Handler) -> FuncType {
        EXPORTS[handler.0].1.clone()
    }

    fn call(
        &mut self,
        handler: Handler,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        let (name, ty) = &EXPORTS[handler.0];
        assert!(!self.has_ended, "{name}: it has ended");
        assert!(
            args.iter()
                .map(|arg| arg.ty())
                .eq(ty.params.iter().copied()),
            "{name} is called with {args:?}"
        );
        let entered = self.scripts.0.entered.fetch_add(1, Ordering::Relaxed);
        assert!(entered < DEEPEST, "guests are entered too deep");
        let outcome = match handler.0 {
            START => {
                let outcome = self.start();
                self.has_ended = outcome.is_err();
                outcome
            }
            _ => {
                assert!(!self.has_failed, "{name}: the parent has failed before");
                self.handled += 1;
                let outcome = self.answer(name, args, results);
                self.has_failed = outcome.is_err();
                outcome
            }
        };
        self.scripts.0.entered.fetch_sub(1, Ordering::Relaxed);
        outcome
    }

    fn memory(&mut self) -> Result<&mut [u8], Trap> {
        Ok(&mut self.memory)
    }

    fn ctx(&self) -> &WasiCtx {
        &self.ctx
    }

    fn fuel(&self) -> Option<u64> {
        None
    }
}

impl Running {
    /// What the program does by itself.
    fn start(&mut self) -> Result<(), Stop> {
        if self.program == Program::Server {
            self.set_a_child_up()?;
        }
        for _ in 0..MOST_CALLS {
            let chunk = self.scripts.take();
            if chunk.is_empty() {
                break;
            }
            self.call_something(&mut Source::new(&chunk))?;
        }
        Ok(())
    }

    fn call_something(&mut self, source: &mut Source<'_>) -> Result<(), Stop> {
        if self
            .ctx
            .interrupt()
            .is_some_and(|interrupt| interrupt.fired().is_some())
        {
            return Err(Stop::Trap(Trap::new(TrapKind::Host, "it was interrupted")));
        }
        let is_parent = matches!(self.program, Program::Parent | Program::Server);
        match source.byte() {
            0 => return Err(Stop::Trap(Trap::new(TrapKind::Wasm, "unreachable"))),
            1 => return Err(Stop::Exit(source.u32())),
            2..10 if self.memory.len() < 4 * MEMORY => {
                self.memory.resize(self.memory.len() + MEMORY, 0)
            }
            128.. if is_parent => return self.call_honestly(source),
            _ => {}
        }
        let function = match is_parent && source.below(4) > 0 {
            true => &FUNCTIONS[source.below(FUNCTIONS.len())],
            false => &preview_1::FUNCTIONS[source.below(preview_1::FUNCTIONS.len())],
        };
        let mut arguments = Arguments {
            source,
            memory: &mut self.memory,
            vocabulary: match function.module {
                preview_1::MODULE => &Descriptors,
                _ => &Handles,
            },
        };
        let words = arguments.of(function);
        self.invoke(function, &words).map(drop)
    }

    /// Makes a call. One that fails has written nothing, unless the guest did so itself meanwhile.
    fn invoke(&mut self, function: &'static Function, words: &[u64]) -> Result<Errno, Stop> {
        let (before, handled) = (self.memory.clone(), self.handled);
        let answer = match function.module {
            preview_1::MODULE => {
                let Self { ctx, memory, .. } = self;
                let attempt = |call: &mut Call<'_, _>| {
                    preview_1::invoke(function.index, call, &mut Memory::new(memory), words)
                };
                complete(ctx, attempt)
            }
            _ => self.invoke_provided(function, words),
        };
        self.has_failed = false;
        self.scripts.look_at_the_heap();
        let answer = answer?;
        let name = function.name;
        let errno = u16::try_from(answer).ok().and_then(Errno::from_number);
        let errno = errno.unwrap_or_else(|| panic!("{name} {words:x?} answered {answer}"));
        if errno != Errno::Success && self.handled == handled {
            let same = self.memory == before;
            assert!(same, "{name} {words:x?} answered {errno} and wrote");
        }
        Ok(errno)
    }

    fn invoke_provided(&mut self, function: &Function, words: &[u64]) -> Result<u64, Stop> {
        let functions = Arc::clone(&self.functions);
        let mut provided = functions.iter();
        let Some(run) = provided.find(|provided| provided.name == function.name) else {
            return Ok(u64::from(Errno::Nosys.number()));
        };
        let args = words
            .iter()
            .zip(function.core.params)
            .map(|(word, ty)| match ty {
                CoreType::I32 => Value::I32(low_half(*word)),
                CoreType::I64 => Value::I64(word.cast_signed()),
            });
        let args: Vec<Value> = args.collect();
        let mut results = [Value::I32(-1)];
        (run.run)(self, &args, &mut results)?;
        match results {
            [Value::I32(errno)] => Ok(errno.cast_unsigned().into()),
            other => panic!("{} answered {other:?}", function.name),
        }
    }

    /// What a handler does that is asked for something: it may use what the program imports, and
    /// answers what makes sense, or anything else.
    fn answer(&mut self, name: &str, args: &[Value], results: &mut [Value]) -> Result<(), Stop> {
        let chunk = self.scripts.take();
        let source = &mut Source::new(&chunk);
        let choice = source.byte();
        match choice {
            ..8 => return Err(Stop::Trap(Trap::new(TrapKind::Wasm, "unreachable"))),
            8 => return Err(Stop::Exit(source.u32())),
            9..32 => self.call_something(source)?,
            _ => {}
        }
        let number = match choice {
            ..224 => self.sensible(name, args, source),
            _ => {
                self.scribble(args, source);
                source.u64().cast_signed()
            }
        };
        match results {
            [result @ Value::I32(_)] => *result = Value::I32(low_half(number.cast_unsigned())),
            [result] => *result = Value::I64(number),
            _ => {}
        }
        Ok(())
    }

    /// Writes something wherever a parameter might point.
    fn scribble(&mut self, args: &[Value], source: &mut Source<'_>) {
        for arg in args {
            if let (Value::I32(address), true) = (arg, source.bool()) {
                let count = source.below(24);
                put(
                    &mut self.memory,
                    address.cast_unsigned(),
                    source.take(count),
                );
            }
        }
    }

    /// An answer such as a parent gives that has what it is asked for.
    fn sensible(&mut self, name: &str, args: &[Value], source: &mut Source<'_>) -> i64 {
        let last = match args.last() {
            Some(Value::I32(last)) => last.cast_unsigned(),
            _ => 0,
        };
        match name {
            "virt_scratch" => i64::from(ROOM) | i64::from(ROOM - 1) << 32,
            "dir_open" | "dir_create" | "obj_stat" => {
                put(&mut self.memory, last, &entry(source));
                i64::from(source.byte() == 0) * -NOENT
            }
            "dir_list" | "dir_readlink" => {
                let Some(Value::I32(buffer)) = args.get(args.len() - 2) else {
                    return 0;
                };
                let listed = b"\0\0\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0a";
                put(&mut self.memory, buffer.cast_unsigned(), listed);
                match source.bool() {
                    true => listed.len() as i64,
                    false => 0,
                }
            }
            "obj_read" | "obj_write" => i64::from(last.min(source.byte().into())),
            "obj_poll" => i64::from(source.bool()),
            _ => match source.below(4) {
                0 => -i64::from(source.byte() % 80),
                1 => i64::from(source.u16()),
                _ => 0,
            },
        }
    }

    /// Makes a child, serves it everything in every way, and calls it.
    fn set_a_child_up(&mut self) -> Result<(), Stop> {
        self.honest("child_new", &[Word(0), Out])?;
        self.honest(
            "child_bind",
            &[Word(0), Text("class:*"), Word(PASS), Word(0)],
        )?;
        for what in ["class:clock", "random_get"] {
            self.honest("child_bind", &[Word(0), Text(what), Word(SERVE), Word(7)])?;
        }
        let chunk = self.scripts.take();
        let mut source = Source::new(&chunk);
        for function in &preview_1::FUNCTIONS {
            if source.below(32) == 0 {
                let args = [Word(0), Text(function.name), Word(FILTER), Word(7)];
                self.honest("child_bind", &args)?;
            }
        }
        for (cap, (kind, name)) in [(0, ""), (1, "/"), (1, "/again"), (2, "")]
            .iter()
            .enumerate()
        {
            let cap = Word(cap as u64);
            let rights = Word(u64::MAX);
            self.honest("cap_serve", &[Word(*kind), Word(7), cap, rights, Out])?;
            let next = Word(u32::MAX.into());
            self.honest("child_grant", &[Word(0), cap, next, Text(name), Out])?;
        }
        self.honest("child_link", &[Word(0), Out])?;
        self.honest(
            "child_call",
            &[
                Word(0),
                Text("_start"),
                Word(0),
                Word(0),
                Word(0),
                Word(0),
                Out,
            ],
        )?;
        Ok(())
    }

    /// Makes a call that a parent would make, with a child that there may be.
    fn call_honestly(&mut self, source: &mut Source<'_>) -> Result<(), Stop> {
        let child = Word(source.below(2) as u64);
        let how = Word(source.one_of(&[PASS, PASS, SERVE, FILTER]));
        let what = Text(source.one_of(&["class:*", "class:clock", "random_get", "fd_read"]));
        let cap = Word(source.below(3) as u64);
        let zero = Word(0);
        let next = Word(u32::MAX.into());
        let (name, args): (&str, &[Argument]) = match source.below(8) {
            0 => ("child_new", &[Word(source.below(3) as u64), Out]),
            1 | 2 => ("child_bind", &[child, what, how, Word(7)]),
            3 => ("child_link", &[child, Out]),
            4 => ("cap_serve", &[cap, Word(7), zero, Word(u64::MAX), Out]),
            5 => ("child_grant", &[child, cap, next, Text(""), Out]),
            _ => (
                "child_call",
                &[child, Text("_start"), zero, zero, zero, zero, Out],
            ),
        };
        self.honest(name, args)
    }

    /// Makes a call of a parent's with arguments that are right.
    fn honest(&mut self, name: &str, args: &[Argument]) -> Result<(), Stop> {
        let mut functions = FUNCTIONS.iter();
        let function = functions.find(|function| function.name == name);
        let function = function.expect("the document has it");
        let mut words = Vec::new();
        for arg in args {
            match arg {
                Word(word) => words.push(*word),
                Out => words.push(OUT),
                Text(text) => {
                    put(&mut self.memory, TEXT, text.as_bytes());
                    words.extend([u64::from(TEXT), text.len() as u64]);
                }
            }
        }
        self.invoke(function, &words).map(drop)
    }
}

/// The number of the errno for a name that does not exist.
const NOENT: i64 = 44;

/// What lies under a name, as the document of servers lays it out.
fn entry(source: &mut Source<'_>) -> [u8; 64] {
    let mut entry = [0; 64];
    entry[0] = source.byte() % 4;
    entry[8] = source.byte();
    // A directory, a file, a link; rarely anything.
    let anything = source.byte();
    entry[56] = source.one_of(&[3, 3, 4, 4, 4, 7, anything]);
    entry[57] = u8::from(source.byte() < 8);
    entry
}

/// An argument of a call that is meant.
#[derive(Debug, Clone, Copy)]
enum Argument {
    Word(u64),
    Text(&'static str),
    /// Where the result is written.
    Out,
}

/// Where texts and results lie.
const TEXT: u32 = 1024;
const OUT: u64 = 2048;

/// Ways in which a child's calls are bound, as the document numbers them.
const PASS: u64 = 2;
const SERVE: u64 = 3;
const FILTER: u64 = 4;

fn low_half(word: u64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an `i32` takes the lower half of a word"
    )]
    let half = word as u32;
    half.cast_signed()
}

/// Descriptors and paths of a child.
struct Descriptors;

impl Vocabulary for Descriptors {
    fn handle(&self, odd: usize, source: &mut Source<'_>) -> u64 {
        match odd {
            ..8 => 4 + odd as u64 % 2,
            _ => source.below(9) as u64,
        }
    }

    fn text(&self, _param: &str, source: &mut Source<'_>) -> Vec<u8> {
        names::any_path(source)
    }
}

/// Handles of a parent, and texts that may mean something to its functions.
struct Handles;

impl Vocabulary for Handles {
    fn handle(&self, odd: usize, source: &mut Source<'_>) -> u64 {
        match odd {
            ..10 => 0,
            _ => source.below(8) as u64,
        }
    }

    fn text(&self, param: &str, source: &mut Source<'_>) -> Vec<u8> {
        const WHAT: [&str; 6] = [
            "class:*",
            "class:files",
            "class:clock",
            "fd_write",
            "class:nanoprocess",
            "class:poll",
        ];
        const EXPORT: [&str; 4] = ["_start", "sum", "", "fd_write"];
        match (param, source.below(8)) {
            ("what", 1..) => source.one_of(&WHAT).into(),
            ("export", 1..) => source.one_of(&EXPORT).into(),
            ("name", 1..4) => Vec::new(),
            ("bytes", 1..4) => b"\0asm\x01\0\0\0".to_vec(),
            _ => names::any_path(source),
        }
    }
}
