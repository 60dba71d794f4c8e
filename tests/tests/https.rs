//! HTTPS of a server of several processes.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Server, free_port};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

async fn get(port: u16, root: &CertificateDer<'static>, path: &str) -> Result<(u16, Bytes)> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("a.com")?, stream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    bkjs_core::task::spawn("client", connection);
    let request = http::Request::builder().uri(path).header("host", "a.com").body(Empty::<Bytes>::new())?;
    let reply = sender.send_request(request).await?;
    Ok((reply.status().as_u16(), reply.into_body().collect().await?.to_bytes()))
}

#[tokio::test]
async fn a_certificate_opens_a_second_port_and_redirects_lead_there() -> Result<()> {
    let home = Home::new()?;
    let pair = rcgen::generate_simple_self_signed(["a.com".to_owned()])?;
    std::fs::create_dir_all(home.path().join("etc"))?;
    std::fs::write(home.path().join("etc/cert.pem"), pair.cert.pem())?;
    std::fs::write(home.path().join("etc/key.pem"), pair.signing_key.serialize_pem())?;
    let port = free_port()?;
    let args = [
        "-server-max-processes",
        "2",
        "-ssl-port",
        &port.to_string(),
        "-ssl-bind",
        "127.0.0.1",
        "-ssl-key",
        "etc/key.pem",
        "-ssl-cert",
        "etc/cert.pem",
        "-api-redirect-ssl",
        "^/account/get$",
    ];
    let server = Server::start(&home, &args).await?;
    let (status, body) = get(port, pair.cert.der(), "/ping").await?;
    ensure!((status, &body[..]) == (200, b"{}"), "{status}");
    let reply = server.send(Call::get("/account/get?a=1")).await?;
    ensure!(reply.status == 302, "{}", reply.status);
    let location = reply.headers.get("location").context("an address")?.to_str()?;
    ensure!(location == format!("https://127.0.0.1:{port}/account/get?a=1"), "{location}");
    ensure!(get(port, pair.cert.der(), "/account/get").await?.0 == 417);
    ensure!(server.stop().await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_does_not_work_stops_the_start_with_its_name() -> Result<()> {
    let home = Home::new()?;
    let port = free_port()?.to_string();
    let args = ["-ssl-port", &port, "-ssl-bind", "127.0.0.1", "-ssl-key", "no.pem", "-ssl-cert", "no.pem"];
    let error = Server::start(&home, &args).await.err().context("a server without a certificate")?;
    ensure!(format!("{error:#}").contains("ssl-cert"), "{error:#}");
    Ok(())
}
