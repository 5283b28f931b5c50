//! What the system says of this process.
//!
//! Owns the reading of `/proc/self`, which is there in the strictest sandbox, too. Must never fail
//! a metric for the want of another: what cannot be read is absent. Nothing here fails.

use crate::status::metrics::Process;

/// The numbers as of now.
pub(super) fn read() -> Process {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    let stat = read("stat");
    let statm = read("statm");
    // Behind the name, which may hold anything, fields are separated by blanks: utime and stime are
    // the 14th and 15th, counted from the first of all.
    let fields: Option<Vec<u64>> = stat.as_deref().and_then(|stat| {
        let (_, rest) = stat.rsplit_once(')')?;
        Some(rest.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect())
    });
    let ticks = fields.and_then(|fields| Some(fields.get(11)? + fields.get(12)?));
    let pages = statm.and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok());
    let page_bytes = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    Process {
        cpu_ms: ticks.map(|ticks| ticks * 1000 / rustix::param::clock_ticks_per_second().max(1)),
        resident_bytes: pages.map(|pages| pages * page_bytes),
        open_files: std::fs::read_dir("/proc/self/fd").ok().map(|open| open.count() as u64),
        open_files_max: limits.current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_all_of_it_of_a_process_that_lives() {
        let Process { cpu_ms, resident_bytes, open_files, open_files_max } = read();
        assert!(cpu_ms.is_some());
        assert!(resident_bytes.is_some_and(|bytes| bytes > 1024 * 1024));
        assert!(open_files.is_some_and(|count| (3..100_000).contains(&count)));
        assert!(open_files_max.is_none_or(|count| count >= 3));
    }
}
