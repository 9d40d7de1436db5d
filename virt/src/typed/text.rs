//! Types and functions, written as documents write them.

use super::types::{Answer, Function, Names, Number, Type};
use std::fmt::{self, Display, Formatter};

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number.name()),
            Self::Enum(names) => write_names(f, "enum", "tag", names),
            Self::Flags(names) => write_names(f, "flags", "repr", names),
            Self::Handle => f.write_str("(handle)"),
            Self::String => f.write_str("string"),
            Self::List(list) => write!(f, "(list {})", list.element),
            Self::Record(record) => {
                f.write_str("(record")?;
                for field in &record.fields {
                    write!(f, " (field ${} {})", field.name, field.ty)?;
                }
                f.write_str(")")
            }
            Self::Variant(variant) => {
                write!(f, "(variant (@witx tag u{})", variant.tag * 8)?;
                for case in &variant.cases {
                    match &case.payload {
                        Some(payload) => write!(f, " (case ${} {payload})", case.name)?,
                        None => write!(f, " (case ${})", case.name)?,
                    }
                }
                f.write_str(")")
            }
        }
    }
}

fn write_names(f: &mut Formatter<'_>, kind: &str, width: &str, names: &Names) -> fmt::Result {
    write!(f, "({kind} (@witx {width} u{})", names.size * 8)?;
    for name in &names.names {
        write!(f, " ${name}")?;
    }
    f.write_str(")")
}

impl Number {
    pub(crate) fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        let found = all.find(|(number, _)| *number == self);
        found.map_or("", |(_, name)| name)
    }
}

/// The function without its name: `(func (param $text string) (result $length u32))`.
impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(func")?;
        for (name, ty) in &self.params {
            write!(f, " (param ${name} {ty})")?;
        }
        match &self.answer {
            Answer::Nothing => {}
            Answer::Value(name, ty) => write!(f, " (result ${name} {ty})")?,
            Answer::Expected { name, value, error } => {
                write!(f, " (result ${name} (expected")?;
                if let Some(value) = value {
                    write!(f, " {value}")?;
                }
                write!(f, " (error {error})))")?;
            }
        }
        f.write_str(")")
    }
}
