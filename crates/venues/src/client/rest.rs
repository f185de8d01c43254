//! REST calls, one at a time and blocking: they run where blocking hurts nobody.

use std::time::Duration;

use super::ServerClock;

/// No answer that we ask for is larger.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum RestFault {
    /// The venue said no.
    #[error("the venue answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// There was no answer.
    #[error("no answer")]
    Unreachable(#[source] Box<ureq::Error>),
    /// The answer broke off.
    #[error("the answer broke off")]
    Body(#[source] Box<ureq::Error>),
}

impl RestFault {
    /// Whether the same call can succeed a moment later. Not after "too many requests" or a ban:
    /// whoever goes on then is banned for longer.
    #[must_use]
    pub const fn can_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 500..=599),
            Self::Unreachable(_) | Self::Body(_) => true,
        }
    }
}

/// What a call brought.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) clock: Option<ServerClock>,
}

/// Asks a venue. TLS trusts the roots of the web, compiled in.
#[derive(Clone, Debug)]
pub struct RestClient {
    agent: ureq::Agent,
}

impl RestClient {
    /// A client whose calls take at most `within`.
    #[must_use]
    pub fn new(within: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(within))
            .http_status_as_error(false)
            .max_redirects(0)
            // What the environment names is not asked for a market.
            .proxy(None)
            .user_agent(concat!("fluxo/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }

    pub(super) fn get(&self, url: &str) -> Result<Answer, RestFault> {
        let mut response =
            self.agent.get(url).call().map_err(|error| RestFault::Unreachable(Box::new(error)))?;
        let text = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let status = response.status().as_u16();
        if status != 200 {
            let retry_after = text("retry-after").and_then(|text| text.trim().parse().ok());
            return Err(RestFault::Status {
                status,
                retry_after: retry_after.map(Duration::from_secs),
            });
        }
        let [speed, now, state] = ["x-fluxo-speed", "x-fluxo-time", "x-fluxo-clock"].map(text);
        let clock = ServerClock::from_headers(speed.as_deref(), now.as_deref(), state.as_deref());
        let body = response.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_vec();
        Ok(Answer { body: body.map_err(|error| RestFault::Body(Box::new(error)))?, clock })
    }
}
