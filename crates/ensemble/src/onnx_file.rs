//! Reads what an ONNX file says of itself: the operator sets that it needs, and whether its numbers
//! lie in other files. The manifest may claim anything, the file is what runs.
//!
//! An ONNX file is one protobuf message, `ModelProto`. What is looked at is its list of
//! `OperatorSetIdProto { domain = 1, version = 2 }` and, in its graph, the tensors; everything else is
//! stepped over.

use std::collections::BTreeMap;

/// `ModelProto.graph`.
const GRAPH: u64 = 7;
/// `ModelProto.opset_import`.
const OPSET_IMPORT: u64 = 8;
/// `OperatorSetIdProto.domain`.
const DOMAIN: u64 = 1;
/// `OperatorSetIdProto.version`.
const VERSION: u64 = 2;
/// `GraphProto.node`.
const NODE: u64 = 1;
/// `GraphProto.initializer`.
const INITIALIZER: u64 = 5;
/// `NodeProto.attribute`.
const ATTRIBUTE: u64 = 5;
/// `AttributeProto.t`, one tensor.
const TENSOR: u64 = 5;
/// `TensorProto.external_data`.
const EXTERNAL_DATA: u64 = 13;

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnnxFile {
    /// The version of each domain; the standard one has the empty name.
    pub(crate) opsets: BTreeMap<String, u64>,
    /// Whether a tensor names another file that holds its numbers: no hash would cover that.
    pub(crate) has_external_data: bool,
}

/// Reads a file; `None` when the bytes are no protobuf message, or say a domain twice.
pub(crate) fn read(model: &[u8]) -> Option<OnnxFile> {
    let (mut opsets, mut has_external_data) = (BTreeMap::new(), false);
    let mut fields = Fields(model);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (OPSET_IMPORT, Field::Bytes(import)) => {
                let (domain, version) = import_of(import)?;
                if opsets.insert(domain, version).is_some() {
                    return None;
                }
            }
            (GRAPH, Field::Bytes(graph)) => {
                has_external_data |= has(graph, &[INITIALIZER, EXTERNAL_DATA])?
                    || has(graph, &[NODE, ATTRIBUTE, TENSOR, EXTERNAL_DATA])?;
            }
            (OPSET_IMPORT | GRAPH, _) => return None,
            _ => {}
        }
    }
    Some(OnnxFile { opsets, has_external_data })
}

/// Whether a message has a field at the end of a path of messages within messages.
fn has(message: &[u8], path: &[u64]) -> Option<bool> {
    let [wanted, rest @ ..] = path else { return Some(true) };
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        if number != *wanted {
            continue;
        }
        let Field::Bytes(inner) = field else { return None };
        if has(inner, rest)? {
            return Some(true);
        }
    }
    Some(false)
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

    /// ir_version = 8, then a graph of a name, then two imports.
    const MODEL: &[u8] =
        b"\x08\x08\x3a\x03\x12\x01g\x42\x02\x10\x11\x42\x0e\x0a\x0aai.onnx.ml\x10\x03";

    #[test]
    fn the_imports_are_found() {
        let found = read(MODEL).unwrap();
        assert_eq!(found.opsets, [(String::new(), 17), ("ai.onnx.ml".to_owned(), 3)].into());
        let named = b"\x42\x0b\x0a\x07ai.onnx\x10\x11";
        assert_eq!(read(named).unwrap().opsets, [(String::new(), 17)].into());
        let nothing = OnnxFile { opsets: BTreeMap::new(), has_external_data: false };
        assert_eq!(read(b""), Some(nothing));
    }

    /// A field that holds a message.
    fn within(number: u8, message: &[u8]) -> Vec<u8> {
        let length = u8::try_from(message.len()).unwrap();
        [&[number << 3 | 2, length], message].concat()
    }

    #[test]
    fn numbers_in_other_files_are_found() {
        let tensor = within(13, b"\x0a\x08location");
        let node = within(5, &within(5, &tensor));
        for (graph, has_external_data) in [
            (within(5, &tensor), true),
            (within(1, &node), true),
            (within(5, &within(9, b"raw")), false),
            (within(11, &tensor), false),
        ] {
            let file = read(&within(7, &graph)).unwrap();
            assert_eq!(file.has_external_data, has_external_data, "{graph:?}");
        }
        assert_eq!(read(&within(7, b"\x2a\x05")), None, "a graph that is cut");
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        let twice = [&MODEL[MODEL.len() - 16..], &MODEL[MODEL.len() - 16..]].concat();
        for bad in [&twice, b"\x42".as_slice(), b"\x42\x05\x10", b"\x07", b"\x40\x11", &[0xff; 11]]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_do_not_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _read = read(&bytes);
        }
    }
}
