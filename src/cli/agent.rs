//! The program in which an agent of a fleet runs: `ocrwatch run` without what no agent does, so
//! that hosts lend it less memory.
//!
//! Owns where that program lies and how a run becomes it. Must never follow or decide. Fails as
//! `run` does; where the program is not there, a run goes on as it is.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;

use super::exit_code::ExitCode;
use super::failure::Failure;
use super::run::RunArgs;

const NAME: &str = "ocrwatch-agent";

/// Follow logs and publish what they tell, as `ocrwatch run` does where its configuration says
/// `role = "agent"`
///
/// `ocrwatch run` becomes this program by itself where it lies beside it. It has the options of
/// `ocrwatch run`.
#[derive(Debug, Parser)]
#[command(name = NAME, version)]
pub struct Agent {
    #[command(flatten)]
    run: RunArgs,
}

impl Agent {
    /// Follows until told to stop.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        self.run.run_agent()
    }
}

/// Goes on in the agent's program under the same process, if it is there.
pub(super) fn become_agent() {
    let Ok(own) = env::current_exe() else { return };
    let Some(program) = places(&own).into_iter().find(|place| place.is_file()) else { return };
    // The program and `run` stand before the options, which are the same.
    let _does_not_start = Command::new(program).args(env::args_os().skip(2)).exec();
}

/// Beside a program that was built or unpacked, and where packages have it.
fn places(own: &Path) -> Vec<PathBuf> {
    let folder = own.parent().unwrap_or(own);
    let libexec = folder.parent().map(|prefix| prefix.join("libexec").join(NAME));
    [folder.join(NAME)].into_iter().chain(libexec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lies_beside_the_program_or_where_packages_have_what_people_do_not_call() {
        let expected = ["/usr/bin/ocrwatch-agent", "/usr/libexec/ocrwatch-agent"];
        assert_eq!(places(Path::new("/usr/bin/ocrwatch")), expected.map(PathBuf::from));
    }
}
