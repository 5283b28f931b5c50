"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const two = (n) => String(n).padStart(2, "0");
  all(".tools").forEach((tools) => tools.classList.add("ready"));

  // A negative number stands for that many zeros.
  const unpacked = (text) => {
    const counts = [];
    for (const number of text ? text.split(",").map(Number) : []) {
      if (number < 0) counts.length -= number;
      else counts[counts.length] = number;
    }
    return counts;
  };
  const rows = all("[data-series]").map((row) => ({
    row,
    series: unpacked(row.dataset.series),
    cell: row.matches("[data-count]") ? row : row.querySelector("[data-count]"),
    share: row.querySelector("[data-share]"),
    trend: row.querySelector(".trend"),
  }));
  const modules = rows.filter(({ row }) => row.closest(".legend"));
  const sum = (series, from, to) => {
    let total = 0;
    for (let at = from; at < to; at += 1) total += series[at] || 0;
    return total;
  };

  // As the page writes it: to the tenth where it is small, and never nothing for something.
  const percent = (count, of) => {
    const tenths = Math.floor((count * 1000) / Math.max(1, of));
    if (tenths === 0 && count > 0) return "<0.1%";
    return tenths < 100 ? `${Math.floor(tenths / 10)}.${tenths % 10}%` : `${Math.floor(tenths / 10)}%`;
  };

  const plot = byId("plot");
  if (plot) {
    const { buckets, bucketS, startS, offsetS } = Object.fromEntries(
      Object.entries(plot.dataset).map(([name, value]) => [name, Number(value)]));
    const totals = Array.from({ length: buckets }, (_, at) =>
      modules.reduce((total, { series }) => total + (series[at] || 0), 0));
    const highestOf = (from, to) => totals.slice(from, to).reduce((a, b) => Math.max(a, b), 0);
    const highestAll = highestOf(0, buckets) || 1;
    const charts = all("svg", plot);
    const heights = charts.map((svg) => svg.viewBox.baseVal.height);
    let from = 0;
    let to = buckets;

    // The wall clock of the log, as the page tells all times.
    const clock = (bucket, form) => {
      const at = new Date((startS + bucket * bucketS + offsetS) * 1000);
      const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
      const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
      const second = `:${two(at.getUTCSeconds())}`;
      return { day, time, second: time + second, both: `${day.slice(5)} ${time}` }[form];
    };
    const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800];
    const axis = byId("axis");
    const drawAxis = () => {
      const span = (to - from) * bucketS;
      const step = steps.find((length) => span / length <= 7) || Math.ceil(span / 7 / 86400) * 86400;
      const form = step < 60 ? "second" : step < 86400 && span <= 172800 ? "time"
        : step < 86400 ? "both" : "day";
      const wall = startS + offsetS + from * bucketS;
      axis.replaceChildren();
      for (let at = Math.ceil(wall / step) * step; at <= wall + span; at += step) {
        const part = (at - wall) / span;
        if (part < 0.02 || part > 0.98) continue;
        const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        text.setAttribute("x", `${(part * 100).toFixed(2)}%`);
        text.setAttribute("y", "1em");
        text.textContent = clock((at - startS - offsetS) / bucketS, form);
        axis.append(text);
      }
    };
    const show = () => {
      const isAll = from === 0 && to === buckets;
      const highest = highestOf(from, to);
      charts.forEach((svg, at) => {
        const height = at === 0 ? Math.max(2, (heights[0] * highest) / highestAll) : heights[at];
        const top = at === 0 ? heights[0] - height : 0;
        svg.setAttribute("viewBox", `${from} ${top} ${to - from} ${height}`);
      });
      drawAxis();
      byId("highest").textContent = grouped(highest);
      byId("shown").textContent = isAll ? ""
        : `${clock(from, "day")} ${clock(from, "second")} – ${clock(to, "day")} ${clock(to, "second")}`;
      const total = sum(totals, from, to);
      for (const { series, cell, share, trend } of rows) {
        const count = isAll ? Number(cell.dataset.count) : sum(series, from, to);
        cell.textContent = grouped(count);
        cell.dataset.value = count;
        if (share) {
          share.textContent = isAll ? share.dataset.share : percent(count, total);
          share.dataset.value = count;
        }
        if (trend) {
          trend.dataset.steps = trend.dataset.steps || trend.viewBox.baseVal.width;
          const each = Math.ceil(buckets / Number(trend.dataset.steps));
          trend.setAttribute("viewBox", `${from / each} 0 ${(to - from) / each} 100`);
        }
      }
    };
    const zoom = (a, b) => {
      from = Math.max(0, Math.min(buckets - 1, Math.round(a)));
      to = Math.max(from + 1, Math.min(buckets, Math.round(b)));
      show();
    };
    const moves = {
      in: (span) => zoom(from + span / 4, to - span / 4),
      out: (span) => zoom(from - span / 2, to + span / 2),
      left: (span) => zoom(Math.max(0, from - span / 2), Math.max(0, from - span / 2) + span),
      right: (span) => zoom(Math.min(buckets, to + span / 2) - span, Math.min(buckets, to + span / 2)),
      all: () => zoom(0, buckets),
    };
    all("[data-zoom]").forEach((button) => {
      button.addEventListener("click", () => moves[button.dataset.zoom](to - from));
    });

    let pick = null;
    const across = (event) => {
      const box = plot.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    };
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target.closest("a")) return;
      pick = { start: across(event), mark: document.createElement("div") };
      pick.mark.className = "pick";
      plot.append(pick.mark);
      plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointermove", (event) => {
      if (!pick) return;
      const ends = [pick.start, across(event)].sort((a, b) => a - b);
      pick.mark.style.left = `${ends[0] * 100}%`;
      pick.mark.style.width = `${(ends[1] - ends[0]) * 100}%`;
    });
    const drop = (event, isDone) => {
      if (!pick) return;
      const ends = [pick.start, across(event)].sort((a, b) => a - b);
      pick.mark.remove();
      pick = null;
      const span = to - from;
      if (isDone && ends[1] - ends[0] > 0.01) {
        zoom(Math.floor(from + span * ends[0]), Math.ceil(from + span * ends[1]));
      }
    };
    plot.addEventListener("pointerup", (event) => drop(event, true));
    plot.addEventListener("pointercancel", (event) => drop(event, false));
    plot.addEventListener("dblclick", () => moves.all());
  }

  const table = byId("table");
  if (table) {
    const body = table.tBodies[0];
    const heads = all("th[data-sort]", table);
    heads.forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const column = Array.from(head.parentNode.children).indexOf(head);
        const isNumber = head.dataset.sort === "number";
        const was = head.getAttribute("aria-sort");
        const order = was ? (was === "descending" ? 1 : -1) : (isNumber ? -1 : 1);
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order > 0 ? "ascending" : "descending");
        const key = (row) => {
          const cell = row.children[column];
          return isNumber ? Number(cell.dataset.value) : cell.textContent.trim();
        };
        const before = (a, b) => (isNumber ? key(a) - key(b) : key(a).localeCompare(key(b)));
        body.append(...Array.from(body.rows).sort((a, b) => order * before(a, b)));
      });
    });
    const search = byId("search");
    const narrow = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of body.rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        byId(row.dataset.code).hidden = row.hidden;
        shown += row.hidden ? 0 : 1;
      }
      byId("found").textContent = words.length ? `${shown} / ${body.rows.length}` : "";
    };
    search.addEventListener("input", narrow);
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, textarea, select")) {
        event.preventDefault();
        search.focus();
      }
    });
    // A link to a code leads there even where a search hides it.
    const follow = () => {
      // What stands on the page has an anchor of plain characters; whatever else is linked does not.
      const target = byId(location.hash.slice(1));
      if (!target) return;
      if (target.hidden) {
        search.value = "";
        narrow();
      }
      target.scrollIntoView();
      target.focus({ preventScroll: true });
    };
    addEventListener("hashchange", follow);
    follow();
  }
})();
