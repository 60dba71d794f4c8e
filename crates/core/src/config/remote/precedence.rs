//! Which records of `bk_config` count for a process, and which of two counts more.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::super::CoreParams;

/// What a process is and where it runs, as the types of records name it; empty is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) run_mode: String,
    pub(super) app: String,
    pub(super) role: String,
    pub(super) tag: String,
    pub(super) network: String,
    pub(super) region: String,
    pub(super) zone: String,
}

impl Place {
    /// The place of a process of this role on this host.
    pub(super) fn of(core: &CoreParams, role: &str) -> Self {
        Self {
            run_mode: core.run_mode.as_str().to_owned(),
            app: without_version(&core.app_name).to_owned(),
            role: role.to_owned(),
            tag: core.instance_tag.clone(),
            network: own_address().map(network).unwrap_or_default(),
            region: core.instance_region.clone(),
            zone: core.instance_zone.clone(),
        }
    }

    /// The types of the records that count, lowest precedence first.
    pub(super) fn types(&self) -> Vec<String> {
        let Self { run_mode, app, role, tag, .. } = self;
        let bases: [&[&String]; 7] = [
            &[run_mode],
            &[app],
            &[run_mode, app],
            &[run_mode, role],
            &[run_mode, tag],
            &[run_mode, app, role],
            &[run_mode, app, tag],
        ];
        let mut types: Vec<String> = Vec::new();
        for base in bases.into_iter().filter(|parts| parts.iter().all(|part| !part.is_empty())) {
            let base = base.iter().map(|part| part.as_str()).collect::<Vec<_>>().join("-");
            let suffixes = [&self.network, &self.region, &self.zone].into_iter().filter(|s| !s.is_empty());
            let narrower: Vec<String> = suffixes.map(|suffix| format!("{base}-{suffix}")).collect();
            for name in std::iter::once(base).chain(narrower) {
                // Of equal names the later place counts.
                types.retain(|earlier| *earlier != name);
                types.push(name);
            }
        }
        types
    }
}

/// The application's name where a version stands behind it: `shop` of `shop-1.2`.
fn without_version(app: &str) -> &str {
    match app.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => app,
    }
}

/// The first two octets.
fn network(address: Ipv4Addr) -> String {
    let [first, second, ..] = address.octets();
    format!("{first}.{second}")
}

/// The address that this host has towards others; none without a network.
fn own_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address of documentation: connecting a socket of datagrams sends nothing, it finds the way only.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => Some(address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(words: [&str; 7]) -> Place {
        let [run_mode, app, role, tag, network, region, zone] = words.map(str::to_owned);
        Place { run_mode, app, role, tag, network, region, zone }
    }

    #[test]
    fn narrower_types_come_later() {
        let all = place(["prod", "shop", "web", "blue", "10.1", "eu", "eu-1"]).types();
        let bases = ["prod", "shop", "prod-shop", "prod-web", "prod-blue", "prod-shop-web", "prod-shop-blue"];
        let expected = bases.iter().flat_map(|b| ["", "-10.1", "-eu", "-eu-1"].map(|s| format!("{b}{s}")));
        assert_eq!(all, expected.collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_known_is_left_out_and_equal_names_stand_once() {
        let few = place(["prod", "shop", "web", "", "", "", ""]).types();
        assert_eq!(few, ["prod", "shop", "prod-shop", "prod-web", "prod-shop-web"]);
        let same = place(["prod", "prod", "web", "web", "", "", ""]).types();
        assert_eq!(same, ["prod", "prod-prod", "prod-web", "prod-prod-web"]);
    }

    #[test]
    fn an_application_is_known_by_its_name_without_the_version() {
        assert_eq!(
            ["shop", "shop-1.2", "my-shop", "my-shop-2"].map(without_version),
            ["shop", "shop", "my-shop", "my-shop"]
        );
        assert_eq!(network(Ipv4Addr::new(10, 20, 30, 40)), "10.20");
        assert!(own_address().is_none_or(|address| !address.is_loopback()));
    }
}
