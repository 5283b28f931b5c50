use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// A tree of files: a name that ends in `/` is a directory, `a -> b` a link, `a = b` a hard link,
/// `name: content` a file with that content, any other name a file with a line of text.
fn tree(entries: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for entry in entries {
        let name = entry.split([' ', ':']).next().unwrap();
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        if let Some((name, target)) = entry.split_once(" -> ") {
            symlink(target, root.join(name)).unwrap();
        } else if let Some((name, target)) = entry.split_once(" = ") {
            fs::hard_link(root.join(target), root.join(name)).unwrap();
        } else if let Some((name, content)) = entry.split_once(": ") {
            fs::write(root.join(name), content).unwrap();
        } else if entry.ends_with('/') {
            fs::create_dir_all(root.join(entry)).unwrap();
        } else {
            fs::write(root.join(entry), "a line\n").unwrap();
        }
    }
    directory
}

/// Finds what arguments mean in a tree. They are put below the tree's root, which is left out of
/// the answer: names in reading order, then `!` problems and `-` skipped files.
fn check_with(with_rotated: bool, entries: &[&str], arguments: &[&str], expect: &str) {
    let directory = tree(entries);
    let root = format!("{}/", directory.path().display());
    let arguments: Vec<OsString> = arguments
        .iter()
        .map(|argument| match *argument {
            "-" => "-".into(),
            argument => format!("{root}{argument}").into(),
        })
        .collect();
    let found = discover(&arguments, with_rotated);
    let mut said = String::new();
    for input in &found.inputs {
        writeln!(said, "{}", input.name).unwrap();
    }
    for problem in &found.problems {
        writeln!(said, "! {problem} [{:?}]", problem.exit_code_kind()).unwrap();
    }
    for skipped in &found.skipped.first {
        writeln!(said, "- {} {:?}", skipped.name, skipped.reason).unwrap();
    }
    assert_eq!(said.replace(&root, ""), expect, "{arguments:?}");
}

fn check(entries: &[&str], arguments: &[&str], expect: &str) {
    check_with(false, entries, arguments, expect);
}

fn check_rotated(entries: &[&str], arguments: &[&str], expect: &str) {
    check_with(true, entries, arguments, expect);
}

#[test]
fn files_keep_the_order_of_the_arguments() {
    check(&["b.log", "a.log"], &["b.log", "-", "a.log", "-"], "b.log\n-\na.log\n");
}

#[test]
fn a_file_is_read_once_however_often_it_is_named() {
    check(
        &["logs/a.log", "logs/b.log", "link.log -> logs/a.log", "hard.log = logs/b.log"],
        &["hard.log", "logs/a.log", "link.log", "logs", "logs/../logs/a.log", "logs/*.log"],
        "hard.log\nlogs/a.log\n",
    );
}

#[test]
fn a_directory_means_its_logs_at_any_depth_sorted() {
    check(
        &[
            "logs/z/app.log",
            "logs/a.out",
            "logs/no-extension",
            "logs/empty: ",
            "logs/.hidden.log",
            "logs/.git/config",
            "logs/core: \u{7f}ELF\u{1}\u{1}\0\0\u{2}\0\u{3}",
            "logs/old.zip: PK\u{3}\u{4}\u{14}\0",
        ],
        &["logs"],
        "logs/a.out\nlogs/empty\nlogs/no-extension\nlogs/z/app.log\n\
         - logs/core Binary\n- logs/old.zip Archive(\"a zip archive\")\n",
    );
}

#[test]
fn a_binary_that_is_named_is_read() {
    check(&["core: \u{7f}ELF\u{1}\u{1}\0\0\u{2}\0"], &["core"], "core\n");
}

#[test]
fn a_named_hidden_file_or_directory_is_read() {
    check(&[".logs/a.log", ".b.log"], &[".logs", ".b.log"], ".logs/a.log\n.b.log\n");
}

#[test]
fn compressed_logs_in_a_directory_are_judged_by_their_text() {
    let directory = tree(&["logs/"]);
    for (name, bytes) in [
        ("members.gz", super::super::tests::data("members.gz")),
        ("cut.xz", super::super::tests::data("cut.xz")),
        ("utf16.log", super::super::tests::data("utf16le-marked.log")),
        ("tar.zst", super::super::tests::data("binary.zst")),
    ] {
        fs::write(directory.path().join("logs").join(name), bytes).unwrap();
    }
    let found = discover(&[directory.path().into()], false);
    let names = found.inputs.iter().map(|input| input.path.as_deref().and_then(Path::file_name));
    assert_eq!(
        names.flatten().collect::<Vec<_>>(),
        ["cut.xz", "members.gz", "utf16.log"].map(OsStr::new)
    );
    assert_eq!(found.skipped.first[0].reason, SkipReason::Binary);
}

#[test]
fn links_are_followed_but_not_into_loops() {
    check(
        &[
            "pods/web/0.log",
            "containers/web.log -> ../pods/web/0.log",
            "containers/gone.log -> ../pods/gone/0.log",
            "containers/loop -> ../containers",
            "containers/pods -> ../pods",
            "containers/pods2 -> ../pods",
        ],
        &["containers"],
        "containers/pods/web/0.log\n- containers/gone.log DanglingLink\n",
    );
}

#[test]
fn what_is_not_there_is_missing() {
    check(
        &["app.log.gz", "gone -> nowhere"],
        &["other.txt", "app.log", "apk.log.gz", "gone", "app.log.gz/x"],
        "! no such file: `other.txt` [Missing]\n\
         ! no such file: `app.log`\nhint: did you mean `app.log.gz`? [Missing]\n\
         ! no such file: `apk.log.gz`\nhint: did you mean `app.log.gz`? [Missing]\n\
         ! `gone` is a link to `nowhere`, which is not there [Missing]\n\
         ! no such file: `app.log.gz/x` [Missing]\n",
    );
}

#[test]
fn a_directory_without_logs_is_missing_its_logs() {
    check(
        &["empty/", "binaries/a: \0\u{1}\u{2}\u{3}"],
        &["empty", "binaries"],
        "! no file in `empty` [Missing]\n\
         ! no log in `binaries`: 1 files that are none were skipped\n\
         hint: a file that looks binary is read when it is named [Missing]\n\
         - binaries/a Binary\n",
    );
}

#[test]
fn one_bad_argument_does_not_stop_the_others() {
    check(
        &["a.log", "b.log"],
        &["a.log", "gone.txt", "b.log"],
        "a.log\nb.log\n! no such file: `gone.txt` [Missing]\n",
    );
}

#[test]
fn patterns_mean_what_a_shell_would_expand() {
    let entries = [
        "a.log",
        "b.log",
        "c.txt",
        ".h.log",
        "sub/d.log",
        "sub/deep/e.log",
        "sub2/f.log",
        ".git/g.log",
    ];
    check(&entries, &["*.log"], "a.log\nb.log\n");
    check(&entries, &["?.{log,txt}"], "a.log\nb.log\nc.txt\n");
    check(&entries, &["[!a].log"], "b.log\n");
    check(&entries, &["sub*/*.log"], "sub/d.log\nsub2/f.log\n");
    check(&entries, &["**/*.log"], "a.log\nb.log\nsub/d.log\nsub/deep/e.log\nsub2/f.log\n");
    check(&entries, &["sub/**"], "sub/d.log\nsub/deep/e.log\n");
    check(&entries, &[".*.log"], ".h.log\n");
    check(&entries, &["{sub/deep,sub2}/*"], "sub/deep/e.log\nsub2/f.log\n");
    // A directory that matches is read as one that is named.
    check(&entries, &["sub?"], "sub2/f.log\n");
}

#[test]
fn a_pattern_without_a_match_is_missing() {
    check(
        &["a.log"],
        &["*.gz", "[", "{a"],
        "! no file matches `*.gz`\n\
         hint: `*` and `?` do not match `/` or a leading `.`; `**` matches directories [Missing]\n\
         ! no such file: `[`, and as a pattern it is not valid: unclosed character class; missing \
         ']' [Missing]\n\
         ! no such file: `{a`, and as a pattern it is not valid: unclosed alternate group; missing \
         '}' (maybe escape '{' with '[{]'?) [Missing]\n",
    );
}

#[test]
fn a_file_whose_name_is_a_pattern_is_that_file() {
    check(&["app[1].log", "app1.log"], &["app[1].log"], "app[1].log\n");
    check(&["app1.log"], &["app[1].log"], "app1.log\n");
}

#[test]
fn a_pattern_below_the_present_directory_keeps_short_names() {
    let found = discover(&["Cargo.t[o]ml".into(), "./Cargo.loc?".into()], false);
    let names: Vec<_> = found.inputs.iter().map(|input| &*input.name).collect();
    assert_eq!(names, ["Cargo.toml", "./Cargo.lock"]);
}

#[test]
fn fifos_and_sockets_in_directories_and_patterns_are_skipped() {
    let directory = tree(&["logs/a.log"]);
    let logs = directory.path().join("logs");
    let _socket = std::os::unix::net::UnixListener::bind(logs.join("b.log")).unwrap();
    for argument in [logs.clone(), logs.join("*.log")] {
        let found = discover(&[argument.into()], false);
        assert_eq!((found.inputs.len(), found.problems.len()), (1, 0));
        assert_eq!(found.skipped.first[0].reason, SkipReason::NotAFile);
    }
    let found = discover(&[logs.join("b.log").into()], false);
    assert_eq!(found.problems[0].exit_code_kind(), crate::input::ExitKind::Io);
}

#[test]
fn rotated_siblings_come_before_their_log() {
    check_rotated(
        &["app.log", "app.log.1", "app.log.2.gz", "app.login.log", "b.log", "b.log.1"],
        &["b.log", "app.log"],
        "b.log.1\nb.log\napp.log.2.gz\napp.log.1\napp.log\n",
    );
    check(&["app.log", "app.log.1"], &["app.log"], "app.log\n");
}

#[test]
fn siblings_that_are_named_are_put_in_order_too() {
    let entries = ["app.log", "app.log.1", "app.log.2", "z.log"];
    let order = "app.log.2\napp.log.1\napp.log\nz.log\n";
    check_rotated(&entries, &["app.log", "app.log.1", "app.log.2", "z.log"], order);
    check_rotated(&entries, &["app.log*", "z.log"], order);
    check_rotated(&entries, &["app.log.1", "z.log"], order);
}

#[test]
fn a_directory_with_rotated_is_in_time_order_log_by_log() {
    check_rotated(
        &["logs/app.log", "logs/app.log.1", "logs/app.log.10", "logs/app.log.2", "logs/b.log"],
        &["logs"],
        "logs/app.log.10\nlogs/app.log.2\nlogs/app.log.1\nlogs/app.log\nlogs/b.log\n",
    );
}

#[test]
fn directories_do_not_share_their_logs() {
    check_rotated(
        &["a/app.log", "a/app.log.1", "b/app.log", "b/app.log.1"],
        &["a/app.log", "b/app.log"],
        "a/app.log.1\na/app.log\nb/app.log.1\nb/app.log\n",
    );
}

#[test]
fn an_input_tells_its_size_and_its_time() {
    let directory = tree(&["a.log: 12345"]);
    let found = discover(&[directory.path().join("a.log").into(), "-".into()], false);
    assert_eq!(found.inputs[0].size_bytes, Some(5));
    assert!(found.inputs[0].modified.is_some());
    assert_eq!((found.inputs[1].size_bytes, found.inputs[1].modified), (None, None));
}

#[test]
fn more_inputs_than_the_limit_are_told() {
    let directory = tempfile::tempdir().unwrap();
    for index in 0..=INPUTS_MAX {
        fs::write(directory.path().join(format!("{index:06}")), "").unwrap();
    }
    let found = discover(&[directory.path().into()], false);
    assert_eq!(found.inputs.len(), INPUTS_MAX);
    let said = found.problems[0].to_string();
    assert!(said.starts_with("more than 20000 files: those from `"), "{said}");
    assert!(said.contains("/020000` on are not read"), "{said}");
}

#[test]
fn a_link_of_another_user_to_what_is_not_theirs_is_skipped_unless_it_is_named() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let directory = tree(&["logs/a.log", "secret/deep/b.log"]);
    let (logs, secret) = (directory.path().join("logs"), directory.path().join("secret"));
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&logs, Some(1000), Some(1000)).unwrap();
    let links = [("a.log.1", "../secret/deep/b.log"), ("c", "../secret"), ("d.log", "a.log.1")];
    for (name, to) in links {
        std::os::unix::fs::symlink(to, logs.join(name)).unwrap();
        std::os::unix::fs::lchown(logs.join(name), Some(1000), Some(1000)).unwrap();
    }
    for (argument, skipped) in [(logs.clone(), 3), (logs.join("*.log"), 2)] {
        let found = discover(&[argument.clone().into()], true);
        let names: Vec<_> = found.inputs.iter().map(|input| &*input.name).collect();
        assert_eq!(names, [logs.join("a.log").to_str().unwrap()], "{argument:?}");
        let skips = &found.skipped;
        assert_eq!(skips.total, skipped, "{:?}", skips.first);
        assert!(skips.first.iter().all(|skip| skip.reason == SkipReason::UntrustedLink));
    }
    let found = discover(&[logs.join("d.log").into()], false);
    assert_eq!(found.inputs.len(), 1, "who names it means it");
    // Whoever exchanges what was judged before it is read gains nothing.
    let listed = discover(&[logs.clone().into()], false).inputs;
    std::fs::remove_file(logs.join("a.log")).unwrap();
    std::os::unix::fs::symlink("../secret/deep/b.log", logs.join("a.log")).unwrap();
    std::os::unix::fs::lchown(logs.join("a.log"), Some(1000), Some(1000)).unwrap();
    assert!(crate::input::open(&listed[0]).is_err());
}
