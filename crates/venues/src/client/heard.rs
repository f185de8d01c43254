//! What a text frame is, as far as the connection is concerned.

use serde::Deserialize;

/// A text frame, seen from the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Market data: not the connection's business.
    Data,
    /// A request of ours was done.
    Done {
        /// Its number.
        id: u64,
    },
    /// A request of ours was refused, or anything else that says `error`.
    Refused,
    /// The venue is about to restart.
    Shutdown,
}

/// No answer or notice is longer; depth frames need not be parsed twice.
const NOTICE_BYTES_MAX: usize = 1_024;

#[derive(Deserialize)]
struct Notice {
    id: Option<u64>,
    error: Option<serde::de::IgnoredAny>,
    code: Option<i64>,
    e: Option<String>,
    data: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    e: Option<String>,
}

/// Tells notices of the connection from market data.
pub(super) fn heard(text: &[u8]) -> Heard {
    // `{"stream":"btcusdt@…` is nearly every frame.
    let is_stream = text.starts_with(b"{\"stream\":\"") && !text.starts_with(b"{\"stream\":\"!");
    if is_stream || text.len() > NOTICE_BYTES_MAX {
        return Heard::Data;
    }
    let Ok(notice) = serde_json::from_slice::<Notice>(text) else { return Heard::Data };
    let event = notice.e.or_else(|| notice.data.and_then(|data| data.e));
    if event.as_deref() == Some("serverShutdown") {
        return Heard::Shutdown;
    }
    if notice.error.is_some() || (notice.code.is_some() && event.is_none()) {
        return Heard::Refused;
    }
    match notice.id {
        Some(id) if event.is_none() => Heard::Done { id },
        _ => Heard::Data,
    }
}

/// The name of the stream that a frame is of, where it says one first.
pub(super) fn stream_of(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"{\"stream\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_told_from_data() {
        let cases = [
            (r#"{"result":null,"id":3}"#, Heard::Done { id: 3 }),
            (r#"{"error":{"code":2,"msg":"Invalid request"},"id":3}"#, Heard::Refused),
            (r#"{"code":2,"msg":"Invalid request","id":3}"#, Heard::Refused),
            (r#"{"e":"serverShutdown","E":1770123456789}"#, Heard::Shutdown),
            (
                r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}"#,
                Heard::Shutdown,
            ),
            (r#"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","a":1}}"#, Heard::Data),
            (r#"{"e":"aggTrade","a":1}"#, Heard::Data),
            (r#"{"u":400900217,"s":"BNBUSDT","b":"25.3"}"#, Heard::Data),
            ("nonsense", Heard::Data),
            ("", Heard::Data),
        ];
        for (text, expected) in cases {
            assert_eq!(heard(text.as_bytes()), expected, "{text}");
        }
    }
}
