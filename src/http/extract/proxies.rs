//! From where a request comes, also where a proxy stands before the server.
//!
//! Security: whoever writes the header claims an address. It is read only of a peer that the settings name, from the right,
//! because each proxy adds on the right what it saw itself; what stands left of the first address that is no proxy's is the
//! client's own invention. What cannot be read there, and a proxy that says nothing, leave the address unknown, which no network of
//! a token and no rule takes for an inner one.

use crate::config::{ProxyHeader, ProxySettings};
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word is taken.
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    /// As the settings say.
    pub fn new(settings: &ProxySettings) -> Self {
        let ProxySettings { trusted, header } = settings;
        Self { trusted: trusted.clone(), header: *header }
    }

    /// The client's address; `None` where nobody says it, or a proxy says what is no address.
    pub(crate) fn client_address(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        // A socket that takes both protocols shows an IPv4 address as `::ffff:10.1.2.3`.
        let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
        if self.trusted.is_empty() { Some(peer) } else { self.look_behind(peer, headers) }
    }

    fn look_behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, read_node),
            ProxyHeader::Forwarded => (header::FORWARDED, read_element),
        };
        let mut address = peer;
        // Lines of one header are one list, in their order.
        let mut lines: Vec<_> = headers.get_all(name).iter().collect();
        if self.is_proxy(peer) && lines.is_empty() {
            // A proxy that says nothing, because it does not, or because it was talked out of it, has no client of its own address.
            return None;
        }
        while self.is_proxy(address) {
            let Some(line) = lines.pop() else { return Some(address) };
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                address = read(std::str::from_utf8(entry).ok()?.trim())?.to_canonical();
                if !self.is_proxy(address) {
                    break;
                }
            }
        }
        Some(address)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

/// The address of one element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https`. It is strict: a value that holds a comma,
/// a quote or a backslash, which the host that a client names could, makes the element unreadable.
fn read_element(element: &str) -> Option<IpAddr> {
    let mut address = None;
    for pair in element.split(';') {
        let (name, value) = pair.trim().split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?,
            None => value,
        };
        if value.contains(['"', '\\']) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && address.replace(read_node(value)?).is_some() {
            return None;
        }
    }
    address
}

/// An address, perhaps with a port; version 6 stands in brackets then.
fn read_node(text: &str) -> Option<IpAddr> {
    let is_port = |text: &str| !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_rest = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return if is_rest { address.parse().ok().map(IpAddr::V6) } else { None };
    }
    match text.split_once(':') {
        Some((address, port)) if is_port(port) && address.contains('.') => address.parse().ok().map(IpAddr::V4),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
