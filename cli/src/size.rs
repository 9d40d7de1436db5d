//! Sizes as people write them.

/// Units of a size, in bytes.
const UNITS: [(&str, u64); 5] = [
    ("", 1),
    ("b", 1),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

/// The bytes of a size: a number, and perhaps `KiB`, `MiB` or `GiB`.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let number = number.parse::<u64>().ok();
    let factor = UNITS.iter().find(|(name, _)| *name == unit);
    number
        .zip(factor)
        .and_then(|(number, (_, factor))| number.checked_mul(*factor))
        .ok_or_else(|| "write bytes such as 65536, or a unit such as 64KiB, 16MiB, 1GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_number_and_unit() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("65536", Some(65536)),
            ("10B", Some(10)),
            ("64KiB", Some(65536)),
            ("16 mib", Some(16 << 20)),
            ("1GiB", Some(1 << 30)),
            ("16GiB", Some(16 << 30)),
            ("", None),
            ("MiB", None),
            ("1.5MiB", None),
            ("-1", None),
            ("5MB", None),
            ("99999999999GiB", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(parse(text).ok(), bytes, "{text}");
        }
    }
}
