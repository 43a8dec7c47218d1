//! What no server here says by itself, said by a script.

mod peers;
mod words;

use super::Scenario;
use peers::{answering, at, binds, domain, ranged, sub_code};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use suites::peer::{
    BIND, EXTENDED, Peer, Reaction, SEARCH, bind_response, element, extended_response, message,
    search_done,
};
use words::{Attribute, account, entry, found, hostile, notice, person, referral};

const NO_SERVER: &str = "no server here says it";
const HOSTILE: &str = "real servers are not hostile";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_script(
        "sub-code 525: no such user",
        |stage| sub_code(stage, "525", "bad_credentials"),
        NO_SERVER,
    ),
    Scenario::of_script(
        "sub-code 530: not at this hour",
        |stage| sub_code(stage, "530", "outside_permitted_hours"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 531: not from here",
        |stage| sub_code(stage, "531", "not_permitted_here"),
        NO_SERVER,
    ),
    Scenario::of_script(
        "sub-code 533: disabled",
        |stage| sub_code(stage, "533", "disabled"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 701: account ended",
        |stage| sub_code(stage, "701", "account_expired"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 775: locked",
        |stage| sub_code(stage, "775", "locked"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 568: too many groups is an outage",
        |stage| {
            let peer = domain(
                Ok(49),
                "80090308: LdapErr: DSID-0C090400, comment: AcceptSecurityContext error, data 568, v4563",
            );
            at(stage, &peer, |_| {}).is_unavailable("ada", "Pw-ada", "directory_unavailable");
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a sub-code that nobody knows is a refusal",
        |stage| {
            let peer = domain(Ok(49), "AcceptSecurityContext error, data 4242, v1");
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 401);
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a server that accepts everything does not accept an empty password",
        |stage| {
            let peer = domain(Ok(0), "");
            let realm = at(stage, &peer, |_| {});
            realm.comes_in("ada", "anything");
            for empty in ["", "\0", "\0\0"] {
                let page = realm.try_password("ada", empty);
                assert_eq!(page.status, 401);
            }
            let user_binds = peer
                .requests()
                .iter()
                .filter(|request| binds(request, "CN=Ada"))
                .count();
            assert_eq!(user_binds, 1, "nothing was sent for an empty password");
        },
        "the servers refuse it by themselves",
    ),
    Scenario::of_script(
        "only result code 0 is success, and trouble of the server's is nobody's fault",
        |stage| {
            for (code, status) in [
                (1, 503),
                (3, 503),
                (8, 503),
                (11, 503),
                (50, 401),
                (51, 503),
                (52, 503),
                (80, 503),
                (14, 401),
                (48, 401),
            ] {
                let peer = domain(Ok(code), "");
                let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
                assert_eq!(page.status, status, "result {code}");
            }
        },
        "they answer few of these codes",
    ),
    Scenario::of_script(
        "an answer in ranges is read to its end",
        ranged,
        "none of them cuts an attribute into ranges",
    ),
    Scenario::of_script(
        "a range that has no end is no list of groups",
        |stage| {
            let peer = answering(|id| {
                found(
                    id,
                    &person(&[
                        ("memberOf", &[]),
                        ("memberOf;range=0-0", &[b"CN=One,DC=ad,DC=example,DC=test"]),
                    ]),
                )
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
        },
        "none of them cuts an attribute into ranges",
    ),
    Scenario::of_script(
        "a referral is not followed",
        |stage| {
            let elsewhere = Peer::start(|_| Reaction::Ignore);
            let address = elsewhere.address();
            let peer = answering(move |id| referral(id, &format!("ldap://{address}/DC=other")));
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
            assert!(elsewhere.requests().is_empty(), "somebody came along");
        },
        "none of them refers to another here",
    ),
    Scenario::of_script(
        "a continuation reference is passed over",
        |stage| {
            let elsewhere = Peer::start(|_| Reaction::Ignore);
            let address = elsewhere.address();
            let peer = answering(move |id| {
                let url = format!("ldap://{address}/DC=other");
                let mut octets = message(id, 0x73, &element(0x04, url.as_bytes()));
                octets.extend(found(id, &person(&[])));
                octets
            });
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            assert!(elsewhere.requests().is_empty(), "somebody came along");
        },
        "Samba does so at the root of its domain only",
    ),
    Scenario::of_script(
        "a notice of disconnection is followed by another connection",
        |stage| {
            let searches = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&searches);
            let peer = Peer::start(move |request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ if counted.fetch_add(1, Ordering::SeqCst) == 0 => {
                    Reaction::SendAndClose(notice())
                }
                _ => Reaction::Send(found(request.id, &person(&[]))),
            });
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            assert_eq!(searches.load(Ordering::SeqCst), 2);
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a user outside of the base is nobody's",
        |stage| {
            let peer = answering(|id| found(id, &entry("CN=Ada,DC=elsewhere", &account(&[]))));
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "two entries for one name are nobody, whatever the limit",
        |stage| {
            let peer = answering(|id| {
                let one = entry("CN=One,DC=ad,DC=example,DC=test", &account(&[]));
                let two = entry("CN=Two,DC=ad,DC=example,DC=test", &account(&[]));

                [
                    message(id, 0x64, &one),
                    message(id, 0x64, &two),
                    search_done(id, 0),
                ]
                .concat()
            });
            at(stage, &peer, |_| {}).is_refused("ada", "Pw-ada", "ambiguous_user_name");
        },
        "shown by slapd, too",
    ),
    Scenario::of_script(
        "an entry without its identifier is nobody's",
        |stage| {
            let peer = answering(|id| {
                let attributes: Vec<Attribute<'_>> = account(&[])
                    .into_iter()
                    .filter(|(name, _)| *name != "objectGUID")
                    .collect();
                found(id, &entry(words::ADA, &attributes))
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 401);
        },
        "every entry of theirs has one",
    ),
    Scenario::of_script(
        "a value that is no text is left out",
        |stage| {
            let peer = answering(|id| found(id, &person(&[("givenName", &[b"\xff\xfe"])])));
            let claims = at(stage, &peer, |_| {}).claims("ada", "Pw-ada");
            assert_eq!(claims["given_name"], Value::Null, "{claims}");
        },
        "they store no such value",
    ),
    Scenario::of_script(
        "attributes come in other letter cases and with options",
        |stage| {
            let peer = answering(|id| {
                found(
                    id,
                    &person(&[("GIVENNAME", &[b"Ada"]), ("sn;lang-fr", &[b"de Lovelace"])]),
                )
            });
            let claims = at(stage, &peer, |_| {}).claims("ada", "Pw-ada");
            assert_eq!(claims["given_name"], "Ada", "{claims}");
        },
        "they write names as the schema does",
    ),
    Scenario::of_script(
        "hostile octets hurt nobody",
        |stage| {
            for octets in hostile() {
                let peer = Peer::start(move |request| match request.operation {
                    BIND => Reaction::Send(bind_response(request.id, 0)),
                    _ => Reaction::SendAndClose(octets.clone()),
                });
                let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
                assert_eq!(page.status, 503);
            }
            at(stage, &domain(Ok(0), ""), |_| {}).comes_in("ada", "Pw-ada");
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "a result without end is broken off",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Drip(
                    message(request.id, 0x64, &person(&[])),
                    std::time::Duration::from_micros(10),
                ),
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert!([401, 503].contains(&page.status), "{}", page.status);
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "what comes after StartTLS without TLS ends the connection",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                EXTENDED => Reaction::Send(
                    [
                        extended_response(request.id, 0),
                        bind_response(2, 0),
                        found(3, &person(&[])),
                    ]
                    .concat(),
                ),
                _ => Reaction::Send(bind_response(request.id, 0)),
            });
            let realm = at(stage, &peer, |federation| {
                federation["advanced"] = json!({ "start_tls": true });
            });
            let page = realm.try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
            let binds = peer
                .requests()
                .iter()
                .filter(|request| request.operation == BIND)
                .count();
            assert_eq!(binds, 0, "no password was sent");
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "a server that refuses StartTLS hears no password",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                EXTENDED => Reaction::Send(extended_response(request.id, 2)),
                _ => Reaction::Send(bind_response(request.id, 0)),
            });
            let realm = at(stage, &peer, |federation| {
                federation["advanced"] = json!({ "start_tls": true });
            });
            realm.is_unavailable("ada", "Pw-ada", "TLS failed");
            let binds = peer
                .requests()
                .iter()
                .filter(|request| request.operation == BIND)
                .count();
            assert_eq!(binds, 0, "no password was sent");
        },
        "they all know StartTLS",
    ),
    Scenario::of_script(
        "only what is needed is asked for, by name",
        |stage| {
            let peer = domain(Ok(0), "");
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            let searches = peer.requests();
            let searches: Vec<_> = searches
                .iter()
                .filter(|request| request.operation == SEARCH)
                .collect();
            assert_eq!(searches.len(), 1, "a sign-in is one search");
            for secret in [
                &b"unicodePwd"[..],
                b"userPassword",
                b"\x04\x01*",
                b"\x04\x01+",
            ] {
                let octets = &searches[0].octets;
                assert!(!octets.windows(secret.len()).any(|part| part == secret));
            }
        },
        "shown here, where every octet is seen",
    ),
];
