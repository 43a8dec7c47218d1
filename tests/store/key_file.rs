//! The file of the sealing key.

use crate::sample::Numbers;
use bridge_store::{KeyFileError, SealingKey};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};
use tempfile::TempDir;

#[test]
fn a_key_is_its_owners_alone_and_reads_as_it_was_made() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sealing.key");
    let made = SealingKey::create(&path, &Numbers::default()).expect("it is made");
    let metadata = fs::metadata(&path).expect("it is there");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).expect("it is text");
    assert_eq!(text.len(), 45);
    assert!(text.ends_with("=\n"), "{text}");
    let read = SealingKey::read(&path).expect("it reads");
    assert_eq!(read.derive("purpose"), made.derive("purpose"));
    assert_eq!(read.to_string(), path.display().to_string());
    assert_eq!(format!("{read:?}"), "SealingKey(…)");
    // An editor that leaves no end of the line does no harm, nor does one that leaves another.
    for end in ["", "\r\n", "\n\n"] {
        fs::write(&path, format!("{}{end}", text.trim())).expect("it writes");
        let read = SealingKey::read(&path).expect("it reads");
        assert_eq!(read.derive("purpose"), made.derive("purpose"));
    }
}

#[test]
fn derived_keys_differ_by_purpose_and_by_key() {
    let random = Numbers::default();
    let (one, two) = (SealingKey::generate(&random), SealingKey::generate(&random));
    let derived = [
        one.derive("a"),
        one.derive("b"),
        one.derive(""),
        two.derive("a"),
    ];
    for (number, key) in derived.iter().enumerate() {
        assert_eq!(key.expose().len(), 32);
        assert!(!derived[..number].contains(key), "{number}");
    }
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sealing.key");
    fs::write(&path, "whatever it is").expect("it writes");
    let error = SealingKey::create(&path, &Numbers::default()).expect_err("it is there");
    assert!(matches!(error, KeyFileError::Exists(_)), "{error}");
    assert_eq!(fs::read(&path).expect("it reads"), b"whatever it is");
}

#[test]
fn a_key_without_a_folder_is_not_made() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("missing").join("sealing.key");
    let error = SealingKey::create(&path, &Numbers::default()).expect_err("no folder");
    assert!(matches!(error, KeyFileError::NoFolder(_)), "{error}");
}

#[test]
fn a_key_that_others_may_touch_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sealing.key");
    SealingKey::create(&path, &Numbers::default()).expect("it is made");
    for (mode, is_refused) in [
        (0o640, true),
        (0o604, true),
        (0o620, true),
        (0o601, true),
        (0o400, false),
        (0o700, false),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it changes");
        match SealingKey::read(&path) {
            Err(error) => {
                assert!(is_refused, "{error}");
                let text = error.to_string();
                let remedy = format!("(mode {mode:04o}): run `chmod 600 {}`", path.display());
                assert!(text.contains(&remedy), "{text}");
            }
            Ok(_) => assert!(!is_refused, "{mode:o}"),
        }
    }
}

#[test]
fn what_is_no_key_is_refused_without_showing_it() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sealing.key");
    SealingKey::create(&path, &Numbers::default()).expect("it is made");
    let good = fs::read_to_string(&path).expect("it is text");
    for bad in [
        String::new(),
        "\n".into(),
        "hunter2".into(),
        good[..40].into(),
        format!("AAAA{good}"),
        format!("{good}{good}"),
        good.replace('=', ""),
        "A".repeat(100_000),
    ] {
        fs::write(&path, &bad).expect("it writes");
        let error = SealingKey::read(&path).expect_err("it is no key");
        assert!(
            matches!(error, KeyFileError::Malformed(_)),
            "{bad}: {error}"
        );
        let text = error.to_string();
        assert!(
            text.contains("sealing.key") && !text.contains("hunter2"),
            "{text}"
        );
    }
    let error = SealingKey::read(folder.path()).expect_err("a folder is no key");
    assert!(matches!(error, KeyFileError::Malformed(_)), "{error}");
}

#[test]
fn a_missing_key_is_named_with_its_remedy() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sealing.key");
    let error = SealingKey::read(&path).expect_err("it is missing");
    assert_eq!(
        error.to_string(),
        format!(
            "there is no sealing key at {}: make one with `init`, or restore it from its backup",
            path.display()
        )
    );
}
