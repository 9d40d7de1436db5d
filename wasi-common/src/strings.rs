//! Lists of strings as a guest receives them: packed, each with a NUL behind it.

/// Arguments or environment entries.
///
/// ```
/// use turnkey_wasi_common::WasiCtx;
///
/// let ctx = WasiCtx::builder().args(["a", "bc"]).build()?;
/// assert_eq!(ctx.args().packed(), b"a\0bc\0");
/// assert_eq!(ctx.args().iter().collect::<Vec<_>>(), ["a", "bc"]);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings(Option<Box<Packed>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Packed {
    /// The strings, each followed by a NUL.
    text: Box<str>,
    /// Where each string begins.
    starts: Box<[u32]>,
}

/// Strings as they are put together.
#[derive(Default)]
pub(crate) struct Packing {
    text: String,
    starts: Vec<u32>,
}

impl Packing {
    /// Adds a string. `false` if it holds a NUL or the whole would exceed 4 GiB.
    #[must_use]
    pub(crate) fn push(&mut self, text: &str) -> bool {
        let Ok(start) = u32::try_from(self.text.len()) else {
            return false;
        };
        let end = self.text.len() + text.len() + 1;
        if text.contains('\0') || u32::try_from(end).is_err() {
            return false;
        }
        self.starts.push(start);
        self.text.push_str(text);
        self.text.push('\0');
        true
    }

    /// Bytes of all strings, each with its NUL.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }
}

impl From<Packing> for Strings {
    fn from(packing: Packing) -> Self {
        let packed = (!packing.starts.is_empty()).then(|| Packed {
            text: packing.text.into(),
            starts: packing.starts.into(),
        });
        Self(packed.map(Box::new))
    }
}

impl Strings {
    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.starts().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn text(&self) -> &str {
        self.0.as_ref().map_or("", |packed| &packed.text)
    }

    /// All strings, one behind the other, each with its NUL.
    pub fn packed(&self) -> &[u8] {
        self.text().as_bytes()
    }

    /// The offset in [`packed`](Self::packed) at which each string begins, in bytes.
    pub fn starts(&self) -> &[u32] {
        self.0.as_ref().map_or(&[], |packed| &packed.starts)
    }

    /// The strings one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text().split_terminator('\0')
    }
}
