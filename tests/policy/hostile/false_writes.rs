use crate::{
    repeated::{End, Repeated},
    stage::{self, Stage},
};
use bridge_model::{
    changes::{Turn, Whom},
    decision::{Claim, ClaimValue},
    entry::Entry,
    ports::{Offers, PolicyError, PolicyFault},
    search::{Control, Message, Page, PageEntry, Reply},
    write::{Complaint, Modification, ModifyWay, ProfileChange},
};
use bridge_policy::Limits;
use suites::policy::context;

const CONTROL: &str = "1.3.6.1.4.1.4203.1.9.1.1";

fn user() -> Entry {
    Entry {
        dn: "uid=ada,o=x".into(),
        attributes: Vec::new(),
    }
}

fn reply() -> Reply {
    Reply {
        result_code: 19,
        diagnostic: "no".into(),
        controls: Vec::new(),
    }
}

fn page() -> Page {
    let control = |oid: &str| Control {
        oid: oid.into(),
        critical: false,
        value: Some(vec![1]),
    };
    Page {
        entries: vec![PageEntry {
            entry: user(),
            controls: vec![control("1.1"), control("1.2")],
        }],
        references: 0,
        messages: vec![Message {
            oid: "1.3".into(),
            value: None,
        }],
        reply: reply(),
        is_last: true,
    }
}

fn change(name: &str, value: Option<ClaimValue>) -> ProfileChange {
    ProfileChange {
        name: name.into(),
        value,
    }
}

/// What the guest does with each function, told so by the memo.
struct Asked<'a>(&'a Stage, &'a str);

impl Asked<'_> {
    fn complaints(&self) -> Result<Vec<Complaint>, PolicyError> {
        let context = context(self.1.as_bytes());
        self.0
            .policy()
            .explain_password(&context, &user(), &reply())
    }

    fn start(&self, cursor: Option<&[u8]>) -> Result<Turn, PolicyError> {
        let context = context(self.1.as_bytes());
        self.0.policy().start_changes(&context, cursor)
    }

    fn follow(&self) -> Result<Turn, PolicyError> {
        let context = context(self.1.as_bytes());
        let policy = self.0.policy();
        policy.follow_changes(&context, Some(b"before"), "users", &page())
    }

    /// The fault of one function, by its name in the contract.
    fn fault(&self, function: &str) -> PolicyError {
        let context = context(self.1.as_bytes());
        let policy = self.0.policy();
        let outcome = match function {
            "modify" => policy.modify(&context, &user(), &[]).map(drop),
            "register" => policy.register(&context, &[]).map(drop),
            "start" => self.start(None).map(drop),
            "follow" => self.follow().map(drop),
            "explain a write" => policy.explain_write(&context, &reply()).map(drop),
            _ => self.complaints().map(drop),
        };
        outcome.expect_err(self.1)
    }
}

#[test]
fn everything_is_offered_and_the_controls_are_known() {
    let stage = Stage::new(stage::limits(), "false-writes");
    assert_eq!(
        stage.policy().offers(),
        Offers {
            passwords: true,
            writing: true,
            changes: Some(vec![CONTROL.into()]),
        }
    );
}

#[test]
fn what_is_asked_and_answered_goes_through_as_it_is() {
    let stage = Stage::new(stage::limits(), "false-writes");
    assert_eq!(
        Asked(&stage, "").complaints().expect("an answer"),
        [
            Complaint::WrongOldPassword,
            Complaint::TooShort(Some(19)),
            Complaint::TooLong(None),
            Complaint::InHistory,
            Complaint::TooYoung(Some(u64::MAX)),
            Complaint::TooWeak,
            Complaint::NotAllowed,
            Complaint::Other("uid=ada,o=x no".into()),
        ]
    );
    let policy = stage.policy();
    let changes = [
        change("text", Some(ClaimValue::Text("ä".into()))),
        change(
            "texts",
            Some(ClaimValue::Texts(vec!["a".into(), "b".into()])),
        ),
        change("integer", Some(ClaimValue::Integer(i64::MIN))),
        change("boolean", Some(ClaimValue::Boolean(true))),
        change("json", Some(ClaimValue::Json("{}".into()))),
        change("none", None),
    ];
    let written = policy.modify(&context(b""), &user(), &changes);
    let written = written.expect("an answer").expect("a change");
    assert_eq!(written.rename.expect("a name")[0].value, b"uid=ada,o=x");
    let shown = |it: &Modification| {
        let values = it
            .attribute
            .values
            .iter()
            .map(|value| String::from_utf8_lossy(value));
        (it.way, values.collect::<Vec<_>>().join(" "))
    };
    let shown: Vec<_> = written.modifications.iter().map(shown).collect();
    let replaced = |text: &str| (ModifyWay::Replace, text.to_owned());
    let expected = [
        replaced("ä"),
        replaced("a+b"),
        replaced(&i64::MIN.to_string()),
        replaced("true"),
        replaced("json {}"),
        (ModifyWay::Remove, String::new()),
    ];
    assert_eq!(shown, expected);

    let claim = Claim {
        name: "email".into(),
        value: ClaimValue::Text("a@x".into()),
    };
    let entry = policy.register(&context(b""), &[claim]);
    let entry = entry.expect("an answer").expect("an entry");
    assert_eq!(entry.parent.as_str(), "ou=people,o=x");
    assert_eq!(entry.attributes[1].values, [b"email"]);
    let problems = policy
        .explain_write(&context(b""), &reply())
        .expect("an answer");
    assert_eq!(problems[0].message, "no; write another");
}

#[test]
fn a_run_for_changes_goes_through_as_it_is() {
    let stage = Stage::new(stage::limits(), "false-writes");
    let Turn::Advance(begun) = Asked(&stage, "").start(Some(b"\0\xff")).expect("an answer") else {
        panic!("it goes on");
    };
    assert_eq!(begun.cursor.as_deref(), Some(&b"\0\xff"[..]));
    let next = begun.next.expect("a read");
    assert!(next.of_users && next.paged);
    assert_eq!(next.controls[0].oid, CONTROL);
    let Turn::Advance(found) = Asked(&stage, "").follow().expect("an answer") else {
        panic!("it goes on");
    };
    assert_eq!(found.changed, [Whom::Here(0)]);
    let gone = [
        Whom::Id(b"before".to_vec()),
        Whom::Dn("uid=gone,o=x".into()),
    ];
    assert_eq!(found.gone, gone);
    let cursor = found.cursor.expect("a cursor");
    assert_eq!(
        String::from_utf8_lossy(&cursor),
        "1.1 1.2 1.3 users no true"
    );
    let over = Asked(&stage, "start over").start(None).expect("an answer");
    assert_eq!(over, Turn::StartOver);
    let failed = Asked(&stage, "failed").start(None).expect("an answer");
    assert!(matches!(failed, Turn::Failed(problem) if problem.field == "changes"));
}

/// A function, what the memo says, and a part of what it is told.
const LIES: &[(&str, &str, &str)] = &[
    (
        "explain",
        "none",
        "in explain: complaints: there must be at least one",
    ),
    (
        "explain",
        "blank",
        "in explain: complaint: a name must not be blank",
    ),
    (
        "modify",
        "nothing added",
        "in modify: modification: to add nothing",
    ),
    (
        "modify",
        "no attribute",
        "in modify: modification: it must be an attribute's name",
    ),
    (
        "modify",
        "twice",
        "in modify: modification: no value may stand there twice",
    ),
    (
        "modify",
        "no name",
        "in modify: rename: must have at least one part",
    ),
    (
        "modify",
        "no problem",
        "in modify: problems: must not be empty",
    ),
    ("register", "no parent", "in register: parent: must be a DN"),
    (
        "register",
        "root",
        "in register: parent: must name an entry",
    ),
    (
        "register",
        "no name",
        "in register: name: must have at least one part",
    ),
    (
        "register",
        "no class",
        "in register: attributes: must have the object classes",
    ),
    (
        "register",
        "no value",
        "in register: attribute: must have at least one value",
    ),
    (
        "register",
        "no problem",
        "in register: problems: must not be empty",
    ),
    (
        "explain a write",
        "none",
        "in explain: problems: must not be empty",
    ),
    (
        "start",
        "large cursor",
        "in start: cursor: must have at most 64 KiB",
    ),
    (
        "start",
        "here",
        "in start: changed: the page has no entry at this place",
    ),
    (
        "start",
        "another control",
        "in start: next controls: `controls` has to announce it",
    ),
    (
        "start",
        "based users",
        "in start: next: base and attributes must be empty",
    ),
    ("start", "nowhere", "in start: search base: must be a DN"),
    (
        "follow",
        "beyond",
        "in follow: changed: the page has no entry at this place",
    ),
    (
        "follow",
        "no id",
        "in follow: changed: an identifier must not be empty",
    ),
    (
        "follow",
        "no dn",
        "in follow: changed: it must be the DN of an entry",
    ),
];

#[test]
fn a_lie_is_an_error_a_thousand_times_and_the_next_call_is_answered() {
    let stage = Stage::alone(stage::limits(), "false-writes");
    for (function, how, part) in LIES {
        let lie = || {
            let error = Asked(&stage, how).fault(function);
            assert_eq!(error.policy, "false-writes");
            End::Fault(PolicyFault::Contract, part).expect(how, &error);
        };
        Repeated::call(how).expect_harmless(lie, || stage.expect_good_call());
    }
    let problems = stage.policy().modify(&context(b"problem"), &user(), &[]);
    assert_eq!(
        problems.expect("an answer").expect_err("a problem")[0].field,
        "name"
    );
}

#[test]
fn who_never_ends_is_stopped_at_the_deadline() {
    let limits = Limits {
        call_ms_max: 50,
        ..stage::limits()
    };
    let stage = Stage::new(limits, "false-writes");
    let error = Asked(&stage, "loop").fault("explain");
    assert_eq!(error.fault, PolicyFault::Deadline, "{error}");
    assert!(
        error.detail.contains("in explain: it used more than 50 ms"),
        "{error}"
    );
    stage.expect_good_call();
}
