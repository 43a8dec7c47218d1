//! What is known of a directory's fault beyond words.

use crate::time::Timestamp;

/// What is known of a directory's fault beyond words, for whoever says what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Facts {
    /// No more than the words.
    #[default]
    None,
    /// The result code (RFC 4511 appendix A) that StartTLS or the service bind was refused with.
    Refused(u32),
    /// The certificate that was presented and does not vouch for the server.
    Certificate(Box<Certificate>),
}

/// The steps of a call to a directory, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DirectoryStep {
    /// Before anything was sent anywhere.
    Opening,
    /// Where the host is, and whether the realm may go there.
    NameResolution,
    /// A connection.
    Tcp,
    /// StartTLS and the handshake.
    Tls,
    /// The service's own bind.
    ServiceBind,
    /// What was asked for: the search, or a person's bind; waiting for a free connection, too.
    Operation,
}

/// What a certificate that was not accepted says of itself, in its own words: nobody vouches for
/// them. Each text is one line of at most 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What does not fit.
    pub misfit: Misfit,
    /// Whom it was made for, such as `CN=dc1.example`.
    pub subject: String,
    /// The host names and IP addresses that it vouches for (RFC 5280 section 4.2.1.6), at most 20.
    pub names: Vec<String>,
    /// Who made it; the same as the subject where it was made by itself.
    pub issuer: String,
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

/// What of a certificate does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It is for other hosts than the one in the URL.
    Name,
    /// No authority that is trusted made it.
    Authority,
    /// It has ended.
    Expired,
    /// It has not begun: its clock or ours is wrong, more often than not.
    NotYetValid,
    /// Something else, which the words say.
    Other,
}
