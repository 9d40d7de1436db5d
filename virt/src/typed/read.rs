//! From the text of a document to the types in it.
//!
//! Descriptions come with modules that nobody trusts, so everything is bounded: the text, how deep
//! lists and types are nested, and of how many parts a type is made once every name in it stands
//! for what it means. Parts of a program describe themselves one by one, so what is said twice has to
//! be the same and is no mistake.

use super::interface::Interface;
use super::lex::{self, Form, Item, Wrong, wrong};
use super::types::{Answer, Case, Function, MOST_PARTS, Names, Number, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 64;

/// The most modules of a text.
const MOST_MODULES: usize = 1 << 10;

/// The most names of an enumeration, and cases of a variant.
const MOST_NAMES: usize = 1 << 10;

pub(crate) fn interface(text: &str) -> Result<Interface, Wrong> {
    let items = lex::read(text)?;
    let mut types = Types::default();
    let mut interface = Interface::default();
    let mut exports = false;
    let mut modules = 0;
    for item in &items {
        match item.list()? {
            [first, name, rest @ ..] if first.is("typename") => types.define(name, rest)?,
            [first, name, rest @ ..] if first.is("module") => {
                modules += 1;
                if modules > MOST_MODULES {
                    return wrong(
                        item.line,
                        format!("there are more than {MOST_MODULES} modules"),
                    );
                }
                let functions = types.functions(rest)?;
                add(&mut interface, name, functions, exports)?;
                exports = false;
            }
            [only] if only.is("@exports") => exports = true,
            _ => {
                return wrong(
                    item.line,
                    "a `(typename …)` or `(module …)` is expected here",
                );
            }
        }
    }
    Ok(interface)
}

fn add(
    interface: &mut Interface,
    name: &Item<'_>,
    functions: Vec<(u32, Function)>,
    exports: bool,
) -> Result<(), Wrong> {
    let module = name.name()?;
    let known = if exports {
        &mut interface.exports
    } else {
        let position = interface
            .imports
            .iter()
            .position(|(known, _)| known == module);
        let position = position.unwrap_or_else(|| {
            interface.imports.push((module.to_owned(), Vec::new()));
            interface.imports.len() - 1
        });
        match interface.imports.get_mut(position) {
            Some((_, functions)) => functions,
            None => return Ok(()),
        }
    };
    let mut by_name: HashMap<String, Arc<Function>> = known
        .iter()
        .map(|function| (function.name.clone(), Arc::clone(function)))
        .collect();
    for (line, function) in functions {
        match by_name.get(&function.name) {
            Some(other) if **other == function => {}
            Some(_) => {
                let what = format!("`{}` is described twice, differently", function.name);
                return wrong(line, what);
            }
            None => {
                let function = Arc::new(function);
                by_name.insert(function.name.clone(), Arc::clone(&function));
                known.push(function);
            }
        }
    }
    Ok(())
}

impl<'a> Item<'a> {
    fn is(&self, word: &str) -> bool {
        matches!(self.form, Form::Word(own) if own == word)
    }

    fn list(&self) -> Result<&[Self], Wrong> {
        match &self.form {
            Form::List(items) => Ok(items),
            _ => wrong(self.line, "a `(` is expected here"),
        }
    }

    /// A name, without the `$`.
    fn name(&self) -> Result<&'a str, Wrong> {
        let name = match self.form {
            Form::Word(word) => word.strip_prefix('$'),
            _ => None,
        };
        match name {
            Some(name) if name.len() <= LONGEST_NAME => Ok(name),
            Some(_) => wrong(
                self.line,
                format!("a name has at most {LONGEST_NAME} bytes"),
            ),
            None => wrong(self.line, "a `$name` is expected here"),
        }
    }

    /// A list that begins with a word, without that word.
    fn tagged(&self, word: &str) -> Result<&[Self], Wrong> {
        match self.list()? {
            [first, rest @ ..] if first.is(word) => Ok(rest),
            _ => wrong(self.line, format!("a `({word} …)` is expected here")),
        }
    }
}

/// The types that have been defined so far.
#[derive(Default)]
struct Types(HashMap<String, Type>);

impl Types {
    fn define(&mut self, name: &Item<'_>, rest: &[Item<'_>]) -> Result<(), Wrong> {
        let own = name.name()?;
        let [ty] = rest else {
            return wrong(name.line, format!("`${own}` is one type"));
        };
        let ty = self.ty(ty)?;
        match self.0.get(own) {
            Some(known) if *known != ty => {
                wrong(name.line, format!("`${own}` is defined twice, differently"))
            }
            _ => {
                self.0.insert(own.to_owned(), ty);
                Ok(())
            }
        }
    }

    fn ty(&self, item: &Item<'_>) -> Result<Type, Wrong> {
        let list = match &item.form {
            Form::Word("string") => return Ok(Type::String),
            Form::Word("bool") => {
                return Ok(enumeration(1, ["false", "true"].map(str::to_owned).into()));
            }
            Form::Word(word) => {
                let mut numbers = Number::ALL.iter();
                return match numbers.find(|(_, name)| name == word) {
                    Some((number, _)) => Ok(Type::Number(*number)),
                    None => self.named(item),
                };
            }
            Form::Text(_) => return wrong(item.line, "a type is expected here"),
            Form::List(list) => list,
        };
        let made = match list.as_slice() {
            [kind, element] if kind.is("list") => Type::list(self.ty(element)?),
            [kind] if kind.is("handle") => Ok(Type::Handle),
            [kind, fields @ ..] if kind.is("record") => {
                let fields = fields.iter().map(|field| match field.tagged("field")? {
                    [name, ty] => Ok((name.name()?.to_owned(), self.ty(ty)?)),
                    _ => wrong(field.line, "a field has a name and a type"),
                });
                Type::record(unique(item, fields.collect::<Result<_, _>>()?)?)
            }
            [kind, rest @ ..] if kind.is("enum") => {
                let (size, rest) = width(rest, "tag")?;
                bounded(item, size, rest.len())?;
                return Ok(enumeration(size.unwrap_or(1), self.names(item, rest)?));
            }
            [kind, rest @ ..] if kind.is("flags") => {
                let (size, rest) = width(rest, "repr")?;
                let flags = self.names(item, rest)?;
                let size = match (size, flags.len()) {
                    (Some(size), count) if count <= size as usize * 8 => size,
                    (None, 0..=8) => 1,
                    (None, 9..=16) => 2,
                    (None, 17..=32) => 4,
                    (None, 33..=64) => 8,
                    _ => return wrong(item.line, "there are more flags than bits"),
                };
                return Ok(Type::Flags(Arc::new(Names { size, names: flags })));
            }
            [kind, rest @ ..] if kind.is("variant") => {
                let (size, rest) = width(rest, "tag")?;
                bounded(item, size, rest.len())?;
                Type::variant(size.unwrap_or(1), self.cases(item, rest)?)
            }
            [kind, ..] if kind.is("@witx") => match list.as_slice() {
                [_, word] if word.is("usize") => Ok(Type::Number(Number::U32)),
                [_, word] if word.is("char8") => Ok(Type::Number(Number::U8)),
                _ => return wrong(item.line, "a pointer does not cross; a list does"),
            },
            _ => return wrong(item.line, "a type is expected here"),
        };
        made.or_else(|_| {
            let what = "the type is empty, too large, nested too deep or made of too many parts";
            wrong(item.line, what)
        })
    }

    fn named(&self, item: &Item<'_>) -> Result<Type, Wrong> {
        let name = item.name()?;
        match self.0.get(name) {
            Some(ty) => Ok(ty.clone()),
            None => wrong(
                item.line,
                format!("no type `${name}` is defined before this"),
            ),
        }
    }

    fn names(&self, item: &Item<'_>, names: &[Item<'_>]) -> Result<Vec<String>, Wrong> {
        let names = names.iter().map(|name| Ok((name.name()?.to_owned(), ())));
        let names = unique(item, names.collect::<Result<_, _>>()?)?;
        Ok(names.into_iter().map(|(name, ())| name).collect())
    }

    fn cases(&self, item: &Item<'_>, cases: &[Item<'_>]) -> Result<Vec<Case>, Wrong> {
        let cases = cases.iter().map(|case| match case.tagged("case")? {
            [name] => Ok((name.name()?.to_owned(), None)),
            [name, payload] => Ok((name.name()?.to_owned(), Some(self.ty(payload)?))),
            _ => wrong(case.line, "a case has a name, and perhaps a type"),
        });
        let cases = unique(item, cases.collect::<Result<_, _>>()?)?;
        let cases = cases
            .into_iter()
            .map(|(name, payload)| Case { name, payload });
        Ok(cases.collect())
    }

    /// The functions of a module, each with the line on which it stands.
    fn functions(&self, items: &[Item<'_>]) -> Result<Vec<(u32, Function)>, Wrong> {
        let mut functions = Vec::new();
        for item in items {
            match item.list()? {
                // The memory is whoever's it is that calls or is called.
                [first, ..] if first.is("import") => {}
                [first, func, export, rest @ ..] if first.is("@interface") && func.is("func") => {
                    let name = match export.tagged("export")? {
                        [
                            Item {
                                form: Form::Text(name),
                                ..
                            },
                        ] if name.len() <= 4 * LONGEST_NAME => *name,
                        _ => return wrong(export.line, "a function has a name in quotes"),
                    };
                    functions.push((item.line, self.function(item, name, rest)?));
                }
                _ => return wrong(item.line, "a `(@interface func …)` is expected here"),
            }
        }
        Ok(functions)
    }

    fn function(&self, item: &Item<'_>, name: &str, parts: &[Item<'_>]) -> Result<Function, Wrong> {
        let mut params = Vec::new();
        let mut answer = Answer::Nothing;
        for part in parts {
            match part.list()? {
                [first, name, ty] if first.is("param") && answer == Answer::Nothing => {
                    params.push((name.name()?.to_owned(), self.ty(ty)?));
                }
                [first, name, ty] if first.is("result") && answer == Answer::Nothing => {
                    answer = self.answer(name.name()?, ty)?;
                }
                _ => {
                    return wrong(
                        part.line,
                        "a parameter, or one result at the end, is expected",
                    );
                }
            }
        }
        let types = params.iter().map(|(_, ty)| ty).chain(answer.value());
        let made_of: u32 = types.fold(0, |sum, ty| sum.saturating_add(ty.shape().parts));
        if made_of > MOST_PARTS || params.len() > 100 {
            return wrong(
                item.line,
                "the function has too many parameters, or too large ones",
            );
        }
        Ok(Function {
            name: name.to_owned(),
            params,
            answer,
        })
    }

    fn answer(&self, name: &str, ty: &Item<'_>) -> Result<Answer, Wrong> {
        let Ok(parts) = ty.tagged("expected") else {
            return Ok(Answer::Value(name.to_owned(), self.ty(ty)?));
        };
        let (value, error) = match parts {
            [error] => (None, error),
            [value, error] => (Some(self.ty(value)?), error),
            _ => return wrong(ty.line, "a value and an `(error …)` are expected here"),
        };
        let error = match error.tagged("error")? {
            [error] => self.ty(error)?,
            _ => return wrong(error.line, "an error has one type"),
        };
        let number = match &error {
            Type::Enum(names) => names.size <= 4,
            Type::Number(Number::F32 | Number::Char) => false,
            Type::Number(number) => number.size() <= 4,
            _ => false,
        };
        if !number {
            return wrong(
                ty.line,
                "an error is a number or an enumeration of at most 32 bits",
            );
        }
        Ok(Answer::Expected {
            name: name.to_owned(),
            value,
            error,
        })
    }
}

fn enumeration(size: u32, names: Vec<String>) -> Type {
    Type::Enum(Arc::new(Names { size, names }))
}

/// How many bytes `(@witx tag u8)` says, if it stands there.
fn width<'i, 'a>(
    items: &'i [Item<'a>],
    word: &str,
) -> Result<(Option<u32>, &'i [Item<'a>]), Wrong> {
    let [first, rest @ ..] = items else {
        return Ok((None, items));
    };
    let Ok([kind, width]) = first.tagged("@witx") else {
        return Ok((None, items));
    };
    let size = ["u8", "u16", "u32", "u64"].iter().zip([1, 2, 4, 8]);
    let mut sizes = size.filter(|(name, _)| width.is(name));
    match sizes.next() {
        Some((_, size)) if kind.is(word) => Ok((Some(size), rest)),
        _ => wrong(
            first.line,
            format!("`(@witx {word} u8)` to `u64` is expected here"),
        ),
    }
}

/// # Errors
/// There is no name, or there are more than numbers.
fn bounded(item: &Item<'_>, size: Option<u32>, count: usize) -> Result<(), Wrong> {
    let most = match size {
        None | Some(1) => 256,
        Some(_) => MOST_NAMES,
    };
    match (1..=most).contains(&count) {
        true => Ok(()),
        false => wrong(item.line, format!("1 to {most} names are expected here")),
    }
}

/// # Errors
/// Two have the same name.
fn unique<T>(item: &Item<'_>, named: Vec<(String, T)>) -> Result<Vec<(String, T)>, Wrong> {
    let mut names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some((*one).to_owned()),
        _ => None,
    });
    match twice {
        Some(name) => wrong(item.line, format!("`${name}` stands there twice")),
        None => Ok(named),
    }
}
