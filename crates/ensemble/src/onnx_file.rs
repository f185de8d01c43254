//! Reads what an ONNX file says of itself: the operator sets that it needs, the operators that it
//! uses, and whether it holds what no model of ours needs. The manifest may claim anything, the file
//! is what runs.
//!
//! An ONNX file is one protobuf message, `ModelProto`. Looked at are its operator sets, the nodes of
//! its graph and every place where tensors, graphs or functions can lie; the rest is stepped over.
//! Graphs within graphs are not looked into, because a file that has one is not used.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Part;

/// Fields of `ModelProto`.
mod model {
    pub(super) const GRAPH: u64 = 7;
    pub(super) const OPSET_IMPORT: u64 = 8;
    pub(super) const TRAINING_INFO: u64 = 20;
    pub(super) const FUNCTIONS: u64 = 25;
}
/// Fields of `OperatorSetIdProto`.
mod import {
    pub(super) const DOMAIN: u64 = 1;
    pub(super) const VERSION: u64 = 2;
}
/// Fields of `GraphProto`.
mod graph {
    pub(super) const NODE: u64 = 1;
    pub(super) const INITIALIZER: u64 = 5;
    pub(super) const SPARSE_INITIALIZER: u64 = 15;
}
/// Fields of `NodeProto`.
mod node {
    pub(super) const OP_TYPE: u64 = 4;
    pub(super) const ATTRIBUTE: u64 = 5;
    pub(super) const DOMAIN: u64 = 7;
}
/// Fields of `AttributeProto`.
mod attribute {
    pub(super) const TENSOR: u64 = 5;
    pub(super) const GRAPH: u64 = 6;
    pub(super) const TENSORS: u64 = 10;
    pub(super) const GRAPHS: u64 = 11;
    pub(super) const SPARSE_TENSOR: u64 = 22;
    pub(super) const SPARSE_TENSORS: u64 = 23;
}
/// Fields of `TensorProto`.
mod tensor {
    pub(super) const EXTERNAL_DATA: u64 = 13;
    pub(super) const DATA_LOCATION: u64 = 14;
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnnxFile {
    /// The version of each domain; the standard one has the empty name.
    pub(crate) opsets: BTreeMap<String, u64>,
    /// The domain and the name of every operator of its graph.
    pub(crate) operators: BTreeSet<(String, String)>,
    /// Everything that it holds and no model needs.
    pub(crate) parts: BTreeSet<Part>,
}

/// Reads a file; `None` when the bytes are no protobuf message, or say a domain twice.
pub(crate) fn read(bytes: &[u8]) -> Option<OnnxFile> {
    let mut file = OnnxFile::default();
    for_each(bytes, |number, field| match (number, field) {
        (model::OPSET_IMPORT, Field::Bytes(import)) => {
            let (domain, version) = import_of(import)?;
            file.opsets.insert(domain, version).is_none().then_some(())
        }
        (model::GRAPH, Field::Bytes(graph)) => file.read_graph(graph),
        (model::OPSET_IMPORT | model::GRAPH, _) => None,
        (model::TRAINING_INFO, _) => file.holds(Part::TrainingInfo),
        (model::FUNCTIONS, _) => file.holds(Part::Function),
        _ => Some(()),
    })?;
    Some(file)
}

impl OnnxFile {
    fn holds(&mut self, part: Part) -> Option<()> {
        self.parts.insert(part);
        Some(())
    }

    fn read_graph(&mut self, bytes: &[u8]) -> Option<()> {
        for_each(bytes, |number, field| match (number, field) {
            (graph::NODE, Field::Bytes(node)) => self.read_node(node),
            (graph::INITIALIZER, Field::Bytes(tensor)) => self.read_tensor(tensor),
            (graph::NODE | graph::INITIALIZER, _) => None,
            (graph::SPARSE_INITIALIZER, _) => self.holds(Part::SparseTensor),
            _ => Some(()),
        })
    }

    fn read_node(&mut self, bytes: &[u8]) -> Option<()> {
        let (mut domain, mut name) = (String::new(), String::new());
        for_each(bytes, |number, field| match (number, field) {
            (node::OP_TYPE, Field::Bytes(text)) => put(&mut name, text),
            (node::DOMAIN, Field::Bytes(text)) => put(&mut domain, text),
            (node::ATTRIBUTE, Field::Bytes(attribute)) => self.read_attribute(attribute),
            (node::OP_TYPE | node::DOMAIN | node::ATTRIBUTE, _) => None,
            _ => Some(()),
        })?;
        self.operators.insert((plain(domain), name));
        Some(())
    }

    fn read_attribute(&mut self, bytes: &[u8]) -> Option<()> {
        for_each(bytes, |number, field| match (number, field) {
            (attribute::TENSOR | attribute::TENSORS, Field::Bytes(tensor)) => {
                self.read_tensor(tensor)
            }
            (attribute::TENSOR | attribute::TENSORS, _) => None,
            (attribute::GRAPH | attribute::GRAPHS, _) => self.holds(Part::Subgraph),
            (attribute::SPARSE_TENSOR | attribute::SPARSE_TENSORS, _) => {
                self.holds(Part::SparseTensor)
            }
            _ => Some(()),
        })
    }

    fn read_tensor(&mut self, bytes: &[u8]) -> Option<()> {
        for_each(bytes, |number, field| match (number, field) {
            // The default place, written out.
            (tensor::DATA_LOCATION, Field::Number(0)) => Some(()),
            (tensor::EXTERNAL_DATA | tensor::DATA_LOCATION, _) => self.holds(Part::ExternalData),
            _ => Some(()),
        })
    }
}

fn put(place: &mut String, text: &[u8]) -> Option<()> {
    str::from_utf8(text).ok()?.clone_into(place);
    Some(())
}

/// Both are names of the standard operators.
fn plain(domain: String) -> String {
    if domain == "ai.onnx" { String::new() } else { domain }
}

/// Shows every field of a message; `None` where it is none, or where that is the answer.
fn for_each<'a>(
    message: &'a [u8],
    mut see: impl FnMut(u64, Field<'a>) -> Option<()>,
) -> Option<()> {
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        see(number, field)?;
    }
    Some(())
}

fn import_of(message: &[u8]) -> Option<(String, u64)> {
    let (mut domain, mut version) = (String::new(), 0);
    for_each(message, |number, field| match (number, field) {
        (import::DOMAIN, Field::Bytes(name)) => put(&mut domain, name),
        (import::VERSION, Field::Number(number)) => {
            version = number;
            Some(())
        }
        (import::DOMAIN | import::VERSION, _) => None,
        _ => Some(()),
    })?;
    Some((plain(domain), version))
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
        // A key has 32 bits. The runtime's reader cuts a longer one, and would see another field.
        let key = u64::from(u32::try_from(self.number()?).ok()?);
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
        assert_eq!(read(b""), Some(OnnxFile::default()));
    }

    /// A field that holds a message.
    fn within(number: u64, message: &[u8]) -> Vec<u8> {
        let key = number << 3 | 2;
        let key = if key < 0x80 {
            vec![u8::try_from(key).unwrap()]
        } else {
            vec![u8::try_from(key & 0x7f | 0x80).unwrap(), u8::try_from(key >> 7).unwrap()]
        };
        [key, vec![u8::try_from(message.len()).unwrap()], message.to_vec()].concat()
    }

    #[test]
    fn what_no_model_needs_is_found_wherever_it_lies() {
        let outside = within(13, b"\x0a\x08location");
        let located = b"\x70\x01";
        let attribute = |inner: &[u8]| within(7, &within(1, &within(5, inner)));
        for (name, file, part) in [
            ("initializer", within(7, &within(5, &outside)), Part::ExternalData),
            ("its location", within(7, &within(5, located)), Part::ExternalData),
            ("tensor", attribute(&within(5, &outside)), Part::ExternalData),
            ("one of tensors", attribute(&within(10, &outside)), Part::ExternalData),
            ("graph", attribute(&within(6, b"")), Part::Subgraph),
            ("one of graphs", attribute(&within(11, b"")), Part::Subgraph),
            ("sparse tensor", attribute(&within(22, b"")), Part::SparseTensor),
            ("one of sparse tensors", attribute(&within(23, b"")), Part::SparseTensor),
            ("sparse initializer", within(7, &within(15, b"")), Part::SparseTensor),
            ("training", within(20, b""), Part::TrainingInfo),
            ("function", within(25, b""), Part::Function),
        ] {
            assert_eq!(read(&file).unwrap().parts, [part].into(), "{name}");
        }
        for harmless in [
            within(7, &within(5, &within(9, b"raw"))),
            within(7, &within(5, b"\x70\x00")),
            within(7, &within(11, &outside)),
            attribute(&within(4, b"text")),
        ] {
            assert_eq!(read(&harmless).unwrap().parts, [].into(), "{harmless:?}");
        }
        assert_eq!(read(&within(7, b"\x2a\x05")), None, "a graph that is cut");
    }

    #[test]
    fn every_operator_is_found() {
        let node =
            |name: &[u8], domain: &[u8]| within(1, &[within(4, name), within(7, domain)].concat());
        let graph = [
            node(b"Softmax", b""),
            node(b"If", b"ai.onnx"),
            node(b"TreeEnsembleRegressor", b"ai.onnx.ml"),
            within(1, b""),
        ];
        let found = read(&within(7, &graph.concat())).unwrap().operators;
        let expected =
            [("", ""), ("", "If"), ("", "Softmax"), ("ai.onnx.ml", "TreeEnsembleRegressor")];
        let expected = expected.map(|(domain, name)| (domain.to_owned(), name.to_owned()));
        assert_eq!(found, expected.into());
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        let twice = [&MODEL[MODEL.len() - 16..], &MODEL[MODEL.len() - 16..]].concat();
        for bad in [&twice, b"\x42".as_slice(), b"\x42\x05\x10", b"\x07", b"\x40\x11", &[0xff; 11]]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        // A graph to whoever keeps 32 bits of a key, and nothing known to whoever keeps all.
        assert_eq!(read(b"\xba\x80\x80\x80\x10\x00"), None);
    }

    proptest! {
        #[test]
        fn bytes_do_not_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _read = read(&bytes);
        }
    }
}
