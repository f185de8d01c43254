//! The cursor against serde_json, and by hand.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{Cursor, unescape};
use crate::Error;

fn skip(frame: &[u8]) -> Result<(), Error> {
    let mut cursor = Cursor::new(frame);
    cursor.skip_value()?;
    cursor.finish()
}

#[test]
fn valid_values_pass() {
    for frame in [
        "0",
        "-0.5e+10",
        "1E5",
        "true",
        " null ",
        "\"\"",
        "\"\\u00e9\\ud83d\\ude00\"",
        "[]",
        "{}",
        "[ 1 , [ ] , { } ]",
        "{\"a\" : {\"b\":[{}]}}\r\n\t",
    ] {
        assert_eq!(skip(frame.as_bytes()), Ok(()), "{frame}");
    }
}

#[test]
fn faults_are_found_where_they_are() {
    let end = |at| Err(Error::UnexpectedEnd { at });
    let byte = |at, byte| Err(Error::UnexpectedByte { at, byte });
    let escape = |at| Err(Error::BadEscape { at });
    for (frame, fault) in [
        ("", end(0)),
        ("{\"a\":1", end(6)),
        ("[1,]", byte(3, b']')),
        ("[1 2]", byte(3, b'2')),
        ("{\"a\" 1}", byte(5, b'1')),
        ("{a:1}", byte(1, b'a')),
        ("{\"a\":1,}", byte(7, b'}')),
        ("01", byte(1, b'1')),
        ("-", end(1)),
        ("1.", end(2)),
        ("1e", end(2)),
        ("+1", byte(0, b'+')),
        ("NaN", byte(0, b'N')),
        ("nul", end(3)),
        ("trux", byte(3, b'x')),
        ("\"abc", end(4)),
        ("\"a\nb\"", byte(2, b'\n')),
        ("\"12345678\\x\"", escape(9)),
        ("\"\\ud800\"", escape(1)),
        ("\"\\ud800\\u0041\"", escape(1)),
        ("\"\\udc00\"", escape(1)),
        ("\"\\u12\"", escape(1)),
        ("1 1", byte(2, b'1')),
        ("[1}", byte(2, b'}')),
    ] {
        assert_eq!(skip(frame.as_bytes()), fault, "{frame}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert_eq!(skip(&nested(64)), Ok(()));
    assert_eq!(skip(&nested(65)), Err(Error::TooDeep { at: 64, limit: 64 }));
    assert!(skip(&vec![b'['; 1_000_000]).is_err());
    assert!(skip(&b"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn whole_numbers_are_whole() {
    let read = |frame: &str| {
        let mut cursor = Cursor::new(frame.as_bytes());
        let number = cursor.whole_number();
        assert_eq!(cursor.at(), frame.len() - 1, "{frame}");
        number.unwrap()
    };
    for number in
        [0, 7, 12_345_678, 123_456_789, 1_723_161_256_313, 9_999_999_999_999_999, u64::MAX]
    {
        assert_eq!(read(&format!("{number},")), Some(number));
        assert_eq!(read(&format!("{number}}}")), Some(number));
    }
    for other in
        ["18446744073709551616", "-1", "1.0", "1723161256313.5", "1e3", "\"1\"", "null", "[1]"]
    {
        assert_eq!(read(&format!("{other},")), None, "{other}");
    }
}

/// Text that is JSON more often than chance would have it.
fn almost_json() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\\n\\u0041\""),
        Just("1"),
        Just("-0.5"),
        Just("1e9"),
        Just("0"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\\"),
        Just("\"\\ud83d\\ude00\""),
        Just("[]"),
        Just("{}"),
        Just("{\"a\":"),
        Just("[1,"),
        Just("é"),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat().into_bytes())
}

proptest! {
    #[test]
    fn structure_agrees_with_serde_json(frame in almost_json()) {
        let theirs = serde_json::from_slice::<IgnoredAny>(&frame).is_ok();
        prop_assert_eq!(skip(&frame).is_ok(), theirs, "{}", String::from_utf8_lossy(&frame));
    }

    #[test]
    fn strings_agree_with_serde_json(text in "[ -~é\u{1}]{0,40}") {
        let frame = format!("\"{text}\"");
        let theirs = serde_json::from_str::<String>(&frame).ok();
        let mut cursor = Cursor::new(frame.as_bytes());
        let ours = cursor.text().and_then(|text| cursor.finish().map(|()| text)).ok().map(|text| {
            let mut plain = String::new();
            unescape(std::str::from_utf8(text.bytes).unwrap(), &mut plain);
            prop_assert_eq!(text.escaped, text.bytes.contains(&b'\\'));
            Ok(plain)
        });
        prop_assert_eq!(ours.transpose()?, theirs);
    }

    #[test]
    fn numbers_agree_with_serde_json(text in "-?[0-9]{0,20}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?") {
        let theirs = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(skip(text.as_bytes()).is_ok(), theirs);
        if theirs {
            let frame = format!("{text},");
            let whole = Cursor::new(frame.as_bytes()).whole_number();
            prop_assert_eq!(whole, Ok(serde_json::from_str::<u64>(&text).ok()));
        }
    }

    #[test]
    fn anything_is_read_to_an_end(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = skip(&frame);
    }
}
