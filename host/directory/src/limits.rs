//! How much is taken from a peer, and for how long a connection is kept.

use std::time::Duration;

/// How much is taken from a peer, and for how long a connection is kept.
///
/// The limits on octets and elements are applied to what arrives, before it is parsed: a peer that
/// goes over one loses its connection, and the operation ends in
/// [`DirectoryFault::Protocol`](bridge_model::ports::DirectoryFault::Protocol). The number of entries
/// is limited by each search's own size limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most octets of one message, which is one entry of a result. A photograph and the names
    /// of some ten thousand groups fit in 4 MiB; the length stands at the front of a message, so
    /// one that is over is refused after its first octets.
    pub message_octets_max: usize,
    /// The most octets of all messages that answer one request: a thousand entries of 16 KiB. Since
    /// a connection serves one request at a time, a directory cannot cost more than this times the
    /// connections of its pools.
    pub result_octets_max: usize,
    /// The most BER elements (names, values, and what holds them) in all messages that answer one
    /// request. An empty value takes 2 octets on the wire and some 80 in memory, so octets alone
    /// would not bound memory.
    pub result_elements_max: usize,
    /// The most BER elements that hold each other. Around an entry's value there are 5, and nothing
    /// that is asked for here has more. ldap3 reads nested elements by recursion.
    pub nesting_max: usize,
    /// A connection that was not used for longer is closed, so that a realm where nobody signs in
    /// costs next to nothing. Firewalls and servers forget idle connections silently, many of them
    /// after 5 minutes, and then a request waits in vain: stay below that.
    pub idle_max: Duration,
    /// The most connections that wait to be used again, of all directories together; the longest unused
    /// goes first. Each takes some 30 KiB and three file descriptors: this many stay below the 1,024
    /// that a process may open where nobody raised that.
    pub idle_connections_max: usize,
    /// A connection that is older is not used again, so that a changed certificate, a changed
    /// address and a withdrawn service account are noticed.
    pub age_max: Duration,
    /// How long a server that could not be reached comes last in the order of servers, each time twice
    /// as long; and how long a service bind is not tried again that was refused for another reason than
    /// its credential.
    pub back_off: Duration,
    /// The most that a server's rest grows to.
    pub back_off_max: Duration,
    /// How long a service bind is not tried again whose credential was refused, so that a wrong one
    /// does not lock the account; each time twice as long.
    pub credential_back_off: Duration,
    /// The most that this grows to.
    pub credential_back_off_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets_max: 4 * 1024 * 1024,
            result_octets_max: 16 * 1024 * 1024,
            result_elements_max: 250_000,
            nesting_max: 10,
            idle_max: Duration::from_secs(30),
            idle_connections_max: 256,
            age_max: Duration::from_hours(1),
            back_off: Duration::from_secs(5),
            back_off_max: Duration::from_mins(1),
            credential_back_off: Duration::from_secs(30),
            credential_back_off_max: Duration::from_mins(10),
        }
    }
}
