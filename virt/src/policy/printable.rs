//! Names that others chose, in messages.

/// The text with every character that could move the cursor, hide or reorder what is beside it
/// written as an escape, so that no module forges a line of a message.
///
/// ```
/// use turnkey_virt::policy::printable;
///
/// assert_eq!(printable("path_open"), "path_open");
/// assert_eq!(printable("a\nb \u{202e}"), "a\\nb \\u{202e}");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}
