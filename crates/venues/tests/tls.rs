//! TLS: a certificate that is trusted connects, and one that is not does not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fluxo_core::Market;
use fluxo_venues::client::{
    ClientConfig, Endpoints, Inbox, InboxConfig, Incoming, LiveFeed, Plan, SessionClock,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig as Tls, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::{self, Message};

/// Of `localhost`, until 2126, by `openssl req -x509 -newkey ec`; it protects nothing.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBkjCCATigAwIBAgIUFc+7i/vSq6sBBmRV48JohoCoyL4wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAyMDEwNloYDzIxMjYxMTAy
MDIwMTA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS1d3NB0HHL9B8dxVyVI5DHqX1ShZXufcnsXbL1EI3vpnqJ5elBhlEa
LaASuYiwlUb6lZjv+xJ21NRDcf/hEetoo2YwZDAdBgNVHQ4EFgQUFRQzPuOTUuGy
p5YKkRbw70JEo6owHwYDVR0jBBgwFoAUFRQzPuOTUuGyp5YKkRbw70JEo6owFAYD
VR0RBA0wC4IJbG9jYWxob3N0MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSAAw
RQIhAJuKRbxWwvCiKGkOaT1DRKWKeMAAalLiKspBNjxflQ7bAiA+YTTNZJngxDL0
WU7drN6Bh0bzALCbG9wdJBlYTt0Iiw==
-----END CERTIFICATE-----
";
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgR8YIexzu+TlmIART
GQwkmsHYAtPpZ+J51gGCnLBo5ouhRANCAAS1d3NB0HHL9B8dxVyVI5DHqX1ShZXu
fcnsXbL1EI3vpnqJ5elBhlEaLaASuYiwlUb6lZjv+xJ21NRDcf/hEeto
-----END PRIVATE KEY-----
";

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).unwrap()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Serves one connection after the other: confirms a subscription, then says one frame. Handshakes
/// that fail are told with their reason.
fn serve() -> (SocketAddr, Receiver<String>) {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (failed, failures) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = StreamOwned::new(connection, stream.unwrap());
            let mut socket = match tungstenite::accept(stream) {
                Ok(socket) => socket,
                Err(error) => {
                    let _nobody = failed.send(format!("{error}"));
                    continue;
                }
            };
            let Ok(Message::Text(asked)) = socket.read() else { continue };
            let id = asked.rsplit_once(':').unwrap().1.trim_end_matches('}').to_owned();
            let _gone = socket.send(Message::text(format!("{{\"result\":null,\"id\":{id}}}")));
            let _gone = socket.send(Message::text("{\"stream\":\"x@trade\",\"data\":{}}"));
            // Until the other end goes.
            while socket.read().is_ok() {}
        }
    });
    (address, failures)
}

/// The frames that came within a while, and the connections that opened.
fn listen(address: SocketAddr, tls: Option<Arc<Tls>>, patience: Duration) -> (usize, u64) {
    let endpoints = Endpoints {
        ws: format!("wss://localhost:{}", address.port()),
        rest: "http://127.0.0.1:1".to_owned(),
    };
    let plan = Plan::new(Market::BinanceSpot, "BTCUSDT", &endpoints).unwrap();
    let clock = SessionClock::begin(None);
    let feed = LiveFeed { plan, config: ClientConfig::DEFAULT, clock, tls };
    let inbox = Arc::new(Inbox::<()>::new(InboxConfig::DEFAULT));
    let handle = feed.start(Arc::clone(&inbox)).unwrap();
    let came = inbox.pop(patience);
    let counts = handle.stop();
    (usize::from(matches!(came, Some(Incoming::Frame { .. }))), counts.opened)
}

#[test]
fn a_trusted_certificate_connects() {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let tls = Tls::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    assert_eq!(listen(serve().0, Some(Arc::new(tls)), Duration::from_secs(20)), (1, 1));
}

#[test]
fn the_roots_of_the_web_do_not_trust_a_certificate_of_our_own() {
    let (address, failures) = serve();
    assert_eq!(listen(address, None, Duration::from_millis(1_500)), (0, 0));
    // What the client says where nobody that it knows issued the certificate.
    let failure = failures.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(failure.contains("UnknownCA"), "{failure}");
}
