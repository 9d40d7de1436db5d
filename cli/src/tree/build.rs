//! Putting an application together, before anything runs.

use super::application::{Application, Clocks, Link, Random, Unit};
use super::held::Held;
use super::stage::{INITIALIZE, Linked, Part, START, Stage};
use crate::document::Document;
use crate::engine::{EngineName, Keep};
use crate::failure::Failure;
use crate::{module, thread};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use turnkey_cap_backends::{HostClocks, HostRandom, HostWait, ambient_authority};
use turnkey_snapshots::engine::{Engine, EngineOptions, ExternType, FuncType, Missing, Module};
use turnkey_virt::Trace;
use turnkey_virt::clocks::{FrozenClocks, VirtualTime};
use turnkey_virt::nanoprocess::{Bind, Child, ChildLimits, Family, Lack, LinkError, Need};
use turnkey_virt::random::SeededRandom;
use turnkey_virt::typed::Interface;
use turnkey_wasi_common::{Errno, Interrupt};

/// What a module can call without having been granted anything. Without a handle, an argument or a
/// variable there is nothing that these act on.
const ALWAYS: [&str; 7] = [
    "args", "environ", "fd", "files", "network", "poll", "process",
];

/// Compiles all modules, grants each what it is to have, and links it. Everything that is wrong is
/// noted. Nothing runs.
pub(super) fn stage(
    document: &Document,
    application: &Application,
    folder: &Path,
    trace: Option<&Trace>,
) -> Option<Arc<Stage>> {
    let stage = Arc::new(Stage::new(parts(application)));
    let mut engines = Engines::default();
    let builds = application.units.iter().enumerate();
    let builds: Vec<Build<'_>> = builds
        .map(|(at, unit)| Build {
            document,
            application,
            unit,
            at,
            stage: &stage,
            trace,
        })
        .collect();
    // All are there before the first is linked: each may be bound to any other.
    let mut made: Vec<Option<Made>> = Vec::new();
    for build in &builds {
        let child = build.made(&mut engines);
        let noted = child.map_err(|why| document.wrong(build.unit.at, why.to_string()));
        made.push(noted.ok());
    }
    let mut held: Vec<Held> = Vec::new();
    for build in &builds {
        let parent = parent(application, build.unit).and_then(|parent| held.get(parent));
        let own = match parent {
            None => Held::of_host(document, build.unit, folder),
            Some(parent) => parent.hand_down(document, build.unit),
        };
        if let Err(why) = build.linked(&own, &made) {
            document.wrong(build.unit.at, why.to_string());
        }
        held.push(own);
    }
    if document.is_sound() && stage.commands().is_empty() {
        let root = application.units.first()?;
        let what = format!("no module of the tree can be run: none exports `{START}`");
        document.wrong(root.at, what);
    }
    document.is_sound().then_some(stage)
}

fn parent(application: &Application, unit: &Unit) -> Option<usize> {
    place(application, unit.parent.as_deref()?)
}

fn place(application: &Application, name: &str) -> Option<usize> {
    let mut units = application.units.iter();
    units.position(|unit| unit.module.name == name)
}

fn parts(application: &Application) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (at, unit) in application.units.iter().enumerate() {
        let mut path = unit.module.name.clone();
        let parent = parent(application, unit).and_then(|parent| parts.get_mut(parent));
        if let Some(parent) = parent {
            path = format!("{} > {path}", parent.path);
            parent.children.push(at);
        }
        parts.push(Part {
            path,
            child: OnceLock::new(),
            is_command: OnceLock::new(),
            initialize: AtomicBool::new(false),
            children: Vec::new(),
        });
    }
    parts
}

/// The engines that modules run on: one of each name, and another that counts fuel.
#[derive(Default)]
struct Engines(HashMap<(EngineKey, bool), Arc<dyn Engine>>);

/// Engines by their place in the list of all.
type EngineKey = usize;

impl Engines {
    fn engine(&mut self, name: EngineName, fuel: bool) -> Result<Arc<dyn Engine>, Failure> {
        let mut all = EngineName::all().iter();
        let key = all.position(|known| *known == name).unwrap_or_default();
        if let Some(engine) = self.0.get(&(key, fuel)) {
            return Ok(Arc::clone(engine));
        }
        let options = EngineOptions {
            fuel,
            interruptible: true,
        };
        let engine: Arc<dyn Engine> = name.engine(options, Keep::OnDisk)?.into();
        self.0.insert((key, fuel), Arc::clone(&engine));
        Ok(engine)
    }
}

/// A module that has been compiled, and what it says of its functions.
struct Made {
    module: Arc<dyn Module>,
    interface: Interface,
}

/// A module that is being put together.
struct Build<'a> {
    document: &'a Document,
    application: &'a Application,
    unit: &'a Unit,
    /// Its place among all.
    at: usize,
    stage: &'a Arc<Stage>,
    /// What sees its calls.
    trace: Option<&'a Trace>,
}

impl Build<'_> {
    /// Compiles the module, and makes a child of it that has nothing yet.
    fn made(&self, engines: &mut Engines) -> Result<Made, Failure> {
        let unit = self.unit;
        let name = unit.engine.unwrap_or_default();
        if !name.serves_children() && !unit.links.is_empty() {
            return Err(Failure::set_up(format_args!(
                "{} is called on a thread of its own by its engine, from where it cannot call \
                 others; choose another engine for it",
                unit.module.name
            )));
        }
        let engine = engines.engine(name, self.limits().fuel != u64::MAX)?;
        let module = self.module(&*engine)?;
        let parent = parent(self.application, unit);
        let above = parent.and_then(|parent| self.stage.parts.get(parent)?.child.get());
        let above = above.map(|parent| parent.interrupt().clone());
        let child = self.family(above).spawn(Arc::clone(&module));
        let child = child.map_err(|errno| cannot(unit, errno))?;
        // What cannot be read was told of where it matters.
        let interface = match &unit.witx {
            Some(witx) => witx.interface.clone(),
            None => Interface::of(&*module).ok(),
        };
        let interface = interface.unwrap_or_default();
        child
            .describe(interface.clone())
            .map_err(|errno| cannot(unit, errno))?;
        if let Some(part) = self.stage.parts.get(self.at) {
            let exports = module.exports();
            let nullary = |name: &str| {
                let mut exports = exports.iter();
                let ty = ExternType::Function(FuncType::default());
                exports.any(|export| export.name == name && export.ty == ty)
            };
            let _first = part.is_command.set(nullary(START));
            part.initialize
                .store(nullary(INITIALIZE) && !nullary(START), Ordering::Relaxed);
            let _first = part.child.set(Arc::new(child));
        }
        Ok(Made { module, interface })
    }

    /// Hands the child what it is to have, and links it.
    fn linked(&self, held: &Held, made: &[Option<Made>]) -> Result<(), Failure> {
        let part = self.stage.parts.get(self.at);
        let Some((part, child)) = part.and_then(|part| Some((part, part.child.get()?))) else {
            return Ok(());
        };
        self.set_up(child, held)
            .and_then(|()| self.bind(child, made))
            .map_err(|errno| cannot(self.unit, errno))?;
        match child.link() {
            Ok(()) => Ok(()),
            Err(LinkError::Errno(errno)) => Err(cannot(self.unit, errno)),
            Err(LinkError::Missing(missing)) => {
                for need in missing {
                    let what = format!("{} {}", part.path, lack(&need));
                    self.document.wrong(self.place_of(&need), what);
                }
                Ok(())
            }
        }
    }

    /// Where in the file it is said what an import is bound to.
    fn place_of(&self, need: &Need) -> usize {
        let mut links = self.unit.links.iter();
        let of = |link: &&Link| {
            (&link.import.0, &link.import.1) == (&need.import.module, &need.import.name)
        };
        links.find(of).map_or(self.unit.at, |link| link.at)
    }

    /// The module, which has to be what its hash says at this moment, too.
    fn module(&self, engine: &dyn Engine) -> Result<Arc<dyn Module>, Failure> {
        let path = &self.unit.module.path;
        let bytes = module::read(path)?;
        match self.unit.sha256 {
            Some(wanted) if wanted.0 != module::digest(&bytes) => {
                Err(module::mistake(path, "its contents have just changed"))
            }
            _ => Ok(module::compile(path, &bytes, engine)?.into()),
        }
    }

    /// What the module's parent holds of what it is to have.
    fn family(&self, above: Option<Interrupt>) -> Family {
        let mut family = Family::builder()
            .stack(thread::TREE)
            .waiter(Arc::new(HostWait));
        match self.unit.clocks {
            Clocks::Denied => {}
            Clocks::Real => {
                family = family.clocks(Arc::new(HostClocks::new(ambient_authority())));
            }
            Clocks::Virtual(moment) => {
                let time = VirtualTime::new(Arc::new(FrozenClocks::at(moment)));
                let time = Arc::new(time.waiter(Arc::new(HostWait)));
                family = family.clocks(time.clone()).waiter(time);
            }
        }
        match self.unit.random {
            Random::Denied => {}
            Random::Real => family = family.random(Arc::new(HostRandom::new(ambient_authority()))),
            Random::Virtual(seed) => family = family.random(Arc::new(SeededRandom::new(seed))),
        }
        if let Some(above) = above {
            family = family.interrupt(above);
        }
        if let Some((trace, part)) = self.trace.zip(self.stage.parts.get(self.at)) {
            family = family.filter(Arc::new(trace.of_guest(&part.path)));
        }
        family.build()
    }

    fn limits(&self) -> ChildLimits {
        let limits = self.application.limits(self.unit);
        ChildLimits {
            fuel: limits.fuel.unwrap_or(u64::MAX),
            memory: limits.memory.unwrap_or(u64::MAX),
            files: limits.files.map_or(ChildLimits::DEFAULT.files, u64::from),
            deadline: limits.time,
            ..ChildLimits::DEFAULT
        }
    }

    fn set_up(&self, child: &Child, held: &Held) -> Result<(), Errno> {
        child.limit(self.limits())?;
        for class in ALWAYS {
            child.bind(&format!("class:{class}"), Bind::Pass)?;
        }
        if self.unit.clocks != Clocks::Denied {
            child.bind("class:clock", Bind::Pass)?;
        }
        if self.unit.random != Random::Denied {
            child.bind("class:random", Bind::Pass)?;
        }
        for arg in &self.unit.args {
            child.arg(arg)?;
        }
        for (name, value) in &self.unit.env {
            child.env(name, value)?;
        }
        held.grant(child)
    }

    /// Binds what the module imports of others: to what has been described, or to numbers alone.
    fn bind(&self, child: &Child, made: &[Option<Made>]) -> Result<(), Errno> {
        let of = |part: usize| made.get(part).and_then(Option::as_ref);
        let imports = of(self.at).map(|own| own.module.imports());
        for link in &self.unit.links {
            let (module, name) = &link.import;
            let mut imports = imports.iter().flatten();
            let import = imports.find(|import| import.module == *module && import.name == *name);
            let part = place(self.application, &link.from);
            let (Some(ExternType::Function(ty)), Some(part)) =
                (import.map(|import| &import.ty), part)
            else {
                continue;
            };
            let linked = Linked {
                stage: Arc::downgrade(self.stage),
                caller: self.at,
                part,
                export: link.export.clone(),
            };
            let called = self.stage.parts.get(part).and_then(|part| part.child.get());
            let sides = of(self.at).zip(of(part)).zip(called);
            match sides
                .filter(|((asks, offers), _)| link.is_described(&asks.interface, &offers.interface))
            {
                Some((_, called)) => child.bind_export(module, name, &linked.export(called))?,
                None => child.provide(linked.function(link.import.clone(), ty.clone()))?,
            };
        }
        Ok(())
    }
}

fn cannot(unit: &Unit, errno: Errno) -> Failure {
    let why = match errno {
        Errno::Mfile => "its limit `files` is lower than what it begins with".to_owned(),
        errno => format!("it cannot be put together: {}", errno.name()),
    };
    Failure::set_up(format_args!("{}: {why}", unit.module.name))
}

/// What a module asks for in vain, and what would grant it.
fn lack(need: &Need) -> String {
    let import = &need.import;
    let hint = match need.class {
        Some("clock") => "; say `clocks`",
        Some("random") => "; say `random`",
        _ => "",
    };
    match (&need.lack, need.class) {
        (Some(Lack::Unfit(why)), _) => {
            let missing = Missing {
                import: import.clone(),
                why: why.clone(),
            };
            format!("cannot be linked: {missing}")
        }
        (Some(Lack::Mistyped(_)), _) => format!("cannot be linked: {need}"),
        (_, class) => format!(
            "asks for `{}.{}` [{}], which it is not granted{hint}",
            import.module,
            import.name,
            class.unwrap_or_default()
        ),
    }
}
