//! The words that stand before a stamp, and those that a date of its own follows.
//!
//! Owns four closed lists. Must never look at a line. Nothing here fails.

/// What a word before a stamp is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A log level.
    Level,
    /// A name: host, process, thread, logger, address, number.
    Name,
    /// A word as prose has it.
    Plain,
    /// A word behind which a date is something else.
    Ends,
}

/// Keys whose value is the line's own time, without `_`, `-`, `@` and `.`.
const TIME_KEYS: [&str; 29] = [
    "ts",
    "t",
    "at",
    "time",
    "timestamp",
    "date",
    "datetime",
    "asctime",
    "when",
    "epoch",
    "instant",
    "eventtime",
    "eventtimestamp",
    "logtime",
    "logtimestamp",
    "logdate",
    "timelocal",
    "timeiso8601",
    "localtime",
    "timegenerated",
    "timereported",
    "requesttime",
    "timemillis",
    "timems",
    "timestampms",
    "unixtime",
    "createtime",
    "occurredat",
    "syslogtimestamp",
];

const CHINESE_TIME_KEYS: [&str; 4] = ["时间", "日期", "日志时间", "发生时间"];

const LEVELS: [&str; 29] = [
    "trace",
    "trac",
    "trc",
    "debug",
    "debu",
    "dbg",
    "info",
    "inf",
    "information",
    "notice",
    "warn",
    "warning",
    "wrn",
    "error",
    "erro",
    "err",
    "fatal",
    "fata",
    "ftl",
    "critical",
    "crit",
    "severe",
    "fine",
    "finer",
    "finest",
    "alert",
    "emerg",
    "panic",
    "dpanic",
];

/// Prose says with these that the date is its object.
const PREPOSITIONS: [&str; 14] = [
    "at", "on", "until", "till", "since", "from", "before", "after", "by", "for", "between",
    "than", "to", "was",
];

/// Parts of names of other times, anywhere in the word.
const OTHER_TIMES: [&str; 11] = [
    "expir",
    "valid",
    "until",
    "deadline",
    "creat",
    "modif",
    "update",
    "built",
    "issued",
    "notbefore",
    "notafter",
];

/// Names of other times as a whole, without `_` and `-`.
const OTHER_TIME_KEYS: [&str; 14] = [
    "start",
    "starttime",
    "startedat",
    "begin",
    "begintime",
    "end",
    "endtime",
    "endedat",
    "since",
    "before",
    "after",
    "last",
    "next",
    "retryafter",
];

const CHINESE_OTHER_TIMES: [&str; 6] = ["过期", "到期", "有效", "截止", "开始", "结束"];

const FOLDED_BYTES_MAX: usize = 24;

/// A name in lower case without what parts its words, when it is short enough to be a known one.
fn folded<'a>(name: &[u8], room: &'a mut [u8; FOLDED_BYTES_MAX]) -> Option<&'a [u8]> {
    let mut length = 0;
    for byte in name.iter().filter(|byte| !b"_-@.\\".contains(byte)) {
        *room.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    room.get(..length)
}

fn is_any(name: &[u8], list: &[&str]) -> bool {
    list.iter().any(|known| known.as_bytes() == name)
}

/// Whether one of these parts stands anywhere in a name.
fn holds_any(name: &[u8], parts: &[&str]) -> bool {
    let first = |part: &str| part.bytes().next().unwrap_or_default();
    parts.iter().any(|part| {
        memchr::memchr_iter(first(part), name).any(|at| name[at..].starts_with(part.as_bytes()))
    })
}

/// Whether a key's value is the line's own time.
pub(super) fn is_time_key(key: &[u8]) -> bool {
    let mut room = [0; FOLDED_BYTES_MAX];
    folded(key, &mut room).is_some_and(|key| is_any(key, &TIME_KEYS))
        || is_any(key, &CHINESE_TIME_KEYS)
}

/// What a word is that no `=` follows; `is_label` when a colon does.
pub(super) fn classify(word: &[u8], is_label: bool) -> Word {
    if let [only] = word
        && only.is_ascii_uppercase()
    {
        return Word::Level;
    }
    let mut room = [0; FOLDED_BYTES_MAX];
    if let Some(folded) = folded(word, &mut room) {
        if is_any(folded, &LEVELS) {
            return Word::Level;
        }
        if is_any(word, &PREPOSITIONS) || is_label && is_any(folded, &OTHER_TIME_KEYS) {
            return Word::Ends;
        }
        // Of a word that the head's end cuts within a character nothing is known.
        if holds_any(folded, &OTHER_TIMES) && str::from_utf8(folded).is_ok() {
            return Word::Ends;
        }
    }
    if !word.is_ascii() {
        let text = String::from_utf8_lossy(word);
        let other = CHINESE_OTHER_TIMES.iter().any(|other| text.contains(other));
        return if other { Word::Ends } else { Word::Plain };
    }
    let plain = word.iter().all(u8::is_ascii_alphabetic) && word.iter().any(u8::is_ascii_lowercase);
    if plain { Word::Plain } else { Word::Name }
}
