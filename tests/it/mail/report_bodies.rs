//! What a report in a mail says, as Python's `email` and `html.parser` read it.
//!
//! `OCRWATCH_BLESS=1 cargo test --test it report_bodies` writes the golden files anew; read the
//! difference.

use std::fmt::Write as _;
use std::process::Command;

use chrono::NaiveDate;
use ocrwatch::catalogue::{Catalogue, Entry};
use serde_json::Value;

use super::exim::Exim;
use super::peer::Peer;
use crate::harness::{Sandbox, data};

/// A mail in the terms of another program; what is wrong with it fails there.
const PARSE: &str = r#"
import email, email.policy, html.parser, json, sys
m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
assert not m.defects, m.defects
for name in ['From', 'To', 'Subject', 'Date', 'Message-ID', 'List-Id', 'Auto-Submitted']:
    assert len(m.get_all(name)) == 1 and not m[name].defects, name
assert m.get_content_type() == 'multipart/mixed'
both, *attached = m.iter_parts()
assert both.get_content_type() == 'multipart/alternative'
parts = list(both.iter_parts())
assert [p.get_content_type() for p in parts] == ['text/plain', 'text/html']
for p in parts + attached:
    assert not p.defects and p.get_content_charset() == 'utf-8', p.get_content_type()
    assert max(map(len, p.as_bytes().split(b"\n"))) <= 998
text, page = [p.get_content() for p in parts]
class Page(html.parser.HTMLParser):
    tags, stack = set(), []
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in ('meta', 'br'): self.stack.append(tag)
        for name, value in attributes:
            assert not name.startswith('on') and name not in ('src', 'href', 'background'), name
            assert 'url(' not in (value or ''), value
    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, (tag, self.stack)
parser = Page(); parser.feed(page); parser.close()
assert not parser.stack, parser.stack
known = set('html head meta title style body div table tr td th span h1 h2 ul li b'.split())
assert parser.tags <= known, parser.tags - known
assert 'url(' not in page and '@import' not in page
head = {name: str(value) for name, value in m.items()}
json.dump({'head': head, 'text': text.replace('\r\n', '\n'), 'html': page.replace('\r\n', '\n'),
           'names': [p.get_filename() for p in attached],
           'attached': [p.get_content() for p in attached],
           'bytes': len(both.as_bytes())}, sys.stdout)
"#;

/// Nothing where there is no Python; that is said.
fn parsed(mail: &str) -> Option<Value> {
    let sandbox = Sandbox::with("a.eml", mail);
    let path = sandbox.path("a.eml");
    let Ok(output) = Command::new("python3").args(["-c", PARSE]).arg(path).output() else {
        println!("skipped: there is no python3 here");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{mail}");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The mail about a log, with these arguments beside.
fn mail(name: &str, log: impl AsRef<[u8]>, arguments: &[&str]) -> Option<Value> {
    let peer = Peer::usual(&[]);
    let sandbox = Sandbox::with(name, log);
    sandbox.file(
        "o.toml",
        format!(
            "[[receiver]]\nname = \"ops\"\nemail = {{ to = [\"nobody@example.test\"], \
             from = \"OCR <alerts@example.test>\", servers = \"{}\", tls = \"none\" }}\n",
            peer.address()
        ),
    );
    let given = ["report", name, "--config", "o.toml", "--email", "ops@example.test"];
    sandbox.run(&[&given[..], arguments].concat()).code(0);
    parsed(&peer.mails()[0])
}

fn text<'m>(mail: &'m Value, key: &str) -> &'m str {
    mail[key].as_str().expect("a text")
}

fn gateway() -> Vec<u8> {
    std::fs::read(data("ocr-gateway.log")).expect("the log")
}

/// Without what hangs on the machine and the present.
fn settled(body: &str) -> String {
    let version = concat!("ocrwatch ", env!("CARGO_PKG_VERSION"), " ");
    let lines = body.lines().map(|line| match line.split_once(version) {
        Some((before, _)) => format!("{before}ocrwatch VERSION on HOST"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[track_caller]
fn check_golden(name: &str, found: &str) {
    let path = data(&format!("mail/{name}"));
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, found).expect("a writable folder");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name}");
}

#[test]
fn the_bodies_are_as_written() {
    let Some(mail) = mail("app.log", gateway(), &[]) else { return };
    check_golden("report.txt", &settled(text(&mail, "text")));
    check_golden("report.html", &settled(text(&mail, "html")));
    let subject = text(&mail["head"], "Subject");
    assert_eq!(subject, "[ocrwatch] 2 critical problems and 4 warnings · 2026-11-23");
    for line in text(&mail, "text").lines().filter(|line| !line.starts_with("  ocrwatch report")) {
        assert!(line.chars().count() <= 76, "{line}");
    }
}

#[test]
fn our_own_words_are_in_the_language_that_is_asked_for() {
    let Some(mail) = mail("app.log", gateway(), &["--lang", "zh"]) else { return };
    check_golden("report-zh.txt", &settled(text(&mail, "text")));
    let subject = text(&mail["head"], "Subject");
    assert_eq!(subject, "[ocrwatch] 2 个严重问题、4 个警告 · 2026-11-23");
    let html = text(&mail, "html");
    for words in ["<html lang=\"zh-CN\">", "问题与处理方法", "Check whether the AK/SK pair"]
    {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn a_log_without_errors_is_a_mail_that_says_so() {
    let log = "2026-11-23 10:00:00 INFO scan: started\n";
    let Some(mail) = mail("app.log", log, &[]) else { return };
    assert_eq!(text(&mail["head"], "Subject"), "[ocrwatch] nothing found · 2026-11-23");
    assert_eq!(text(&mail["head"], "X-Ocrwatch-Severity"), "none");
    let said = "Nothing: no error of the OCR service is in what was read\n";
    assert!(text(&mail, "text").starts_with(said), "{}", text(&mail, "text"));
}

#[test]
fn a_real_program_delivers_it_with_the_page_of_the_report() {
    let Some(exim) = Exim::new() else { return };
    let sandbox = Sandbox::with("app.log", gateway());
    sandbox.file("o.toml", exim.configuration());
    let people = ["--email", "ops@example.test", "--email", "team@example.test"];
    let given = ["report", "app.log", "--config", "o.toml"];
    sandbox.run(&[&given[..], &people].concat()).code(0);
    let page = sandbox.run(&["report", "app.log", "--format", "html"]);
    let mails = exim.mails();
    assert_eq!(mails.len(), 2);
    for (mail, to) in mails.iter().zip(["ops", "team"]) {
        let Some(mail) = parsed(mail) else { return };
        assert_eq!(text(&mail["head"], "Envelope-to"), format!("{to}@example.test"));
        assert_eq!(text(&mail["head"], "Return-path"), "<alerts@example.test>");
        let name = mail["names"][0].as_str().expect("a name");
        let day = name.strip_prefix("ocrwatch-report-").and_then(|it| it.strip_suffix(".html"));
        assert!(day.is_some_and(|day| day.parse::<NaiveDate>().is_ok()), "{name}");
        // But for the command and the time it is the same.
        let attached = mail["attached"][0].as_str().expect("a page");
        let parts = page.stdout().matches("class=").count();
        assert_eq!(attached.matches("class=").count(), parts);
        assert!(attached.starts_with("<!doctype html>"), "{}", &attached[..80]);
    }
}

#[test]
fn nothing_of_a_log_is_more_than_text_and_no_secret_is_in_it() {
    let evil = r"</td><script>alert(1)</script><img src=x onerror=1> {{ command }} \r\n.\r\n\u202e";
    let mut log = String::new();
    for n in 0..8 {
        let _ = writeln!(
            log,
            "2026-11-23 10:00:0{n} ERROR scan: X-Auth-Token: MIIYcAnArY{} ak=HPUACANARYAK00000001 \
             {{\"error_code\":\"AIS.99{n}1\",\"error_msg\":\"{evil} sk=cAnArYsk0123456789abcdefghijklmnopqrstuv\"}}",
            "cAnArY0+/w".repeat(20)
        );
        let _ = writeln!(
            log,
            "2026-11-23 10:01:0{n} ERROR scan: {{\"error_code\":\"APIG.0301\",\"error_msg\":\
             \"Incorrect IAM authentication information: verify aksk signature fail {evil}\"}}"
        );
    }
    let name = "<img src=x onerror=1>\r\nBcc: evil@example.test\u{202e}.log";
    let Some(mail) = mail(name, log, &[]) else { return };
    let everything = mail.to_string();
    assert!(!everything.to_ascii_lowercase().contains("canary"), "{everything}");
    assert!(mail["head"].get("Bcc").is_none(), "{}", mail["head"]);
    for key in ["text", "html"] {
        let body = text(&mail, key);
        assert!(!body.contains(['\u{202e}', '\r', '\u{1b}']), "{body}");
    }
    let html = text(&mail, "html");
    assert!(html.contains("&lt;img src=x onerror=1&gt;"), "{html}");
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
}

/// A log in which each of some codes comes a few times.
fn log_of<'c>(entries: impl Iterator<Item = &'c Entry>) -> String {
    let mut log = String::new();
    for (n, entry) in entries.enumerate() {
        let message = entry.message.as_deref().unwrap_or("failed");
        let body = serde_json::json!({ "error_code": entry.code, "error_msg": message });
        for second in 0..=n % 7 {
            let (hour, minute) = (8 + n / 60, n % 60);
            let _ = writeln!(log, "2026-11-23 {hour:02}:{minute:02}:{second:02} ERROR ocr: {body}");
        }
    }
    log
}

#[test]
fn a_log_of_every_code_is_a_mail_that_programs_show_uncut() {
    let catalogue = Catalogue::embedded();
    let mut documented: Vec<_> = catalogue.entries().collect();
    documented.sort_by_key(|entry| {
        std::cmp::Reverse(entry.solution.iter().map(|it| it.text.len()).sum::<usize>())
    });
    let logs = [log_of(catalogue.entries()), log_of(documented.into_iter().take(45))];
    let english = ["What is broken", "more code", "What to do"];
    let chinese = ["问题与处理方法", "个其他错误码", "处理方法"];
    for (at, log) in logs.iter().enumerate() {
        for (language, needed) in [("en", english), ("zh", chinese)] {
            let Some(mail) = mail("app.log", log, &["--lang", language]) else { return };
            let (text, html) = (text(&mail, "text"), text(&mail, "html"));
            let bytes = mail["bytes"].as_u64().expect("a number");
            println!("log {at}, {language}: {bytes} bytes, {} of text", text.len());
            assert!(bytes <= 90_000 && text.len() <= 30_000, "{bytes}, {}", text.len());
            // The gravest codes of all have no solution.
            for words in &needed[..2 + at] {
                assert!(text.contains(words) && html.contains(words), "{words}\n{text}");
            }
        }
    }
}
