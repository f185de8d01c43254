//! Escape sequences in strings.

/// One escape sequence.
#[derive(Clone, Copy, Debug)]
struct Escape {
    character: char,
    /// Its bytes in the text.
    length: usize,
}

/// The bytes of the escape sequence that a text begins with; `None` when there is no such escape, or
/// half a surrogate pair.
pub(super) fn escape_length(text: &[u8]) -> Option<usize> {
    read_escape(text).map(|escape| escape.length)
}

/// The escape sequence that a text begins with; `None` when there is no such escape, or half a
/// surrogate pair.
fn read_escape(text: &[u8]) -> Option<Escape> {
    let short = |character| Some(Escape { character, length: 2 });
    match text.get(1)? {
        b'"' => short('"'),
        b'\\' => short('\\'),
        b'/' => short('/'),
        b'b' => short('\u{8}'),
        b'f' => short('\u{c}'),
        b'n' => short('\n'),
        b'r' => short('\r'),
        b't' => short('\t'),
        b'u' => read_unicode_escape(text),
        _ => None,
    }
}

fn read_unicode_escape(text: &[u8]) -> Option<Escape> {
    let first = hex_unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Some(Escape { character, length: 6 });
    }
    let second = hex_unit(text.get(6..)?)?;
    let (high, low) = (first.checked_sub(0xd800)?, second.checked_sub(0xdc00)?);
    if high >= 0x400 || low >= 0x400 {
        return None;
    }
    char::from_u32(0x1_0000 + (high << 10) + low).map(|character| Escape { character, length: 12 })
}

/// The four hexadecimal digits of `\uXXXX`.
fn hex_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + char::from(*byte).to_digit(16)?))
}

/// Appends what a string with escapes says. The string was read by a cursor, so its escapes are
/// whole.
pub(crate) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        let escape = read_escape(escaped.as_bytes()).expect("the cursor has read this escape");
        out.push(escape.character);
        rest = &escaped[escape.length..];
    }
    out.push_str(rest);
}
