//! What the name of a combined stream says that its payload does not.

/// The kinds of depth streams: their payloads look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DepthStream {
    /// Increments: `btcusdt@depth@100ms`, or no name at all.
    Increments,
    /// The best few levels, again and again: `btcusdt@depth20@100ms`.
    Partial,
    /// Another book, retail price improvement orders included: `btcusdt@rpiDepth@500ms`.
    OtherBook,
}

/// The kind of depth that a stream of this name carries.
pub(super) fn depth_stream(name: Option<&[u8]>) -> DepthStream {
    let channel = name.and_then(|name| {
        let at = memchr::memchr(b'@', name)?;
        Some(&name[at + 1..])
    });
    match channel {
        Some(channel) if channel.starts_with(b"rpiDepth") => DepthStream::OtherBook,
        Some([b'd', b'e', b'p', b't', b'h', b'0'..=b'9', ..]) => DepthStream::Partial,
        _ => DepthStream::Increments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_tells_partial_depth_from_increments() {
        let kind = |name: &str| depth_stream(Some(name.as_bytes()));
        assert_eq!(kind("btcusdt@depth"), DepthStream::Increments);
        assert_eq!(kind("btcusdt@depth@0ms"), DepthStream::Increments);
        assert_eq!(kind("btcusdt@depth20@100ms"), DepthStream::Partial);
        assert_eq!(kind("btcusdt@depth5"), DepthStream::Partial);
        assert_eq!(kind("btcusdt@rpiDepth@500ms"), DepthStream::OtherBook);
        assert_eq!(kind("mine"), DepthStream::Increments);
        assert_eq!(depth_stream(None), DepthStream::Increments);
    }
}
