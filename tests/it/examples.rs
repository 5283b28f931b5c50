//! The examples of the help do what they say.

use std::path::Path;

use crate::harness::{Sandbox, data};

const COMMANDS: [&str; 17] = [
    "",
    "run",
    "report",
    "backtest",
    "extract",
    "explain",
    "check",
    "test",
    "outbox",
    "why",
    "send-test",
    "preview",
    "init",
    "export",
    "status",
    "top",
    "silence",
];

/// The commands that the help shows as examples.
fn examples(help: &str) -> Vec<&str> {
    let examples = help.split("\nExamples:\n").nth(1).expect("examples at the end of the help");
    examples.lines().filter(|line| !line.starts_with("   ")).map(str::trim).collect()
}

/// What follows until it is stopped, asks somebody else or names what only a real run has. These
/// are parsed where the help is made.
fn needs_more_than_files(example: &str) -> bool {
    let words = [
        "/etc/",
        "/var/",
        "journalctl ",
        "outbox retry",
        "outbox drop",
        "why 0",
        "init --config",
        "ocrwatch status",
        "ocrwatch top",
        "ocrwatch silence",
    ];
    words.iter().any(|word| example.contains(word))
}

fn sandbox() -> Sandbox {
    let file = |path: &str| {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("an example")
    };
    let log = std::fs::read(data("ocr-gateway.log")).expect("the log");
    let sandbox = Sandbox::with("app.log", &log);
    sandbox.file("app.log.1", &log).file("logs/app.log", &log);
    sandbox.file("rules.d/vat.toml", file("docs/examples/vat-invoice.toml"));
    sandbox.file("rules.d/tests/vat.toml", file("docs/examples/tests/vat-invoice.toml"));
    let config = "rules = \"rules.d\"\n[[receiver]]\nname = \"ops\"\nterminal = true\n";
    sandbox.file("ocrwatch.toml", config);
    sandbox
}

#[test]
fn examples_of_the_help_run_and_print_something() {
    let mut count = 0;
    for command in COMMANDS {
        let sandbox = sandbox();
        if ["outbox", "why"].contains(&command) {
            // The state that they look at.
            sandbox.run(&["run", "--once", "app.log"]).code(0);
        }
        let arguments: Vec<_> =
            [command, "--help"].into_iter().filter(|it| !it.is_empty()).collect();
        let help = sandbox.run(&arguments);
        for example in examples(help.code(0).stdout()) {
            if needs_more_than_files(example) {
                continue;
            }
            // What stands behind it need not be installed here.
            let own = example.split(" | ").next().unwrap_or_default();
            let typed = own.replacen("ocrwatch", env!("CARGO_BIN_EXE_ocrwatch"), 1);
            let outcome = sandbox.program(Path::new("/bin/sh"), &["-c", &typed]).run();
            let outcome = outcome.code(i32::from(own.contains("--fail-on")));
            assert!(!outcome.stderr().contains("error:"), "{outcome}");
            let is_quiet =
                own.contains(" -o ") || (own.contains("--quiet") && own.contains("test"));
            assert!(is_quiet || !outcome.stdout().is_empty(), "{example} prints nothing");
            count += 1;
        }
    }
    assert!(count > 20, "only {count} examples were run");
}
