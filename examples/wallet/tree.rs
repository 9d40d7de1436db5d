//! The tree of agama, easydex and notify, on one engine.

use crate::guests::{AGAMA, EASYDEX};
use crate::{in_rust, lock};
use std::sync::{Arc, mpsc};
use turnkey_examples::{Failure, compile};
use turnkey_snapshots::engine::{Engine, Module};
use turnkey_virt::Audit;
use turnkey_virt::audit::Record;
use turnkey_virt::fs::MemoryFs;
use turnkey_virt::nanoprocess::{Bind, Cap, Child, ChildLimits, Export, Family, Outcome, Place};
use turnkey_virt::policy::Lock;
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{Errno, Fd, Grant, Object, Pipe, PipeReader};

/// What agama keeps to itself.
const SEED: &str = "twelve words";

/// Which of the parents are this program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parents {
    Rust,
    AgamaInRust,
    Wasm,
}

impl Parents {
    pub(crate) const ALL: [(&'static str, Self); 3] = [
        ("agama and easydex in Rust", Self::Rust),
        ("agama in Rust, easydex in wasm", Self::AgamaInRust),
        ("agama and easydex in wasm", Self::Wasm),
    ];
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: u32,
    pub(crate) printed: String,
    /// What the parents said.
    pub(crate) said: String,
    /// The calls that were refused.
    pub(crate) refused: Vec<Record>,
}

/// The tree, but for notify.
pub(crate) struct Tree {
    agama: Arc<dyn Module>,
    easydex: Arc<dyn Module>,
    parents: Parents,
}

impl Tree {
    pub(crate) fn new(engine: &dyn Engine, parents: Parents) -> Result<Self, Failure> {
        Ok(Self {
            agama: compile(engine, AGAMA)?,
            easydex: compile(engine, EASYDEX)?,
            parents,
        })
    }

    /// Runs it with a notify. `mode` is what easydex is to do.
    pub(crate) fn run(&self, notify: Arc<dyn Module>, mode: &str) -> Result<Ran, Failure> {
        let audit = Arc::new(Audit::new(100));
        let family = Family::builder()
            .without("class:network")?
            .filter(audit.clone())
            .build();
        let files = MemoryFs::new().file("seed.txt", SEED.as_bytes())?;
        let (stdout, printed) = stream();
        let (stderr, told) = stream();
        let mut said = String::new();
        let code = match self.parents {
            Parents::Rust => in_rust::run(&family, notify, mode, &stdout, &mut said)?,
            Parents::AgamaInRust => {
                let easydex = family.spawn(Arc::clone(&self.easydex))?;
                easydex.module(notify)?;
                let (asks, asked) = mpsc::channel();
                // It offers what the agama in wasm does.
                let agama = Interface::of(&*self.agama)?;
                let ask = deny(&agama, lock::lock(crate::NOTIFY)?, asks)?;
                easydex.bind_export("agama", "ask", &ask)?;
                let code = start(&easydex, mode, &stdout, &stderr)?;
                said.extend(asked.try_iter());
                code
            }
            Parents::Wasm => {
                let agama = family.spawn(Arc::clone(&self.agama))?;
                agama.module(Arc::clone(&self.easydex))?;
                agama.module(notify)?;
                let files = Cap::new(Grant::new(Object::Dir(files.root())));
                agama.grant(&files, Place::At(Fd(3)), Some("/"))?;
                start(&agama, mode, &stdout, &stderr)?
            }
        };
        said += &String::from_utf8(told.drain())?;
        let printed = String::from_utf8(printed.drain())?;
        let is_told = printed.contains(SEED) || said.contains(SEED);
        if is_told || files.read("seed.txt")? != SEED.as_bytes() {
            return Err("the seed is told, or is another one".into());
        }
        Ok(Ran {
            code,
            printed,
            said,
            refused: audit.records(),
        })
    }
}

fn stream() -> (Cap, PipeReader) {
    let (writer, reader) = Pipe::new(1 << 12);
    (
        Cap::new(Grant::new(Object::Stream(Arc::new(writer)))),
        reader,
    )
}

/// Starts a wasm parent, which is handed every function and the two streams, and answers what it
/// exits with.
fn start(parent: &Child, mode: &str, stdout: &Cap, stderr: &Cap) -> Result<u32, Failure> {
    // easydex and notify, if the parent is agama.
    let children = ChildLimits {
        children: 2,
        ..ChildLimits::PARENT
    };
    parent.limit(children)?.env("MODE", mode)?;
    parent.bind("class:*", Bind::Pass)?;
    parent.grant(stdout, Place::At(Fd(1)), None)?;
    parent.grant(stderr, Place::At(Fd(2)), None)?;
    parent.link()?;
    match parent.call("_start", &[])? {
        Outcome::Exited(code) => Ok(code),
        outcome => Err(format!("a parent ended otherwise: {outcome:?}").into()),
    }
}

/// What easydex is answered by an agama in Rust when it asks for more: no. What is to be said of it
/// is sent.
fn deny(agama: &Interface, lock: Lock, asks: mpsc::Sender<String>) -> Result<Export, Failure> {
    Ok(Export::function(agama, "ask", move |args| {
        if let [TypedValue::String(class)] = args {
            // Nobody listens once the run has ended.
            let _heard = asks.send(format!("{}\n", lock.ask("easydex", class)));
        }
        Ok(TypedValue::Error(Errno::Acces.number().into()))
    })?)
}
