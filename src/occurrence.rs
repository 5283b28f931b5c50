//! The values that travel: one OCR error at one instant, with what the log said about it, and one
//! call that succeeded.
//!
//! Owns the words shared by every later stage. Must never know how a log looks or how a report is
//! printed. Nothing here fails.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The part of the service that answered with the error.
///
/// The documented table names the first three; `APIGW.` codes belong to the gateway and are
/// documented elsewhere (source: "Error Codes", OCR API reference, 2022-10-29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Module {
    /// `AIS.` codes: the recognition itself.
    Ocr,
    /// `ModelArts.` codes: the platform that OCR is deployed on.
    Platform,
    /// `APIG.` codes: the API gateway in front of it.
    Apig,
    /// `APIGW.` codes: the gateway's own table.
    Apigw,
}

impl Module {
    /// Every module, in the order of the documented table.
    pub const ALL: [Self; 4] = [Self::Ocr, Self::Platform, Self::Apig, Self::Apigw];

    /// The module of a code such as `AIS.0101`, by the text before its first dot.
    pub fn of_code(code: &str) -> Option<Self> {
        let (prefix, _) = code.split_once('.')?;
        Self::ALL.into_iter().find(|module| module.prefix() == prefix)
    }

    /// The text before the dot of this module's codes.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Ocr => "AIS",
            Self::Platform => "ModelArts",
            Self::Apig => "APIG",
            Self::Apigw => "APIGW",
        }
    }

    /// The name that the documented table uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ocr => "OCR",
            Self::Platform => "Platform",
            Self::Apig => "APIG",
            Self::Apigw => "APIGW",
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Module {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Module {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <Box<str>>::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|module| module.name() == &*name);
        known.ok_or_else(|| de::Error::custom("a module that is not known"))
    }
}

/// Where in its input an occurrence or a success stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The input's name as the user gave it; `-` for standard input.
    pub file: Arc<str>,
    /// The line on which it stands (an occurrence: its code), 1-based; lines end at LF.
    pub line: u64,
    /// The byte at which that line begins, 0-based, in the decompressed text.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One OCR error at one instant.
///
/// Every text in it is redacted and unescaped; control characters have been made visible. A field
/// that the log does not tell is `None` and is absent from JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// When it happened, in the zone that the log (or the reader's setting) gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<FixedOffset>>,
    /// The part of the service that answered.
    pub module: Module,
    /// The error code, such as `AIS.0101`.
    pub code: Box<str>,
    /// Which of the code's documented causes the message names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    /// The service's message, decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<str>>,
    /// The request's id as the gateway gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Box<str>>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The API that was called: the last part of its path, or the name that the message gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Box<str>>,
    /// The region in the endpoint's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Box<str>>,
    /// The project's id in the URL's path: `/v2/{project_id}/ocr/id-card`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Box<str>>,
    /// The endpoint's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Box<str>>,
    /// The access key, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<Box<str>>,
    /// The exception's type name as the SDK printed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<Box<str>>,
    /// The throttling limit that an `APIG.0308` message carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The throttling period that an `APIG.0308` message carries, such as `1 minute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Box<str>>,
    /// The code was not printed: it follows from the exception's type and its fixed message.
    #[serde(default)]
    pub inferred: bool,
    /// The same event was already printed by another logger, level or shape.
    #[serde(default)]
    pub repeat: bool,
    /// The lines around the code, redacted, at most a few hundred characters.
    #[serde(skip)]
    pub sample: Box<str>,
}

impl Occurrence {
    /// One of which nothing else is known.
    pub fn new(
        place: Place,
        at: Option<DateTime<FixedOffset>>,
        module: Module,
        code: Box<str>,
    ) -> Self {
        Self {
            place,
            at,
            module,
            code,
            cause: None,
            message: None,
            request_id: None,
            http_status: None,
            api: None,
            region: None,
            project: None,
            host: None,
            access_key: None,
            exception: None,
            limit: None,
            period: None,
            inferred: false,
            repeat: false,
            sample: Box::default(),
        }
    }
}

/// One call to the OCR service that succeeded, as an access log prints it.
///
/// Its texts are redacted as those of an [`Occurrence`]. It is no occurrence: it ends a run of
/// failures and is counted nowhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Success {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// When it was printed, in the zone that the log (or the reader's setting) gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<FixedOffset>>,
    /// The HTTP status of the answer, 200 to 299; 200 where a pattern of the user told the success.
    pub http_status: u16,
    /// The API that was called: the last part of its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Box<str>>,
    /// The region in the endpoint's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Box<str>>,
    /// The project's id in the URL's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Box<str>>,
    /// The endpoint's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Box<str>>,
    /// The access key, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<Box<str>>,
}
