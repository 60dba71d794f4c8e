//! Asking DNS servers for TXT records.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::{Resolver, TokioResolver};

use super::super::{Origin, Rank, file};
use super::{DnsParams, Reading};
use crate::{Error, ErrorKind, Result};

/// The parameters that have a name of their own below the domain, as clients of the original know it.
const OWN_NAMES: [&str; 2] = ["run-mode", "db-pool"];
/// How long a server may take to answer a question before it is asked again.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The texts found under a name, and after how many seconds they may be others.
type Texts = (Vec<Vec<u8>>, Option<u32>);

/// Reads the records of the domain and of the names below it.
pub(super) async fn read(params: &DnsParams) -> Result<Reading> {
    let domain = params.name().unwrap_or_default().trim_end_matches('.');
    let resolver = resolver(&params.servers)?;
    let names = std::iter::once(domain.to_owned()).chain(OWN_NAMES.map(|own| format!("{own}.{domain}")));
    let asked =
        join_all(
            names.map(|name| {
                let resolver = &resolver;
                async move {
                    (texts(resolver, &name).await, Arc::<str>::from(format!("the TXT records of {name}")))
                }
            }),
        );
    let mut reading = Reading::nothing(Rank::Dns);
    for (at, (found, source)) in asked.await.into_iter().enumerate() {
        let (texts, ttl) = found?;
        if let Some(ttl) = ttl {
            reading.due_in(Duration::from_secs(ttl.into()));
        }
        let own = at.checked_sub(1).and_then(|at| OWN_NAMES.get(at));
        for text in texts {
            let origin = Origin { rank: Rank::Dns, source: source.clone(), line: None };
            let line = match own {
                Some(own) => [own.as_bytes(), b"=", &text].concat(),
                None => text,
            };
            match file::parse_line(&line, origin) {
                Ok(assignment) => reading.values.assignments.extend(assignment),
                Err(why) => reading.warnings.push(format!("one of {source} is not used: {why}")),
            }
        }
    }
    Ok(reading)
}

/// The servers of the system, or these.
fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver> {
    let unusable =
        |e| Error::new(ErrorKind::Unavailable, "the DNS servers of this host are not known").source(e);
    let mut builder = match servers {
        [] => TokioResolver::builder_tokio().map_err(unusable)?,
        servers => {
            let servers = servers.iter().map(|address| {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                let connections: &mut Vec<ConnectionConfig> = &mut server.connections;
                connections.iter_mut().for_each(|connection| connection.port = address.port());
                server
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.options_mut().timeout = PATIENCE;
    builder.build().map_err(unusable)
}

/// The texts of the records of one name, in the same order each time; a name without any has none.
async fn texts(resolver: &TokioResolver, name: &str) -> Result<Texts> {
    let wrong =
        |e| Error::new(ErrorKind::Config, format!("config-domain: {name:.80} is no name of DNS")).source(e);
    let full = Name::from_ascii(format!("{name}.")).map_err(wrong)?;
    let found = match resolver.txt_lookup(full).await {
        Ok(found) => found,
        Err(error) if error.is_no_records_found() => return Ok((Vec::new(), None)),
        Err(error) => {
            let text = format!("no DNS server answers what {name:.80} says");
            return Err(Error::new(ErrorKind::Unavailable, text).source(error));
        }
    };
    let mut ttl = None;
    let mut texts = Vec::new();
    for record in found.answers() {
        if let RData::TXT(txt) = &record.data {
            // A long text comes in pieces.
            texts.push(txt.txt_data.concat());
            ttl = ttl.into_iter().chain([record.ttl]).filter(|ttl| *ttl > 0).min();
        }
    }
    texts.sort();
    Ok((texts, ttl))
}

#[cfg(test)]
mod tests;
