use std::io;
use std::path::PathBuf;

use super::*;
use crate::input::{InputProblem, ProblemKind};
use crate::store::{self, LookError, OpenError, StoreErrorKind};
use crate::tail::journal;
use crate::tail::watch::Why;
use crate::tail::{NoticeKind, Unseen};

#[test]
fn links_are_left_out_and_other_brackets_stay() {
    for (text, expected) in [
        ("see [the limits](../a.md#limits), all", "see the limits, all"),
        ("`[state]` and `[[source]]`", "`[state]` and `[[source]]`"),
        ("`[]` means [all](x.md)", "`[]` means all"),
        ("`{ times = [1] }` (once)", "`{ times = [1] }` (once)"),
        ("[open", "[open"),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
}

#[test]
fn a_section_is_shown_without_fences_and_its_examples_stand_to_the_right() {
    let text =
        "A long [sentence](x.md).\nAnd another.\n\n```toml\n[state]\n\nx = 1\n```\n\nThe end.";
    let section = Section { name: "config-x", text };
    let expected =
        "config-x\n\nA long sentence. And another.\n\n    [state]\n\n    x = 1\n\nThe end.\n";
    assert_eq!(section.plain(), expected);
}

/// A message of each variant; another variant does not compile before it has one.
macro_rules! messages {
    ($type:ty: $($pattern:pat => $message:expr),+ $(,)?) => {{
        let _ = |value: &$type| match value { $($pattern => ()),+ };
        vec![$($message.to_string()),+]
    }};
}

/// Each message is in the first cell of a row, its hint aside.
#[track_caller]
fn check_rows(messages: Vec<String>) {
    let page = include_str!("../../docs/errors/running.md");
    for message in messages {
        let message = message.split("\nhint: ").next().unwrap_or_default().to_owned();
        let row = page.lines().find(|line| line.starts_with(&format!("| {message} | ")));
        let explained = row.and_then(|row| row.split(" | ").nth(1)).unwrap_or_default();
        let is_there = explained.len() > 12;
        assert!(is_there, "docs/errors/running.md has no row that explains `{message}`");
    }
}

#[test]
fn the_page_explains_what_is_said_of_inputs() {
    let said = |kind| InputProblem { input: "…".into(), kind };
    let text = || "…".to_owned();
    check_rows(messages! { ProblemKind:
        ProblemKind::NotFound { .. } => said(ProblemKind::NotFound { similar: None }),
        ProblemKind::DanglingLink { .. } => said(ProblemKind::DanglingLink { target: text() }),
        ProblemKind::PermissionDenied { .. } => said(ProblemKind::PermissionDenied { owner: None }),
        ProblemKind::NoMatch { .. } => said(ProblemKind::NoMatch { closed_directories: 0 }),
        ProblemKind::BadPattern(_) => said(ProblemKind::BadPattern(text())),
        ProblemKind::NoLogs { .. } => said(ProblemKind::NoLogs { skipped: 0 }),
        ProblemKind::NotAFile(_) => said(ProblemKind::NotAFile("a socket")),
        ProblemKind::Unsupported { .. } => {
            said(ProblemKind::Unsupported { what: "a zip archive", command: "unzip -p" })
        },
        ProblemKind::TooMany { .. } => said(ProblemKind::TooMany { inputs_max: 20_000 }),
        ProblemKind::Io(_) => said(ProblemKind::Io(io::Error::other("…"))),
    });
}

#[test]
fn the_page_explains_what_is_said_of_files_that_are_followed() {
    let file = || PathBuf::from("…");
    check_rows(messages! { NoticeKind:
        NoticeKind::Followed { .. } => NoticeKind::Followed { from_bytes: 4096 },
        NoticeKind::Rotated => NoticeKind::Rotated,
        NoticeKind::CopiedAndTruncated { .. } => NoticeKind::CopiedAndTruncated { copy: file() },
        NoticeKind::Truncated { lost_bytes: 0, .. } => {
            NoticeKind::Truncated { lost_bytes: 0, from_bytes: 0 }
        },
        NoticeKind::Truncated { .. } => NoticeKind::Truncated { lost_bytes: 4096, from_bytes: 0 },
        NoticeKind::Lost { lost_bytes: 0 } => NoticeKind::Lost { lost_bytes: 0 },
        NoticeKind::Lost { .. } => NoticeKind::Lost { lost_bytes: 4096 },
        NoticeKind::CaughtUp => NoticeKind::CaughtUp,
        NoticeKind::Compressed { .. } => NoticeKind::Compressed { copy: file() },
        NoticeKind::Unseen(Unseen::NotAFile) => NoticeKind::Unseen(Unseen::NotAFile),
        NoticeKind::Unseen(Unseen::Error(_)) => {
            NoticeKind::Unseen(Unseen::Error(io::ErrorKind::PermissionDenied))
        },
        NoticeKind::Unseen(Unseen::OutOfHandles) => NoticeKind::Unseen(Unseen::OutOfHandles),
        NoticeKind::Unseen(Unseen::Compressed) => NoticeKind::Unseen(Unseen::Compressed),
        NoticeKind::Unseen(Unseen::UntrustedLink) => NoticeKind::Unseen(Unseen::UntrustedLink),
        NoticeKind::SeenAgain => NoticeKind::SeenAgain,
        NoticeKind::SameFile { .. } => NoticeKind::SameFile { as_path: file() },
    });
    let polled = |why: Why| format!("polled: {why}");
    check_rows(messages! { Why:
        Why::Asked => polled(Why::Asked),
        Why::FileSystem(_) => polled(Why::FileSystem("nfs")),
        Why::WatchLimit => polled(Why::WatchLimit),
        Why::InstanceLimit => polled(Why::InstanceLimit),
        Why::NotThere => polled(Why::NotThere),
        Why::Denied => polled(Why::Denied),
        Why::Other(_) => polled(Why::Other("…".to_owned())),
    });
    check_rows(messages! { journal::Problem:
        journal::Problem::Missing(_) => journal::Problem::Missing("journalctl".into()),
        journal::Problem::NotStarted { .. } => {
            {
                let why = "permission denied".to_owned();
                journal::Problem::NotStarted { program: "journalctl".into(), why }
            }
        },
        journal::Problem::Ended { .. } => journal::Problem::Ended { said: String::new() },
        journal::Problem::CursorLost => journal::Problem::CursorLost,
        journal::Problem::Unreadable => journal::Problem::Unreadable,
    });
}

#[test]
fn the_page_explains_what_is_said_of_the_state() {
    use StoreErrorKind::{Busy, Corrupt, Full, InUse, Io, Moved, Other, ReadOnly};
    let file = || PathBuf::from("…");
    let why = || "…".to_owned();
    check_rows(messages! { OpenError:
        OpenError::NoDirectory => OpenError::NoDirectory,
        OpenError::Directory { .. } => {
            let error = io::ErrorKind::PermissionDenied.into();
            OpenError::Directory { directory: file(), error }
        },
        OpenError::InUse { .. } => OpenError::InUse { directory: file(), pid: None },
        OpenError::Newer { .. } => OpenError::Newer { file: file(), version: 99 },
        OpenError::Unusable { .. } => {
            OpenError::Unusable { file: file(), kind: StoreErrorKind::Io, why: why() }
        },
    });
    check_rows(vec![LookError { file: file(), why: why(), hint: "" }.to_string()]);
    check_rows(messages! { StoreErrorKind:
        Full => "full",
        ReadOnly => "read-only",
        Io => "failed to read or write",
        Busy => "busy",
        Corrupt => "damaged",
        Moved => "moved",
        InUse => "taken over",
        Other => "unexpected",
    });
    let damaged = || store::Notice::BegunAnew {
        file: file(),
        why: "is damaged".to_owned(),
        aside: Some(file()),
        kept: Vec::new(),
        lost: Vec::new(),
    };
    let short = |notice: store::Notice| {
        notice.to_string().split("; nothing could").next().unwrap_or_default().to_owned()
    };
    check_rows(messages! { store::Notice:
        store::Notice::Created { .. } => store::Notice::Created { file: file() },
        store::Notice::Migrated { .. } => store::Notice::Migrated { from: 1, to: 2 },
        store::Notice::NoWal { .. } => store::Notice::NoWal { why: why() },
        store::Notice::NotWritable { .. } => {
            store::Notice::NotWritable { file: file(), kind: Io, why: why() }
        },
        store::Notice::BegunAnew { .. } => short(damaged()),
    });
}
