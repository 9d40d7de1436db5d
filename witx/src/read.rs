//! From the syntax tree of the `witx` crate to the model.

use crate::annotations::{Comment, plain};
use crate::{
    Builtin, Case, Enum, Error, Flags, Function, Layout, Member, Name, NamedType, Outcome, Param,
    Record, Signature, Snapshot, Type, Variant,
};
use std::sync::Arc;

/// Reads a document that has been parsed.
pub(crate) fn snapshot(document: &witx::Document) -> Result<Snapshot, Error> {
    let modules: Vec<_> = document.modules().collect();
    let [module] = modules.as_slice() else {
        return Err(Error::Modules(modules.len()));
    };
    if let Some(constant) = document.constants().next() {
        return unsupported(constant.name.as_str(), "a constant");
    }
    let module_name = module.name.as_str();
    let mut comment = Comment::read(&module.docs);
    let mut types = Types {
        signed: answers_signed(module_name, &mut comment)?,
        ..Types::default()
    };
    for named in document.typenames() {
        types.define(&named)?;
    }
    Ok(Snapshot {
        name: comment
            .take("snapshot")
            .unwrap_or_else(|| module_name.to_owned()),
        prefix: comment.take("prefix").unwrap_or_else(|| "wasi".to_owned()),
        module: module_name.to_owned(),
        signed: types.signed,
        memories: module.imports().map(|i| string(&i.name)).collect(),
        functions: module
            .funcs()
            .map(|f| types.function(&f))
            .collect::<Result<_, _>>()?,
        types: types.defined,
        docs: comment.text(module_name)?,
    })
}

/// The types that have been defined so far.
#[derive(Default)]
struct Types {
    defined: Vec<Arc<NamedType>>,
    /// Functions return a value or an error as one number.
    signed: bool,
}

impl Types {
    fn define(&mut self, named: &witx::NamedType) -> Result<(), Error> {
        let name = named.name.as_str();
        let ty = match &named.tref {
            witx::TypeRef::Name(other) => self.reference(other)?,
            witx::TypeRef::Value(ty) => match &**ty {
                witx::Type::Handle(_) => Type::Handle,
                witx::Type::Record(record) => self.record(name, record)?,
                witx::Type::Variant(variant) => self.variant(name, variant)?,
                other => self.in_place(name, other)?,
            },
        };
        self.defined.push(Arc::new(NamedType {
            name: name.to_owned(),
            layout: ty.layout(),
            ty,
            docs: plain(&named.docs, name)?,
        }));
        Ok(())
    }

    fn reference(&self, named: &witx::NamedType) -> Result<Type, Error> {
        let name = named.name.as_str();
        match self.defined.iter().find(|t| t.name == name) {
            Some(defined) => Ok(Type::Named(Arc::clone(defined))),
            None => unsupported(name, "a name that is used before its definition"),
        }
    }

    fn ty(&self, item: &str, ty: &witx::TypeRef) -> Result<Type, Error> {
        match ty {
            witx::TypeRef::Name(named) => self.reference(named),
            witx::TypeRef::Value(ty) => self.in_place(item, ty),
        }
    }

    /// A type that needs no name.
    fn in_place(&self, item: &str, ty: &witx::Type) -> Result<Type, Error> {
        let pointer = |mutable, pointee| {
            Ok(Type::Pointer {
                mutable,
                pointee: Box::new(self.ty(item, pointee)?),
            })
        };
        match ty {
            witx::Type::Builtin(ty) => builtin(item, *ty).map(Type::Builtin),
            witx::Type::Pointer(pointee) => pointer(true, pointee),
            witx::Type::ConstPointer(pointee) => pointer(false, pointee),
            witx::Type::List(element) => Ok(match self.ty(item, element)? {
                Type::Builtin(Builtin::Char) => Type::String,
                element => Type::List(Box::new(element)),
            }),
            witx::Type::Record(_) => unsupported(item, "a tuple outside of a result"),
            witx::Type::Variant(_) => unsupported(item, "a `bool`, or a variant without a name,"),
            witx::Type::Handle(_) => unsupported(item, "a handle without a name"),
        }
    }

    fn record(&self, name: &str, record: &witx::RecordDatatype) -> Result<Type, Error> {
        match record.kind {
            witx::RecordKind::Tuple => unsupported(name, "a tuple outside of a result"),
            witx::RecordKind::Bitflags(repr) => Ok(Type::Flags(Flags {
                repr: int(repr),
                flags: record
                    .members
                    .iter()
                    .map(|flag| documented(name, &flag.name, &flag.docs))
                    .collect::<Result<_, _>>()?,
            })),
            witx::RecordKind::Other => self.members(name, &record.members),
        }
    }

    fn members(&self, name: &str, members: &[witx::RecordMember]) -> Result<Type, Error> {
        let types = members
            .iter()
            .map(|m| self.ty(&path(name, &m.name), &m.tref))
            .collect::<Result<Vec<_>, _>>()?;
        let (layout, offsets) = Layout::of_record(types.iter().map(Type::layout));
        let names: Vec<_> = members.iter().map(|m| m.name.as_str()).collect();
        let members = members
            .iter()
            .zip(types)
            .zip(offsets)
            .map(|((member, ty), offset)| {
                let item = path(name, &member.name);
                let mut comment = Comment::read(&member.docs);
                Ok(Member {
                    name: string(&member.name),
                    count: count(&item, &mut comment, &ty, &names)?,
                    ty,
                    offset,
                    docs: comment.text(&item)?,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Type::Record(Record { members, layout }))
    }

    fn variant(&self, name: &str, variant: &witx::Variant) -> Result<Type, Error> {
        if variant.as_expected().is_some() {
            return unsupported(name, "an `expected` outside of a result");
        }
        let tag = int(variant.tag_repr);
        if variant.is_enum() {
            return Ok(Type::Enum(Enum {
                repr: tag,
                cases: variant
                    .cases
                    .iter()
                    .map(|case| documented(name, &case.name, &case.docs))
                    .collect::<Result<_, _>>()?,
            }));
        }
        let cases = variant
            .cases
            .iter()
            .map(|case| {
                let item = path(name, &case.name);
                let payload = case.tref.as_ref();
                Ok(Case {
                    name: string(&case.name),
                    payload: payload.map(|ty| self.ty(&item, ty)).transpose()?,
                    docs: plain(&case.docs, &item)?,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let payloads = cases.iter().filter_map(|c| c.payload.as_ref());
        let (layout, payload_offset) = Layout::of_variant(tag.layout(), payloads.map(Type::layout));
        Ok(Type::Variant(Variant {
            tag,
            payload_offset,
            cases,
            layout,
        }))
    }

    fn function(&self, function: &witx::InterfaceFunc) -> Result<Function, Error> {
        let name = function.name.as_str();
        let names: Vec<_> = function.params.iter().map(|p| p.name.as_str()).collect();
        let params = function
            .params
            .iter()
            .map(|param| self.param(name, &names, param))
            .collect::<Result<Vec<_>, _>>()?;
        let result = match function.results.as_slice() {
            [] => None,
            [result] => Some(self.outcome(name, result)?),
            _ => return unsupported(name, "more than one result"),
        };
        let mut comment = Comment::read(&function.docs);
        let class = comment.take("class").unwrap_or_default();
        if class.is_empty() || class.split('.').any(str::is_empty) {
            return Err(Error::Annotation {
                item: name.to_owned(),
                problem: "a function names its class, as in `@class files.open`".to_owned(),
            });
        }
        Ok(Function {
            name: name.to_owned(),
            core: match self.signed {
                false => Signature::lower(&params, result.as_ref()),
                true => match Signature::lower_signed(&params, result.as_ref()) {
                    Some(core) => core,
                    None => return unsupported(name, "an answer that is not one number"),
                },
            },
            params,
            result,
            noreturn: function.noreturn,
            class,
            waits: comment.take("waits").is_some(),
            docs: comment.text(name)?,
        })
    }

    fn param(
        &self,
        function: &str,
        names: &[&str],
        param: &witx::InterfaceFuncParam,
    ) -> Result<Param, Error> {
        let item = path(function, &param.name);
        let mut comment = Comment::read(&param.docs);
        let ty = self.ty(&item, &param.tref)?;
        Ok(Param {
            name: string(&param.name),
            count: count(&item, &mut comment, &ty, names)?,
            ty,
            docs: comment.text(&item)?,
        })
    }

    fn outcome(&self, function: &str, result: &witx::InterfaceFuncParam) -> Result<Outcome, Error> {
        let item = path(function, &result.name);
        let expected = match &**result.tref.type_() {
            witx::Type::Variant(variant) => variant.as_expected(),
            _ => None,
        };
        let Some((ok, error)) = expected else {
            return unsupported(&item, "a result that is not `expected`");
        };
        let ok = match ok {
            None => Vec::new(),
            Some(ty) => match &**ty.type_() {
                witx::Type::Record(tuple) if tuple.is_tuple() => tuple
                    .members
                    .iter()
                    .map(|member| self.ty(&item, &member.tref))
                    .collect::<Result<_, _>>()?,
                _ => vec![self.ty(&item, ty)?],
            },
        };
        Ok(Outcome {
            name: string(&result.name),
            ok,
            error: error.map(|ty| self.ty(&item, ty)).transpose()?,
            docs: plain(&result.docs, &item)?,
        })
    }
}

/// Whether `@answers` says that functions return a value or an error as one number.
fn answers_signed(module: &str, comment: &mut Comment) -> Result<bool, Error> {
    match comment.take("answers").as_deref() {
        None => Ok(false),
        Some("signed") => Ok(true),
        Some(other) => Err(Error::Annotation {
            item: module.to_owned(),
            problem: format!("`@answers {other}` is none of `signed`"),
        }),
    }
}

/// Which of the siblings `@count` names.
fn count(
    item: &str,
    comment: &mut Comment,
    ty: &Type,
    siblings: &[&str],
) -> Result<Option<usize>, Error> {
    let Some(name) = comment.take("count") else {
        return Ok(None);
    };
    let problem = |problem: String| Error::Annotation {
        item: item.to_owned(),
        problem,
    };
    if !matches!(ty.resolved(), Type::Pointer { .. }) {
        return Err(problem("`@count` belongs to a pointer".to_owned()));
    }
    match siblings.iter().position(|sibling| *sibling == name) {
        Some(position) => Ok(Some(position)),
        None => Err(problem(format!("`@count {name}` names no sibling"))),
    }
}

fn documented(item: &str, name: &witx::Id, docs: &str) -> Result<Name, Error> {
    Ok(Name {
        name: string(name),
        docs: plain(docs, &path(item, name))?,
    })
}

fn builtin(item: &str, builtin: witx::BuiltinType) -> Result<Builtin, Error> {
    use witx::BuiltinType as Witx;
    Ok(match builtin {
        Witx::Char => Builtin::Char,
        Witx::U8 { lang_c_char: true } => Builtin::CChar,
        Witx::U8 { .. } => Builtin::U8,
        Witx::U16 => Builtin::U16,
        Witx::U32 {
            lang_ptr_size: true,
        } => Builtin::Usize,
        Witx::U32 { .. } => Builtin::U32,
        Witx::U64 => Builtin::U64,
        Witx::S8 => Builtin::S8,
        Witx::S16 => Builtin::S16,
        Witx::S32 => Builtin::S32,
        Witx::S64 => Builtin::S64,
        Witx::F32 | Witx::F64 => return unsupported(item, "floating point"),
    })
}

fn int(repr: witx::IntRepr) -> Builtin {
    match repr {
        witx::IntRepr::U8 => Builtin::U8,
        witx::IntRepr::U16 => Builtin::U16,
        witx::IntRepr::U32 => Builtin::U32,
        witx::IntRepr::U64 => Builtin::U64,
    }
}

fn unsupported<T>(item: &str, what: &'static str) -> Result<T, Error> {
    Err(Error::Unsupported {
        item: item.to_owned(),
        what,
    })
}

fn path(item: &str, name: &witx::Id) -> String {
    format!("{item}.{}", name.as_str())
}

fn string(id: &witx::Id) -> String {
    id.as_str().to_owned()
}
