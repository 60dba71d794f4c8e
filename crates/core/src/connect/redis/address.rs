//! Addresses of servers: text to connection settings of the client library.

use std::borrow::Cow;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

use super::RedisOptions;
use crate::{Error, ErrorKind, Result};

const DEFAULT: &str = "redis://127.0.0.1:6379";
const SENTINEL_PORT: u16 = 26379;

/// Where the master is to be found.
pub(super) enum Place {
    /// One server, or the servers of one replication.
    Hosts(Vec<ConnectionInfo>),
    /// Sentinels that know it.
    Sentinels {
        /// How each of them is reached.
        nodes: Vec<ConnectionInfo>,
        /// What they call it.
        name: String,
        /// How it is reached, but for its address.
        server: Box<ConnectionInfo>,
    },
}

/// The address without its query part, and the names and values of that.
pub(super) fn split_query(url: &str) -> (&str, form_urlencoded::Parse<'_>) {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    (url, form_urlencoded::parse(query.as_bytes()))
}

/// The address as it may be shown.
pub(super) fn without_credentials(url: &str) -> Cow<'_, str> {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => Cow::Owned(format!("{scheme}://{host}")),
        _ => Cow::Borrowed(url),
    }
}

/// A setting that cannot be used.
pub(super) fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// The place that the options name.
///
/// # Errors
/// `Config` for an address of no known form.
pub(super) fn place(options: &RedisOptions) -> Result<Place> {
    let url = match options.url.as_str() {
        "" | "default" | "redis" => DEFAULT,
        url => url,
    };
    let malformed = || {
        let shown = without_credentials(url);
        config(format!(
            "{shown:.100} is no redis url: redis://host:port/db, or redis+sentinel://host/name/db"
        ))
    };
    let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
    if scheme.ends_with("unix") {
        return Ok(Place::Hosts(vec![parse(url, options).ok_or_else(malformed)?]));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let Some(scheme) = scheme.strip_suffix("+sentinel") else {
        let host = |host: &str| parse(&format!("{scheme}://{user}{host}/{path}"), options);
        let hosts: Option<Vec<_>> = hosts.split(',').map(|h| host(h.trim())).collect();
        return Ok(Place::Hosts(hosts.ok_or_else(malformed)?));
    };
    let (name, db) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(malformed());
    }
    let node = |host: &str| Some(sentinel(host, parse(&format!("{scheme}://{host}"), options)?, options));
    let nodes: Option<Vec<_>> = hosts.split(',').map(|h| node(h.trim())).collect();
    // Its address comes from the sentinels.
    let server = parse(&format!("{scheme}://{user}master.invalid/{db}"), options).ok_or_else(malformed)?;
    Ok(Place::Sentinels {
        nodes: nodes.ok_or_else(malformed)?,
        name: name.to_owned(),
        server: Box::new(server),
    })
}

/// The settings of a server, with the credentials of the options where the URL has none.
fn parse(url: &str, options: &RedisOptions) -> Option<ConnectionInfo> {
    let info = url.into_connection_info().ok()?;
    let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    if let Some(username) = options.username.as_ref().filter(|_| settings.username().is_none()) {
        settings = settings.set_username(username);
    }
    if let Some(password) = options.password.as_ref().filter(|_| settings.password().is_none()) {
        settings = settings.set_password(password);
    }
    Some(info.set_redis_settings(settings))
}

/// The settings of a sentinel, which has its own credentials and port.
fn sentinel(host: &str, info: ConnectionInfo, options: &RedisOptions) -> ConnectionInfo {
    let mut settings = redis::RedisConnectionInfo::default();
    if let Some(username) = &options.sentinel_username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &options.sentinel_password {
        settings = settings.set_password(password);
    }
    let names_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let addr = match info.addr().clone() {
        ConnectionAddr::Tcp(host, _) if !names_port => ConnectionAddr::Tcp(host, SENTINEL_PORT),
        ConnectionAddr::TcpTls { host, insecure, tls_params, .. } if !names_port => {
            ConnectionAddr::TcpTls { host, port: SENTINEL_PORT, insecure, tls_params }
        }
        addr => addr,
    };
    info.set_addr(addr).set_redis_settings(settings)
}

/// The same server settings at another address.
pub(super) fn moved(server: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let addr = match server.addr().clone() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    server.clone().set_addr(addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let options = RedisOptions { url: url.to_owned(), ..RedisOptions::default() };
        let show = |infos: &[ConnectionInfo]| {
            let show = |i: &ConnectionInfo| format!("{} {}", i.addr(), i.redis_settings().db());
            infos.iter().map(show).collect::<Vec<_>>().join(", ")
        };
        let found = match place(&options).expect("fits") {
            Place::Hosts(hosts) => show(&hosts),
            Place::Sentinels { nodes, name, server } => {
                format!("{} say where {name} {} is", show(&nodes), server.redis_settings().db())
            }
        };
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn the_forms_of_addresses_are_understood() {
        check("", "127.0.0.1:6379 0");
        check("default", "127.0.0.1:6379 0");
        check("redis://h", "h:6379 0");
        check("rediss://:p%40w@h:7000/3", "h:7000 3");
        check("redis://u:p@a,b:7001/2", "a:6379 2, b:7001 2");
        check("redis+unix:///run/redis.sock", "/run/redis.sock 0");
        check("redis+sentinel://a,b:5/main/4", "a:26379 0, b:5 0 say where main 4 is");
    }

    #[test]
    fn credentials_of_the_url_are_for_the_server_only() {
        let options = RedisOptions { url: "redis+sentinel://u:p@a/main".into(), ..RedisOptions::default() };
        let Ok(Place::Sentinels { nodes, server, .. }) = place(&options) else { panic!("no sentinels") };
        assert_eq!(nodes[0].redis_settings().password(), None);
        assert_eq!(server.redis_settings().password(), Some("p"));
    }
}
