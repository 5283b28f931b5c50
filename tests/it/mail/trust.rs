//! Encryption, and which servers are believed to be who they say.

use std::path::PathBuf;
use std::process::Command;

use ocrwatch::deliver::{Again, Failure, Scope};

use super::peer::{Act, Offer, Peer};
use super::servers::Scene;
use crate::harness::Sandbox;

/// An authority, and certificates that it signs.
pub(crate) struct Authority {
    sandbox: Sandbox,
}

impl Authority {
    /// None where there is no openssl; that is said.
    pub(crate) fn new() -> Option<Self> {
        let authority = Self { sandbox: Sandbox::new() };
        let made = authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
             -days 30 -subj /CN=test -addext basicConstraints=critical,CA:TRUE \
             -addext keyUsage=keyCertSign",
        );
        if !made {
            println!("skipped: there is no openssl here");
        }
        made.then_some(authority)
    }

    /// A certificate and its key for a name, valid for so many days from now; for none, it ended
    /// yesterday.
    pub(crate) fn sign(&self, name: &str, alternative: &str, days: u32) -> (PathBuf, PathBuf) {
        self.sandbox.file(
            &format!("{name}.ext"),
            format!("subjectAltName={alternative}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"),
        );
        let key = format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key \
             -out {name}.csr -subj /CN={name}"
        );
        assert!(self.openssl(&key), "a key");
        let dates = match days {
            0 => "-startdate 20200101000000Z -enddate 20200201000000Z".to_owned(),
            days => format!("-days {days}"),
        };
        // `ca` alone sets dates that are over.
        self.sandbox.file("index.txt", "").file("serial", "01\n");
        self.sandbox.file(
            "ca.conf",
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
             default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n",
        );
        let sign = format!(
            "ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key -in {name}.csr \
             -out {name}.pem -extfile {name}.ext {dates}"
        );
        assert!(self.openssl(&sign), "a certificate");
        (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    pub(crate) fn ca(&self) -> String {
        self.path("ca.pem").display().to_string()
    }

    fn openssl(&self, arguments: &str) -> bool {
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).current_dir(self.path(""));
        let Ok(output) = command.output() else { return false };
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        true
    }
}

fn peer(authority: &Authority, name: &str, alternative: &str, days: u32) -> Peer {
    let (certificate, key) = authority.sign(name, alternative, days);
    let offer = Offer::default().with_certificate(&certificate, &key);
    Peer::start(offer, |_, _| Act::Usual)
}

fn keys(peer: &Peer, more: &str) -> String {
    format!("servers = 'localhost:{}', timeout = '5s'{more}", peer.port)
}

#[track_caller]
fn check(failure: &Failure, stage: &str, words: &[&str]) {
    let expected = (stage, Again::Later, Scope::Receiver);
    assert_eq!((failure.stage, failure.again, failure.scope), expected, "{failure:?}");
    let said = format!("{} {}", failure.what, failure.hint.as_deref().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

#[test]
fn a_mail_is_sent_to_who_proves_to_be_the_server() {
    let Some(authority) = Authority::new() else { return };
    let ca = format!(", ca_file = '{}'", authority.ca());
    let good = peer(&authority, "good", NAMES, 30);
    let mut scene = Scene::new(&keys(&good, &ca));
    scene.send(0).expect("it is taken");
    assert!(scene.steps.contains("tls: encrypted, the certificate is right"), "{}", scene.steps);
    assert_eq!(good.verbs(), "0EHLO 0STARTTLS 0EHLO 0MAIL 0RCPT 0DATA 0.");
    // By its address, too.
    let by_address = format!("servers = '{}'{ca}", good.address());
    Scene::new(&by_address).send(0).expect("it is taken");

    let (certificate, key) = (authority.path("good.pem"), authority.path("good.key"));
    let offer =
        Offer { is_implicit: true, ..Offer::default().with_certificate(&certificate, &key) };
    let implicit = Peer::start(offer, |_, _| Act::Usual);
    let mut scene = Scene::new(&keys(&implicit, &format!("{ca}, tls = 'implicit'")));
    scene.send(0).expect("it is taken");
    assert_eq!(implicit.verbs(), "0EHLO 0MAIL 0RCPT 0DATA 0.");
    let mut scene = Scene::new(&keys(&good, &format!("{ca}, tls = 'opportunistic'")));
    scene.send(0).expect("it is taken");
    assert!(scene.steps.contains("tls: encrypted"), "{}", scene.steps);
}

#[test]
fn who_is_not_believed_gets_nothing() {
    let Some(authority) = Authority::new() else { return };
    let ca = format!(", ca_file = '{}'", authority.ca());
    let expired = peer(&authority, "expired", NAMES, 0);
    let failure = Scene::new(&keys(&expired, &ca)).fails();
    check(&failure, "tls", &["has expired", "renewed"]);
    let other = peer(&authority, "other", "DNS:mail.example.test", 30);
    let failure = Scene::new(&keys(&other, &ca)).fails();
    check(&failure, "tls", &["not for `localhost` but for", "mail.example.test", "`servers`"]);
    let stranger = Authority::new().expect("openssl");
    let unknown = peer(&stranger, "unknown", NAMES, 30);
    for tls in ["starttls", "opportunistic"] {
        let failure = Scene::new(&keys(&unknown, &format!("{ca}, tls = '{tls}'"))).fails();
        check(&failure, "tls", &["nobody who is believed", "`ca_file`"]);
    }
    for peer in [&expired, &other, &unknown] {
        assert!(!peer.verbs().contains("MAIL") && peer.mails().is_empty(), "{}", peer.verbs());
    }
    let good = peer(&authority, "good", NAMES, 30);
    for (file, word) in [("nowhere.pem", "No such file"), ("good.key", "no certificate")] {
        let path = authority.path(file);
        let failure =
            Scene::new(&keys(&good, &format!(", ca_file = '{}'", path.display()))).fails();
        check(&failure, "tls", &[word, "PEM"]);
    }
}

#[test]
fn a_server_whose_offer_of_starttls_was_taken_out_gets_nothing() {
    let stripped = Peer::usual(&["SIZE 1000"]);
    let failure = Scene::new(&keys(&stripped, "")).fails();
    check(&failure, "starttls", &["does not offer STARTTLS; nothing was sent", "587"]);
    assert!(!stripped.verbs().contains("MAIL"), "{}", stripped.verbs());
    Scene::new(&keys(&stripped, ", tls = 'opportunistic'")).send(0).expect("it may go plain");
}

/// What stands behind the answer to STARTTLS in the clear would be read as the answer to the next
/// question, and its own answer as that to the one behind.
#[test]
fn what_is_slipped_in_before_the_encryption_is_noticed() {
    let Some(authority) = Authority::new() else { return };
    let (certificate, key) = authority.sign("good", NAMES, 30);
    let offer = Offer::default().with_certificate(&certificate, &key);
    let slipped = Peer::start(offer, |_, line| match line {
        "STARTTLS" => Act::Say("220 go ahead\r\n250 slipped in"),
        _ => Act::Usual,
    });
    let mut scene = Scene::new(&keys(&slipped, &format!(", ca_file = '{}'", authority.ca())));
    let failure = scene.fails();
    assert!(failure.what.contains("another question"), "{failure:?}");
    assert!(slipped.mails().is_empty());
}

#[test]
fn the_wrong_way_to_encrypt_is_told_apart() {
    let Some(authority) = Authority::new() else { return };
    let (certificate, key) = authority.sign("good", NAMES, 30);
    let offer = Offer::default().with_certificate(&certificate, &key);
    let ca = format!(", ca_file = '{}'", authority.ca());
    let starttls = Peer::start(offer.clone(), |_, _| Act::Usual);
    let failure = Scene::new(&keys(&starttls, &format!("{ca}, tls = 'implicit'"))).fails();
    check(&failure, "tls", &["does not encrypt from the first byte on", "starttls"]);
    let implicit = Peer::start(Offer { is_implicit: true, ..offer.clone() }, |_, _| Act::Usual);
    let keys_of = |tls: &str| {
        format!("servers = 'localhost:{}', timeout = '1s', tls = '{tls}'", implicit.port)
    };
    let failure = Scene::new(&keys_of("starttls")).fails();
    check(&failure, "hello", &["no answer in time"]);
    for verb in ["STARTTLS", "TLS"] {
        for act in [Act::Hang, Act::Close] {
            let act_of = act.clone();
            let peer =
                Peer::start(
                    offer.clone(),
                    move |_, line| {
                        if line == verb { act_of.clone() } else { Act::Usual }
                    },
                );
            let more = ca.clone();
            let keys = format!("servers = 'localhost:{}', timeout = '1s'{more}", peer.port);
            let failure = Scene::new(&keys).fails();
            check(
                &failure,
                "starttls",
                &[if matches!(act, Act::Hang) { "in time" } else { "closed" }],
            );
        }
    }
}
