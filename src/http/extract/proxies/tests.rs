//! Who is believed about addresses, and what of it.

use super::*;
use axum::http::HeaderValue;

const LOAD_BALANCER: &str = "10.0.0.5";

fn proxies(header: ProxyHeader) -> Proxies {
    let trusted = ["10.0.0.0/24", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).to_vec();
    Proxies { trusted, header }
}

/// The address of a request from this peer, with these lines of the header; empty if it is unknown.
fn found(proxies: &Proxies, peer: &str, lines: &[&str]) -> String {
    let mut extensions = Extensions::new();
    extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    let mut headers = HeaderMap::new();
    let name = match proxies.header {
        ProxyHeader::XForwardedFor => "x-forwarded-for",
        ProxyHeader::Forwarded => "forwarded",
    };
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    proxies.client_address(&extensions, &headers).map(|address| address.to_string()).unwrap_or_default()
}

#[test]
fn a_proxy_is_believed_and_nobody_else() {
    let proxies = proxies(ProxyHeader::XForwardedFor);
    let check = |peer, lines: &[&str], expected| assert_eq!(found(&proxies, peer, lines), expected, "{peer} {lines:?}");
    for proxy in [LOAD_BALANCER, "::ffff:10.0.0.5", "2001:db8:1::5"] {
        check(proxy, &["203.0.113.9"], "203.0.113.9");
    }
    for other in ["10.0.1.5", "198.51.100.1", "2001:db8:2::5"] {
        check(other, &["203.0.113.9"], other);
    }
    check("::ffff:198.51.100.1", &["203.0.113.9"], "198.51.100.1");
    let nobody = Proxies { trusted: Vec::new(), header: ProxyHeader::XForwardedFor };
    assert_eq!(found(&nobody, LOAD_BALANCER, &["203.0.113.9"]), LOAD_BALANCER);
    assert_eq!(nobody.client_address(&Extensions::new(), &HeaderMap::new()), None);
}

#[test]
fn what_a_client_wrote_itself_is_not_looked_at() {
    let proxies = proxies(ProxyHeader::XForwardedFor);
    let check = |lines: &[&str], expected| assert_eq!(found(&proxies, LOAD_BALANCER, lines), expected, "{lines:?}");
    check(&["10.0.0.7, 203.0.113.9"], "203.0.113.9");
    check(&["192.0.2.1, 203.0.113.9, 10.0.0.6, 2001:db8:1::6"], "203.0.113.9");
    check(&["192.0.2.1", "203.0.113.9, 10.0.0.6", "10.0.0.7"], "203.0.113.9");
    check(&["garbage, , \"', \u{fe}, 203.0.113.9"], "203.0.113.9");
    // Proxies among themselves: the outermost one asks.
    check(&["10.0.0.6, 10.0.0.7"], "10.0.0.6");
    // A proxy whose header a client had it leave out.
    check(&[], "");
}

#[test]
fn what_is_no_address_is_nobody_s() {
    let proxies = proxies(ProxyHeader::XForwardedFor);
    for line in [
        "",
        "unknown",
        "10.0.0.256",
        "203.0.113.9, ",
        "203.0.113.9,,10.0.0.6",
        "203.0.113.9:x",
        "203.0.113.9:",
        "[::1",
        "[::1]x",
        "::1%eth0",
        "\u{fe}",
    ] {
        assert_eq!(found(&proxies, LOAD_BALANCER, &[line]), "", "{line}");
    }
    for (line, address) in [
        ("203.0.113.9:8080", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.6", "203.0.113.9"),
    ] {
        assert_eq!(found(&proxies, LOAD_BALANCER, &[line]), address, "{line}");
    }
}

#[test]
fn the_standard_s_header_is_read_by_its_own_form() {
    let proxies = proxies(ProxyHeader::Forwarded);
    for (line, address) in [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=\"203.0.113.9:4711\";proto=https;host=desk.test", "203.0.113.9"),
        ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("for=192.0.2.1, by=10.0.0.6; for=203.0.113.9, for=10.0.0.7", "203.0.113.9"),
        // An open quote swallows nothing of what comes after.
        ("for=\"192.0.2.1, for=203.0.113.9", "203.0.113.9"),
    ] {
        assert_eq!(found(&proxies, LOAD_BALANCER, &[line]), address, "{line}");
    }
    for line in [
        "for=unknown",
        "for=_hidden",
        "proto=https",
        "203.0.113.9",
        "for=\"203.0.113.9",
        "for=203.0.113.9;for=192.0.2.1",
        // A host that the client named, in quotes as the standard asks.
        "for=203.0.113.9;host=\"x,for=192.0.2.1\"",
        "for=203.0.113.9;host=\"x,for=192.0.2.1;a=\\\"\"",
        "for=203.0.113.9;host=\"x,for=192.0.2.1,y\"",
    ] {
        assert_eq!(found(&proxies, LOAD_BALANCER, &[line]), "", "{line}");
    }
}

#[test]
fn only_the_header_of_the_settings_is_read() {
    let mut extensions = Extensions::new();
    extensions.insert(ConnectInfo(SocketAddr::new(LOAD_BALANCER.parse().unwrap(), 4711)));
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
    headers.insert("forwarded", HeaderValue::from_static("for=192.0.2.1"));
    headers.insert("x-real-ip", HeaderValue::from_static("192.0.2.2"));
    let address = |header| proxies(header).client_address(&extensions, &headers).unwrap().to_string();
    assert_eq!(address(ProxyHeader::XForwardedFor), "203.0.113.9");
    assert_eq!(address(ProxyHeader::Forwarded), "192.0.2.1");
}
