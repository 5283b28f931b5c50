//! Runs the program: in a directory of its own, with nothing of this machine's environment.
//!
//! Owns how a run is set up and what may be asked of its outcome. Each question fails with the
//! whole outcome, so that a failure needs no second run to be understood.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A file of the tests' data.
pub(crate) fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// A directory with the files of one test.
pub(crate) struct Sandbox {
    directory: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// With one file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let sandbox = Self::new();
        sandbox.file(name, content);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file, and the directories on the way to it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        let parent = path.parent().expect("a file is in a directory");
        std::fs::create_dir_all(parent).expect("a directory for the file");
        std::fs::write(path, content).expect("the test's file");
        self
    }

    /// The program with these arguments, to be run in this directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.ocrwatch(arguments).run()
    }

    /// The same, for more to be set before it is run.
    pub(crate) fn ocrwatch(&self, arguments: &[&str]) -> Run {
        self.program(Path::new(env!("CARGO_BIN_EXE_ocrwatch")), arguments)
    }

    /// The same with another copy of the program.
    pub(crate) fn program(&self, program: &Path, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("TZ", "Asia/Shanghai")
            .env("HOME", self.directory.path())
            .stdin(Stdio::null());
        Run { command, stdin: None }
    }
}

/// A run that is being set up.
pub(crate) struct Run {
    pub(crate) command: Command,
    stdin: Option<Vec<u8>>,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// An argument that need not be text.
    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.command.arg(argument.into());
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Outcome {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.finish()
    }

    /// Runs it with its output going to a file.
    pub(crate) fn run_into(mut self, file: File) -> Outcome {
        self.command.stdout(file).stderr(Stdio::piped());
        self.finish()
    }

    fn finish(mut self) -> Outcome {
        let shown = format!("{:?}", self.command);
        if self.stdin.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().expect("the program starts");
        let writer = self.stdin.zip(child.stdin.take()).map(|(bytes, mut pipe)| {
            // A program that has seen enough closes the pipe, which is its right.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)))
        });
        let output = child.wait_with_output().expect("the program ends");
        if let Some(writer) = writer {
            writer.join().expect("the writer ends");
        }
        Outcome { shown, code: output.status.code(), stdout: output.stdout, stderr: output.stderr }
    }
}

/// How a run ended.
pub(crate) struct Outcome {
    shown: String,
    code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn code(&self, expected: i32) -> &Self {
        assert_eq!(self.code, Some(expected), "the exit code{self}");
        self
    }

    pub(crate) fn stdout(&self) -> &str {
        str::from_utf8(&self.stdout).expect("the output is UTF-8")
    }

    pub(crate) fn stderr(&self) -> &str {
        str::from_utf8(&self.stderr).expect("the messages are UTF-8")
    }

    #[track_caller]
    pub(crate) fn stderr_is(&self, expected: &str) -> &Self {
        assert_eq!(self.stderr(), expected, "standard error{self}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(&self, expected: &str) -> &Self {
        assert!(self.stderr().contains(expected), "no {expected:?} on standard error{self}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_is(&self, expected: &str) -> &Self {
        assert_eq!(self.stdout(), expected, "standard output{self}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(&self, expected: &str) -> &Self {
        assert!(self.stdout().contains(expected), "no {expected:?} on standard output{self}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_lacks(&self, unwanted: &str) -> &Self {
        assert!(!self.stdout().contains(unwanted), "{unwanted:?} on standard output{self}");
        self
    }

    /// The output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value = serde_json::from_slice(&self.stdout);
        assert!(value.is_ok(), "not a JSON document: {value:?}{self}");
        value.unwrap_or_default()
    }

    /// The output as JSON, line by line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let values: Result<_, _> = self.stdout().lines().map(serde_json::from_str).collect();
        assert!(values.is_ok(), "not JSON on every line: {values:?}{self}");
        values.unwrap_or_default()
    }

    /// `line:code` of each occurrence that `extract` printed.
    #[track_caller]
    pub(crate) fn found(&self) -> String {
        let values = self.json_lines();
        let found = values
            .iter()
            .map(|value| format!("{}:{}", value["line"], value["code"].as_str().unwrap_or("?")));
        found.collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let stderr = String::from_utf8_lossy(&self.stderr);
        writeln!(f, "\n--- {} ended with {:?}", self.shown, self.code)?;
        writeln!(f, "--- standard output\n{stdout}\n--- standard error\n{stderr}\n---")
    }
}
