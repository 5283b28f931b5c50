//! Reports into files: which format, whole or not at all, and the page for a browser.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{Sandbox, data};

const LOG: &str = "\
2026-11-20 10:00:02,200 ERROR scan: job 2: {\"error_msg\": \"The image size does not meet the \
requirements.\", \"error_code\": \"AIS.0103\"}
2026-11-20 10:20:00,000 ERROR scan: job 3: {\"error_code\": \"ModelArts.4204\", \"error_msg\": \
\"Request api error! The API <b>\\\"id\\\"</b> is not subscribed.\"}
";

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).expect("a report")
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.path("")).expect("the sandbox");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn one_reading_writes_every_file_in_the_format_of_its_ending() {
    let sandbox = Sandbox::with("app.log", LOG);
    let files = ["r.html", "r.json", "r.csv", "r.md", "r.txt"];
    let mut arguments = vec!["report", "app.log"];
    arguments.extend(files.iter().flat_map(|file| ["-o", file]));
    sandbox.run(&arguments).code(0).stdout_is("").stderr_is("");
    assert!(read(&sandbox, "r.html").starts_with("<!doctype html>"));
    let json: Value = serde_json::from_str(&read(&sandbox, "r.json")).unwrap();
    assert_eq!(json["totals"]["occurrences"], 2);
    assert!(read(&sandbox, "r.csv").starts_with("code,module,"));
    assert!(read(&sandbox, "r.md").starts_with('#'));
    assert!(read(&sandbox, "r.txt").starts_with("  "));
    assert_eq!(names(&sandbox), ["app.log", "r.csv", "r.html", "r.json", "r.md", "r.txt"]);
}

#[test]
fn the_page_goes_to_standard_output_where_no_file_is_named() {
    let sandbox = Sandbox::with("app.log", LOG);
    let page = sandbox.run(&["report", "--format", "html", "--lang", "zh", "app.log"]);
    page.code(0).stdout_has("<html lang=\"zh-CN\">").stdout_has("问题与处理方法");
    page.stdout_has("&lt;b&gt;").stdout_lacks("<b>");
    page.stdout_has("ocrwatch report --format html --lang zh app.log");
}

#[test]
fn the_shipped_log_makes_a_page_that_says_what_is_broken_and_what_to_do() {
    let sandbox = Sandbox::new();
    let log = data("ocr-gateway.log");
    sandbox.ocrwatch(&["report", "-o", "r.html"]).arg(log).run().code(0);
    let page = read(&sandbox, "r.html");
    for said in [
        "<h1>2 critical problems and 4 warnings, 1 still open at the end; 48 errors in all</h1>",
        "<h3>API ocr_vat_invoice is not subscribed: 5 calls failed</h3>",
        "Go to the console, select an appropriate region, and subscribe to the API you need.",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.len() < 100_000, "{}", page.len());
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let sandbox = Sandbox::with("app.log", LOG);
    let report = |arguments: &[&str]| sandbox.run(&[&["report", "app.log"], arguments].concat());
    report(&["-o", "there/r.html"])
        .code(74)
        .stderr_has("cannot write there/r.html: no such file or directory\n")
        .stderr_has("hint: name a file in a directory that you may write to");
    report(&["-o", "r.pdf"]).code(64).stderr_has("the ending of r.pdf is no format's");
    report(&["-o", "r.jsonl", "-o", "r.html"]).code(64).stderr_has("jsonl goes to one place");
    assert_eq!(names(&sandbox), ["app.log"]);
}

#[test]
fn a_link_and_a_pipe_are_written_through() {
    let sandbox = Sandbox::with("app.log", LOG);
    sandbox.file("kept/real.html", "before");
    std::os::unix::fs::symlink("kept/real.html", sandbox.path("link.html")).unwrap();
    sandbox.run(&["report", "app.log", "-o", "link.html"]).code(0);
    assert!(read(&sandbox, "kept/real.html").starts_with("<!doctype html>"));
    assert!(fs::symlink_metadata(sandbox.path("link.html")).unwrap().is_symlink());
    let out = sandbox.run(&["report", "app.log", "--format", "csv", "-o", "/dev/stdout"]);
    out.code(0).stdout_has("AIS.0103,OCR");
}

#[test]
fn a_new_file_has_the_rights_that_the_user_gives_to_files() {
    let sandbox = Sandbox::with("app.log", LOG);
    let program = env!("CARGO_BIN_EXE_ocrwatch");
    let mut shell = std::process::Command::new("sh");
    let line = format!("umask 027; exec {program} report app.log -o r.html");
    let status = shell.args(["-c", &line]).current_dir(sandbox.path("")).status().unwrap();
    assert!(status.success());
    let mode = fs::metadata(sandbox.path("r.html")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
