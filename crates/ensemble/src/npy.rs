//! Reads the one kind of `.npy` file that bundles hold: version 1.0, little-endian float32, C order,
//! two dimensions.

use crate::error::NpyError;

/// A table of numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f32>,
}

impl Table {
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.values.chunks_exact(self.columns)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NpyError> {
        let magic = b"\x93NUMPY\x01\x00";
        let rest = bytes.strip_prefix(magic.as_slice()).ok_or(NpyError::Version)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(NpyError::Header)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (header, data) = rest.split_at_checked(length).ok_or(NpyError::Header)?;
        let header = str::from_utf8(header).map_err(|_| NpyError::Header)?;
        let (rows, columns) = shape(header)?;
        let wanted = rows.checked_mul(columns).and_then(|values| values.checked_mul(4));
        if wanted != Some(data.len()) || columns == 0 {
            return Err(NpyError::Length { rows, columns, bytes: data.len() });
        }
        let (values, []) = data.as_chunks::<4>() else { return Err(NpyError::Header) };
        Ok(Self {
            columns,
            values: values.iter().map(|value| f32::from_le_bytes(*value)).collect(),
        })
    }
}

/// The shape in `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 114), }`, blanks behind it:
/// numpy writes the keys in this order.
fn shape(header: &str) -> Result<(usize, usize), NpyError> {
    let rest = header.trim_ascii_end().strip_prefix("{'descr': ").ok_or(NpyError::Header)?;
    let rest = rest.strip_prefix("'<f4', ").ok_or(NpyError::Type)?;
    let rest = rest.strip_prefix("'fortran_order': False, ").ok_or(NpyError::Order)?;
    let rest = rest.strip_prefix("'shape': (").and_then(|rest| rest.strip_suffix("), }"));
    let (rows, columns) =
        rest.and_then(|numbers| numbers.split_once(", ")).ok_or(NpyError::Dimensions)?;
    let number = |text: &str| text.parse().map_err(|_| NpyError::Dimensions);
    Ok((number(rows)?, number(columns)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: &[f32]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        let header = format!("{header}   \n");
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    fn header(descr: &str, order: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}")
    }

    #[test]
    fn a_table_is_read_and_nothing_else() {
        let good = file(&header("<f4", "False", "(2, 3)"), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let table = Table::parse(&good).unwrap();
        assert_eq!(table.rows().nth(1), Some([3.0, 4.0, 5.0].as_slice()));
        let six = [0.0; 6];
        for (bad, error) in [
            (file(&header("<f8", "False", "(2, 3)"), &six), NpyError::Type),
            (file(&header("<f4", "True", "(2, 3)"), &six), NpyError::Order),
            (file(&header("<f4", "False", "(6,)"), &six), NpyError::Dimensions),
            (file(&header("<f4", "False", "(1, 2, 3)"), &six), NpyError::Dimensions),
            (file("{}", &six), NpyError::Header),
            (b"\x93NUMPY\x02\x00".to_vec(), NpyError::Version),
        ] {
            assert_eq!(Table::parse(&bad), Err(error));
        }
        for cut in 0..good.len() {
            assert!(Table::parse(&good[..cut]).is_err(), "{cut}");
        }
        let huge = format!("({}, {})", usize::MAX, usize::MAX);
        assert!(Table::parse(&file(&header("<f4", "False", &huge), &six)).is_err());
    }
}
