//! What a report, a run and a mail have in common in a browser: templates, a look, charts.
//!
//! Owns that nothing but our own files is markup, the parts that several pages include, and how
//! counts are drawn. Must never know what is shown: whoever owns a page owns its template, its
//! script and the values for it. Pure. Nothing here fails.
//!
//! ```text
//! values ──page::render(template)──▶ HTML      counts ──chart──▶ SVG paths
//! ```

pub(crate) mod chart;
pub(crate) mod page;
