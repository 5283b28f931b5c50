//! The dashboard for Grafana.
//!
//! Owns what stands around the panels, and their places and numbers, which stay. Must never know
//! what a panel shows. Nothing here fails.

mod panel;
mod rows;

use serde_json::{Value, json};

use panel::{Panel, datasource};
use rows::{CHOSEN, rows};

use crate::catalogue::Catalogue;
use crate::rules::RuleSet;

/// Its address in Grafana, for ever.
const UID: &str = "ocrwatch";

/// Of Grafana 10; later versions take it over.
const SCHEMA: u32 = 38;

/// The whole file.
pub(super) fn write(rules: &RuleSet, catalogue: &Catalogue) -> String {
    let mut places = Places::default();
    let mut panels = Vec::new();
    for (title, row) in rows(rules, catalogue) {
        panels.push(places.heading(title));
        panels.extend(row.iter().map(|panel| places.put(panel)));
    }
    let dashboard = json!({
        "uid": UID,
        "title": "ocrwatch: errors of Huawei Cloud OCR",
        "description": "What fires, which errors there are and what they mean, and whether ocrwatch itself is well. Written by `ocrwatch export grafana`; import the rules of `ocrwatch export prometheus-rules`, too.",
        "tags": ["ocrwatch"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": { "from": "now-24h", "to": "now" },
        "timezone": "browser",
        "annotations": { "list": [fired()] },
        "templating": { "list": variables() },
        "links": [{
            "title": "ocrwatch",
            "type": "dashboards",
            "tags": ["ocrwatch"],
            "asDropdown": true,
            "includeVars": true,
            "keepTime": true,
            "targetBlank": false,
            "icon": "external link",
            "tooltip": "dashboards with the tag ocrwatch",
            "url": "",
        }],
        "panels": panels,
    });
    let mut text = serde_json::to_string_pretty(&dashboard).unwrap_or_default();
    text.push('\n');
    text
}

/// When alerts began, drawn over every panel.
fn fired() -> Value {
    let firing = format!("ocrwatch_alerts{{state=\"firing\", {CHOSEN}}}");
    let more = format!("sum by (rule) ({firing}) > sum by (rule) ({firing} offset 1m)");
    json!({
        "name": "alerts that fire",
        "datasource": datasource(),
        "enable": true,
        "iconColor": "red",
        "expr": more,
        "step": "1m",
        "titleFormat": "{{rule}}",
        "textFormat": "fires",
    })
}

fn variables() -> Vec<Value> {
    let mut variables = vec![json!({
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "hide": 0,
        "multi": false,
        "includeAll": false,
    })];
    // All jobs and instances are all of ocrwatch: without a pattern for them Grafana lists them.
    let of_metrics = [
        ("job", "label_values(ocrwatch_build_info, job)"),
        ("instance", "label_values(ocrwatch_build_info{job=~\"$job\"}, instance)"),
        (
            "source",
            "label_values(ocrwatch_source_up{job=~\"$job\", instance=~\"$instance\"}, source)",
        ),
        (
            "code",
            "label_values(ocrwatch_errors_total{job=~\"$job\", instance=~\"$instance\"}, code)",
        ),
    ];
    variables.extend(of_metrics.map(|(name, query)| {
        json!({
            "name": name,
            "label": name,
            "type": "query",
            "datasource": datasource(),
            "query": { "query": query, "refId": format!("{name}s") },
            "definition": query,
            "refresh": 2,
            "sort": 1,
            "hide": 0,
            "multi": true,
            "includeAll": true,
            "allValue": if matches!(name, "job" | "instance") { Value::Null } else { json!(".*") },
            "current": { "selected": true, "text": ["All"], "value": ["$__all"] },
        })
    }));
    variables
}

/// Where the next panel lies, and its number.
#[derive(Default)]
struct Places {
    number: u32,
    x: u32,
    y: u32,
    /// How high the panels of this line are.
    height: u32,
}

impl Places {
    const COLUMNS: u32 = 24;

    fn heading(&mut self, title: &str) -> Value {
        self.next_line();
        self.number += 1;
        let place = json!({ "x": 0, "y": self.y, "w": Self::COLUMNS, "h": 1 });
        self.y += 1;
        json!({
            "id": self.number, "type": "row", "title": title, "collapsed": false, "panels": [],
            "gridPos": place,
        })
    }

    fn put(&mut self, panel: &Panel) -> Value {
        let (width, height) = panel.size;
        if self.x + width > Self::COLUMNS {
            self.next_line();
        }
        self.number += 1;
        let place = json!({ "x": self.x, "y": self.y, "w": width, "h": height });
        self.x += width;
        self.height = self.height.max(height);
        panel.json(self.number, &place)
    }

    fn next_line(&mut self) {
        self.y += self.height;
        (self.x, self.height) = (0, 0);
    }
}
