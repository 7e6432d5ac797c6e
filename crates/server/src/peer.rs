//! Who is at the other end of a request, and under which address did they reach this server?

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, Method, header};
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// One address, or the addresses of a network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether an address belongs to it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse().ok().or_else(address);
        network
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is no address such as 10.0.0.7 and no network such as 10.0.0.0/8"))
    }
}

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address: the one that is connected, or the one that a trusted proxy names.
    pub address: IpAddr,
    /// Whether the client spoke TLS, as a trusted proxy says.
    pub is_secure: bool,
}

impl Peer {
    /// Reads what is connected and, only where that is a trusted proxy, what it says of whom it speaks for.
    #[must_use]
    pub fn of(connected: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let connected = connected.to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
        if !is_trusted(connected) {
            return Self { address: connected, is_secure: false };
        }
        // Each proxy adds whom it saw at the end. What stands before the last one that is not ours, anybody may have written.
        let said = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
        let said: Vec<&str> = said.flat_map(|value| value.split(',')).collect();
        let mut address = connected;
        for said in said.into_iter().rev().map_while(address_in) {
            address = said;
            if !is_trusted(said) {
                break;
            }
        }
        Self { address, is_secure: scheme(headers) == "https" }
    }

    /// Reads who sent a request.
    #[must_use]
    pub fn of_request(extensions: &Extensions, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        // Every connection says where it comes from.
        let connected = connected.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self::of(connected, headers, trusted)
    }

    /// Whether the client is this machine itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address.is_loopback()
    }
}

/// What made a client send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// A page of ours, or somebody who typed the address into a browser.
    OwnPage,
    /// A page of another site.
    ForeignPage,
    /// A program; browsers say where a change comes from.
    Program,
}

/// Whether a request may change something.
pub(crate) fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What made a client send a request: a browser says so, and pages cannot make it lie.
#[must_use]
pub fn sent_by(headers: &HeaderMap) -> SentBy {
    let text = |name: &'static str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_own = match (text("origin"), text("sec-fetch-site")) {
        (Some(origin), _) => {
            let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            origin.zip(text("host")).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
        }
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        (None, None) => return SentBy::Program,
    };
    if is_own { SentBy::OwnPage } else { SentBy::ForeignPage }
}

/// What counts as one at the other end: an address, or the network of 2^64 addresses that is the least anybody has of IPv6.
#[must_use]
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Net::new(address, 64).map_or(address, |network| network.network())),
    }
}

/// The address under which a client reached this server, such as `https://events.example`. It goes back to that client
/// only, so it is taken as the request says it.
#[must_use]
pub fn base_url(headers: &HeaderMap) -> String {
    format!("{}://{}", scheme(headers), host(headers))
}

/// `https` where a proxy says that it was asked so, else `http`, which is what this server speaks.
#[must_use]
pub fn scheme(headers: &HeaderMap) -> &'static str {
    let said = headers.get("x-forwarded-proto").and_then(|said| said.to_str().ok()).unwrap_or_default();
    let first = said.split(',').next().unwrap_or_default().trim();
    if first.eq_ignore_ascii_case("https") { "https" } else { "http" }
}

/// The host and port that the client asked.
#[must_use]
pub fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.filter(|host| !host.is_empty()).unwrap_or("127.0.0.1:7070")
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7` or `[2001:db8::7]:4711`.
fn address_in(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    text.parse::<SocketAddr>()
        .ok()
        .map(|socket| socket.ip())
        .or_else(bare)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_says_who_asks() {
        let trusted: Vec<Network> = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap()).into();
        for (connected, forwarded, client) in [
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
            ("::ffff:127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
            ("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("10.9.9.9", "10.1.2.3", "10.1.2.3"),
            ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
            let peer = Peer::of(ip(connected), &headers, &trusted);
            assert_eq!(peer.address, ip(client), "{connected} for {forwarded}");
            assert_eq!(peer.is_secure, connected != "198.51.100.1", "{connected}");
        }
        assert!("localhost".parse::<Network>().unwrap_err().contains("10.0.0.0/8"));
    }

    #[test]
    fn whoever_has_a_network_of_addresses_counts_once() {
        assert_eq!(household(ip("2001:db8::1")), household(ip("2001:db8::ffff:1")));
        assert_ne!(household(ip("2001:db8::1")), household(ip("2001:db8:0:1::1")));
        assert_eq!(household(ip("::ffff:203.0.113.7")), ip("203.0.113.7"));
    }

    #[test]
    fn a_client_is_told_the_address_it_asked() {
        let mut headers = HeaderMap::new();
        assert_eq!(base_url(&headers), "http://127.0.0.1:7070");
        headers.insert(header::HOST, HeaderValue::from_static("events.example:8080"));
        assert_eq!(base_url(&headers), "http://events.example:8080");
        for (said, scheme) in [("https", "https"), ("HTTPS, http", "https"), ("http", "http"), ("ftp", "http")] {
            headers.insert("x-forwarded-proto", HeaderValue::from_static(said));
            assert_eq!(base_url(&headers), format!("{scheme}://events.example:8080"), "{said}");
        }
    }

    #[test]
    fn a_browser_says_which_page_made_it_send_a_request() {
        use SentBy::{ForeignPage, OwnPage, Program};
        for (headers, by) in [
            (&[("origin", "http://127.0.0.1:7070")][..], OwnPage),
            (&[("origin", "https://127.0.0.1:7070")], OwnPage),
            (&[("origin", "http://127.0.0.1:7071")], ForeignPage),
            (&[("origin", "http://evil.example")], ForeignPage),
            (&[("origin", "null")], ForeignPage),
            (&[("origin", "ftp://127.0.0.1:7070")], ForeignPage),
            (&[("sec-fetch-site", "same-origin")], OwnPage),
            (&[("sec-fetch-site", "none")], OwnPage),
            (&[("sec-fetch-site", "same-site")], ForeignPage),
            (&[("sec-fetch-site", "cross-site")], ForeignPage),
            (&[("x-other", "anything")], Program),
            // What it says of the page outweighs what it says of the site.
            (&[("origin", "http://evil.example"), ("sec-fetch-site", "none")], ForeignPage),
        ] {
            let mut sent = HeaderMap::new();
            sent.insert(header::HOST, HeaderValue::from_static("127.0.0.1:7070"));
            for (name, value) in headers {
                sent.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(sent_by(&sent), by, "{headers:?}");
        }
    }
}
