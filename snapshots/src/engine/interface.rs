//! What a module says about its own functions.

/// The name of the custom sections in which a module describes its interface.
const NAME: &[u8] = b"witx";

/// The longest description that is kept, in bytes.
const LONGEST: usize = 1 << 18;

/// The text of a module's custom sections of the name `witx`, one after another: what linkers make
/// of the parts of a program. `None` if it has none, or more than 256 KiB. Adapters ask when they
/// compile a module, for [`Module::interface`](super::Module::interface).
///
/// ```
/// use turnkey_snapshots::engine::interface_of;
///
/// let wasm = b"\0asm\x01\0\0\0\0\x09\x04witxtext";
/// assert_eq!(interface_of(wasm).as_deref(), Some(&b"text"[..]));
/// assert_eq!(interface_of(b"\0asm\x01\0\0\0"), None);
/// ```
pub fn interface_of(wasm: &[u8]) -> Option<Box<[u8]>> {
    let mut sections = wasm.get(8..)?;
    let mut texts: Vec<&[u8]> = Vec::new();
    while let Some((id, rest)) = sections.split_first() {
        sections = rest;
        let length = number(&mut sections)?;
        let mut section = take(&mut sections, length)?;
        if *id != 0 {
            continue;
        }
        let length = number(&mut section)?;
        if take(&mut section, length)? == NAME {
            texts.push(section);
        }
    }
    let length: usize = texts.iter().map(|text| text.len()).sum();
    match length {
        0 => None,
        length if length > LONGEST => None,
        _ => Some(texts.concat().into()),
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// A number in LEB128.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, name: &str, contents: &[u8]) -> Vec<u8> {
        let mut bytes = vec![id];
        let mut length = name.len() + 1 + contents.len();
        while length > 0x7f {
            bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        bytes.extend([length, name.len()].map(|length| u8::try_from(length).unwrap()));
        bytes.extend(name.bytes());
        bytes.extend(contents);
        bytes
    }

    fn module(sections: &[Vec<u8>]) -> Vec<u8> {
        [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
    }

    #[test]
    fn interface_of_sections_of_the_name_joined() {
        let wasm = module(&[
            section(0, "witx", b"(typename $a u8)\n"),
            section(0, "name", b"witx"),
            section(1, "", b""),
            section(0, "witx", b"(module $m)"),
        ]);
        let text = interface_of(&wasm).unwrap();
        assert_eq!(&*text, b"(typename $a u8)\n(module $m)");
    }

    #[test]
    fn interface_of_hostile_modules_none() {
        let long = vec![b' '; LONGEST];
        assert_eq!(
            interface_of(&module(&[section(0, "witx", &long)])).map(|text| text.len()),
            Some(LONGEST)
        );
        let twice = [section(0, "witx", &long), section(0, "witx", b" ")];
        for wasm in [
            Vec::new(),
            b"\0asm".to_vec(),
            module(&[vec![0]]),
            module(&[vec![0, 0xff, 0xff, 0xff, 0xff, 0xff]]),
            module(&[vec![0, 0xff, 0xff, 0xff, 0xff, 0x0f]]),
            module(&[vec![0, 1, 5]]),
            module(&twice),
            module(&[section(0, "witx", b"")]),
        ] {
            assert_eq!(interface_of(&wasm), None);
        }
    }
}
