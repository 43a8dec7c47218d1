//! Compiled code is kept, and used only if the bridge itself wrote it for this very component.

use crate::{
    admission_samples::Sample,
    memory,
    repeated::{Repeated, TIMES},
    stage::{self, logged},
};
use bridge_model::{policy::PolicyChoice, ports::Policies, secret::Secret};
use bridge_policy::{Cache, HostError, HostSettings, PolicyHost};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};
use suites::policy::{context, guest, in_force, realm, take};
use tempfile::TempDir;

const TAKEN: &str = "compiled code was taken from the cache";
const NOT_USED: &str = "kept code was not used";

fn open(folder: &Path, key: u8) -> Result<PolicyHost, HostError> {
    PolicyHost::new(HostSettings {
        limits: stage::limits(),
        cache: Some(Cache {
            folder: folder.to_owned(),
            mac_key: Secret::new(vec![key; 32]),
        }),
        ..HostSettings::default()
    })
}

/// What a new host logs while it loads the policy `wrong-steps` with this cache and calls it.
fn load(folder: &Path, key: u8) -> String {
    let host = open(folder, key).expect("a host");
    let (loaded, log) = logged(|| take(&host, guest("wrong-steps")));
    loaded.expect("it is admitted");
    stage::expect_good_call(&*in_force(&host, "wrong-steps").expect("it is loaded"));
    log
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.collect();
    files.sort();
    files
}

/// A cache with the code of `wrong-steps` in it, and that file.
fn filled() -> (TempDir, PathBuf, PathBuf) {
    let parent = TempDir::new().expect("a folder");
    let folder = parent.path().join("compiled");
    let log = load(&folder, 1);
    assert!(!log.contains(TAKEN) && !log.contains(NOT_USED), "{log}");
    let [file] = files(&folder).try_into().expect("one file");
    (parent, folder, file)
}

#[test]
fn the_second_start_takes_what_the_first_compiled() {
    let _turn = stage::turn();
    let (_parent, folder, file) = filled();
    let before = fs::read(&file).expect("a file");
    let log = load(&folder, 1);
    assert!(log.contains(TAKEN) && !log.contains(NOT_USED), "{log}");
    assert_eq!(fs::read(&file).expect("a file"), before);
}

#[test]
fn nobody_else_may_enter() {
    let _turn = stage::turn();
    let (_parent, folder, file) = filled();
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
}

#[test]
fn a_changed_file_is_compiled_anew_and_replaced() {
    type Change = fn(&mut Vec<u8>);
    let _turn = stage::turn();
    let changes: [Change; 8] = [
        |octets| octets[0] ^= 1,
        |octets| octets[31] ^= 0x80,
        |octets| octets[32] ^= 1,
        |octets| {
            let middle = octets.len() / 2;
            octets[middle] ^= 4;
        },
        |octets| octets.truncate(octets.len() - 1),
        |octets| octets.truncate(16),
        Vec::clear,
        |octets| octets.push(0),
    ];
    let (_parent, folder, file) = filled();
    let sound = fs::read(&file).expect("a file");
    for change in changes {
        let mut octets = sound.clone();
        change(&mut octets);
        fs::write(&file, &octets).expect("the test may write");
        let log = load(&folder, 1);
        assert!(
            log.contains(NOT_USED) && log.contains("its MAC is wrong"),
            "{log}"
        );
        let log = load(&folder, 1);
        assert!(log.contains(TAKEN), "it was replaced: {log}");
        assert_eq!(
            files(&folder),
            std::slice::from_ref(&file),
            "nothing is left behind"
        );
    }
}

#[test]
fn code_of_another_component_is_not_used() {
    let _turn = stage::turn();
    let (_parent, folder, file) = filled();
    let host = open(&folder, 1).expect("a host");
    take(&host, guest("kept-state")).expect("it is admitted");
    let other = files(&folder)
        .into_iter()
        .find(|path| *path != file)
        .expect("its code");
    fs::copy(other, &file).expect("the test may write");
    let log = load(&folder, 1);
    assert!(
        log.contains(NOT_USED) && log.contains("its MAC is wrong"),
        "{log}"
    );
}

#[test]
fn code_made_with_another_key_is_not_used() {
    let _turn = stage::turn();
    let (_parent, folder, _) = filled();
    let log = load(&folder, 2);
    assert!(
        log.contains(NOT_USED) && log.contains("its MAC is wrong"),
        "{log}"
    );
    assert!(load(&folder, 2).contains(TAKEN));
}

#[test]
fn a_forged_file_is_not_used() {
    let _turn = stage::turn();
    let (_parent, folder, file) = filled();
    let sound = fs::read(&file).expect("a file");
    // Code that the engine would take, without a MAC or with one of the forger's.
    for mac in [&[][..], &[0; 32]] {
        fs::write(&file, [mac, &sound[32..]].concat()).expect("the test may write");
        let log = load(&folder, 1);
        assert!(log.contains(NOT_USED), "{log}");
    }
}

#[test]
fn a_thousand_forged_files_do_no_harm() {
    let _alone = memory::alone();
    let parent = TempDir::new().expect("a folder");
    let folder = parent.path().join("compiled");
    let host = open(&folder, 1).expect("a host");
    let component = Sample::default().component();
    let taken = || {
        let (loaded, log) = logged(|| suites::policy::load(&host, &component));
        let loaded = loaded.expect("it is admitted");
        let policy = host.vendor(&realm(), PolicyChoice::Digest(&loaded.digest));
        let answer = policy.and_then(|policy| policy.decide(&context(b""), &[]));
        assert_eq!(answer.expect("it answers"), []);
        assert!(host.forget(&loaded.digest));
        log
    };
    taken();
    let [file] = files(&folder).try_into().expect("one file");
    let sound = fs::read(&file).expect("a file");
    let forgeries = AtomicUsize::new(0);
    let forge = || {
        let count = forgeries.fetch_add(1, Relaxed);
        let mut octets = sound.clone();
        match count % 3 {
            0 => octets[..32].fill(0),
            1 => octets.truncate(sound.len() - 1 - count),
            _ => octets[32 + count] ^= 1,
        }
        fs::write(&file, &octets).expect("the test may write");
        let log = taken();
        assert!(
            log.contains(NOT_USED) && log.contains("its MAC is wrong"),
            "{log}"
        );
    };
    let repeated = Repeated {
        name: "a forged file",
        times: TIMES,
        threads: 1,
        limit: Duration::from_millis(250),
    };
    repeated.expect_harmless(forge, || {
        let log = taken();
        assert!(log.contains(TAKEN) && !log.contains(NOT_USED), "{log}");
    });
}

#[test]
fn a_folder_that_cannot_be_read_costs_time_and_nothing_else() {
    let _turn = stage::turn();
    let (_parent, folder, file) = filled();
    fs::remove_file(&file).expect("the test may write");
    // Neither readable as a file nor replaceable by one.
    fs::create_dir(&file).expect("the test may write");
    let log = load(&folder, 1);
    assert!(
        log.contains(NOT_USED) && log.contains("compiled code was not kept"),
        "{log}"
    );
}

#[test]
fn a_folder_that_others_may_enter_is_refused() {
    let _turn = stage::turn();
    let parent = TempDir::new().expect("a folder");
    let folder = parent.path().join("shared");
    fs::create_dir(&folder).expect("the test may write");
    for mode in [0o755, 0o770, 0o701] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("its own folder");
        let Err(error) = open(&folder, 1) else {
            panic!("{mode:o} was taken");
        };
        let error = error.to_string();
        assert!(
            error.contains("must belong to the user that the bridge runs as"),
            "{error}"
        );
        assert!(error.contains(&format!("{mode:04o}")), "{error}");
        assert!(error.contains(&folder.display().to_string()), "{error}");
    }
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let _turn = stage::turn();
    let parent = TempDir::new().expect("a folder");
    let file = parent.path().join("file");
    fs::write(&file, "").expect("the test may write");
    let link = parent.path().join("link");
    std::os::unix::fs::symlink(parent.path(), &link).expect("the test may write");
    for path in [file, link, parent.path().join("no/where")] {
        let Err(error) = open(&path, 1) else {
            panic!("{} was taken", path.display());
        };
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
    }
}

#[test]
fn a_short_key_is_refused() {
    let parent = TempDir::new().expect("a folder");
    let settings = HostSettings {
        limits: stage::limits(),
        cache: Some(Cache {
            folder: parent.path().join("compiled"),
            mac_key: Secret::new(vec![1; 31]),
        }),
        ..HostSettings::default()
    };
    let Err(error) = PolicyHost::new(settings) else {
        panic!("31 octets were taken");
    };
    assert!(
        error
            .to_string()
            .contains("31 octets and needs at least 32"),
        "{error}"
    );
}
