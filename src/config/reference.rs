//! What is to be said of the keys of a configuration file.
//!
//! Owns the sentences. Must not know how they are shown; ranges, words and defaults are those that
//! the file is read by. A new table is one more key of the root, whose kind is that table. Nothing
//! here can fail.

use super::file::{
    CATALOGUES_MAX, FORMATS, HISTORY, LEVELS, LINKS, MODES, OPEN_FILES, OUTBOX, POLL, QUIET,
    RECEIVERS_MAX, SIZE, SOURCES_MAX, word,
};
use super::fleet::{
    BUFFER, PARTITIONS, PARTITIONS_MAX, REPLICAS, RETENTION, ROLES, SERVERS_MAX as BROKERS_MAX,
};
use super::http::{CONNECTIONS, HOSTS_MAX, LISTEN_MAX};
use super::origin::{FILTERS_MAX, ORIGINS, PATTERNS_MAX};
use super::{Encoding, Fleet, Http, Log, Role, State, Watch, entry, receiver, size};
use crate::policy_file;
use crate::toml_file::reference::{Kind, Table, key, names};

/// The whole file, with what may stand in it of rule files.
pub fn reference() -> Table {
    let rules = "[rule files](rules.md#files-of-your-own): a directory, whose `*.toml` files are \
                 read, or one file; as `--rules`. A directory without any waits for them: the \
                 shipped rules are used";
    let catalogue = "[catalogue files](commands.md#catalogue-files), a later one before an earlier \
                     one, up to {max}; as `--catalogue`";
    let timezone = "the zone of times in logs that tell none, unless a source has its own, and the \
                    zone in which alerts show times: `Asia/Shanghai`, `+08:00`, `UTC`";
    let mut keys = vec![
        key("rules", Kind::Path, rules).otherwise("the shipped rules").such_as("\"rules.d\""),
        key("catalogue", Kind::Texts(CATALOGUES_MAX), catalogue)
            .usually("[]")
            .such_as("[\"our-codes.toml\"]"),
        key("timezone", Kind::Zone, timezone).otherwise("the machine's"),
        key("state", Kind::Table(state()), "[where the state lies](#state)"),
        key("watch", Kind::Table(watch()), "[how files are looked at](#watch)"),
        key("log", Kind::Table(log()), "[the run's own log](#log)"),
        key("http", Kind::Table(http()), "[where it answers](#http)"),
        key("fleet", Kind::Table(fleet()), "[many machines, one truth](#fleet)")
            .otherwise("this machine is alone"),
        key("source", Kind::list(source(), SOURCES_MAX), "[which logs are followed](#sources)")
            .otherwise("the files of the command line"),
        key(
            "receiver",
            Kind::list(receiver::reference(), RECEIVERS_MAX),
            "[who is told](#receivers)",
        )
        .otherwise("the terminal"),
    ];
    keys.extend(policy_file::reference().keys);
    Table::of("the file", keys)
}

fn state() -> Table {
    let usual = State::default();
    let directory = "where the database lies. A change counts from the next start on";
    let home = "`$STATE_DIRECTORY`, else `$XDG_STATE_HOME/ocrwatch`, else \
                `~/.local/state/ocrwatch`";
    let outbox = "how long notifications are kept that were delivered or given up, {range}";
    let size_max = "how large the database may become, {range}; the oldest counts go first";
    Table::of(
        "[state]",
        vec![
            key("directory", Kind::Path, directory)
                .otherwise(home)
                .such_as("\"/var/lib/ocrwatch\""),
            key("history", Kind::Span(HISTORY), "how long counts are kept, {range}")
                .usually_ms(usual.history.0),
            key("outbox", Kind::Span(OUTBOX), outbox).usually_ms(usual.outbox.0),
            key("size_max", Kind::Size(SIZE), size_max).usually_text(&size::words(usual.bytes_max)),
        ],
    )
}

fn watch() -> Table {
    let usual = Watch::default();
    let mode = "`auto`: the system says where files change, and everything is looked at in any \
                case; `poll`: everything is looked at";
    let links = "`protected`: a link that somebody else than root or this user set is followed to \
                 what is theirs or what everybody may read; `any`: all links are, where all who \
                 write there may read all logs";
    let open_files_max = "how many files are held open, {range}; further ones are opened and \
                          closed in turn";
    let rotated_quiet = "how long a rotated or deleted file is looked at after its last byte, \
                         {range}";
    let partial_line = "after so long without growth a line without an end, at the end of a file, \
                        is taken as it is, {range}";
    Table::of(
        "[watch]",
        vec![
            key("mode", names(&MODES), mode).usually_text(usual.mode.as_str()),
            key("links", names(&LINKS), links).usually_text(word(&usual.links, &LINKS)),
            key("poll_interval", Kind::Span(POLL), "how often everything is looked at, {range}")
                .usually_ms(usual.poll_interval.0),
            key("open_files_max", Kind::Number(OPEN_FILES), open_files_max)
                .usually(usual.open_files_max),
            key("rotated_quiet", Kind::Span(QUIET), rotated_quiet)
                .usually_ms(usual.rotated_quiet.0),
            key("partial_line", Kind::Span(QUIET), partial_line).usually_ms(usual.partial_line.0),
        ],
    )
}

fn log() -> Table {
    let usual = Log::default();
    let level = "the least that is written down: `error`, `warn`, `info` or `debug`";
    let format = "`text` has times; `journal` has none, and a priority in front of each line; \
                  `auto` is `journal` where standard error leads to the journal, else `text`";
    Table::of(
        "[log]",
        vec![
            key("level", names(&LEVELS), level).usually_text(usual.level.as_str()),
            key("format", names(&FORMATS), format).usually_text(usual.format.as_str()),
        ],
    )
}

fn http() -> Table {
    let usual = Http::default();
    let listen = "addresses with their ports, up to {max}, a list or one: `127.0.0.1:9464`, \
                  `[::1]:9464`, `localhost:9464`. Beyond this machine `token` and `tls` are needed";
    let socket = "the path of the unix socket; one that is named is open to the group as well. \
                  107 bytes at most";
    let tls = "what addresses are encrypted with, or `\"none\"` where something else does";
    let hosts = "further names by which the run may be called, up to {max}; its addresses and \
                 `localhost` are known";
    let connections_max = "connections held for each address and for the socket, {range}";
    let certificate = Table::of(
        "tls",
        vec![
            key("certificate", Kind::Path, "the chain in PEM, the server's own certificate first")
                .required()
                .such_as("\"http.pem\""),
            key("key", Kind::Path, "its key in PEM").required().such_as("\"http.key\""),
        ],
    );
    let tls_kind = Kind::Either(vec![Kind::Table(certificate), Kind::Words(vec!["none"])]);
    Table::of(
        "[http]",
        vec![
            key("listen", Kind::Texts(LISTEN_MAX), listen)
                .usually("[]")
                .such_as("[\"127.0.0.1:9464\"]"),
            key("socket", Kind::Path, socket)
                .otherwise("`http.sock` in the state directory")
                .such_as("\"/run/ocrwatch/http.sock\""),
            key(
                "token",
                receiver::reference::secret(),
                "a [secret](#secrets) that who asks at an address must show; without one nothing can be \
                 changed there",
            )
            .such_as("{ file = \"http.token\" }"),
            key("tls", tls_kind, tls),
            key("hosts", Kind::Texts(HOSTS_MAX), hosts)
                .usually("[]")
                .such_as("[\"monitor.example.com\"]"),
            key("connections_max", Kind::Number(CONNECTIONS), connections_max)
                .usually(usual.connections_max),
        ],
    )
}

fn fleet() -> Table {
    let usual = Fleet::of(Vec::new(), Role::Agent);
    let servers = "the nodes of the broker, up to {max}: `nats://host:4222`, encrypted \
                   `tls://host:4222`";
    let role = "`agent`: what the logs tell is published, and nothing is decided here; `host`: it \
                is published, and decided about here as well; `aggregator`: what all published is \
                decided about, what its own logs tell included";
    let name = "this machine's name in the fleet, up to 64 letters, digits, `.`, `-` and `_`";
    let ca = "whose certificates are believed beside those that the system believes, in PEM";
    let stream = "the JetStream stream; an aggregator makes it if there is none";
    let replicas = "on how many nodes of the broker it lies when it is made, {range}";
    let retention = "how long it keeps what was published, when it is made, {range}";
    let partitions = "over how many shares access keys are spread, {range}; the same on all \
                      machines";
    let consume = "which shares, numbered from 0, an aggregator takes. Those that take the same \
                   ones stand in for each other";
    let samples = "`true`: the redacted lines around a code are published, too";
    let buffer_max = "so much waits for the broker, {range}; beyond it logs are not read on";
    let login = Table::of(
        "login",
        vec![
            key(
                "credentials",
                Kind::Path,
                "a file with a user's JWT and its key, as `nsc` makes it",
            )
            .such_as("\"web-1.creds\""),
            key("nkey", receiver::reference::secret(), "the seed of a key, a [secret](#secrets)")
                .such_as("{ file = \"web-1.nkey\" }"),
            key("user", Kind::Text, "a user, together with `password`").such_as("\"agent\""),
            key("password", receiver::reference::secret(), "its password, a [secret](#secrets)")
                .such_as("{ file = \"broker.password\" }"),
        ],
    );
    let login = login.with_one_of(&["credentials", "nkey", "user"]);
    Table::of(
        "[fleet]",
        vec![
            key("servers", Kind::Texts(BROKERS_MAX), servers)
                .required()
                .such_as("[\"nats://broker.example.com:4222\"]"),
            key("role", names(&ROLES), role).required().such_as("\"agent\""),
            key("name", Kind::Text, name).otherwise("the host name").such_as("\"web-1\""),
            key("login", Kind::Table(login), "how it shows the broker who it is")
                .otherwise("nothing is shown"),
            key("ca", Kind::Path, ca).such_as("\"broker-ca.pem\""),
            key("stream", Kind::Text, stream).usually_text(&usual.stream),
            key("replicas", Kind::Number(REPLICAS), replicas).usually(usual.replicas),
            key("retention", Kind::Span(RETENTION), retention).usually_ms(usual.retention.0),
            key("partitions", Kind::Number(PARTITIONS), partitions).usually(usual.partitions),
            key(
                "consume",
                Kind::List(Box::new(Kind::Number(0..=PARTITIONS.end() - 1)), PARTITIONS_MAX),
                consume,
            )
            .otherwise("all of them")
            .such_as("[0]"),
            key("samples", Kind::Flag, samples).usually(usual.samples),
            key("buffer_max", Kind::Size(BUFFER), buffer_max)
                .usually_text(&size::words(usual.buffer_bytes_max)),
        ],
    )
}

fn source() -> Table {
    let name = "the label `source`, for all files of the source together";
    let files = "paths and [patterns](#where-lines-come-from), a list or one";
    let exclude = "which of those files are not followed: a pattern without `/` is about the \
                   file's name, one with `/` about the whole path. Only with `files`";
    let rotated_to = "further directories where rotation puts files. Only with `files`";
    let journal_says = "the systemd journal: `{}`, or [filters](#where-lines-come-from)";
    let docker = "the directory of Docker's json-file driver: `<directory>/*/*-json.log` is \
                  followed";
    let pods = "the directory of Kubernetes' logs: \
                `<directory>/<namespace>_<pod>_<uid>/<container>/*.log` is followed; `namespace`, \
                `pod` and `container` become labels";
    let credential = "the label `credential` where the log does not show the access key";
    let encoding = "what the text is written in: `auto` is UTF-8, or UTF-16 if the file begins \
                    with a byte order mark; `utf-8`, `utf-16le`, `utf-16be`, `gbk`, `gb18030`. \
                    Only with `files`, `stdin` and `fifo`";
    let start = "where what is there at the [very first start](#where-lines-come-from) is read \
                 from. Not with `stdin` and `fifo`";
    let line_max = "what stands further behind on a line is not looked at, {range}";
    let labels = Kind::Pairs(Box::new(Kind::Text), entry::LABELS_MAX);
    Table::of(
        "[[source]]",
        vec![
            key("name", Kind::Text, name).otherwise("each file's own path").such_as("\"gateway\""),
            key("files", Kind::Texts(PATTERNS_MAX), files).such_as("[\"/var/log/app/*.log\"]"),
            key("exclude", Kind::Texts(PATTERNS_MAX), exclude)
                .usually("[]")
                .such_as("[\"*.debug.log\"]"),
            key("rotated_to", Kind::Texts(PATTERNS_MAX), rotated_to)
                .usually("[]")
                .such_as("[\"/var/log/old\"]"),
            key("stdin", Kind::Flag, "`true`: standard input"),
            key("fifo", Kind::Path, "the path of a named pipe, whose writers may come and go")
                .such_as("\"/run/app/log.fifo\""),
            key("journal", Kind::Table(journal()), journal_says)
                .such_as("{ units = [\"scan.service\"] }"),
            key("docker", Kind::Path, docker).such_as("\"/var/lib/docker/containers\""),
            key("pods", Kind::Path, pods).such_as("\"/var/log/pods\""),
            key("service", Kind::Text, "the label `service`").such_as("\"scan\""),
            key("credential", Kind::Text, credential).such_as("\"scan-prod\""),
            key("labels", labels, "labels of your own, up to {max}")
                .usually("{}")
                .such_as("{ environment = \"production\" }"),
            key("timezone", Kind::Zone, "the zone of times that tell none")
                .otherwise("that of the file"),
            key("encoding", names(&Encoding::ALL), encoding).usually_text("auto"),
            key("start", Kind::Text, start).usually_text("end").such_as("\"last 1000 lines\""),
            key("line_max", Kind::Size(entry::LINE_MAX), line_max).otherwise("none"),
        ],
    )
    .with_one_of(&ORIGINS)
}

fn journal() -> Table {
    let units = "units, or patterns of units, as `journalctl --unit` takes them";
    let matches = "fields and their values, such as `SYSLOG_IDENTIFIER=scan`, as `journalctl` \
                   takes them";
    let directory = "the directory of journal files, as `journalctl --directory` takes it";
    Table::of(
        "journal",
        vec![
            key("units", Kind::Texts(FILTERS_MAX), units)
                .otherwise("every unit")
                .such_as("[\"scan.service\"]"),
            key("matches", Kind::Texts(FILTERS_MAX), matches)
                .usually("[]")
                .such_as("[\"SYSLOG_IDENTIFIER=scan\"]"),
            key("directory", Kind::Path, directory)
                .otherwise("the machine's journal")
                .such_as("\"/var/log/journal\""),
        ],
    )
}
