//! Modules that come by the [gauge](crate::gauge).
//!
//! A memory without pages is added after the module's own, so no index changes. An access to it
//! tells the gauge something:
//!
//! | access | told |
//! |---|---|
//! | `i32.load8_u` at N | a piece of code that costs N is about to run |
//! | `i32.store` or `i64.store` of N at S | a table of S elements is to have N more |
//! | `i32.load16_u` | is that granted? |
//! | `i32.store16` | it was granted, and did not happen |
//!
//! Beside this every module is mended. tinywasm 0.10.0 makes one instruction of a `local.get` and
//! the `local.tee` behind it even if a block ends between them, and whoever branches to that end
//! goes past the `tee`. So there, and where a loop begins, a `local.set` and a `local.get` stand for
//! it.

use std::ops::Range;
use tinywasm::types::{MemoryArch, TableType, WasmType};
use wasm_encoder::{BlockType, Encode, Instruction, MemArg, RawSection, SectionId, ValType};
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator, Parser, Payload};

/// What of a module is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Nothing: the module is only mended.
    Nothing,
    /// Tables that grow.
    Tables,
    /// Tables that grow, and every function and loop.
    Code,
}

/// Rewrites a module that tinywasm has read and found valid. `None` if nothing in it has to be
/// watched; if nothing is to be, `None` if it need not be mended.
pub(crate) fn rewrite(
    wasm: &[u8],
    module: &tinywasm::Module,
    watch: Watch,
) -> Result<Option<Vec<u8>>, BinaryReaderError> {
    let parts = Parts::read(wasm)?;
    let memories = module.imports().filter(|import| {
        let ty = &import.ty;
        matches!(ty, tinywasm::types::ImportType::Memory(_))
    });
    let tables: Vec<TableType> = tables(module);
    let mut writer = Writer {
        watch,
        gauge: index(memories.count() + module.memory_types.len()),
        functions: index(module.func_type_idxs.len()),
        growing: Vec::new(),
        mended: false,
    };
    let bodies = parts.bodies.iter().map(|body| writer.body(wasm, body));
    let bodies: Vec<Vec<u8>> = bodies.collect::<Result<_, _>>()?;
    let needed = match watch {
        Watch::Nothing => writer.mended,
        Watch::Tables => !writer.growing.is_empty(),
        Watch::Code => !bodies.is_empty(),
    };
    if !needed {
        return Ok(None);
    }

    let growing: Vec<(u32, TableType)> = writer
        .growing
        .iter()
        .filter_map(|table| Some((*table, *tables.get(*table as usize)?)))
        .collect();
    let types: Vec<Vec<u8>> = growing.iter().map(|(_, ty)| grow_type(ty)).collect();
    let indices = (0..types.len()).map(|nth| encoded(&(parts.types + index(nth))));
    let indices: Vec<Vec<u8>> = indices.collect();
    let growers = growing.iter().map(|(table, ty)| writer.grow(*table, ty));
    let code: Vec<Vec<u8>> = bodies.into_iter().chain(growers).collect();

    let mut out = wasm_encoder::Module::new();
    // The gauge's, which nobody needs where nothing is watched.
    let mut has_memory = watch == Watch::Nothing;
    let memory = [vec![0, 0]];
    for (id, content) in &parts.sections {
        let content = wasm.get(content.clone()).unwrap_or_default();
        if !has_memory && comes_after_memory(*id) {
            section(&mut out, SectionId::Memory, &appended(&[0], &memory)?);
            has_memory = true;
        }
        match *id {
            TYPE => section(&mut out, SectionId::Type, &appended(content, &types)?),
            FUNCTION => section(&mut out, SectionId::Function, &appended(content, &indices)?),
            MEMORY if !has_memory => {
                section(&mut out, SectionId::Memory, &appended(content, &memory)?);
                has_memory = true;
            }
            CODE => section(&mut out, SectionId::Code, &appended(&[0], &code)?),
            id => {
                out.section(&RawSection { id, data: content });
            }
        }
    }
    Ok(Some(out.finish()))
}

const CUSTOM: u8 = 0;
const TYPE: u8 = 1;
const IMPORT: u8 = 2;
const FUNCTION: u8 = 3;
const TABLE: u8 = 4;
const MEMORY: u8 = 5;
const CODE: u8 = 10;

fn comes_after_memory(id: u8) -> bool {
    !matches!(id, CUSTOM | TYPE | IMPORT | FUNCTION | TABLE | MEMORY)
}

/// A module's counts and indices, which all have 32 bits.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The types of all tables, imported ones first.
fn tables(module: &tinywasm::Module) -> Vec<TableType> {
    let imported = module.imports().filter_map(|import| match import.ty {
        tinywasm::types::ImportType::Table(ty) => Some(*ty),
        _ => None,
    });
    imported.chain(module.table_types.iter().copied()).collect()
}

/// Where the parts of a module are.
struct Parts<'a> {
    /// Each section's number and content.
    sections: Vec<(u8, Range<usize>)>,
    bodies: Vec<FunctionBody<'a>>,
    types: u32,
}

impl<'a> Parts<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut parts = Self {
            sections: Vec::new(),
            bodies: Vec::new(),
            types: 0,
        };
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            parts.sections.extend(payload.as_section());
            match payload {
                Payload::TypeSection(groups) => {
                    for group in groups {
                        parts.types += index(group?.types().len());
                    }
                }
                Payload::CodeSectionEntry(body) => parts.bodies.push(body),
                _ => {}
            }
        }
        Ok(parts)
    }
}

/// A change to a body.
enum Change {
    /// The piece of this number begins, and is paid for.
    Pay(usize),
    /// The function of this index grows a table instead.
    Call(u32),
    /// The local variable of this index is set, and then read.
    SetAndGet(u32),
}

struct Writer {
    watch: Watch,
    /// The index of the gauge's memory.
    gauge: u32,
    /// How many functions the module has.
    functions: u32,
    /// The tables that grow. A function of ours does it for each, after the module's own.
    growing: Vec<u32>,
    /// There was something to mend.
    mended: bool,
}

impl Writer {
    /// A body, with its length before it.
    fn body(&mut self, wasm: &[u8], body: &FunctionBody<'_>) -> Result<Vec<u8>, BinaryReaderError> {
        let mut operators = body.get_operators_reader()?;
        let begin = operators.original_position();
        // A body is cut into pieces: what lies in a loop is one, and what lies in none. A piece
        // costs the instructions in it, and is paid for whenever it is begun.
        let mut costs = vec![0_u32];
        let mut changes = vec![(begin..begin, Change::Pay(0))];
        // The piece of each block that is open.
        let mut open = vec![0];
        // Others may come to this place by a branch.
        let mut is_target = false;
        while !operators.eof() {
            let (operator, start) = operators.read_with_offset()?;
            let end = operators.original_position();
            let mut piece = open.last().copied().unwrap_or(0);
            if let Operator::Loop { .. } = operator {
                piece = costs.len();
                costs.push(0);
                changes.push((end..end, Change::Pay(piece)));
            }
            if let Some(cost) = costs.get_mut(piece) {
                *cost += 1;
            }
            let was_target = is_target;
            is_target = matches!(operator, Operator::End | Operator::Loop { .. });
            match operator {
                Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => {
                    open.push(piece);
                }
                Operator::End => {
                    open.pop();
                }
                Operator::LocalTee { local_index } if was_target => {
                    self.mended = true;
                    changes.push((start..end, Change::SetAndGet(local_index)));
                }
                Operator::TableGrow { table } if self.watch != Watch::Nothing => {
                    changes.push((start..end, Change::Call(self.grower(table))));
                }
                _ => {}
            }
        }

        let mut content = Vec::new();
        let mut copied = body.range().start;
        for (place, change) in &changes {
            content.extend_from_slice(wasm.get(copied..place.start).unwrap_or_default());
            copied = place.end;
            match change {
                Change::Pay(piece) if self.watch == Watch::Code => {
                    self.pay(costs.get(*piece).copied().unwrap_or(0), &mut content);
                }
                Change::Pay(_) => {}
                Change::Call(function) => Instruction::Call(*function).encode(&mut content),
                Change::SetAndGet(local) => {
                    Instruction::LocalSet(*local).encode(&mut content);
                    Instruction::LocalGet(*local).encode(&mut content);
                }
            }
        }
        content.extend_from_slice(wasm.get(copied..body.range().end).unwrap_or_default());
        Ok(encoded(&*content))
    }

    /// The index of the function that grows a table.
    fn grower(&mut self, table: u32) -> u32 {
        let known = self.growing.iter().position(|known| *known == table);
        let nth = known.unwrap_or_else(|| {
            self.growing.push(table);
            self.growing.len() - 1
        });
        self.functions.saturating_add(index(nth))
    }

    /// An access to the gauge's memory.
    fn at_gauge(&self) -> MemArg {
        MemArg {
            offset: 0,
            align: 0,
            memory_index: self.gauge,
        }
    }

    fn pay(&self, cost: u32, content: &mut Vec<u8>) {
        let cost = i32::from_ne_bytes(cost.to_ne_bytes());
        Instruction::I32Const(cost).encode(content);
        Instruction::I32Load8U(self.at_gauge()).encode(content);
        Instruction::Drop.encode(content);
    }

    /// The function that grows a table if the gauge allows it. It has the parameters and the
    /// result of `table.grow`.
    fn grow(&self, table: u32, ty: &TableType) -> Vec<u8> {
        let index = index_type(ty);
        let (element, more, answer) = (0, 1, 2);
        let mut function = wasm_encoder::Function::new([(1, index)]);
        let mut write = function.instructions();
        write.table_size(table);
        match index {
            ValType::I64 => write
                .i32_wrap_i64()
                .local_get(more)
                .i64_store(self.at_gauge()),
            _ => write.local_get(more).i32_store(self.at_gauge()),
        };
        write.i32_const(0).i32_load16_u(self.at_gauge());
        write.if_(BlockType::Result(index));
        write.local_get(element).local_get(more).table_grow(table);
        write.local_tee(answer);
        match index {
            ValType::I64 => write.i64_const(-1).i64_eq(),
            _ => write.i32_const(-1).i32_eq(),
        };
        write.if_(BlockType::Empty);
        write.i32_const(0).i32_const(0);
        write.i32_store16(self.at_gauge()).end();
        write.local_get(answer).else_();
        match index {
            ValType::I64 => write.i64_const(-1),
            _ => write.i32_const(-1),
        };
        write.end().end();
        encoded(&function)
    }
}

/// The type of a table's indices.
fn index_type(ty: &TableType) -> ValType {
    match ty.arch() {
        MemoryArch::I32 => ValType::I32,
        MemoryArch::I64 => ValType::I64,
    }
}

/// The type of the function that grows a table.
fn grow_type(ty: &TableType) -> Vec<u8> {
    let element = match ty.element_type {
        WasmType::RefExtern => ValType::EXTERNREF,
        _ => ValType::FUNCREF,
    };
    let index = index_type(ty);
    // A function's type is told by this byte, its parameters and its results.
    let mut bytes = vec![0x60];
    [element, index].encode(&mut bytes);
    [index].encode(&mut bytes);
    bytes
}

fn encoded(what: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut bytes = Vec::new();
    what.encode(&mut bytes);
    bytes
}

/// The content of a section, which begins with the number of its entries, with more of them.
fn appended(content: &[u8], entries: &[Vec<u8>]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(content, 0);
    let count = reader.read_var_u32()?.saturating_add(index(entries.len()));
    let mut bytes = encoded(&count);
    bytes.extend_from_slice(
        content
            .get(reader.original_position()..)
            .unwrap_or_default(),
    );
    bytes.extend(entries.iter().flatten());
    Ok(bytes)
}

fn section(out: &mut wasm_encoder::Module, id: SectionId, content: &[u8]) {
    out.section(&RawSection {
        id: id.into(),
        data: content,
    });
}
