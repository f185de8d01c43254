//! Reads the operator sets that an ONNX file says it needs: the manifest may claim anything, the
//! file is what runs.
//!
//! An ONNX file is one protobuf message, `ModelProto`. Only its field 8 is looked at, the list of
//! `OperatorSetIdProto { domain = 1, version = 2 }`; everything else is stepped over.

use std::collections::BTreeMap;

/// `ModelProto.opset_import`.
const OPSET_IMPORT: u64 = 8;
/// `OperatorSetIdProto.domain`.
const DOMAIN: u64 = 1;
/// `OperatorSetIdProto.version`.
const VERSION: u64 = 2;

/// The version of each domain; the standard one has the empty name. `None` when the bytes are no
/// protobuf message, or say a domain twice.
pub(crate) fn opsets(model: &[u8]) -> Option<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    let mut fields = Fields(model);
    while let Some((number, field)) = fields.next()? {
        if number != OPSET_IMPORT {
            continue;
        }
        let Field::Bytes(import) = field else { return None };
        let (domain, version) = import_of(import)?;
        if found.insert(domain, version).is_some() {
            return None;
        }
    }
    Some(found)
}

fn import_of(message: &[u8]) -> Option<(String, u64)> {
    let (mut domain, mut version) = (String::new(), 0);
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (DOMAIN, Field::Bytes(name)) => str::from_utf8(name).ok()?.clone_into(&mut domain),
            (VERSION, Field::Number(number)) => version = number,
            _ => {}
        }
    }
    // Both are names of the standard operators.
    if domain == "ai.onnx" {
        domain.clear();
    }
    Some((domain, version))
}

/// A field's value, as far as the wire tells.
enum Field<'a> {
    Number(u64),
    Fixed,
    Bytes(&'a [u8]),
}

/// What is left of a message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field with its number: `Some(None)` at the end, `None` where there is no message.
    fn next(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.number()?;
        let field = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            5 => self.skip(4)?,
            _ => return None,
        };
        Some(Some((key >> 3, field)))
    }

    fn skip(&mut self, bytes: usize) -> Option<Field<'a>> {
        self.0 = self.0.get(bytes..)?;
        Some(Field::Fixed)
    }

    /// A number of up to ten bytes of seven bits, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ir_version = 8, then a graph of three bytes, then two imports.
    const MODEL: &[u8] = b"\x08\x08\x3a\x03abc\x42\x02\x10\x11\x42\x0e\x0a\x0aai.onnx.ml\x10\x03";

    #[test]
    fn the_imports_are_found() {
        let found = opsets(MODEL).unwrap();
        assert_eq!(found, [(String::new(), 17), ("ai.onnx.ml".to_owned(), 3)].into());
        let named = b"\x42\x0b\x0a\x07ai.onnx\x10\x11";
        assert_eq!(opsets(named).unwrap(), [(String::new(), 17)].into());
        assert_eq!(opsets(b"").unwrap(), BTreeMap::new());
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        let twice = [&MODEL[MODEL.len() - 16..], &MODEL[MODEL.len() - 16..]].concat();
        for bad in [&twice, b"\x42".as_slice(), b"\x42\x05\x10", b"\x07", b"\x40\x11", &[0xff; 11]]
        {
            assert_eq!(opsets(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_do_not_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _read = opsets(&bytes);
        }
    }
}
