//! HTTPS: certificates, HTTP/2, clients with certificates.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bkjs_api::testing::TestServer;
use bkjs_api::{ApiOptions, Offers, ServeOptions, Tls, TlsParams};
use bkjs_core::config::Secret;
use bkjs_core::task;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    generate_simple_self_signed,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::demo::{setup, start};

/// Writes a new certificate and its key, and gives the certificate.
fn renew(folder: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["a.com".to_owned()]).expect("a certificate");
    fs::write(folder.join("cert.pem"), cert.pem()).expect("a file");
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("a file");
    cert.pem()
}

fn params() -> TlsParams {
    TlsParams { key: "key.pem".into(), cert: "cert.pem".into(), ..TlsParams::default() }
}

/// What a client trusts, and what it shows.
fn client(root: &str, own: Option<(&str, &str)>, protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).expect("a certificate")).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let builder = builder.with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let cert = CertificateDer::from_pem_slice(cert.as_bytes()).expect("a certificate");
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(vec![cert], key).expect("a client certificate")
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

async fn connect(address: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    TlsConnector::from(config).connect(ServerName::try_from("a.com").expect("a name"), stream).await
}

/// The status and the body of a reply to a request over TLS, by whichever version was agreed on.
async fn get(address: SocketAddr, config: Arc<ClientConfig>, uri: &str) -> Result<(u16, Value), String> {
    let stream = connect(address, config).await.map_err(|e| e.to_string())?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let uri = if http2 { format!("https://a.com{uri}") } else { uri.to_owned() };
    let mut request = http::Request::builder().uri(uri);
    if !http2 {
        request = request.header("host", "a.com");
    }
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let stream = TokioIo::new(stream);
    let reply = if http2 {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
            .await
            .map_err(|e| e.to_string())?;
        task::spawn("client", connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(|e| e.to_string())?;
        task::spawn("client", connection);
        sender.send_request(request).await
    };
    let reply = reply.map_err(|e| e.to_string())?;
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

const BOTH: Offers = Offers { http: true, websockets: true };

#[tokio::test]
async fn requests_come_over_tls_by_either_version() {
    let mut server = start(&["-api-allow-ssl", "^/demo/open/echo"]).await;
    let root = renew(server.home.path());
    let tls = Tls::open(&params(), server.home.path()).expect("a certificate");
    let address = server.also(BOTH, Some(tls)).await;
    server.get("/demo/open/echo").send().await.refused(400, "SSL");
    for protocols in [&[][..], &["http/1.1"], &["h2", "http/1.1"], &["h2"]] {
        let reply = get(address, client(&root, None, protocols), "/demo/open/echo?a=1").await;
        assert_eq!(reply, Ok((200, json!({"a": "1", "ip": "127.0.0.1"}))), "{protocols:?}");
    }
    // Without TLS there is no reply on this port.
    let mut plain = TcpStream::connect(address).await.expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .expect("write");
    let mut got = Vec::new();
    plain.read_to_end(&mut got).await.ok();
    assert!(!got.starts_with(b"HTTP"), "{got:?}");
}

#[tokio::test]
async fn websockets_come_over_tls() {
    let mut server = start(&[]).await;
    let root = renew(server.home.path());
    let tls = Tls::open(&params(), server.home.path()).expect("a certificate");
    let address = server.also(BOTH, Some(tls)).await;
    let stream = connect(address, client(&root, None, &["http/1.1"])).await.expect("TLS");
    let (mut socket, _) = tokio_tungstenite::client_async("wss://a.com/", stream).await.expect("a websocket");
    use futures_util::{SinkExt as _, StreamExt as _};
    socket.send("/demo/open/echo".into()).await.expect("a message");
    let reply = socket.next().await.expect("a reply").expect("a reply").into_text().expect("text");
    assert!(reply.contains("127.0.0.1"), "{reply}");
}

#[tokio::test]
async fn many_requests_of_one_connection_are_answered_at_once_and_draining_ends_it() {
    let mut server = start(&[]).await;
    let gate = server.api.shared::<Arc<crate::demo::Gate>>().expect("the gate").clone();
    let root = renew(server.home.path());
    let address =
        server.also(BOTH, Some(Tls::open(&params(), server.home.path()).expect("a certificate"))).await;
    let stream = TokioIo::new(connect(address, client(&root, None, &["h2"])).await.expect("TLS"));
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
    let connection = task::spawn("client", connection);
    let ask = |uri: &str| {
        let request = http::Request::builder().uri(format!("https://a.com{uri}")).body(Empty::<Bytes>::new());
        let mut sender = sender.clone();
        async move { sender.send_request(request.expect("a request")).await.map(|reply| reply.status().as_u16()) }
    };
    let waiting = task::spawn("waiting", ask("/demo/open/wait"));
    while server.api.requests_in_progress() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask("/ping").await.expect("a reply"), 200);
    server.drain();
    gate.0.add_permits(1);
    assert_eq!(waiting.await.expect("a task").expect("no panic").expect("a reply"), 200);
    connection.await.expect("an end").expect("no panic").ok();
    server.stop().await;
}

#[tokio::test]
async fn a_changed_certificate_counts_for_the_next_connection_and_a_bad_one_does_not() {
    let mut server = start(&[]).await;
    let home = server.home.path().to_owned();
    let first = renew(&home);
    let tls = Tls::open(&params(), &home).expect("a certificate");
    let address = server.also(BOTH, Some(tls.clone())).await;
    let stop = CancellationToken::new();
    let following = task::spawn("certificates", tls.follow(Duration::from_millis(20), stop.clone()));
    assert!(get(address, client(&first, None, &[]), "/ping").await.is_ok());

    let second = renew(&home);
    while get(address, client(&second, None, &[]), "/ping").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(get(address, client(&first, None, &[]), "/ping").await.is_err());

    // One that belongs to another key, and none at all.
    let other = generate_simple_self_signed(["a.com".to_owned()]).expect("a certificate").cert.pem();
    for bad in [other.as_str(), "nonsense"] {
        fs::write(home.join("cert.pem"), bad).expect("a file");
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(get(address, client(&second, None, &[]), "/ping").await.is_ok(), "{bad}");
        }
    }
    fs::remove_file(home.join("cert.pem")).expect("no file");
    let third = renew(&home);
    while get(address, client(&third, None, &[]), "/ping").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    following.await.expect("an end");
}

#[tokio::test]
async fn a_handshake_has_an_end() {
    let serving = ServeOptions { timeout: Duration::from_millis(200), ..ServeOptions::default() };
    let mut server = TestServer::start_with(setup(), &[], ApiOptions::default(), serving).await;
    renew(server.home.path());
    let address =
        server.also(BOTH, Some(Tls::open(&params(), server.home.path()).expect("a certificate"))).await;
    let mut silent = TcpStream::connect(address).await.expect("a connection");
    assert_eq!(silent.read(&mut [0; 10]).await.unwrap_or(0), 0);
    server.stop().await;
}

#[tokio::test]
async fn clients_are_known_by_their_certificates() {
    let mut server = start(&[]).await;
    let home = server.home.path().to_owned();
    let root = renew(&home);
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    fs::write(home.join("ca.pem"), authority.self_signed(&key).expect("a certificate").pem())
        .expect("a file");
    let issuer = Issuer::new(authority, key);
    let own_key = KeyPair::generate().expect("a key");
    let mut own = CertificateParams::new(vec!["client".to_owned()]).expect("parameters");
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let own = own.signed_by(&own_key, &issuer).expect("a certificate").pem();
    let own_key = own_key.serialize_pem();
    let strange = generate_simple_self_signed(["client".to_owned()]).expect("a certificate");
    let (strange, strange_key) = (strange.cert.pem(), strange.signing_key.serialize_pem());

    for (reject, without) in [(false, true), (true, false)] {
        let params = TlsParams {
            request_cert: true,
            reject_unauthorized: reject,
            ca: vec!["ca.pem".into()],
            ..params()
        };
        let address = server.also(BOTH, Some(Tls::open(&params, &home).expect("certificates"))).await;
        let ask = async |own| get(address, client(&root, own, &[]), "/ping").await.is_ok();
        assert!(ask(Some((&own, &own_key))).await, "{reject}");
        assert!(!ask(Some((&strange, &strange_key))).await, "{reject}");
        assert_eq!(ask(None).await, without, "{reject}");
    }
}

#[tokio::test]
async fn key_and_certificate_may_come_in_one_file_with_a_pass_phrase() {
    let mut server = start(&[]).await;
    let home = server.home.path().to_owned();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["a.com".to_owned()]).expect("a certificate");
    let own = Certificate::from_der(cert.der()).expect("a certificate");
    let chain = PrivateKeyChain::new(signing_key.serialize_der(), [1_u8], [own]);
    let mut store = KeyStore::new();
    store.add_entry("own", KeyStoreEntry::PrivateKeyChain(chain));
    fs::write(home.join("own.pfx"), store.writer("open").write().expect("a file")).expect("a file");
    let params = |pass: &str| TlsParams {
        pfx: "own.pfx".into(),
        passphrase: Secret::new(pass),
        ..TlsParams::default()
    };
    let address = server.also(BOTH, Some(Tls::open(&params("open"), &home).expect("a certificate"))).await;
    assert!(get(address, client(&cert.pem(), None, &[]), "/ping").await.is_ok());
    let error = Tls::open(&params("wrong"), &home).expect_err("another pass phrase");
    assert!(error.message().contains("ssl-passphrase"), "{error}");
}

#[test]
fn files_that_do_not_work_are_named() {
    let home = tempfile::tempdir().expect("a folder");
    renew(home.path());
    fs::write(home.path().join("bad.pem"), "nonsense").expect("a file");
    let key = generate_simple_self_signed(["a".to_owned()]).expect("a key").signing_key.serialize_pem();
    fs::write(home.path().join("other.pem"), key).expect("a file");
    let check = |params: TlsParams, words: &str| {
        let error = Tls::open(&params, home.path()).expect_err(words);
        assert!(error.message().contains(words), "{error}");
    };
    check(TlsParams { key: "no.pem".into(), ..params() }, "ssl-key");
    check(TlsParams { cert: "bad.pem".into(), ..params() }, "ssl-cert");
    check(TlsParams { key: "bad.pem".into(), ..params() }, "ssl-key");
    check(TlsParams { key: "other.pem".into(), ..params() }, "does not work with its key");
    check(TlsParams { key: "".into(), ..params() }, "without ssl-key");
    check(TlsParams { cert: "".into(), ..params() }, "without ssl-cert");
    check(TlsParams { pfx: "bad.pem".into(), ..params() }, "ssl-pfx");
    check(TlsParams { pfx: "bad.pem".into(), ..TlsParams::default() }, "ssl-pfx");
    check(TlsParams { request_cert: true, ..params() }, "ssl-ca");
    check(TlsParams { request_cert: true, ca: vec!["no.pem".into()], ..params() }, "ssl-ca");
}
