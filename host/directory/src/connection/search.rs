//! Searches.

use super::{Answered, Connection, Failure, Fault, guard};
use crate::convert;
use bridge_model::search::{Control, Found, Search};
use ldap3::{DerefAliases, Ldap, LdapError, SearchOptions, SearchStream};
use std::time::Duration;
use tokio::time::Instant;

/// What a search yields, item by item.
pub(super) type Stream = SearchStream<'static, String, Vec<String>>;

/// What a search gave, with where more may be found.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    pub(crate) found: Found,
    /// The URIs of each continuation reference (RFC 4511 section 4.5.3), any of which may be used.
    pub(crate) references: Vec<Vec<String>>,
    /// The URIs of a referral (RFC 4511 section 4.1.10).
    pub(crate) referral: Vec<String>,
}

/// How a search is asked for beside what is searched.
pub(super) struct Asking<'a> {
    /// The most entries wanted; none: all.
    pub(super) size_limit: Option<u32>,
    /// The longest the server may take; none: as long as it likes.
    pub(super) time_limit: Option<Duration>,
    pub(super) follow_aliases: bool,
    pub(super) controls: &'a [Control],
}

impl Connection {
    /// A search (RFC 4511 section 4.5). Intermediate messages are passed over.
    pub(crate) async fn search(
        &mut self,
        search: &Search,
        follow_aliases: bool,
        deadline: Instant,
    ) -> Result<Answered<Searched>, Failure> {
        self.wire.begin();
        let asking = Asking {
            size_limit: Some(search.size_limit.max(1)),
            time_limit: Some(deadline.saturating_duration_since(Instant::now())),
            follow_aliases,
            controls: &[],
        };
        let outcome = guard(deadline, run(&mut self.ldap, search, &asking)).await;
        self.conclude("the search", outcome)
    }
}

/// Sends a search.
pub(super) async fn start(
    ldap: &mut Ldap,
    search: &Search,
    asking: &Asking<'_>,
) -> Result<Stream, Fault> {
    let options = SearchOptions::new()
        .deref(if asking.follow_aliases {
            DerefAliases::Always
        } else {
            DerefAliases::Never
        })
        // The server counts whole seconds, and 0 means no limit (RFC 4511 section 4.5.1.5).
        .timelimit(asking.time_limit.map_or(0, |limit| {
            let seconds = i32::try_from(limit.as_secs()).unwrap_or(i32::MAX);
            seconds.saturating_add(1)
        }))
        .sizelimit(
            asking
                .size_limit
                .map_or(0, |limit| i32::try_from(limit).unwrap_or(i32::MAX)),
        );
    let attributes = if search.attributes.is_empty() {
        // An empty list would ask for all of them (RFC 4511 section 4.5.1.8).
        vec!["1.1".to_owned()]
    } else {
        search.attributes.clone()
    };
    let filter = search.filter.to_string();
    ldap.with_search_options(options);
    if !asking.controls.is_empty() {
        ldap.with_controls(convert::request_controls(asking.controls));
    }
    let scope = convert::scope(search.scope);
    let started = ldap
        .streaming_search(search.base.as_str(), scope, &filter, attributes)
        .await;
    started.map_err(|error| match error {
        LdapError::FilterParsing => Fault::Unsendable(format!(
            "the filter {filter} cannot be sent: an attribute or a matching rule in it is not named as RFC 4512 section 1.4 has it"
        )),
        other => Fault::Ldap(other),
    })
}

async fn run(
    ldap: &mut Ldap,
    search: &Search,
    asking: &Asking<'_>,
) -> Result<Answered<Searched>, Fault> {
    let size_limit = usize::try_from(search.size_limit.max(1)).unwrap_or(usize::MAX);
    let mut stream = start(ldap, search, asking).await?;
    let mut searched = Searched::default();
    while let Some(item) = stream.next().await? {
        if item.is_ref() {
            let reference = convert::reference(item.0).map_err(Fault::Peer)?;
            searched.references.push(reference);
        } else if item.is_intermediate() {
        } else if searched.found.entries.len() == size_limit {
            // Not every server heeds the limit. What one that does would have answered:
            searched.found.result_code = SIZE_LIMIT_EXCEEDED;
            return Ok(Answered {
                value: searched,
                is_reusable: false,
            });
        } else {
            let entry = convert::entry(item.0).map_err(Fault::Peer)?;
            searched.found.entries.push(entry);
        }
    }
    let result = stream.finish().await;
    searched.found.result_code = result.rc;
    searched.referral = result.refs;
    Ok(Answered {
        value: searched,
        is_reusable: true,
    })
}

/// RFC 4511 appendix A.2.
pub(crate) const SIZE_LIMIT_EXCEEDED: u32 = 4;
