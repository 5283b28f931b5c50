//! The logs of real clients, read from `tests/data/`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A log and its name.
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Every log that is shipped, in the order of their names.
pub(crate) static ALL: LazyLock<Vec<Capture>> = LazyLock::new(|| {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut paths: Vec<PathBuf> = [data.join("clients"), data]
        .iter()
        .flat_map(|folder| folder.read_dir().expect("a folder of test data"))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    paths.sort();
    assert!(paths.len() > 40, "only {} captures", paths.len());
    paths.iter().map(|path| Capture::read(path)).collect()
});

impl Capture {
    fn read(path: &Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        Self { name: name.to_owned(), bytes: std::fs::read(path).expect("a readable log") }
    }

    /// Docker's json-file driver wrote it; its cut lines are read in a way of their own.
    pub(crate) fn is_docker(&self) -> bool {
        self.bytes.starts_with(b"{\"log\":\"")
    }
}
