//! The address of the client, behind however many proxies.

use std::net::IpAddr;

use http::HeaderMap;
use ipnetwork::IpNetwork;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address: of the peer, or the rightmost hop that is no trusted proxy.
    pub ip: IpAddr,
    /// Whether the client speaks TLS, with us or with a trusted proxy.
    pub tls: bool,
}

impl Client {
    /// Reads the forwarding headers, but only those that a trusted proxy has added.
    ///
    /// A client may send any `X-Forwarded-For` itself; what our proxies append stands to the right of it.
    /// So hops are read from the right while they are trusted.
    pub fn find(peer: IpAddr, tls: bool, headers: &HeaderMap, trusted: &[IpNetwork]) -> Self {
        let peer = peer.to_canonical();
        let is_trusted = |ip: IpAddr| trusted.iter().any(|net| net.contains(ip));
        if trusted.is_empty() || !is_trusted(peer) {
            return Self { ip: peer, tls };
        }
        let tls = tls || forwarded_tls(headers);
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut ip = peer;
        for hop in hops.iter().rev() {
            let Some(parsed) = parse_hop(hop) else { break };
            ip = parsed;
            if !is_trusted(parsed) {
                break;
            }
        }
        Self { ip, tls }
    }
}

/// The proxy next to us writes the last element.
fn forwarded_tls(headers: &HeaderMap) -> bool {
    headers
        .get_all("x-forwarded-proto")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next())
        .is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|h| h.split(']').next()).unwrap_or(hop);
    let ip: Option<IpAddr> = bare.parse().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|a| a.ip());
    ip.or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &[&str], trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("header"));
        }
        let trusted: Vec<IpNetwork> = trusted.iter().map(|t| t.parse().expect("network")).collect();
        let client = Client::find(peer.parse().expect("address"), false, &headers, &trusted);
        assert_eq!(client.ip, expected.parse::<IpAddr>().expect("address"));
    }

    #[test]
    fn a_header_of_a_stranger_is_ignored() {
        check("9.9.9.9", &["1.2.3.4"], &[], "9.9.9.9");
        check("9.9.9.9", &["1.2.3.4"], &["10.0.0.0/8"], "9.9.9.9");
    }

    #[test]
    fn the_rightmost_hop_that_is_no_proxy_counts() {
        check("10.0.0.1", &["1.2.3.4, 5.6.7.8, 10.0.0.2"], &["10.0.0.0/8"], "5.6.7.8");
        check("10.0.0.1", &["1.2.3.4", "5.6.7.8:443"], &["10.0.0.0/8"], "5.6.7.8");
        check("::ffff:10.0.0.1", &["[2001:db8::1]"], &["10.0.0.0/8"], "2001:db8::1");
    }

    #[test]
    fn a_broken_hop_ends_the_search() {
        check("10.0.0.1", &["1.2.3.4, junk, 10.0.0.2"], &["10.0.0.0/8"], "10.0.0.2");
        check("10.0.0.1", &[], &["10.0.0.0/8"], "10.0.0.1");
    }
}
