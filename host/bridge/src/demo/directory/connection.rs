//! One client's connection: who it is bound as, and an answer to every request.

use super::wire::{Request, Wire};
use bridge_kit::tree::{Query, Scope, Tree};
use bridge_model::{entry::Entry, filter::Filter, search::Reply};
use futures_util::{SinkExt as _, StreamExt as _};
use ldap3_proto::{
    DisconnectionNotice,
    control::LdapControl,
    proto::{
        LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedResponse, LdapMsg, LdapOp,
        LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchRequest, LdapSearchResultEntry,
        LdapSearchScope,
    },
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_util::codec::Framed;

/// Longer than any pause of somebody who tries the demonstration, and an end to what was forgotten.
const IDLE_MAX: Duration = Duration::from_hours(1);
/// A client that does not read its answers for so long is gone.
const WRITE_MAX: Duration = Duration::from_secs(30);

/// Serves a connection until the client leaves, breaks the protocol, or is idle for too long.
pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, tree: Arc<Tree>) {
    let mut messages = Framed::new(stream, Wire);
    let mut client = Client { tree, bound: false };
    while let Ok(Some(received)) = timeout(IDLE_MAX, messages.next()).await {
        let step = match received {
            Ok(request) => client.answer(request),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Step::Last(DisconnectionNotice::gen_response(
                    LdapResultCode::ProtocolError,
                    &error.to_string(),
                ))
            }
            Err(_) => Step::Leave,
        };
        let (answers, is_last) = match step {
            Step::Answer(answers) => (answers, false),
            Step::Last(notice) => (vec![notice], true),
            Step::Leave => return,
        };
        let write = async {
            for answer in answers {
                messages.feed(answer).await?;
            }
            messages.flush().await
        };
        if !matches!(timeout(WRITE_MAX, write).await, Ok(Ok(()))) || is_last {
            return;
        }
    }
}

/// What follows from a request.
enum Step {
    /// These go out, in order; none for a request that has no answer.
    Answer(Vec<LdapMsg>),
    /// This goes out, and the connection ends.
    Last(LdapMsg),
    /// The connection ends.
    Leave,
}

struct Client {
    tree: Arc<Tree>,
    bound: bool,
}

impl Client {
    fn answer(&mut self, request: Request) -> Step {
        let Request { message, filter } = request;
        let LdapMsg { msgid, op, ctrl } = message;
        // RFC 4511 section 4.1.11: what is critical and not known is refused before it is looked at.
        if ctrl.iter().any(is_critical_and_unknown)
            && let Some(refusal) = refused(
                &op,
                LdapResultCode::UnavailableCriticalExtension,
                "a critical control is not known here",
            )
        {
            return Step::Answer(vec![LdapMsg::new(msgid, refusal)]);
        }
        match (op, filter) {
            (LdapOp::BindRequest(bind), _) => Step::Answer(vec![self.bind(msgid, &bind)]),
            (LdapOp::SearchRequest(search), Some(filter)) => {
                Step::Answer(self.search(msgid, &search, &filter))
            }
            (LdapOp::UnbindRequest, _) => Step::Leave,
            // Every search has been answered before the next request is read.
            (LdapOp::AbandonRequest(_), _) => Step::Answer(Vec::new()),
            (op, _) => {
                let (code, why) = match op {
                    LdapOp::ExtendedRequest(_) => (
                        LdapResultCode::ProtocolError,
                        "no extended operation is known here",
                    ),
                    _ => (
                        LdapResultCode::UnwillingToPerform,
                        "this directory is for reading only",
                    ),
                };
                match refused(&op, code, why) {
                    Some(refusal) => Step::Answer(vec![LdapMsg::new(msgid, refusal)]),
                    None => Step::Last(DisconnectionNotice::gen_response(
                        LdapResultCode::ProtocolError,
                        "a request is expected",
                    )),
                }
            }
        }
    }

    /// A simple bind (RFC 4513 section 5.1). One that fails leaves the connection anonymous (RFC 4511
    /// section 4.2.1).
    fn bind(&mut self, message_id: i32, bind: &LdapBindRequest) -> LdapMsg {
        self.bound = false;
        let refused = |code: &LdapResultCode, why: &str| Reply {
            result_code: code_of(code),
            diagnostic: why.to_owned(),
            controls: Vec::new(),
        };
        let reply = match &bind.cred {
            _ if bind.version != 3 => {
                refused(&LdapResultCode::ProtocolError, "only LDAPv3 is spoken here")
            }
            LdapBindCred::Simple(password) if bind.dn.is_empty() && password.is_empty() => {
                Reply::default()
            }
            // RFC 4513 section 5.1.2: a name without a password proves nothing.
            LdapBindCred::Simple(password) if password.is_empty() => refused(
                &LdapResultCode::UnwillingToPerform,
                "a bind with a name needs a password",
            ),
            LdapBindCred::Simple(password) => {
                let reply = self.tree.bind(&bind.dn, password.as_bytes());
                self.bound = reply.is_success();
                reply
            }
            LdapBindCred::SASL(_) | LdapBindCred::Unsupported => refused(
                &LdapResultCode::AuthMethodNotSupported,
                "only the simple bind is known here",
            ),
        };
        let controls = reply
            .controls
            .into_iter()
            .map(|control| LdapControl::Unknown {
                oid: control.oid,
                criticality: control.critical,
                value: control.value,
            });
        let response = LdapOp::BindResponse(LdapBindResponse {
            res: result(from_number(reply.result_code), &reply.diagnostic),
            saslcreds: None,
        });
        LdapMsg::new_with_ctrls(message_id, response, controls.collect())
    }

    fn search(&self, message_id: i32, search: &LdapSearchRequest, filter: &Filter) -> Vec<LdapMsg> {
        let done =
            |code, why: &str| LdapMsg::new(message_id, LdapOp::SearchResultDone(result(code, why)));
        // RFC 4512 section 5.1: the root DSE is how a client gets to know a server.
        let is_root_dse = search.base.trim().is_empty() && search.scope == LdapSearchScope::Base;
        if !self.bound && !is_root_dse {
            return vec![done(
                LdapResultCode::InsufficentAccessRights,
                "bind before you search",
            )];
        }
        let Ok(size_limit) = usize::try_from(search.sizelimit) else {
            return vec![done(
                LdapResultCode::ProtocolError,
                "the size limit must not be negative",
            )];
        };
        let found = self.tree.search(&Query {
            base: &search.base,
            scope: match search.scope {
                LdapSearchScope::Base => Scope::Base,
                LdapSearchScope::OneLevel => Scope::OneLevel,
                LdapSearchScope::Subtree => Scope::Subtree,
                LdapSearchScope::Children => Scope::Children,
            },
            filter,
            attributes: &search.attrs,
            types_only: search.typesonly,
            size_limit,
        });
        let entries = found
            .entries
            .into_iter()
            .map(|found| LdapMsg::new(message_id, entry(found)));
        entries
            .chain([done(from_number(found.result_code), "")])
            .collect()
    }
}

/// The answer that says no to a request; none for what is no request, or has no answer.
fn refused(operation: &LdapOp, code: LdapResultCode, why: &str) -> Option<LdapOp> {
    let result = result(code, why);
    Some(match operation {
        LdapOp::BindRequest(_) => LdapOp::BindResponse(LdapBindResponse {
            res: result,
            saslcreds: None,
        }),
        LdapOp::SearchRequest(_) => LdapOp::SearchResultDone(result),
        LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(result),
        LdapOp::AddRequest(_) => LdapOp::AddResponse(result),
        LdapOp::DelRequest(_) => LdapOp::DelResponse(result),
        LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(result),
        LdapOp::CompareRequest(_) => LdapOp::CompareResult(result),
        LdapOp::ExtendedRequest(_) => LdapOp::ExtendedResponse(LdapExtendedResponse {
            res: result,
            name: None,
            value: None,
        }),
        _ => return None,
    })
}

/// Whether an operation with this control has to be refused. Those that only ask for something in
/// the answer may be left unheard, unless they are critical.
fn is_critical_and_unknown(control: &LdapControl) -> bool {
    match control {
        LdapControl::SyncRequest { criticality, .. }
        | LdapControl::SearchOptions { criticality, .. }
        | LdapControl::ShowDeleted { criticality }
        | LdapControl::SdFlags { criticality, .. }
        | LdapControl::ExtendedDn { criticality, .. }
        | LdapControl::Unknown { criticality, .. } => *criticality,
        _ => false,
    }
}

fn entry(found: Entry) -> LdapOp {
    let attributes = found
        .attributes
        .into_iter()
        .map(|attribute| LdapPartialAttribute {
            atype: attribute.name,
            vals: attribute.values,
        });
    LdapOp::SearchResultEntry(LdapSearchResultEntry {
        dn: found.dn,
        attributes: attributes.collect(),
    })
}

fn result(code: LdapResultCode, message: &str) -> LdapResult {
    LdapResult {
        code,
        matcheddn: String::new(),
        message: message.to_owned(),
        referral: Vec::new(),
    }
}

/// A result code as a number: they are small and not negative (RFC 4511 section 4.1.9).
fn code_of(code: &LdapResultCode) -> u32 {
    u32::try_from(code.clone() as i64).unwrap_or(u32::MAX)
}

fn from_number(number: u32) -> LdapResultCode {
    LdapResultCode::try_from(i64::from(number)).unwrap_or(LdapResultCode::Other)
}
