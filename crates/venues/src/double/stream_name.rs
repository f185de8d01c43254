//! The names of streams, and which endpoint carries which.

/// A stream, whatever speed its name asks for: a recording has one speed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamName {
    /// As the name has it: the venue spells symbols in small letters, and says nothing on others.
    symbol: String,
    topic: Topic,
}

/// What a stream is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Depth,
    Trade,
    AggTrade,
    BookTicker,
    MarkPrice,
    /// Anything else by its own name: `kline_1m`, `depth20`, `!markPrice@arr`.
    Other(String),
}

impl StreamName {
    /// What a name means. Every text is a name; that of no stream matches nothing.
    pub(super) fn parse(name: &str) -> Self {
        // A name that begins so is about all symbols.
        let (symbol, topic) = match name.split_once('@') {
            Some((symbol, topic)) if !name.starts_with('!') => (symbol, Topic::parse(topic)),
            _ => ("", Topic::Other(name.to_owned())),
        };
        Self { symbol: symbol.to_owned(), topic }
    }

    /// The stream of a payload that came without an envelope.
    pub(super) fn of(symbol: &str, topic: Topic) -> Self {
        Self { symbol: symbol.to_lowercase(), topic }
    }

    pub(super) const fn topic(&self) -> &Topic {
        &self.topic
    }
}

impl Topic {
    fn parse(topic: &str) -> Self {
        let (name, speed) = topic.split_once('@').unwrap_or((topic, ""));
        match (name, is_speed(speed)) {
            ("depth", true) => Self::Depth,
            ("markPrice", true) => Self::MarkPrice,
            ("trade", _) if speed.is_empty() => Self::Trade,
            ("aggTrade", _) if speed.is_empty() => Self::AggTrade,
            ("bookTicker", _) if speed.is_empty() => Self::BookTicker,
            (_, true) => Self::Other(name.to_owned()),
            _ => Self::Other(topic.to_owned()),
        }
    }
}

/// `100ms`, `1s`, or nothing.
fn is_speed(text: &str) -> bool {
    let count = text.strip_suffix("ms").or_else(|| text.strip_suffix('s'));
    let is_count = |count: &str| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    text.is_empty() || count.is_some_and(is_count)
}

/// The kinds of endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/ws`, `/stream`: everything, or on USD-M nothing, since the venue split it.
    Whole,
    /// `/public/…`: the book.
    Public,
    /// `/market/…`: everything else about the market.
    Market,
}

impl Endpoint {
    /// Whether a stream comes out here; where not, a subscription is answered, and silent.
    pub(super) fn carries(self, topic: &Topic, whole_sends: bool) -> bool {
        let is_public = match topic {
            Topic::Depth | Topic::BookTicker => true,
            Topic::Other(name) => {
                name.starts_with("depth") || name.starts_with("rpiDepth") || name == "!bookTicker"
            }
            Topic::Trade | Topic::AggTrade | Topic::MarkPrice => false,
        };
        match self {
            Self::Whole => whole_sends,
            Self::Public => is_public,
            Self::Market => !is_public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_speed_are_one_stream() {
        let recorded = StreamName::parse("btcusdt@depth@0ms");
        for name in ["btcusdt@depth", "btcusdt@depth@100ms", "btcusdt@depth@1000ms"] {
            assert_eq!(StreamName::parse(name), recorded, "{name}");
        }
        for name in [
            "BTCUSDT@depth",
            "ethusdt@depth",
            "btcusdt@depth20",
            "btcusdt@depth@ms",
            "btcusdt@depth@100",
            "btcusdt@depth@fast",
            "btcusdt@trade",
            "depth",
            "",
        ] {
            assert_ne!(StreamName::parse(name), recorded, "{name}");
        }
        assert_eq!(
            StreamName::parse("btcusdt@markPrice@1s"),
            StreamName::parse("btcusdt@markPrice")
        );
        assert_eq!(StreamName::parse("btcusdt@depth5@100ms"), StreamName::parse("btcusdt@depth5"));
        assert_eq!(StreamName::of("BTCUSDT", Topic::Trade), StreamName::parse("btcusdt@trade"));
        assert_ne!(StreamName::parse("!miniTicker@arr"), StreamName::parse("!ticker@arr"));
    }

    #[test]
    fn the_split_endpoints_share_out_the_streams() {
        let topic = |name: &str| StreamName::parse(name).topic().clone();
        for (name, public) in [
            ("btcusdt@depth@100ms", true),
            ("btcusdt@depth20", true),
            ("btcusdt@rpiDepth@500ms", true),
            ("btcusdt@bookTicker", true),
            ("!bookTicker", true),
            ("btcusdt@aggTrade", false),
            ("btcusdt@trade", false),
            ("btcusdt@markPrice", false),
            ("btcusdt@kline_1m", false),
            ("!markPrice@arr", false),
        ] {
            assert_eq!(Endpoint::Public.carries(&topic(name), false), public, "{name}");
            assert_eq!(Endpoint::Market.carries(&topic(name), false), !public, "{name}");
            assert!(Endpoint::Whole.carries(&topic(name), true));
            assert!(!Endpoint::Whole.carries(&topic(name), false));
        }
    }
}
