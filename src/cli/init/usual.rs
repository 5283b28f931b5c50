//! What is usual, for whoever presses Enter.
//!
//! Owns what follows from earlier answers. Must never judge one. Nothing here fails.

use std::path::Path;

use super::answers::Answers;

/// Encryption that servers at this port have.
pub(super) fn tls(server: &str) -> &'static str {
    let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
    let is_here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    match port {
        "465" => "implicit",
        "25" | "" if is_here => "none",
        "25" => "opportunistic",
        _ => "starttls",
    }
}

/// Who logs in may send as themselves; else somebody of the same domain as who is told.
pub(super) fn sender(answers: &Answers) -> String {
    if answers.user.contains('@') {
        return answers.user.clone();
    }
    let to = answers.to.first().and_then(|to| to.rsplit_once('@'));
    to.map_or_else(String::new, |(_, domain)| format!("ocrwatch@{domain}"))
}

/// A log's directory names its service, unless it is everybody's; else its file does.
pub(super) fn service_of(log: &str) -> String {
    let path = Path::new(log);
    let directory = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let is_own = |name: &&str| !matches!(*name, "log" | "logs") && is_plain(name);
    let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_plain(stem));
    directory.filter(is_own).or(stem).unwrap_or_default().to_owned()
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_tells_how_a_connection_is_usually_encrypted() {
        let usual = [
            ("smtp.example.com", "starttls"),
            ("smtp.example.com:587", "starttls"),
            ("smtp.example.com:465", "implicit"),
            ("smtp.example.com:25", "opportunistic"),
            ("localhost", "none"),
            ("127.0.0.1:25", "none"),
            ("[::1]:25", "none"),
            ("localhost:587", "starttls"),
        ];
        for (server, expected) in usual {
            assert_eq!(tls(server), expected, "{server}");
        }
    }

    #[test]
    fn a_directory_of_its_own_names_a_service_and_else_the_file_does() {
        let names =
            ["/var/log/scan/ocr.log", "/var/log/ocr.log", "/srv/a b/x.log", "/var/log/*.log"];
        assert_eq!(names.map(service_of), ["scan", "ocr", "x", ""]);
    }

    #[test]
    fn who_logs_in_sends_and_else_the_domain_of_who_is_told() {
        let to = vec!["ops@b.example".to_owned()];
        let mut answers = Answers { to, user: "wang".to_owned(), ..Answers::default() };
        assert_eq!(sender(&answers), "ocrwatch@b.example");
        answers.user = "wang@a.example".to_owned();
        assert_eq!(sender(&answers), "wang@a.example");
    }
}
