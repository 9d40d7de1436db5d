//! Arguments of an invoked function.

use turnkey_snapshots::engine::{Value, ValueType};

/// The value of this type that is written on the command line. Whole numbers may be signed or
/// not, decimal or, after `0x`, hexadecimal.
pub(super) fn parse(text: &str, ty: ValueType) -> Result<Value, String> {
    let value = match ty {
        ValueType::I32 => whole(text).and_then(i32_of).map(Value::I32),
        ValueType::I64 => whole(text).and_then(i64_of).map(Value::I64),
        ValueType::F32 => text.parse().ok().map(Value::F32),
        ValueType::F64 => text.parse().ok().map(Value::F64),
        ValueType::Other => {
            return Err("a parameter is of a type that cannot be written here".to_owned());
        }
    };
    value.ok_or_else(|| format!("`{text}` is no {ty}"))
}

fn whole(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let magnitude = i128::from(magnitude.ok()?);
    Some(if negative { -magnitude } else { magnitude })
}

fn i32_of(value: i128) -> Option<i32> {
    let unsigned = u32::try_from(value).map(u32::cast_signed);
    i32::try_from(value).or(unsigned).ok()
}

fn i64_of(value: i128) -> Option<i64> {
    let unsigned = u64::try_from(value).map(u64::cast_signed);
    i64::try_from(value).or(unsigned).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_by_type() {
        use ValueType::{F32, F64, I32, I64, Other};
        for (text, ty, expected) in [
            ("0", I32, Some(Value::I32(0))),
            ("-2147483648", I32, Some(Value::I32(i32::MIN))),
            ("4294967295", I32, Some(Value::I32(-1))),
            ("0xff", I32, Some(Value::I32(255))),
            ("-0x1", I32, Some(Value::I32(-1))),
            ("4294967296", I32, None),
            ("-2147483649", I32, None),
            ("--1", I32, None),
            ("1.0", I32, None),
            ("", I32, None),
            ("18446744073709551615", I64, Some(Value::I64(-1))),
            ("-9223372036854775808", I64, Some(Value::I64(i64::MIN))),
            ("18446744073709551616", I64, None),
            ("1.5", F32, Some(Value::F32(1.5))),
            ("-inf", F64, Some(Value::F64(f64::NEG_INFINITY))),
            ("x", F64, None),
            ("0", Other, None),
        ] {
            assert_eq!(parse(text, ty).ok(), expected, "{text} as {ty}");
        }
    }
}
