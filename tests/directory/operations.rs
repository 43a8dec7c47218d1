//! What a sign-in costs the directory, counted by the directory.

use suites::{
    authority::Authority,
    browser::Browser,
    served::{Directory, Served},
    slapd::{PEOPLE, Particulars, Slapd},
};

const BRIDGE: &str = env!("CARGO_BIN_EXE_bridge-under-test");

#[test]
fn a_sign_in_over_open_connections_is_one_search_and_one_bind() {
    let slapd = Slapd::start_as(&Particulars {
        is_telling: true,
        ..Particulars::default()
    });
    let url = format!("ldaps://{}", slapd.ldaps_address());
    let mut directory = Directory::at(url).trusting(&Authority::shared().ca);
    // One place, since each place where people live is searched.
    directory.users_dn = PEOPLE;
    let served = Served::start(BRIDGE, &directory);
    let sign_in = || served.wiki().tokens(&Browser::new(), "ada", "Pw-ada");
    sign_in();
    let before = slapd.operations().len();
    for _ in 0..10 {
        sign_in();
    }
    let operations = slapd.operations().split_off(before);
    let searches = operations.iter().filter(|what| what.starts_with("SRCH"));
    let binds = operations.iter().filter(|what| what.starts_with("BIND"));
    let connections = operations.iter().filter(|what| what.starts_with("ACCEPT"));
    assert_eq!(
        (searches.count(), binds.count(), connections.count()),
        (10, 10, 0),
        "{operations:#?}"
    );
    let ours = format!("BIND dn=\"uid=ada,{PEOPLE}\"");
    let named = operations.iter().filter(|what| what.starts_with(&ours));
    assert_eq!(named.count(), 10, "{operations:#?}");
}
