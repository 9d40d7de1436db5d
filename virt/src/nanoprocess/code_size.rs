//! How much there is to compile in a module, seen before it is compiled.

use turnkey_wasi_common::Errno;

/// What a module's code comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CodeSize {
    /// How many functions it defines.
    pub functions: u32,
    /// Bytes of the largest.
    pub largest: u32,
}

const CODE_SECTION: u8 = 10;

impl CodeSize {
    /// Looks at a module's sections, and into none but that of the code. Whether all else is valid,
    /// the engine finds out.
    ///
    /// # Errors
    /// - `NOEXEC`: it is no module in binary form.
    pub(super) fn of(wasm: &[u8]) -> Result<Self, Errno> {
        let mut sections = wasm.strip_prefix(b"\0asm\x01\0\0\0").ok_or(Errno::Noexec)?;
        let mut size = Self::default();
        while let Some((id, rest)) = sections.split_first() {
            let mut rest = rest;
            let length = number(&mut rest)?;
            let section = take(&mut rest, length)?;
            if *id == CODE_SECTION {
                size.add(section)?;
            }
            sections = rest;
        }
        Ok(size)
    }

    fn add(&mut self, mut section: &[u8]) -> Result<(), Errno> {
        let functions = number(&mut section)?;
        self.functions = self.functions.saturating_add(functions);
        for _ in 0..functions {
            let length = number(&mut section)?;
            take(&mut section, length)?;
            self.largest = self.largest.max(length);
        }
        Ok(())
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: u32) -> Result<&'a [u8], Errno> {
    let (taken, rest) = bytes
        .split_at_checked(length as usize)
        .ok_or(Errno::Noexec)?;
    *bytes = rest;
    Ok(taken)
}

/// A number in LEB128.
fn number(bytes: &mut &[u8]) -> Result<u32, Errno> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first().ok_or(Errno::Noexec)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).map_err(|_| Errno::Noexec);
        }
    }
    Err(Errno::Noexec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_module_its_functions_and_the_largest() {
        let wasm = wat::parse_str("(module (func) (func nop nop nop nop) (func nop))").unwrap();
        let size = CodeSize::of(&wasm).unwrap();
        // The body holds the number of its locals, the instructions and `end`.
        assert_eq!((size.functions, size.largest), (3, 6));
        assert_eq!(CodeSize::of(b"\0asm\x01\0\0\0"), Ok(CodeSize::default()));
    }

    #[test]
    fn of_what_is_no_module_noexec() {
        let wasm = wat::parse_str("(module (func) (memory 1) (data \"abc\"))").unwrap();
        let mut hostile: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"\0asm".to_vec(),
            b"\0asm\x0d\0\x01\0".to_vec(),
            b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\xff".to_vec(),
            b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f".to_vec(),
            b"\0asm\x01\0\0\0\x0a\x05\xff\xff\xff\xff\x0f".to_vec(),
        ];
        hostile.push(wasm[..wasm.len() - 1].to_vec());
        for wasm in hostile {
            assert_eq!(CodeSize::of(&wasm), Err(Errno::Noexec), "{wasm:?}");
        }
    }
}
