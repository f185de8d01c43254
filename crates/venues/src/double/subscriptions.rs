//! What a connection listens to, and the messages by which a client changes that.

use serde::Deserialize;
use serde_json::Value;

use super::stream_name::{Endpoint, StreamName, Topic};

/// A connection's streams.
#[derive(Clone, Debug)]
pub(super) struct Subscriptions {
    endpoint: Endpoint,
    /// Whether the endpoint that holds everything sends anything.
    whole_sends: bool,
    combined: bool,
    streams: Vec<(String, StreamName)>,
    streams_max: usize,
}

/// What is said to a control message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Whether the connection listens to more streams than before.
    pub(super) subscribed: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Method {
    Subscribe,
    Unsubscribe,
    ListSubscriptions,
    SetProperty,
    GetProperty,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: Method,
    #[serde(default)]
    params: Option<Vec<Value>>,
}

/// Why a request is refused, in the venue's own words as far as they are documented.
#[derive(Debug)]
enum Refusal {
    UnknownProperty,
    NotBoolean,
    Request(String),
    Json(String),
}

const ID_CHARACTERS_MAX: usize = 36;

impl Subscriptions {
    pub(super) fn new(endpoint: Endpoint, whole_sends: bool, combined: bool, max: usize) -> Self {
        Self { endpoint, whole_sends, combined, streams: Vec::new(), streams_max: max }
    }

    /// Listens to streams; `false` when they are too many, and then to none of them.
    pub(super) fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let before = self.streams.len();
        for name in names {
            if !self.streams.iter().any(|(held, _)| held == name) {
                self.streams.push((name.to_owned(), StreamName::parse(name)));
            }
        }
        let fits = self.streams.len() <= self.streams_max;
        if !fits {
            self.streams.truncate(before);
        }
        fits
    }

    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether messages go out in an envelope.
    pub(super) const fn is_combined(&self) -> bool {
        self.combined
    }

    /// The names under which a stream is listened to here.
    pub(super) fn names_of<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> impl Iterator<Item = &'a str> + 'a {
        let carried = self.carries(stream.topic());
        let streams = self.streams.iter().filter(move |(_, held)| carried && held == stream);
        streams.map(|(name, _)| name.as_str())
    }

    /// Does what a client's message asks for.
    pub(super) fn answer(&mut self, message: &str) -> Answer {
        let before = self.streams.len();
        let (id, result) = match parse(message) {
            Ok((request, id)) => (id, self.obey(&request)),
            Err(refusal) => (Value::Null, Err(refusal)),
        };
        // Keys in the venue's order.
        let text = match result {
            Ok(result) => format!("{{\"result\":{result},\"id\":{id}}}"),
            Err(refusal) => {
                let (code, message) = refusal.words();
                // Text has a JSON form; so has a number.
                let message = Value::from(message);
                let id = if code == 0 { format!(",\"id\":{id}") } else { String::new() };
                format!("{{\"code\":{code},\"msg\":{message}{id}}}")
            }
        };
        Answer { text, subscribed: self.streams.len() > before }
    }

    fn carries(&self, topic: &Topic) -> bool {
        self.endpoint.carries(topic, self.whole_sends)
    }

    fn obey(&mut self, request: &Request) -> Result<Value, Refusal> {
        let params = request.params.as_deref().unwrap_or_default();
        match request.method {
            Method::Subscribe => {
                if !self.add(names(params)?) {
                    return Err(Refusal::Request("too many streams".to_owned()));
                }
                Ok(Value::Null)
            }
            Method::Unsubscribe => {
                let names = names(params)?;
                self.streams.retain(|(held, _)| !names.contains(&held.as_str()));
                Ok(Value::Null)
            }
            Method::ListSubscriptions => {
                at_most(params, 0)?;
                Ok(self.streams.iter().map(|(name, _)| name.as_str()).collect())
            }
            Method::SetProperty => {
                at_most(params, 2)?;
                property(params)?;
                let value = params.get(1).and_then(Value::as_bool);
                self.combined = value.ok_or(Refusal::NotBoolean)?;
                Ok(Value::Null)
            }
            Method::GetProperty => {
                at_most(params, 1)?;
                property(params)?;
                Ok(self.combined.into())
            }
        }
    }
}

impl Refusal {
    fn words(self) -> (u8, String) {
        match self {
            Self::UnknownProperty => (0, "Unknown property".to_owned()),
            Self::NotBoolean => (1, "Invalid value type: expected Boolean".to_owned()),
            Self::Request(why) => (2, format!("Invalid request: {why}")),
            Self::Json(why) => (3, format!("Invalid JSON: {why}")),
        }
    }
}

fn parse(message: &str) -> Result<(Request, Value), Refusal> {
    let whole: Value =
        serde_json::from_str(message).map_err(|error| Refusal::Json(error.to_string()))?;
    let request = serde_json::from_str(message);
    let request = request.map_err(|error| Refusal::Request(error.to_string()))?;
    let id = whole.get("id").filter(|id| match id {
        Value::Number(number) => number.is_u64() || number.is_i64(),
        Value::String(text) => text.chars().count() <= ID_CHARACTERS_MAX,
        other => other.is_null(),
    });
    let id = id.ok_or_else(|| Refusal::Request("request ID must be an unsigned integer".into()))?;
    Ok((request, id.clone()))
}

fn names(params: &[Value]) -> Result<Vec<&str>, Refusal> {
    let names: Option<Vec<&str>> = params.iter().map(Value::as_str).collect();
    names.ok_or_else(|| Refusal::Request("stream name must be a string".to_owned()))
}

fn at_most(params: &[Value], max: usize) -> Result<(), Refusal> {
    if params.len() > max {
        return Err(Refusal::Request("too many parameters".to_owned()));
    }
    Ok(())
}

/// The only property there is.
fn property(params: &[Value]) -> Result<(), Refusal> {
    match params.first().map(Value::as_str) {
        Some(Some("combined")) => Ok(()),
        Some(Some(_)) => Err(Refusal::UnknownProperty),
        _ => Err(Refusal::Request("property name must be a string".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriptions() -> Subscriptions {
        Subscriptions::new(Endpoint::Whole, true, false, 3)
    }

    fn check(subscriptions: &mut Subscriptions, message: &str, answer: &str) {
        let said: Value = serde_json::from_str(&subscriptions.answer(message).text).unwrap();
        let expected: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(said, expected, "{message}");
    }

    #[test]
    fn streams_come_and_go() {
        let mut own = subscriptions();
        let depth = StreamName::parse("btcusdt@depth");
        let subscribe =
            r#"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","x@trade"],"id":1}"#;
        assert!(own.answer(subscribe).subscribed);
        assert!(!own.answer(subscribe).subscribed);
        assert_eq!(own.names_of(&depth).collect::<Vec<_>>(), ["btcusdt@depth@100ms"]);
        let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":"a"}"#;
        check(&mut own, list, r#"{"result":["btcusdt@depth@100ms","x@trade"],"id":"a"}"#);
        let leave = r#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms"],"id":312}"#;
        check(&mut own, leave, r#"{"result":null,"id":312}"#);
        assert_eq!(own.names_of(&depth).count(), 0);
        check(&mut own, list, r#"{"result":["x@trade"],"id":"a"}"#);
    }

    #[test]
    fn too_many_streams_are_refused_as_a_whole() {
        let mut own = subscriptions();
        let many =
            r#"{"method":"SUBSCRIBE","params":["a@trade","b@trade","c@trade","d@trade"],"id":1}"#;
        check(&mut own, many, r#"{"code":2,"msg":"Invalid request: too many streams"}"#);
        assert!(own.is_empty());
    }

    #[test]
    fn the_envelope_is_a_property() {
        let mut own = subscriptions();
        let set = r#"{"method":"SET_PROPERTY","params":["combined",true],"id":5}"#;
        check(&mut own, set, r#"{"result":null,"id":5}"#);
        assert!(own.is_combined());
        let get = r#"{"method":"GET_PROPERTY","params":["combined"],"id":2}"#;
        check(&mut own, get, r#"{"result":true,"id":2}"#);
    }

    #[test]
    fn refusals_are_the_venues_own() {
        let mut own = subscriptions();
        for (message, answer) in [
            (
                r#"{"method":"SUBSCRIBES","id":1}"#,
                r#"{"code":2,"msg":"Invalid request: unknown variant `SUBSCRIBES`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 22"}"#,
            ),
            (
                r#"{"params":[],"id":1}"#,
                r#"{"code":2,"msg":"Invalid request: missing field `method` at line 1 column 20"}"#,
            ),
            (
                r#"{"method":"SUBSCRIBE","params":["a@trade"]}"#,
                r#"{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}"#,
            ),
            (
                r#"{"method":"SUBSCRIBE","params":["a@trade"],"id":1.5}"#,
                r#"{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}"#,
            ),
            (
                r#"{"method":"LIST_SUBSCRIPTIONS","params":["x"],"id":1}"#,
                r#"{"code":2,"msg":"Invalid request: too many parameters"}"#,
            ),
            (
                r#"{"method":"GET_PROPERTY","params":["x"],"id":7}"#,
                r#"{"code":0,"msg":"Unknown property","id":7}"#,
            ),
            (
                r#"{"method":"GET_PROPERTY","params":[],"id":7}"#,
                r#"{"code":2,"msg":"Invalid request: property name must be a string"}"#,
            ),
            (
                r#"{"method":"SET_PROPERTY","params":["combined",1],"id":7}"#,
                r#"{"code":1,"msg":"Invalid value type: expected Boolean"}"#,
            ),
            ("hello", r#"{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}"#),
        ] {
            check(&mut own, message, answer);
        }
        assert!(own.is_empty());
    }
}
