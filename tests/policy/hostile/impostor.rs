use crate::{
    memory,
    repeated::{End, Repeated, TIMES},
    stage,
};
use bridge_model::{
    ports::{Policies, PolicyFault},
    secret::Secret,
};
use bridge_policy::{Cache, HostSettings, PolicyHost};
use std::time::Duration;
use suites::policy::{context, federation, guest, in_force, lift_limit, load, person, take};

#[test]
fn cannot_take_the_name_of_another_policy() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    let first = take(&host, guest("kept-state")).expect("it is admitted");
    let error = take(&host, guest("impostor")).expect_err("the name is taken");
    assert_eq!(error.fault, PolicyFault::NotAdmitted, "{error}");
    assert!(
        error
            .detail
            .contains("the name `KEPT-State` is taken by policy kept-state"),
        "{error}"
    );
    assert_eq!(
        in_force(&host, "kept-state").expect("the first").reference(),
        &first
    );
    for name in ["impostor", "harmless"] {
        let unknown = in_force(&host, name).err().expect("nothing of it is in force");
        assert_eq!(unknown.fault, PolicyFault::Unknown);
    }
}

#[test]
fn gives_no_plan_and_names_no_problem() {
    let _turn = stage::turn();
    let host = stage::host(stage::limits());
    take(&host, guest("impostor"))
        .expect("nobody has the name yet");
    let policy = in_force(&host, "harmless").expect("an alias");
    let error = policy
        .translate(&federation("harmless"))
        .expect_err("it has to say why");
    assert_eq!(error.fault, PolicyFault::Contract, "{error}");
    assert!(
        error
            .detail
            .contains("in translate: problems: must not be empty"),
        "{error}"
    );
    assert_eq!(
        policy
            .decide(&context(b""), &[])
            .expect("nobody, so no step"),
        []
    );
    assert!(policy.decide(&context(b""), &[person("uid=ada")]).is_err());
}

/// It is admitted each time: only the name is refused. Its code is kept, or it would be compiled each time.
#[test]
fn a_thousand_tries_to_take_a_name_do_no_harm() {
    let _alone = memory::alone();
    let parent = tempfile::TempDir::new().expect("a folder");
    let host = PolicyHost::new(HostSettings {
        limits: stage::limits(),
        cache: Some(Cache {
            folder: parent.path().join("compiled"),
            mac_key: Secret::new(vec![1; 32]),
        }),
        ..HostSettings::default()
    });
    let host = host.expect("a host");
    lift_limit(&host);
    take(&host, guest("kept-state")).expect("it is admitted");
    let repeated = Repeated {
        name: "an impostor",
        times: TIMES,
        threads: 1,
        limit: Duration::from_millis(250),
    };
    let refused = End::Fault(PolicyFault::NotAdmitted, "is taken by policy kept-state");
    let impostor = || {
        let loaded = load(&host, guest("impostor")).expect("it is admitted");
        let error = host.put_in_force(&loaded.digest);
        refused.expect("an impostor", &error.expect_err("the name is taken"));
        assert!(host.forget(&loaded.digest), "nothing of it is in force");
    };
    repeated.expect_harmless(impostor, || {
        stage::expect_good_call(&*in_force(&host, "kept-state").expect("the first"));
    });
}
