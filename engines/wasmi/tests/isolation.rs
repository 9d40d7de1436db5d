//! Instances that share a store and a linker never see each other's memory.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use turnkey_wasi_common::{Stop, TrapKind, WasiCtx};
use turnkey_wasmi::{Program, Wasi, add_to_linker, error, outcome};
use wasmi::{Engine, Instance, Linker, Module, Store};

/// Asks for the sizes of the arguments: at 0 when it starts, and at 16 when it is told to.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $sizes (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $start (drop (call $sizes (i32.const 0) (i32.const 4))))
    (start $start)
    (func (export "again") (drop (call $sizes (i32.const 16) (i32.const 20)))))"#;

const WITHOUT_MEMORY: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $sizes (param i32 i32) (result i32)))
    (func (export "again") (drop (call $sizes (i32.const 16) (i32.const 20)))))"#;

/// How an instance comes into a store.
#[derive(Debug, Clone, Copy)]
enum Form {
    Linker,
    Program,
}

struct Fixture {
    engine: Engine,
    linker: Linker<Wasi>,
    program: Program<Wasi>,
    module: Module,
    store: Store<Wasi>,
}

impl Fixture {
    fn new(text: &str) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut linker = Linker::new(&engine);
        let program = Program::new(&linker, &module, |wasi: &mut Wasi| wasi).unwrap();
        add_to_linker(&mut linker, |wasi: &mut Wasi| wasi).unwrap();
        Self {
            linker,
            program,
            module,
            store: store(&engine),
            engine,
        }
    }

    fn instantiate(&mut self, form: Form) -> Instance {
        match form {
            Form::Linker => self
                .linker
                .instantiate_and_start(&mut self.store, &self.module),
            Form::Program => self.program.instantiate(&mut self.store),
        }
        .unwrap()
    }

    fn again(&mut self, instance: Instance) -> Result<(), Stop> {
        let again = instance.get_typed_func::<(), ()>(&self.store, "again");
        outcome(again.unwrap().call(&mut self.store, ()))
    }

    /// The first bytes of the two answers, which are both 3 where they have been given.
    fn answers(&mut self, instance: Instance) -> (u8, u8) {
        let memory = instance.get_memory(&self.store, "memory").unwrap();
        let bytes = memory.data(&self.store);
        (bytes[0], bytes[16])
    }

    fn clear(&mut self, instance: Instance) {
        let memory = instance.get_memory(&self.store, "memory").unwrap();
        memory.data_mut(&mut self.store)[..32].fill(0);
    }
}

fn store(engine: &Engine) -> Store<Wasi> {
    let ctx = WasiCtx::builder().args(["a", "b", "c"]).build().unwrap();
    Store::new(engine, Wasi::from(ctx))
}

#[test]
fn instances_of_every_form_in_one_store_own_memory_only() {
    use Form::{Linker, Program};
    let orders = [
        [Linker, Linker, Linker],
        [Program, Program, Program],
        [Program, Linker, Program],
        [Linker, Program, Program],
        [Program, Program, Linker],
    ];
    for order in orders {
        let mut fixture = Fixture::new(GUEST);
        let mut instances = Vec::new();
        for form in order {
            let instance = fixture.instantiate(form);
            assert_eq!(fixture.answers(instance), (3, 0), "{order:?}");
            for earlier in &instances {
                assert_eq!(fixture.answers(*earlier), (0, 0), "{order:?}");
            }
            fixture.clear(instance);
            instances.push(instance);
        }
        for calling in [0, 2, 1, 0] {
            fixture.again(instances[calling]).unwrap();
            for (index, instance) in instances.iter().enumerate() {
                let expected = if index == calling { (0, 3) } else { (0, 0) };
                assert_eq!(fixture.answers(*instance), expected, "{order:?}");
            }
            fixture.clear(instances[calling]);
        }
    }
}

#[test]
fn program_in_several_stores_each_has_its_own_node() {
    let mut fixture = Fixture::new(GUEST);
    let one = fixture.instantiate(Form::Program);
    let mut other_store = store(&fixture.engine);
    let other = fixture.program.instantiate(&mut other_store).unwrap();
    fixture.clear(one);
    let again = other
        .get_typed_func::<(), ()>(&other_store, "again")
        .unwrap();
    again.call(&mut other_store, ()).unwrap();
    assert_eq!(fixture.answers(one), (0, 0));
    fixture.again(one).unwrap();
    assert_eq!(fixture.answers(one), (0, 3));
}

#[test]
fn call_without_memory_export_trap_even_beside_an_instance_with_one() {
    for form in [Form::Linker, Form::Program] {
        let mut fixture = Fixture::new(WITHOUT_MEMORY);
        let with = Module::new(&fixture.engine, wat::parse_str(GUEST).unwrap()).unwrap();
        let with =
            Program::new(&Linker::new(&fixture.engine), &with, |wasi: &mut Wasi| wasi).unwrap();
        let with = with.instantiate(&mut fixture.store).unwrap();
        fixture.clear(with);

        let without = fixture.instantiate(form);
        let Err(Stop::Trap(trap)) = fixture.again(without) else {
            panic!("{form:?}: a call without memory did not trap");
        };
        assert_eq!(trap.kind(), TrapKind::NoMemory, "{form:?}");
        assert_eq!(fixture.answers(with), (0, 0), "{form:?}");
        fixture.again(with).unwrap();
        assert_eq!(fixture.answers(with), (0, 3), "{form:?}");
    }
}

#[test]
fn program_whose_start_failed_next_instance_has_its_own_memory() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "args_sizes_get"
            (func $sizes (param i32 i32) (result i32)))
        (import "env" "fail" (func $fail))
        (memory (export "memory") 1)
        (func $start (drop (call $sizes (i32.const 0) (i32.const 4))) (call $fail))
        (start $start)
        (func (export "again") (drop (call $sizes (i32.const 16) (i32.const 20)))))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    let failed = AtomicBool::new(false);
    linker
        .func_wrap("env", "fail", move || -> Result<(), wasmi::Error> {
            match failed.swap(true, Ordering::Relaxed) {
                false => Err(error(Stop::Exit(1))),
                true => Ok(()),
            }
        })
        .unwrap();
    let program = Program::new(&linker, &module, |wasi: &mut Wasi| wasi).unwrap();
    let mut store = store(&engine);
    let failed = outcome(program.instantiate(&mut store)).unwrap_err();
    assert_eq!(failed, Stop::Exit(1));
    let instance = program.instantiate(&mut store).unwrap();
    let again = instance.get_typed_func::<(), ()>(&store, "again").unwrap();
    again.call(&mut store, ()).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert_eq!((memory.data(&store)[0], memory.data(&store)[16]), (3, 3));
}

#[test]
fn program_definition_of_the_linker_stands_before_wasi() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap(
            "wasi_snapshot_preview1",
            "args_sizes_get",
            |_: i32, _: i32| -> Result<i32, wasmi::Error> { Err(error(Stop::Exit(77))) },
        )
        .unwrap();
    let program = Program::new(&linker, &module, |wasi: &mut Wasi| wasi).unwrap();
    for _ in 0..2 {
        let instance = outcome(program.instantiate(store(&engine)));
        assert_eq!(instance.unwrap_err(), Stop::Exit(77));
    }
    let mut twice = linker.clone();
    assert!(add_to_linker(&mut twice, |wasi: &mut Wasi| wasi).is_err());
}

#[test]
fn program_unknown_import_error_names_it() {
    let engine = Engine::default();
    let text = r#"(module (import "env" "unheard_of" (func)))"#;
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let program = Program::new(&Linker::new(&engine), &module, |wasi: &mut Wasi| wasi).unwrap();
    let instance = program.instantiate(store(&engine));
    assert!(instance.unwrap_err().to_string().contains("unheard_of"));
}

#[test]
fn shared_context_serves_its_guest() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let ctx = WasiCtx::builder()
        .args(["a", "b", "c"])
        .build_shared()
        .unwrap();
    let mut store = Store::new(&engine, Wasi::from(ctx));
    let program = Program::new(&Linker::new(&engine), &module, |wasi: &mut Wasi<_>| wasi);
    let instance = program.unwrap().instantiate(&mut store).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert_eq!(memory.data(&store)[0], 3);
}
