//! A compiled module, and how instances are made of it.

use crate::exports::Exports;
use crate::instance::TinywasmInstance;
use crate::local::Plan;
use crate::rewrite::{Watch, rewrite};
use crate::value::{of_export, of_import};
use tinywasm::engine::Config;
use tinywasm::parser::{ParseError, Parser, ParserOptions};
use turnkey_snapshots::engine::{
    CompileError, EngineOptions, Export, Import, Instance, InstantiateError, Limits, Module, Node,
    interface_of,
};

/// A module that tinywasm has compiled.
pub(crate) struct TinywasmModule {
    config: Config,
    options: EngineOptions,
    module: tinywasm::Module,
    /// The module rewritten to be watched, if something in it has to be.
    watched: Option<tinywasm::Module>,
    imports: Vec<Import>,
    interface: Option<Box<[u8]>>,
    exports: Exports,
}

impl TinywasmModule {
    pub(crate) fn compile(
        config: &Config,
        wasm: &[u8],
        options: EngineOptions,
    ) -> Result<Self, CompileError> {
        // Every memory is made when the instance is, so that it is known which is which.
        let parser = ParserOptions::default().with_local_memory_allocation_optimization(false);
        let parser = Parser::with_options(parser);
        let parse = |wasm: &[u8]| {
            let parsed = parser.parse_module_bytes(wasm);
            parsed.map_err(refused)
        };
        let rewrite = |module: &tinywasm::Module, watch| {
            let rewritten = rewrite(wasm, module, watch);
            let rewritten = rewritten.map_err(|error| CompileError(error.to_string()))?;
            rewritten.map(|wasm| parse(&wasm)).transpose()
        };
        let read = parse(wasm)?;
        check_memories(&read)?;
        let watch = match options.fuel || options.interruptible {
            true => Watch::Code,
            false => Watch::Tables,
        };
        let watched = rewrite(&read, watch)?;
        let module = rewrite(&read, Watch::Nothing)?.unwrap_or(read);
        let imports = module.imports().map(|import| Import {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
            ty: of_import(&import.ty),
        });
        let imports = imports.collect();
        let exports = module.exports().map(|export| Export {
            name: export.name.to_owned(),
            ty: of_export(&export.ty),
        });
        let exports = exports.collect::<Vec<_>>().into();
        Ok(Self {
            config: config.clone(),
            options,
            module,
            watched,
            imports,
            interface: interface_of(wasm),
            exports,
        })
    }

    /// The module for an instance: nobody pays for being watched who need not be.
    fn for_instance(&self, node: &Node) -> &tinywasm::Module {
        match &self.watched {
            Some(watched) if node.limits != Limits::default() || node.ctx.interrupt().is_some() => {
                watched
            }
            _ => &self.module,
        }
    }
}

/// Why tinywasm does not take a module. The section of exceptions is the one that it does not know
/// at all, and can only call by its own name for it.
fn refused(error: ParseError) -> CompileError {
    CompileError(match error {
        ParseError::UnsupportedSection(section) if section.contains("TagSection") => {
            "exceptions are not supported".to_owned()
        }
        error => error.to_string(),
    })
}

/// tinywasm panics on memories that are larger than it can count.
fn check_memories(module: &tinywasm::Module) -> Result<(), CompileError> {
    for memory in &module.memory_types {
        let most = memory.page_count_max();
        if memory.page_count_initial() > most || most.checked_mul(memory.page_size()).is_none() {
            let message = "a memory is larger than tinywasm can make it";
            return Err(CompileError(message.to_owned()));
        }
    }
    Ok(())
}

impl Module for TinywasmModule {
    fn imports(&self) -> Vec<Import> {
        self.imports.clone()
    }

    fn exports(&self) -> Vec<Export> {
        self.exports.all().to_vec()
    }

    fn interface(&self) -> Option<&[u8]> {
        self.interface.as_deref()
    }

    fn instantiate(&self, node: Node) -> Result<Box<dyn Instance>, InstantiateError> {
        self.options.check(&self.imports, &node)?;
        let asked_for = node.asked_for(&self.imports).cloned();
        let plan = Plan {
            config: self.config.clone(),
            module: self.for_instance(&node).clone(),
            memories: self.module.memory_types.len(),
            exports: self.exports.clone(),
            functions: asked_for.collect(),
            limits: node.limits,
            interrupt: node.ctx.interrupt().cloned(),
        };
        let instance = TinywasmInstance::start(plan, node.ctx)?;
        Ok(Box::new(instance))
    }
}

/// Instances are made on threads of their own.
const _: () = {
    const fn sendable<T: Send + 'static>() {}
    sendable::<Plan>();
};
