//! Bad inputs: each gets a clear message, none keeps the others from being read, and the exit code
//! says so.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{Outcome, Run, Sandbox, data};

/// A line with an error, its end left to the test.
const LINE: &str = "2026-11-20 10:00:02,200 ERROR scan: {\"error_msg\": \"The input parameter is \
                    invalid.\", \"error_code\": \"AIS.0101\"}";

fn sandbox() -> Sandbox {
    Sandbox::with("good.log", format!("{LINE}\n"))
}

/// The bad file costs the run its exit code and the good one, named after it, nothing.
#[track_caller]
fn check(sandbox: &Sandbox, bad: &str, code: i32, message: &str) -> Outcome {
    check_run(sandbox.ocrwatch(&["extract", bad, "good.log"]), code, message);
    // A report names it too, where it says what was read.
    let report = sandbox.run(&["report", "--format", "json", bad, "good.log"]);
    report.code(code).stderr_is(message);
    let json = report.json();
    assert_eq!(json["inputs"]["with_problems"], 1, "{report}");
    assert!(json["totals"]["occurrences"].as_u64() >= Some(1), "{report}");
    report
}

#[track_caller]
fn check_run(run: Run, code: i32, message: &str) {
    let outcome = run.run();
    outcome.code(code).stderr_is(message).stdout_has("{\"file\":\"good.log\",\"line\":1,");
}

#[test]
fn no_such_file() {
    let sandbox = sandbox();
    check(&sandbox, "app.log", 66, "error: no such file: `app.log`\n");
    let alone = sandbox.run(&["report", "app.log"]);
    alone.code(66).stdout_has("Found        nothing, for nothing was read");
    let message = "error: no such file: `god.log`\nhint: did you mean `good.log`?\n";
    let report = check(&sandbox, "god.log", 66, message);
    assert_eq!(report.json()["inputs"]["listed"][0]["problem"], "no such file");
    check(
        &sandbox,
        "logs/*.gz",
        66,
        "error: no file matches `logs/*.gz`\nhint: `*` and `?` do not \
                                      match `/` or a leading `.`; `**` matches directories\n",
    );
    std::os::unix::fs::symlink("gone.log", sandbox.path("link.log")).expect("a link");
    check(
        &sandbox,
        "link.log",
        66,
        "error: `link.log` is a link to `gone.log`, which is not there\n",
    );
}

#[test]
fn a_file_that_may_not_be_read() {
    let sandbox = sandbox();
    sandbox.file("secret.log", LINE);
    let lock = |mode| Permissions::from_mode(mode);
    std::fs::set_permissions(sandbox.path("secret.log"), lock(0)).expect("a mode");
    let mut run = sandbox.ocrwatch(&["extract", "secret.log", "good.log"]);
    let mut owner = rustix::process::geteuid().as_raw();
    if owner == 0 {
        // Nothing is forbidden to root, so the program runs as `nobody`, from a copy in a place
        // that `nobody` may enter.
        let copy = sandbox.path("ocrwatch");
        std::fs::copy(env!("CARGO_BIN_EXE_ocrwatch"), &copy).expect("a copy of the program");
        std::fs::set_permissions(sandbox.path("."), lock(0o755)).expect("a mode");
        run = sandbox.program(&copy, &["extract", "secret.log", "good.log"]);
        run.command.uid(65534).gid(65534);
    } else {
        owner = rustix::process::getuid().as_raw();
    }
    let group = if owner == 0 { 0 } else { rustix::process::getgid().as_raw() };
    check_run(
        run,
        74,
        &format!(
            "error: cannot read `secret.log`: permission denied (mode 0000, owner {owner}:{group})\n\
         hint: run as its owner or as a member of its group\n"
        ),
    );
}

#[test]
fn a_directory_without_a_log() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path("empty")).expect("a directory");
    check(&sandbox, "empty", 66, "error: no file in `empty`\n");
    sandbox.file("photos/a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    let outcome = sandbox.run(&["extract", "photos", "good.log"]);
    outcome.code(66).stderr_is(
        "error: no log in `photos`: 1 files that are none were skipped\n\
         hint: a file that looks binary is read when it is named\n\
         note: skipped 1 file that no one named: \"photos/a.png\" (binary)\n",
    );
    sandbox.run(&["extract", "photos/a.png"]).code(0).stderr_is("").stdout_is("");
}

#[test]
fn what_is_no_file_of_text() {
    let sandbox = sandbox();
    check(
        &sandbox,
        "/dev/zero",
        74,
        "error: cannot read `/dev/zero`: it is a character device, not a log file\n",
    );
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("a.sock")).expect("a socket");
    check(&sandbox, "a.sock", 74, "error: cannot read `a.sock`: it is a socket, not a log file\n");
    sandbox.file("a.zip", b"PK\x03\x04\x14\0\0\0");
    let message = "error: cannot read `a.zip`: it is a zip archive\n\
                   hint: `unzip -p a.zip | ocrwatch report -` reads it\n";
    check(&sandbox, "a.zip", 74, message);
}

#[test]
fn a_fifo_is_read_as_a_stream() {
    let sandbox = sandbox();
    let path = sandbox.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a fifo");
    let writer = std::thread::spawn(move || {
        // Opening waits for the reader.
        let mut pipe = File::options().write(true).open(path).expect("the fifo");
        writeln!(pipe, "{LINE}").expect("the program reads it");
    });
    let outcome = sandbox.run(&["extract", "pipe", "good.log"]);
    writer.join().expect("the writer ends");
    outcome.code(0).stderr_is("").stdout_has("{\"file\":\"pipe\",\"line\":1,");
    outcome.stdout_has("{\"file\":\"good.log\",\"line\":1,");
}

#[test]
fn a_truncated_archive_gives_what_is_before_its_end() {
    let sandbox = sandbox();
    for kind in ["gz", "bz2", "xz", "zst"] {
        let name = format!("cut.{kind}");
        sandbox.file(&name, std::fs::read(data("input").join(&name)).expect("test data"));
        let outcome = sandbox.run(&["report", "--format", "json", &name, "good.log"]);
        outcome.code(74).stderr_has(&format!("error: `{name}` ends in the middle of its"));
        outcome.stderr_has(" -t` checks it\n");
        let json = outcome.json();
        assert!(json["totals"]["occurrences"].as_u64() > Some(1), "{outcome}");
        let problem = json["inputs"]["listed"][0]["problem"].as_str().unwrap_or_default();
        assert!(problem.contains("ends early"), "{outcome}");
    }
    let archive = std::fs::read(data("input/members.gz")).expect("test data");
    sandbox.file("bad.gz", [&archive[..2000], &[0; 64], &archive[2064..]].concat());
    sandbox.run(&["extract", "bad.gz"]).code(74).stderr_has("`bad.gz` has damaged gzip data");
}

#[test]
fn every_compression_and_encoding_gives_the_same_occurrences() {
    let expected = Sandbox::new().ocrwatch(&["extract"]).arg(data("input/app.log")).run().found();
    assert_eq!(expected.split(' ').count(), 6);
    for name in ["members.gz", "members.bz2", "members.xz", "members.zst", "mixed.gz", "pzstd.zst"]
    {
        let outcome = Sandbox::new().ocrwatch(&["extract"]).arg(data("input").join(name)).run();
        assert_eq!(outcome.code(0).stderr_is("").found(), expected, "{name}");
    }
    for name in ["utf8-marked.log", "utf16le.log", "utf16be-marked.log.gz", "gbk.log"] {
        let outcome = Sandbox::new().ocrwatch(&["extract"]).arg(data("input").join(name)).run();
        let found = outcome.code(0).stderr_is("").found();
        assert_eq!(found, "8:AIS.0101 48:AIS.0101 88:AIS.0101", "{name}");
    }
}

/// An error between two pieces of rubbish is found, at its own line and byte.
#[track_caller]
fn check_between(before: &[u8], after: &[u8], line: u64) {
    let log = [before, LINE.as_bytes(), after].concat();
    let sandbox = Sandbox::with("app.log", log);
    let outcome = sandbox.run(&["extract", "app.log"]);
    outcome.code(0).stderr_is("");
    let found = outcome.json();
    assert_eq!((&found["line"], &found["code"]), (&line.into(), &"AIS.0101".into()), "{outcome}");
    let last_lf = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    assert_eq!(found["offset"], last_lf, "{outcome}");
    let report = sandbox.run(&["report", "app.log"]);
    report.code(0).stderr_is("").stdout_has("AIS.0101");
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!report.stdout().contains(steers), "{report}");
}

#[test]
fn binary_garbage() {
    // A generator of its own (xorshift): the same bytes in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut garbage: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(300_000)
    .collect();
    garbage.push(b'\n');
    let lines = garbage.split(|byte| *byte == b'\n').count() as u64;
    check_between(&garbage, &[b"\n", &garbage[..]].concat(), lines);
}

#[test]
fn runs_of_nul() {
    let nul = vec![0; 3 << 20];
    check_between(&[&nul[..], b"\n"].concat(), &nul, 2);
    check_between(b"", &nul, 1);
}

#[test]
fn a_line_of_many_megabytes() {
    let long = "x".repeat(5 << 20);
    check_between(format!("{long}\n").as_bytes(), format!("\n{long}").as_bytes(), 2);
    // The error stands in the long line itself.
    let both = format!("{long} {LINE} {long}\n{LINE}\n");
    let outcome = Sandbox::with("app.log", both).run(&["extract", "app.log"]);
    assert_eq!(outcome.code(0).stderr_is("").found(), "1:AIS.0101 2:AIS.0101");
    assert_eq!(outcome.json_lines()[0]["message"], "The input parameter is invalid.");
}

/// The most memory that reading a stream has taken by its end, in bytes.
fn memory_peak(arguments: &[&str], mebibytes: usize, piece: &[u8]) -> u64 {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ocrwatch(arguments).command;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    for _ in 0..(mebibytes << 20) / piece.len() {
        stdin.write_all(piece).expect("it reads on");
    }
    // All but what the pipe holds has been read, and the program waits for more.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    drop(stdin);
    assert!(child.wait().expect("it ends").success(), "{arguments:?}");
    let status = status.expect("the state of a process");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

#[test]
fn memory_stays_flat_whatever_is_read() {
    // Above what the program itself takes, whose size is not that of what it reads. Each thread
    // has a segment of the input at hand, and how much the allocator holds back hangs on which of
    // them is how far: 10.8 to 12.2 MiB by two threads, on machines idle and busy.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(8)) as u64;
    let limit_bytes = (10 << 20) + threads * (2 << 20);
    let (one_line, nul) = (vec![b'x'; 64 << 10], vec![0; 64 << 10]);
    let own = memory_peak(&["extract", "-"], 1, &nul);
    let long_lines_with_errors = format!("{}{LINE} {}", "x".repeat(50_000), "y".repeat(50_000));
    let errors = format!("{LINE}\n").repeat(100);
    for (name, mebibytes, piece) in [
        ("one line", 64, &one_line[..]),
        ("one line of NUL", 64, &nul[..]),
        ("one line with errors", 8, long_lines_with_errors.as_bytes()),
        ("nothing but errors", 1, errors.as_bytes()),
    ] {
        for command in ["extract", "report"] {
            let peak = memory_peak(&[command, "-"], mebibytes, piece).saturating_sub(own);
            assert!(peak < limit_bytes, "{command} of {name} took {} MiB more", peak >> 20);
        }
    }
    // Six times as much takes no more than the allocator's noise.
    let of_mebibytes =
        |mebibytes| memory_peak(&["report", "-"], mebibytes, long_lines_with_errors.as_bytes());
    let (few, many) = (of_mebibytes(8), of_mebibytes(48));
    assert!(many.saturating_sub(few) < 4 << 20, "{few} bytes of 8 MiB, {many} of 48");
}

/// The most memory that a command has taken until shortly before its end, in bytes.
fn memory_peak_of(arguments: &[&str], sandbox: &Sandbox) -> u64 {
    let mut command = sandbox.ocrwatch(arguments).command;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it is a child").is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = kib.map_or(peak, |kib| kib << 10);
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    peak
}

#[test]
fn a_file_of_little_that_unpacks_to_much_takes_no_more_memory() {
    const TEXT_BYTES: usize = 96 << 20;
    let sandbox = Sandbox::with("small.log", LINE);
    let own = memory_peak_of(&["report", "small.log"], &sandbox);
    for compressed in [&["gzip", "-9"][..], &["bzip2", "-9"], &["xz", "-6"], &["zstd", "-19"]] {
        let [program, level] = compressed else { continue };
        let mut packer = std::process::Command::new(program);
        let mut packer = packer
            .args([level, "-c"])
            .stdin(Stdio::piped())
            .stdout(File::create(sandbox.path("bomb")).expect("a file"))
            .spawn()
            .expect("it packs");
        let mut stdin = packer.stdin.take().expect("its input");
        stdin.write_all(&vec![0; TEXT_BYTES]).expect("it reads");
        drop(stdin);
        assert!(packer.wait().expect("it ends").success());
        let bytes = sandbox.path("bomb").metadata().expect("the file").len();
        assert!(bytes < 256 << 10, "{program} makes a bomb of {bytes} bytes");
        let peak = memory_peak_of(&["report", "bomb"], &sandbox).saturating_sub(own);
        // The largest history window, and what every reading takes.
        assert!(peak < 40 << 20, "{program}: {} MiB more", peak >> 20);
    }
}

#[test]
fn text_that_is_not_utf_8() {
    check_between(b"\xfd\xff\xfe caf\xe9\n", b"\n\xc3", 2);
    let sandbox = Sandbox::with("app.log", b"caf\xe9 \xff\n".repeat(100));
    let json = sandbox.run(&["report", "--format", "json", "app.log"]).code(0).json();
    assert_eq!(json["inputs"]["bytes_undecodable"], 200);
    sandbox.run(&["report", "app.log"]).stdout_has("200 bytes are no text");
}

#[test]
fn text_as_windows_writes_it() {
    check_between(b"\xef\xbb\xbf", b"\r\n", 1);
    check_between(b"first\r\n\r\n", b"\r\nlast\r\n", 3);
    let utf16: Vec<u8> =
        format!("\u{feff}first\r\n{LINE}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let outcome = Sandbox::with("app.log", &utf16).run(&["extract", "app.log"]);
    assert_eq!(outcome.code(0).stderr_is("").found(), "2:AIS.0101");
    let odd = Sandbox::with("app.log", &utf16[..utf16.len() - 1]).run(&["extract", "app.log"]);
    odd.code(0).stderr_has("note: `app.log` ends in half a UTF-16 character");
    assert_eq!(odd.found(), "2:AIS.0101");
}

#[test]
fn an_empty_file() {
    let sandbox = Sandbox::with("app.log", "");
    sandbox.run(&["extract", "app.log"]).code(0).stderr_is("").stdout_is("");
    sandbox.run(&["report", "app.log"]).code(0).stdout_has("no error of the OCR service");
    sandbox.run(&["report", "/dev/null"]).code(0).stderr_is("");
}

#[test]
fn the_gravest_of_several_problems_sets_the_exit_code() {
    let sandbox = sandbox();
    sandbox.file("cut.gz", std::fs::read(data("input/cut.gz")).expect("test data"));
    sandbox.run(&["report", "cut.gz", "missing.log", "good.log"]).code(66);
    sandbox.run(&["report", "cut.gz", "good.log", "--fail-on", "info"]).code(74);
}

#[test]
fn a_name_that_steers_a_terminal_is_made_visible() {
    let sandbox = sandbox();
    let name = "a\u{1b}c\u{202e}\n.log";
    sandbox
        .run(&["report", name])
        .code(66)
        .stderr_is("error: no such file: `a\\u{1b}c\\u{202e}\\n.log`\n");
    sandbox.file(name, LINE);
    for arguments in [
        &["report", "--format", "terminal"][..],
        &["report", "--format", "json"],
        &["report", "--format", "markdown"],
        &["report", "--format", "csv"],
        &["extract"],
    ] {
        let outcome = sandbox.run(&[arguments, &[name]].concat());
        outcome.code(0).stderr_is("").stdout_has("AIS.0101");
        assert!(!outcome.stdout().contains(['\u{1b}', '\u{202e}']), "{outcome}");
    }
}

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let log = format!("{LINE} {{\"request_id\":\"a\"}}\n\n\n").repeat(20_000);
    let sandbox = Sandbox::with("app.log", log);
    for arguments in [
        &["extract", "app.log"][..],
        &["report", "--format", "jsonl", "app.log"],
        &["explain", "--all"],
    ] {
        let mut command = sandbox.ocrwatch(arguments).command;
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn a_verdict_outlives_a_closed_pipe() {
    let sandbox = Sandbox::with("app.log", LINE);
    let mut command = sandbox.ocrwatch(&["report", "--fail-on", "info", "app.log"]).command;
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(1), &b""[..]), "{output:?}");
}

#[test]
fn a_full_disk_is_an_error() {
    let sandbox = sandbox();
    let full = || File::options().write(true).open(Path::new("/dev/full")).expect("/dev/full");
    for arguments in [
        &["extract", "good.log"][..],
        &["report", "good.log"],
        &["report", "--format", "json", "good.log"],
        &["report", "--format", "jsonl", "good.log"],
        &["report", "--format", "csv", "good.log"],
        &["report", "--format", "markdown", "good.log"],
        &["report", "--fail-on", "info", "good.log"],
        &["explain", "--all"],
        &["explain", "--all", "--format", "json"],
        &["check"],
        &["gen", "completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let outcome = sandbox.ocrwatch(arguments).run_into(full());
        outcome
            .code(74)
            .stderr_is("error: cannot write to standard output: no space left on device\n");
    }
}
