use std::net::{IpAddr, SocketAddr};

use ipnetwork::IpNetwork;

use crate::param_from_str;

param_from_str!(IpAddr, "an ip address");
param_from_str!(SocketAddr, "an address with a port");
param_from_str!(IpNetwork, "an ip network");
