use crate::stage;
use bridge_model::ports::PolicyFault;
use suites::policy::{context, federation, guest, person, in_force, take};

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
