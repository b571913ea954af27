//! The proxies before this server, and what they are believed.

use crate::base::parse_network;
use crate::config::entries::Entries;
use ipnet::IpNet;
use std::net::IpAddr;

/// In which header proxies say for whom they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which nearly every proxy adds to.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies before this server. Only one header is read: a proxy that adds to one passes the other on as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// Where proxies are; none unless it is said.
    pub trusted: Vec<IpNet>,
    /// The header that they add to.
    pub header: ProxyHeader,
}

impl ProxySettings {
    pub(super) fn read(entries: &mut Entries) -> Self {
        let networks = "networks with commas between them, `10.0.0.5, 10.1.0.0/16, 2001:db8::/32`, never everybody's";
        let trusted = entries.read("trusted_proxies", networks, parse_networks);
        let header =
            entries.read("proxy_header", "`x-forwarded-for` or `forwarded`", |text| match text.to_ascii_lowercase().as_str() {
                "x-forwarded-for" => Some(ProxyHeader::XForwardedFor),
                "forwarded" => Some(ProxyHeader::Forwarded),
                _ => None,
            });
        Self { trusted: trusted.unwrap_or_default(), header: header.unwrap_or(ProxyHeader::XForwardedFor) }
    }
}

fn parse_networks(text: &str) -> Option<Vec<IpNet>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let networks = text.split(',').map(|part| parse_network(part.trim()));
    networks.map(|network| network.filter(is_some_machines)).collect()
}

/// Whether a network holds some machines and not all: whoever is believed about addresses may claim any. Addresses of version 4
/// are compared as such, however they are written, so that one written as version 6 would never be met.
fn is_some_machines(network: &IpNet) -> bool {
    let is_mapped = matches!(network.addr(), IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
    network.prefix_len() > 0 && !is_mapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_networks_and_never_everybody() {
        assert_eq!(parse_networks(" "), Some(Vec::new()));
        let networks = parse_networks("10.0.0.5, 10.1.0.0/16,2001:db8::/32").unwrap();
        assert_eq!(networks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.5/32", "10.1.0.0/16", "2001:db8::/32"]);
        for wrong in ["all", "*", "0.0.0.0/0", "::/0", "::ffff:10.0.0.1", "10.0.0.0/33", "10.0.0.5,", "10.0.0.5 10.0.0.6"] {
            assert_eq!(parse_networks(wrong), None, "{wrong}");
        }
    }
}
