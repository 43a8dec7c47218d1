use super::*;
use bridge_model::{
    plan::Problem,
    search::{Control, PolicySearch, SearchScope},
};

const SYNC: &str = "1.3.6.1.4.1.4203.1.9.1.1";

fn read() -> ChangeRead {
    ChangeRead {
        search: PolicySearch {
            key: "users".into(),
            base: String::new(),
            scope: SearchScope::Subtree,
            filter: "(modifyTimestamp>=20260101000000Z)".into(),
            slots: Vec::new(),
            attributes: Vec::new(),
            size_limit: 500,
            required: true,
            more: Vec::new(),
        },
        of_users: true,
        controls: vec![Control {
            oid: SYNC.into(),
            critical: true,
            value: None,
        }],
        paged: false,
    }
}

fn next(advance: &mut Advance) -> &mut ChangeRead {
    advance.next.get_or_insert_with(read)
}

fn checked(advance: Advance) -> Checked {
    let controls = [SYNC.to_owned()];
    let asked = Asked {
        controls: &controls,
        entries: 2,
    };
    check(&Turn::Advance(Box::new(advance)), asked)
}

#[test]
fn a_run_goes_on_with_what_was_announced() {
    let advance = Advance {
        changed: vec![Whom::Here(0), Whom::Here(1), Whom::Dn("uid=a,o=x".into())],
        gone: vec![Whom::Id(vec![0; 16])],
        cursor: Some(vec![0; 65_536]),
        next: Some(read()),
    };
    assert_eq!(checked(advance), Ok(()));
    let root = ChangeRead {
        search: PolicySearch {
            attributes: vec!["highestCommittedUSN".into()],
            ..read().search
        },
        of_users: false,
        ..read()
    };
    let advance = Advance {
        next: Some(root),
        ..Advance::default()
    };
    assert_eq!(checked(advance), Ok(()));
}

#[test]
fn what_breaks_the_contract_is_named() {
    type Change = fn(&mut Advance);
    let changes: [(Change, &str); 11] = [
        (|a| a.changed.push(Whom::Here(2)), "changed"),
        (|a| a.gone.push(Whom::Here(u32::MAX)), "gone"),
        (|a| a.gone.push(Whom::Id(Vec::new())), "gone"),
        (|a| a.gone.push(Whom::Id(vec![0; 1025])), "gone"),
        (|a| a.changed.push(Whom::Dn("nobody".into())), "changed"),
        (|a| a.changed.push(Whom::Dn(String::new())), "changed"),
        (|a| a.cursor = Some(vec![0; 65_537]), "cursor"),
        (
            |a| next(a).controls[0].oid = "1.2.3".into(),
            "next controls",
        ),
        (|a| next(a).search.base = "o=x".into(), "next"),
        (|a| next(a).search.size_limit = 0, "search size-limit"),
        (
            |a| {
                next(a).of_users = false;
                next(a).search.base = "nowhere".into();
            },
            "search base",
        ),
    ];
    for (change, place) in changes {
        let mut advance = Advance::default();
        change(&mut advance);
        let breach = checked(advance).expect_err(place).to_string();
        assert!(breach.starts_with(&format!("{place}: ")), "{breach}");
    }
}

#[test]
fn a_failure_has_words_of_bounded_length() {
    let failed = |message: String| {
        let asked = Asked {
            controls: &[],
            entries: 0,
        };
        let problem = Problem {
            field: "changes".into(),
            message,
        };
        check(&Turn::Failed(problem), asked)
    };
    assert_eq!(failed("x; y".into()), Ok(()));
    assert!(failed("x".repeat(4097)).is_err());
    assert!(check_controls(&["x".into()]).is_err());
    assert!(check_controls(&vec![SYNC.into(); 65]).is_err());
    assert_eq!(check_controls(&[SYNC.into()]), Ok(()));
}
