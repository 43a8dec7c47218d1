use super::*;
use crate::ldif;
use bridge_model::time::Timestamp;
use std::fs;

fn said(text: &str) -> Result<Directives, LdifError> {
    Directives::read(text, &Directives::default())
}

#[test]
fn lines_with_a_colon_say_something_of_the_case() {
    let text = "# a comment\n#: now 2026-01-02\n#: bind 49 data: x\n#: control 1.2.3 AQI=\n#: values_max 3\n\ndn: o=x\no: x\n";
    let said = said(text).expect("well formed");
    assert_eq!(said.now, Timestamp(1_767_312_000));
    assert_eq!(said.values_max, Some(3));
    let reply = said.reply.expect("a bind");
    assert_eq!(
        (reply.result_code, reply.diagnostic.as_str()),
        (49, "data: x")
    );
    assert_eq!(reply.controls[0].value, Some(vec![1, 2]));
}

#[test]
fn nobody_signs_in_where_it_is_said() {
    assert_eq!(said("#: bind none").expect("well formed").reply, None);
    assert_eq!(said("").expect("well formed"), Directives::default());
}

#[test]
fn what_says_nothing_is_named_with_its_line() {
    for (text, line, part) in [
        ("#: bind", 1, "result code"),
        ("\n#: bind wrong", 2, "result code"),
        ("#: now yesterday", 1, "time"),
        ("#: control x AQI=", 1, "OID"),
        ("#: control 1.2 ?", 1, "base64"),
        ("#: values_max 0", 1, "number"),
        ("#: bnid 49", 1, "values_max"),
    ] {
        let error = said(text).expect_err(text);
        assert_eq!(error.line, line, "{text:?}");
        assert!(error.problem.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn an_answer_of_the_command_line_takes_the_place_of_the_files() {
    let mut directives = said("#: bind 49 x").expect("well formed");
    directives.answer("53:locked: now").expect("an answer");
    let reply = directives.reply.as_ref().expect("a bind");
    assert_eq!(
        (reply.result_code, reply.diagnostic.as_str()),
        (53, "locked: now")
    );
    directives.answer("none").expect("an answer");
    assert_eq!(directives.reply, None);
    assert!(directives.answer("x").is_err());
}

#[test]
fn folders_have_cases_and_what_they_share() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, "").expect("it is written");
    };
    assert!(matches!(folders(folder.path()), Err(CaseError::NoCases(_))));
    for name in [
        "b.ldif",
        "a.ldif",
        "directory.ldif",
        "notes.txt",
        "sub/c.ldif",
        "sub/federation.toml",
    ] {
        write(name);
    }
    let found = folders(folder.path()).expect("two folders");
    let names = |folder: &Folder| -> Vec<String> {
        folder.cases.iter().map(|case| case.name.clone()).collect()
    };
    assert_eq!(found.len(), 2);
    assert_eq!(names(&found[0]), ["a", "b"]);
    assert!(found[0].directory.is_some() && found[0].federation.is_none());
    assert_eq!(names(&found[1]), ["sub/c"]);
    assert!(found[1].directory.is_none() && found[1].federation.is_some());
}

#[test]
fn an_entry_of_a_case_takes_the_place_of_one_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ada.ldif");
    fs::write(&path, "dn: UID=Ada,o=x\nuid: ada\ncn: of the case\n").expect("it is written");
    let base = ldif::read("dn: o=x\no: x\n\ndn: uid=ada,o=x\nuid: ada\n").expect("LDIF");
    let case = Case::of(&path, &(base, Directives::default())).expect("a case");
    let dns: Vec<_> = case.records.iter().map(|it| it.dn.as_str()).collect();
    assert_eq!(dns, ["o=x", "UID=Ada,o=x"]);
    assert_eq!(case.own.len(), 1);
}
