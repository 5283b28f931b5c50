//! What mails say: golden files in `tests/data/mail`, which Python's `email` parses too.
//!
//! `OCRWATCH_BLESS=1 cargo test --test it mail` writes them anew; read the difference.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use ocrwatch::catalogue::Severity;
use ocrwatch::config::{Receiver, Templates};
use ocrwatch::deliver::email::{Letter, compose};
use ocrwatch::engine::{AlertStatus, Evidence, Notification, NotifyReason, Sample, Span};
use ocrwatch::render::{Texts, View};
use ocrwatch::surface::Language;

use super::world::{ROUTE, created, email, error, lockout, receiver, told};
use crate::harness::data;

const HOST: &str = "monitor-1";

fn letter(notification: &Notification, texts: &Texts) -> Letter {
    let keys = "to = ['ops@example.test', 'team@example.test'], reply_to = 'team@example.test', \
                from = 'OCR 告警 <alerts@example.test>', servers = 's.example.test'";
    letter_of(&receiver(keys), notification, texts)
}

fn letter_of(receiver: &Receiver, notification: &Notification, texts: &Texts) -> Letter {
    let words = (email(receiver), &receiver.templates);
    compose(notification, words, texts, HOST, created()).expect("a mail")
}

fn file(name: &str) -> PathBuf {
    data(&format!("mail/{name}.eml"))
}

fn text_of(letter: &Letter) -> &str {
    str::from_utf8(&letter.bytes).expect("a mail is ASCII")
}

#[track_caller]
fn check_golden(name: &str, letter: &Letter) {
    assert!(letter.bytes.is_ascii(), "{name} needs 8BITMIME");
    let version = concat!("ocrwatch ", env!("CARGO_PKG_VERSION"), " on");
    let text = text_of(letter).replace(version, "ocrwatch VERSION on");
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        fs::create_dir_all(data("mail")).expect("a writable folder");
        fs::write(file(name), &text).expect("a writable folder");
    }
    let expected = fs::read_to_string(file(name)).unwrap_or_default();
    assert_eq!(text, expected, "{name}");
    for line in text.split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{name}: {line:?}");
    }
}

/// A header, its folds undone.
fn header(letter: &Letter, name: &str) -> String {
    let (head, _) = text_of(letter).split_once("\r\n\r\n").expect("a head and a body");
    let head = head.replace("\r\n ", " ");
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

/// Every notification about a rule.
fn about(told: &[Arc<Notification>], rule: &str) -> Vec<Arc<Notification>> {
    let is_about = |told: &&Arc<Notification>| told.alerts.iter().any(|a| &*a.alert.rule == rule);
    told.iter().filter(is_about).cloned().collect()
}

const CHINESE: &str = "[[rule]]\nname = 'quality'\nseverity = 'warning'\n\
                       match = { code = 'AIS.0104' }\ncondition = 'count >= 3'\nwindow = '5m'\n\
                       group_by = ['service', 'source']\n\
                       summary = '{{ source }} 的图片无法识别，请检查图片质量'\n\
                       note = '先看 https://wiki.example.test/ocr，再找值班。'\n\
                       links = ['https://wiki.example.test/ocr']\n";

#[test]
fn a_lockout_and_its_end_are_as_written() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let told = about(&told, "aksk-lockout");
    assert_eq!(told.len(), 2, "{told:#?}");
    let (firing, resolved) = (letter(&told[0], &texts), letter(&told[1], &texts));
    check_golden("lockout-firing", &firing);
    check_golden("lockout-resolved", &resolved);
    assert_eq!(firing.subject, "[FIRING] aksk-lockout: scan");
    assert_eq!(resolved.subject, "[RESOLVED] aksk-lockout: scan");
}

#[test]
fn a_subject_in_chinese_is_encoded_and_the_same_until_the_end() {
    let errors: Vec<_> = (0..4).map(|n| ("扫描网关", error(n, "AIS.0104", "图片质量差"))).collect();
    let (told, texts) = told(&format!("{CHINESE}{ROUTE}"), &errors);
    let told = about(&told, "quality");
    let letters: Vec<_> = told.iter().map(|told| letter(told, &texts)).collect();
    check_golden("chinese", &letters[0]);
    // The summary names nothing that changes, so it is the subject.
    assert_eq!(letters[0].subject, "[FIRING] 扫描网关 的图片无法识别，请检查图片质量");
    let last = letters.last().expect("a resolved notice");
    assert_eq!(last.subject, "[RESOLVED] 扫描网关 的图片无法识别，请检查图片质量");
    assert_eq!(header(last, "References"), header(&letters[0], "References"));
}

#[test]
fn several_alerts_are_one_mail_and_nothing_of_them_is_more_than_text() {
    let evil = "</pre><script>alert(1)</script>\r\nBcc: evil@example.test\r\n\r\n\u{202e}x";
    let mut errors = Vec::new();
    for n in 0..6 {
        let mut signature = error(n * 10, "APIG.0301", super::world::SIGNATURE);
        signature.sample = format!("{evil}\n.\n..\nFrom me").into();
        signature.place.file = "<img src=x>.log".into();
        errors.push(("<b>&\"'", signature));
        errors.push(("<b>&\"'", error(n * 10 + 1, "APIG.0308", evil)));
    }
    let route = ROUTE.replace("['rule', 'credential']", "[]").replace("'0s'", "'2m'");
    let (told, texts) = told(&route, &errors);
    let letter = letter(&told[0], &texts);
    check_golden("hostile", &letter);
    assert!(letter.subject.ends_with(" and others"), "{}", letter.subject);
    assert_eq!(header(&letter, "Bcc"), "");
}

#[test]
fn the_resolved_mail_is_in_the_thread_of_the_firing_one_across_midnight_and_if_that_was_lost() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let told = about(&told, "aksk-lockout");
    let days: Vec<_> = told.iter().map(|told| told.at.to_utc().timestamp() / 86_400).collect();
    let firing = letter(&told[0], &texts);
    let resolved = letter(&told[1], &texts);
    let root = header(&firing, "References");
    assert!(root.ends_with(".incident.ocrwatch@example.test>"), "{root}");
    assert_eq!(header(&resolved, "References"), root, "{days:?}");
    assert_eq!(header(&resolved, "In-Reply-To"), root);
    // No mail has the root's id: whichever comes first begins the thread.
    assert!(![&firing.message_id, &resolved.message_id].contains(&&root));
    assert_ne!(firing.message_id, resolved.message_id);
    let local = |n: usize| told[n].at.to_utc() + chrono::TimeDelta::hours(8);
    assert_ne!(local(0).date_naive(), local(1).date_naive(), "no midnight lies between");
    // A new incident of the same key is another thread.
    let mut later = (*told[0]).clone();
    let mut alert = (*later.alerts[0].alert).clone();
    alert.fired_at = alert.fired_at.map(|at| at.plus(Span::DAY));
    later.alerts[0].alert = Arc::new(alert);
    assert_ne!(header(&letter(&later, &texts), "References"), root);
    // One about both joins them, the older first.
    later.alerts.push(told[0].alerts[0].clone());
    let joined = header(&letter(&later, &texts), "References");
    assert!(joined.starts_with(&format!("{root} <")), "{joined}");
}

#[test]
fn our_own_words_are_in_the_reader_s_language_and_what_is_documented_is_not() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let view = View { language: Language::Chinese, ..texts.view };
    let letter = letter(&about(&told, "aksk-lockout")[0], &texts.read_in(view));
    check_golden("lockout-zh", &letter);
    assert_eq!(letter.subject, "[告警] aksk-lockout: scan");
    assert_eq!(header(&letter, "X-Ocrwatch-Status"), "firing");
    let body = decoded(&letter);
    for needed in ["处理方法", "Check whether the AK/SK pair is correct", "后恢复"] {
        assert!(body.contains(needed), "no {needed}");
    }
}

#[test]
fn what_is_known_is_a_line_and_why_it_is_told_again_stands_above() {
    let mut errors = lockout("scan");
    errors.extend((0..6).map(|n| ("scan", error(90 + n, "APIG.0308", "too many requests"))));
    let route = ROUTE.replace("['rule', 'credential']", "[]");
    let (told, texts) = told(&format!("{route}repeat_interval = '1m'\n"), &errors);
    let known = about(&told, "throttled");
    let body = decoded(&letter(&known[0], &texts));
    let listed = "Told before, and still firing:\n  • the AK/SK of scan is locked";
    assert!(body.contains(listed), "{body}");
    let is_repeat = |told: &&Arc<Notification>| matches!(told.reason, NotifyReason::Repeat { .. });
    let repeat = told.iter().find(is_repeat).expect("it is told again");
    let letter = letter(repeat, &texts);
    let body = decoded(&letter);
    assert!(body.contains("Nothing has changed; this is told again, once by now."), "{body}");
    // A mail about an incident is in its thread, whatever else it is about.
    let rule = &repeat.alerts[0].alert.rule;
    let first = header(&self::letter(&about(&told, rule)[0], &texts), "References");
    let again = header(&letter, "References");
    assert!(first.split(' ').any(|id| again.contains(id)), "{first}, {again}");
}

#[test]
fn an_operator_s_own_words_stand_in_the_place_of_ours() {
    let (told, texts) = told(ROUTE, &lockout("<b>scan"));
    let told = &about(&told, "aksk-lockout")[0];
    let mut receiver = receiver("servers = 's.example.test'");
    receiver.templates = Templates {
        subject: Some("OCR {{ status }}: {{ alerts[0].rule }}\nBcc: a@b".into()),
        text: Some("only {{ headline }}".into()),
        html: Some("<p>{{ headline }}</p>".into()),
        chat: None,
    };
    let letter = letter_of(&receiver, told, &texts);
    assert_eq!(letter.subject, "OCR firing: aksk-lockout Bcc: a@b");
    assert_eq!(header(&letter, "Bcc"), "");
    let body = decoded(&letter);
    assert!(body.contains("only the AK/SK of <b>scan is locked"), "{body}");
    assert!(body.contains("<p>the AK&#x2f;SK of &lt;b&gt;scan is locked"), "{body}");
}

#[test]
fn a_test_says_that_it_is_one() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let mut sample = (*told[0]).clone();
    sample.passage.is_sample = true;
    let letter = letter(&sample, &texts);
    assert!(letter.subject.starts_with("[TEST] [FIRING] "), "{}", letter.subject);
    assert!(decoded(&letter).starts_with("This is a test of ocrwatch: nothing has happened.\n"));
}

#[test]
fn every_attempt_is_the_same_mail() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let first = letter(&told[0], &texts);
    assert_eq!(first, letter(&told[0], &texts));
    assert_eq!(first.message_id, format!("<{}.ocrwatch@example.test>", told[0].id));
    assert_eq!(header(&first, "Message-ID"), first.message_id);
    assert_eq!(header(&first, "Date"), "Tue, 24 Nov 2026 00:00:00 +0800");
}

/// As many alerts as the policy lets a notification have, each with all that it can have.
#[test]
fn the_largest_notification_is_a_mail_below_90_kb_with_the_gravest_s_solution() {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let told = about(&told, "aksk-lockout");
    let mut large = (*told[0]).clone();
    let one = large.alerts[0].clone();
    let mut evidence: Evidence = (*one.alert.evidence).clone();
    let sample = Sample { text: "识别失败 <&\"> ".repeat(120), ..evidence.samples[0].clone() };
    evidence.samples = vec![sample; 3];
    for n in 0..99 {
        let mut alert = (*one.alert).clone();
        alert.severity = Severity::Warning;
        alert.labels[0].1 = format!("credential-{n}-{}", "长".repeat(80)).into();
        alert.evidence = Arc::new(evidence.clone());
        let mut told = one.clone();
        told.alert = Arc::new(alert);
        told.status = if n % 2 == 0 { AlertStatus::Firing } else { AlertStatus::FiredAndResolved };
        large.alerts.push(told);
    }
    (large.firing, large.left_out) = (250, 150);
    let letter = letter(&large, &texts);
    println!("{} bytes", letter.bytes.len());
    assert!(letter.bytes.len() <= 90_000, "{}", letter.bytes.len());
    let body = decoded(&letter);
    for needed in ["150 more alerts", "and 79 more", "What to do", "There is no room"] {
        assert!(body.contains(needed), "no {needed}");
    }
    // One alert with as long a note as comes out of a template.
    let mut rules = texts.rules.to_vec();
    let rule = rules.iter_mut().find(|rule| &*rule.name == "aksk-lockout").expect("a rule");
    rule.note = Some("很长的说明 <b>&</b> ".repeat(600).into());
    let texts = Texts { rules: rules.into(), ..(*texts).clone() };
    let letter = self::letter(&told[0], &texts);
    println!("{} bytes", letter.bytes.len());
    assert!(letter.bytes.len() <= 90_000, "{}", letter.bytes.len());
    let body = decoded(&letter);
    assert!(body.contains("What to do") && body.contains("很长的说明"));
}

/// Runs Python, if it is there; else says that the test is skipped.
fn python(script: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("python3");
    let Ok(output) = command.arg("-c").arg(script).args(arguments).output() else {
        println!("skipped: there is no python3 here");
        return None;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The text and the HTML of a mail, as another program reads them.
fn decoded(letter: &Letter) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("a.eml");
    fs::write(&path, &letter.bytes).expect("a file");
    let script = "import email.policy,sys\n\
                  m=email.message_from_binary_file(open(sys.argv[1],'rb'),policy=email.policy.default)\n\
                  sys.stdout.reconfigure(encoding='utf-8')\n\
                  [print(p.get_content()) for p in m.iter_parts()]";
    let path = path.to_str().expect("a path in UTF-8");
    python(script, &[path]).unwrap_or_else(|| {
        // Good enough for what is looked for.
        text_of(letter).replace("=\r\n", "")
    })
}

#[test]
fn another_parser_finds_what_was_meant() {
    let script = r#"
import email, email.policy, sys, re, html.parser
sys.stdout.reconfigure(encoding='utf-8')
for path in sys.argv[1:]:
    m = email.message_from_binary_file(open(path, 'rb'), policy=email.policy.default)
    assert not m.defects, m.defects
    for name in ['From','To','Subject','Date','Message-ID','References','List-Id','Reply-To']:
        assert len(m.get_all(name)) == 1, name
        assert not m[name].defects, (name, m[name].defects)
    assert m['Auto-Submitted'] == 'auto-generated' and m['X-Auto-Response-Suppress'] == 'All'
    assert m['Date'].datetime.utcoffset().total_seconds() == 8 * 3600
    assert m.get_content_type() == 'multipart/alternative'
    parts = list(m.iter_parts())
    assert [p.get_content_type() for p in parts] == ['text/plain', 'text/html']
    for p in parts:
        assert not p.defects and p.get_content_charset() == 'utf-8'
        assert max(map(len, p.as_bytes().split(b"\n"))) <= 998
    text, page = [p.get_content() for p in parts]
    class Page(html.parser.HTMLParser):
        tags, stack = set(), []
        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            if tag not in ('meta', 'br'): self.stack.append(tag)
            for name, value in attributes:
                assert not name.startswith('on') and name not in ('src', 'background'), name
                assert 'url(' not in (value or '') or name == 'href', value
        def handle_endtag(self, tag):
            assert self.stack.pop() == tag, (tag, self.stack)
    parser = Page(); parser.feed(page); parser.close()
    assert not parser.stack, parser.stack
    assert not parser.tags & {'script','img','link','iframe','form','object','b2','pre'}, parser.tags
    assert '\u202e' not in text + page and '\r' not in text.replace('\r\n', '')
    first = [text.find(w) for w in ('What to do', 'Locked', 'Sample', 'Next') if w in text]
    assert first == sorted(first), first
    print(m['Subject'], '|', m['From'].addresses[0].display_name, '|', m['X-Ocrwatch-Code'])
"#;
    let names = ["lockout-firing", "lockout-resolved", "lockout-zh", "chinese", "hostile"];
    let paths = names.map(|name| file(name).to_str().expect("a path in UTF-8").to_owned());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let Some(printed) = python(script, &paths) else { return };
    assert_eq!(
        printed,
        "[FIRING] aksk-lockout: scan | OCR 告警 | APIG.0301\n\
         [RESOLVED] aksk-lockout: scan | OCR 告警 | APIG.0301\n\
         [告警] aksk-lockout: scan | OCR 告警 | APIG.0301\n\
         [FIRING] 扫描网关 的图片无法识别，请检查图片质量 | OCR 告警 | AIS.0104\n\
         [FIRING] aksk-lockout: <b>&\"' and others | OCR 告警 | APIG.0301, APIG.0308\n"
    );
}
