//! How Grafana writes a panel.
//!
//! Owns the keys of its JSON. Must never know what a panel is about. Nothing here fails.

use serde_json::{Map, Value, json};

use crate::catalogue::Catalogue;
use crate::surface::escape::visible;

/// The data source that the reader chose.
pub(super) fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// A minute is what the recording rules count in.
const INTERVAL_MIN: &str = "1m";

/// What is asked of Prometheus, and how a line is called.
pub(super) struct Query {
    expr: String,
    legend: &'static str,
    /// Of this moment alone, for tables.
    is_now: bool,
}

impl Query {
    pub(super) fn now(expr: String) -> Self {
        Self { expr, legend: "", is_now: true }
    }

    fn over_time(expr: String, legend: &'static str) -> Self {
        Self { expr, legend, is_now: false }
    }

    fn json(&self, number: usize) -> Value {
        let letter = ["A", "B", "C"].get(number).copied().unwrap_or("D");
        json!({
            "refId": letter,
            "datasource": datasource(),
            "editorMode": "code",
            "expr": self.expr,
            "instant": self.is_now,
            "range": !self.is_now,
            "format": if self.is_now { "table" } else { "time_series" },
            "legendFormat": if self.legend.is_empty() { "__auto" } else { self.legend },
        })
    }
}

/// What a number is a number of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Number,
    Seconds,
    Bytes,
    BytesEachSecond,
    EachSecond,
    Share,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Number => "short",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::BytesEachSecond => "Bps",
            Self::EachSecond => "cps",
            Self::Share => "percentunit",
        }
    }
}

/// How a panel looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Stat,
    Lines,
    Bars,
    Table,
}

/// A panel before it has a place.
pub(super) struct Panel {
    title: &'static str,
    about: &'static str,
    kind: Kind,
    queries: Vec<Query>,
    unit: Unit,
    /// From which number on it is coloured how.
    threshold: Option<(f64, &'static str)>,
    columns: &'static [&'static str],
    overrides: Vec<Value>,
    /// Columns and lines, of 24 columns.
    pub(super) size: (u32, u32),
}

impl Panel {
    fn new(title: &'static str, kind: Kind, query: Query, size: (u32, u32)) -> Self {
        Self {
            title,
            about: "",
            kind,
            queries: vec![query],
            unit: Unit::Number,
            threshold: None,
            columns: &[],
            overrides: Vec::new(),
            size,
        }
    }

    /// One number.
    pub(super) fn stat(title: &'static str, expr: String, size: (u32, u32)) -> Self {
        Self::new(title, Kind::Stat, Query::now(expr), size)
    }

    /// What something was.
    pub(super) fn lines(
        title: &'static str,
        expr: String,
        legend: &'static str,
        unit: Unit,
        size: (u32, u32),
    ) -> Self {
        Self { unit, ..Self::new(title, Kind::Lines, Query::over_time(expr, legend), size) }
    }

    /// How many there were.
    pub(super) fn bars(
        title: &'static str,
        expr: String,
        legend: &'static str,
        size: (u32, u32),
    ) -> Self {
        Self::new(title, Kind::Bars, Query::over_time(expr, legend), size)
    }

    /// These columns, in this order.
    pub(super) fn table(
        title: &'static str,
        query: Query,
        columns: &'static [&'static str],
        size: (u32, u32),
    ) -> Self {
        Self { columns, ..Self::new(title, Kind::Table, query, size) }
    }

    pub(super) fn and(mut self, expr: String, legend: &'static str) -> Self {
        self.queries.push(Query::over_time(expr, legend));
        self
    }

    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) fn bad_from(self, number: f64) -> Self {
        Self { threshold: Some((number, "red")), ..self }
    }

    pub(super) fn doubtful_from(self, number: f64) -> Self {
        Self { threshold: Some((number, "orange")), ..self }
    }

    /// The column `meaning` holds codes, and shows what the catalogue says of them.
    pub(super) fn meanings(mut self, catalogue: &Catalogue) -> Self {
        let mut texts = Map::new();
        for (number, entry) in catalogue.entries().enumerate() {
            let text = entry.message.as_deref().unwrap_or(&entry.description);
            let text = json!({ "text": visible(text), "index": number });
            texts.insert(entry.code.to_string(), text);
        }
        let mappings = json!([{ "type": "value", "options": texts }]);
        self.overrides.push(overriding("meaning", &[("mappings", mappings)]));
        let link = json!({
            "title": "this code alone",
            "url": "/d/ocrwatch?var-code=${__data.fields.code}&${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}",
        });
        self.overrides.push(overriding("code", &[("links", json!([link]))]));
        self
    }

    /// What the numbers of a table are called.
    pub(super) fn value(mut self, name: &'static str) -> Self {
        self.overrides.push(overriding("Value", &[("displayName", json!(name))]));
        self
    }

    /// The same, and what 0 and 1 mean, the good one green.
    pub(super) fn yes_or_no(mut self, name: &'static str, good: u8, texts: [&str; 2]) -> Self {
        let mut mappings = Map::new();
        for (number, text) in (0_u8..).zip(texts) {
            let color = if number == good { "green" } else { "red" };
            let text = json!({ "text": text, "color": color, "index": number });
            mappings.insert(number.to_string(), text);
        }
        let mappings = json!([{ "type": "value", "options": mappings }]);
        let coloured = json!({ "type": "color-text" });
        let properties = [
            ("displayName", json!(name)),
            ("mappings", mappings),
            ("custom.cellOptions", coloured),
        ];
        self.overrides.push(overriding("Value", &properties));
        self
    }

    /// The panel at its place.
    pub(super) fn json(&self, number: u32, place: &Value) -> Value {
        let queries = self.queries.iter().enumerate();
        let mut panel = json!({
            "id": number,
            "type": match self.kind {
                Kind::Stat => "stat",
                Kind::Lines | Kind::Bars => "timeseries",
                Kind::Table => "table",
            },
            "title": self.title,
            "description": self.about,
            "datasource": datasource(),
            "gridPos": place,
            "targets": queries.map(|(number, query)| query.json(number)).collect::<Vec<_>>(),
            "fieldConfig": { "defaults": self.defaults(), "overrides": self.overrides },
            "options": self.options(),
        });
        if self.kind == Kind::Bars {
            panel["interval"] = json!(INTERVAL_MIN);
        }
        if self.kind == Kind::Table {
            panel["transformations"] = json!(self.in_order());
        }
        panel
    }

    fn defaults(&self) -> Value {
        let mut steps = vec![json!({ "color": "green", "value": null })];
        steps.extend(self.threshold.map(|(from, color)| json!({ "color": color, "value": from })));
        let custom = match self.kind {
            Kind::Stat => json!({}),
            Kind::Table => json!({ "align": "auto", "filterable": true }),
            Kind::Lines => json!({ "drawStyle": "line", "fillOpacity": 10, "spanNulls": false }),
            Kind::Bars => json!({
                "drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0,
                "stacking": { "mode": "normal", "group": "A" },
            }),
        };
        json!({
            "unit": self.unit.name(),
            // Guesses of `increase()` are no whole numbers.
            "decimals": if self.kind == Kind::Lines { Value::Null } else { json!(0) },
            "min": if self.kind == Kind::Table { Value::Null } else { json!(0) },
            "color": { "mode": if self.kind == Kind::Stat { "thresholds" } else { "palette-classic" } },
            "thresholds": { "mode": "absolute", "steps": steps },
            "custom": custom,
        })
    }

    fn options(&self) -> Value {
        match self.kind {
            Kind::Stat => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "colorMode": if self.threshold.is_some() { "background" } else { "value" },
                "graphMode": "none",
                "textMode": "value",
                "justifyMode": "auto",
                "orientation": "auto",
            }),
            Kind::Lines | Kind::Bars => json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [] },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Kind::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
        }
    }

    /// The columns in their order; other labels are hidden.
    fn in_order(&self) -> [Value; 2] {
        let places: Map<String, Value> =
            (0..).zip(self.columns).map(|(at, name)| ((*name).to_owned(), json!(at))).collect();
        [
            json!({ "id": "filterFieldsByName", "options": { "include": { "names": self.columns } } }),
            json!({ "id": "organize", "options": {
                "indexByName": places, "excludeByName": {}, "renameByName": {},
            } }),
        ]
    }
}

fn overriding(column: &str, properties: &[(&str, Value)]) -> Value {
    let properties = properties.iter().map(|(id, value)| json!({ "id": id, "value": value }));
    json!({
        "matcher": { "id": "byName", "options": column },
        "properties": properties.collect::<Vec<_>>(),
    })
}
