//! What attempts to guess a secret are counted under.

use std::net::IpAddr;

/// Who an address is to a throttle: an IPv6 client usually holds a whole /64, and a mapped IPv4 address
/// is that IPv4 address.
pub fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_client_are_one() {
        let origin = |text: &str| origin(text.parse().expect("an address")).to_string();
        assert_eq!(origin("192.0.2.7"), "192.0.2.7");
        assert_eq!(origin("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(origin("2001:db8:1:2:3::4"), "2001:db8:1:2::");
        assert_ne!(origin("2001:db8:1:3::4"), origin("2001:db8:1:2::4"));
    }
}
