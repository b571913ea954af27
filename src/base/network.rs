//! Networks as people write them.

use ipnet::IpNet;
use std::net::IpAddr;

/// Reads `10.1.0.0/16`, `2001:db8::/32`, or an address, which is a network of one.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().ok();
    network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
