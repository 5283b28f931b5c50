use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::input::{ExitKind, discover, open};

/// Root may read everything, so the test runs itself again as `nobody` from a copy that `nobody`
/// may execute.
#[test]
fn what_may_not_be_read_is_a_problem_of_its_own() {
    const DIRECTORY: &str = "OCRWATCH_TEST_UNREADABLE";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return check_unreadable(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for name in ["logs/closed", "closed"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for name in ["logs/open.log", "logs/secret.log", "logs/closed/app.log", "closed/app.log"] {
        fs::write(root.join(name), "line\n").unwrap();
    }
    let set_mode = |name: &str, mode| {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode("", 0o755);
    set_mode("logs/secret.log", 0o600);
    set_mode("logs/closed", 0o700);
    set_mode("closed", 0o700);
    if fs::read("/proc/self/status").unwrap().windows(7).any(|text| text == b"Uid:\t0\t") {
        let copy = root.join("test");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        set_mode("test", 0o755);
        let output = Command::new(copy)
            .args([
                "--exact",
                "input::tests::unreadable::what_may_not_be_read_is_a_problem_of_its_own",
            ])
            .env(DIRECTORY, root)
            .gid(65_534)
            .uid(65_534)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    } else {
        for name in ["logs/secret.log", "logs/closed", "closed"] {
            set_mode(name, 0);
        }
        check_unreadable(root);
        for name in ["logs/closed", "closed"] {
            set_mode(name, 0o700);
        }
    }
}

fn check_unreadable(root: &Path) {
    let told = |arguments: &[&str]| {
        let arguments: Vec<_> =
            arguments.iter().map(|name| root.join(name).into_os_string()).collect();
        let found = discover(&arguments, false);
        let opened = found.inputs.iter().filter_map(|input| open(input).err());
        let mut kinds = Vec::new();
        for problem in opened.chain(found.problems) {
            let text = problem.to_string().replace(&root.display().to_string(), "");
            let text = text.split(" (mode").next().unwrap().to_owned();
            kinds.push((text, problem.exit_code_kind()));
        }
        kinds
    };
    let denied = |name: &str| (format!("cannot read `/{name}`: permission denied"), ExitKind::Io);
    assert_eq!(told(&["logs/secret.log"]), [denied("logs/secret.log")]);
    assert_eq!(told(&["logs"]), [denied("logs/closed"), denied("logs/secret.log")]);
    let without_hint = |mut problems: Vec<(String, ExitKind)>| {
        for (text, _) in &mut problems {
            text.truncate(text.find("\nhint:").unwrap_or(text.len()));
        }
        problems
    };
    assert_eq!(without_hint(told(&["closed/app.log"])), [denied("closed/app.log")]);
    assert_eq!(
        without_hint(told(&["*/*.txt"])),
        [(
            "no file matches `/*/*.txt`, but 1 directories could not be entered".to_owned(),
            ExitKind::Missing
        )]
    );
}
