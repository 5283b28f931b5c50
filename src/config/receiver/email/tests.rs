use std::path::Path;

use crate::config::{Draft, Email, Proof, Secret, Server, Tls, Via, Way};

fn read(keys: &str) -> Result<Email, Vec<String>> {
    let text = format!("[[receiver]]\nname = 'ops'\nemail = {{ {keys} }}\n");
    let config = Draft::read("o.toml", &text, Path::new("/etc/o")).finish(&[], &[]);
    match config {
        Ok(mut config) => match config.receivers.remove(0).way {
            Way::Email(email) => Ok(*email),
            other => panic!("{other:?}"),
        },
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

#[track_caller]
fn check_wrong(keys: &str, needles: &[&str]) {
    let problems = read(keys).unwrap_err();
    assert_eq!(problems.len(), needles.len(), "{problems:#?}");
    for (problem, needle) in problems.iter().zip(needles) {
        assert!(problem.contains(needle), "no {needle:?} in {problem}");
    }
}

const WHO: &str = "to = ['ops@example.com'], from = 'OCR alerts <alerts@example.com>'";

fn servers(email: Email) -> crate::config::Servers {
    match email.via {
        Via::Servers(servers) => servers,
        Via::Sendmail(program) => panic!("{program:?}"),
    }
}

#[test]
fn the_port_follows_from_how_it_is_encrypted() {
    let ports = |tls: &str| {
        let list = "['a.example', 'b.example:2525', '[::1]', '[2001:db8::1]:26']";
        let servers = servers(read(&format!("{WHO}, servers = {list}{tls}")).unwrap());
        let list = servers.list.iter().map(ToString::to_string);
        (servers.tls, list.collect::<Vec<_>>().join(" "))
    };
    let with = |port| format!("a.example:{port} b.example:2525 [::1]:{port} [2001:db8::1]:26");
    assert_eq!(ports(""), (Tls::Starttls, with(587)));
    assert_eq!(ports(", tls = 'implicit'"), (Tls::Implicit, with(465)));
    assert_eq!(ports(", tls = 'none'"), (Tls::None, with(25)));
    assert_eq!(ports(", tls = 'opportunistic'"), (Tls::Opportunistic, with(25)));
}

#[test]
fn everything_that_can_be_said_is_read() {
    let email = read(&format!(
        "{WHO}, reply_to = 'team@example.com', servers = 's.example', ca_file = 'ca.pem', \
         user = 'u', oauth_token = {{ command = ['/usr/bin/token'] }}, hello_name = 'm.example', \
         timeout = '5s'"
    ))
    .unwrap();
    assert_eq!(email.from.to_string(), "OCR alerts <alerts@example.com>");
    assert_eq!(
        email.reply_to.as_ref().map(ToString::to_string).as_deref(),
        Some("team@example.com")
    );
    assert_eq!(email.timeout.0, 5000);
    let servers = servers(email);
    assert_eq!(servers.list, [Server { host: "s.example".into(), port: 587 }]);
    assert_eq!(servers.ca_file.as_deref(), Some(Path::new("/etc/o/ca.pem")));
    let login = servers.login.unwrap();
    let token = Secret::Command(["/usr/bin/token".to_owned()].into());
    assert_eq!((&*login.user, login.proof), ("u", Proof::Token(token)));
    let piped = read(&format!("{WHO}, sendmail = ['/usr/sbin/sendmail', '-i']")).unwrap();
    assert_eq!(piped.via, Via::Sendmail(["/usr/sbin/sendmail".into(), "-i".into()].into()));
}

#[test]
fn what_contradicts_itself_is_wrong() {
    check_wrong(
        &format!("{WHO}, servers = 's.example', sendmail = '/usr/sbin/sendmail', tls = 'none'"),
        &["`servers` means nothing beside `sendmail`", "`tls` means nothing beside `sendmail`"],
    );
    check_wrong(WHO, &["email has no `servers`"]);
    check_wrong(&format!("{WHO}, servers = 's.example', user = 'u'"), &["email has no `password`"]);
    let secret = "password = { env = 'P' }";
    check_wrong(&format!("{WHO}, servers = 's.example', {secret}"), &["email has no `user`"]);
    let both = format!(
        "{WHO}, servers = 's.example', user = 'u', {secret}, oauth_token = {{ env = 'T' }}"
    );
    check_wrong(&both, &["two ways to log in"]);
    check_wrong(
        &format!("{WHO}, servers = 's.example', user = 'u', password = 'hunter2'"),
        &["secrets do not stand here"],
    );
}

#[test]
fn a_secret_crosses_no_network_in_the_open() {
    let with = |server: &str, tls: &str| {
        format!(
            "{WHO}, servers = '{server}', tls = '{tls}', user = 'u', password = {{ env = 'P' }}"
        )
    };
    for tls in ["none", "opportunistic"] {
        check_wrong(&with("s.example", tls), &["may cross the network to s.example unencrypted"]);
        check_wrong(&with("127.0.0.1.example", tls), &["may cross the network"]);
        for own in ["127.0.0.1:2525", "localhost", "[::1]"] {
            assert!(read(&with(own, tls)).is_ok(), "{own}");
        }
    }
}

#[test]
fn addresses_are_plain_ones() {
    let to = |to: &str| format!("to = [{to}], from = 'a@b.example', servers = 's.example'");
    for wrong in
        ["", "ops", "ops@", "@b", "-f@b.example", "a b@c", "\\\"a b\\\"@c", "a@b\\r\\nRCPT"]
    {
        let problems = read(&to(&format!("\"{wrong}\""))).unwrap_err();
        assert_eq!(problems.len(), 1, "{wrong}: {problems:?}");
    }
    check_wrong(&to("'Ops <a@b.example>'"), &["without a name"]);
    let long = format!("to = 'a@b.example', from = '{} <a@b.example>'", "长".repeat(129));
    check_wrong(&format!("{long}, servers = 's.example'"), &["give a shorter name"]);
    check_wrong(&to("'ops@bücher.example'"), &["xn--"]);
    check_wrong(&to("'运维@b.example'"), &["few servers take"]);
    check_wrong(&to("'a@b.example', 'A@b.example'"), &["stands twice"]);
    check_wrong(&to(""), &["lists nobody"]);
    let many: Vec<_> = (0..65).map(|n| format!("'a{n}@b.example'")).collect();
    check_wrong(&to(&many.join(", ")), &["at most 64"]);
    assert_eq!(read(&to("'a.b+c@d.example', 'root@localhost'")).unwrap().to.len(), 2);
    for wrong in ["smtp://s.example", "s.example:0", "s.example:99999", "s example", "::1", "a:b:c"]
    {
        let keys = format!("{WHO}, servers = '{wrong}'");
        check_wrong(&keys, &["is no mail server"]);
    }
}
