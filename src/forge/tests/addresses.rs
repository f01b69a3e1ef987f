//! One repository under its many addresses, and others that look like it.

use crate::forge::address::Address;

#[track_caller]
fn same(one: &str, other: &str) -> bool {
    let read = |text| Address::parse(text).unwrap();
    let is = read(one).is(&read(other));
    assert_eq!(is, read(other).is(&read(one)), "{one} {other}");
    is
}

#[test]
fn one_repository_is_known_by_all_its_addresses() {
    let own = "https://git.example.com/Team/routing.git";
    for other in [
        "https://git.example.com/team/routing",
        "https://git.example.com/team/routing/",
        "https://GIT.example.com:443/team/Routing.git",
        "http://git.example.com/team/routing.git",
        "https://ada:pw@git.example.com/team/routing.git",
        "git@git.example.com:team/routing.git",
        "ssh://git@git.example.com/team/routing.git",
        "ssh://git@git.example.com:2222/team/routing.git",
        "https://git.example.com./team/%72outing.git",
        "https://git.example.com/other/../team/routing.git",
    ] {
        assert!(same(own, other), "{other}");
    }
    let unicode = "https://bücher.example/team/routing";
    assert!(same(unicode, "https://xn--bcher-kva.example/team/routing"));
}

#[test]
fn another_host_port_or_path_is_another_repository() {
    let own = "https://git.example.com/team/routing.git";
    for other in [
        "https://git.example.com.evil.example/team/routing.git",
        "https://git.example.com@evil.example/team/routing.git",
        "https://gіt.example.com/team/routing.git",
        "https://git.example.com:8443/team/routing.git",
        "http://git.example.com:443/team/routing.git",
        "https://git.example.com/team/routing2.git",
        "https://git.example.com/team/routing.git.git",
        "https://git.example.com/team",
        "https://git.example.com/team/routing/x",
        "git@evil.example:team/routing.git",
    ] {
        assert!(!same(own, other), "{other}");
    }
    let (ssh, other) = ("ssh://git@h.example/a/b", "ssh://git@h.example:2222/a/b");
    assert!(!same(ssh, other));
}

#[test]
fn hosts_with_more_than_one_name_are_known() {
    let github = "https://github.com/team/routing";
    assert!(same(
        github,
        "ssh://git@ssh.github.com:443/team/routing.git"
    ));
    let azure = "https://dev.azure.com/Org/My%20Project/_git/routing";
    for other in [
        "https://org@dev.azure.com/org/My%20Project/_git/routing",
        "git@ssh.dev.azure.com:v3/org/My%20Project/routing",
        "https://org.visualstudio.com/My%20Project/_git/routing",
        "https://org.visualstudio.com/DefaultCollection/My%20Project/_git/routing",
        "org@vs-ssh.visualstudio.com:v3/org/My%20Project/routing",
    ] {
        assert!(same(azure, other), "{other}");
    }
    assert!(!same(azure, "https://dev.azure.com/org/other/_git/routing"));
    let short = "https://dev.azure.com/org/_git/routing";
    assert!(same(short, "git@ssh.dev.azure.com:v3/org/routing/routing"));
}

#[test]
fn what_names_no_host_is_no_address() {
    for text in [
        "",
        "/srv/git/routing.git",
        "routing.git",
        "./a:b",
        "file:///srv/git/routing.git",
        "ext::sh -c x",
        "https://",
        "https://:80/x",
    ] {
        let read = Address::parse(text);
        assert!(read.is_none(), "{text}: {read:?}");
    }
}
