//! What the events of a file are labelled with.
//!
//! Owns what a container's path says of it. Must never touch the path. Nothing here fails: a path
//! that says nothing adds nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::Source;
use crate::input;

/// How a source labels its files.
#[derive(Debug, Clone)]
pub(super) enum Labels {
    /// All alike.
    Shared(Arc<Source>),
    /// Each by its path, what else is said is shared.
    ByPath(Source),
    /// By the container's directory below this one, which Docker's json-file driver makes.
    Docker(Source, PathBuf),
    /// By what the kubelet makes of namespace, pod and container below this directory.
    Pods(Source, PathBuf),
}

/// How much of a container's id is shown, as Docker does.
const CONTAINER_ID_CHARS: usize = 12;

impl Labels {
    pub(super) fn of(&self, path: &Path) -> Arc<Source> {
        match self {
            Self::Shared(source) => Arc::clone(source),
            Self::ByPath(source) => Arc::new(named_by(source, path)),
            Self::Docker(source, directory) => {
                let mut source = named_by(source, path);
                let id = below(path, directory).next().unwrap_or_default();
                let id: String = id.chars().take(CONTAINER_ID_CHARS).collect();
                label(&mut source, "container", &id);
                Arc::new(source)
            }
            Self::Pods(source, directory) => {
                let mut source = named_by(source, path);
                let mut below = below(path, directory);
                let pod = below.next().unwrap_or_default();
                let mut parts = pod.splitn(3, '_');
                if let (Some(namespace), Some(name)) = (parts.next(), parts.next()) {
                    label(&mut source, "namespace", namespace);
                    label(&mut source, "pod", name);
                }
                let container = below.next().unwrap_or_default();
                label(&mut source, "container", &container);
                Arc::new(source)
            }
        }
    }
}

fn named_by(source: &Source, path: &Path) -> Source {
    let mut source = source.clone();
    if source.name.is_empty() {
        // A log's rotated files are one source.
        source.name = input::live_name(&path.to_string_lossy()).into();
    }
    source
}

fn below<'p>(path: &'p Path, directory: &Path) -> impl Iterator<Item = String> + use<'p> {
    let below = path.strip_prefix(directory).unwrap_or(Path::new(""));
    below.components().map(|part| part.as_os_str().to_string_lossy().into_owned())
}

/// What the configuration says of a label counts.
fn label(source: &mut Source, name: &str, value: &str) {
    if !value.is_empty() {
        source.labels.entry(name.into()).or_insert_with(|| value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(labels: &Labels, path: &str, expected: &str) {
        let source = labels.of(Path::new(path));
        let labels: Vec<_> = source.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(format!("{} {}", source.name, labels.join(" ")), expected);
    }

    #[test]
    fn a_file_without_a_name_of_its_source_is_its_own_source() {
        let labels = Labels::ByPath(Source::default());
        check(&labels, "/var/log/app.log", "/var/log/app.log ");
        check(&labels, "/var/log/app.log.1", "/var/log/app.log ");
    }

    #[test]
    fn a_path_of_the_kubelet_tells_namespace_pod_and_container() {
        let labels = Labels::Pods(Source::named("pods"), "/var/log/pods".into());
        check(
            &labels,
            "/var/log/pods/shop_scan-7d9f_0a1b/ocr/0.log",
            "pods container=ocr namespace=shop pod=scan-7d9f",
        );
        let mut own = Source::named("pods");
        own.labels.insert("pod".into(), "mine".into());
        let labels = Labels::Pods(own, "/var/log/pods".into());
        let path = "/var/log/pods/shop_scan_0/ocr/0.log";
        check(&labels, path, "pods container=ocr namespace=shop pod=mine");
    }

    #[test]
    fn a_path_of_docker_tells_the_container() {
        let labels = Labels::Docker(Source::named("d"), "/var/lib/docker/containers".into());
        let id = "0123456789abcdef0123";
        let path = format!("/var/lib/docker/containers/{id}/{id}-json.log");
        check(&labels, &path, "d container=0123456789ab");
    }
}
