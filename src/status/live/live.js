"use strict";
(() => {
  const body = document.body, words = body.dataset;
  const by = (id) => document.getElementById(id);
  document.documentElement.classList.add("scripted");

  /* Makes what is there like what came, and leaves alone what is alike: focus, folds, selections. */
  const morph = (from, to) => {
    let at = from.firstChild;
    for (const want of [...to.childNodes]) {
      const named = want.id && [...from.children].find((it) => it.id === want.id);
      const have = named || at;
      if (!have || have.nodeName !== want.nodeName || have.id !== want.id) {
        from.insertBefore(want, at);
        continue;
      }
      if (have === at) at = at.nextSibling;
      else from.insertBefore(have, at);
      if (have.nodeType !== 1) {
        if (have.data !== want.data) have.data = want.data;
        continue;
      }
      for (const { name } of [...have.attributes]) {
        if (name !== "open" && !want.hasAttribute(name)) have.removeAttribute(name);
      }
      for (const { name, value } of want.attributes) {
        if (have.getAttribute(name) !== value) have.setAttribute(name, value);
      }
      morph(have, want);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  const span = (ms) => {
    const units = words.wUnits.split(",");
    let s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return `${s} ${units[0]}`;
    if (s < 3600) return `${Math.floor(s / 60)} ${units[1]}`;
    if (s < 86400) return `${Math.floor(s / 3600)} ${units[2]} ${Math.floor(s / 60) % 60} ${units[1]}`;
    return `${Math.floor(s / 86400)} ${units[3]} ${Math.floor(s / 3600) % 24} ${units[2]}`;
  };
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  /* How far the run's clock is ahead of this machine's. */
  let ahead = 0;
  const tick = () => {
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll("time.ago")) {
      const ago = now - Date.parse(time.dateTime);
      const text = (ago < 0 ? words.wIn : words.wAgo).replace("#", span(Math.abs(ago)));
      write(time, `${time.dataset.words} (${text})`);
    }
    for (const left of document.querySelectorAll(".countdown")) {
      const ms = Date.parse(left.dataset.until) - now, s = Math.ceil(ms / 1000);
      const clock = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")} ${words.wLeft}`;
      write(left, ms > 0 ? clock : words.wOver);
    }
  };

  let title = "";
  const head = (isNew) => {
    const verdict = document.querySelector("#part-verdict [data-title]");
    if (!verdict || verdict.dataset.title === title) return;
    title = verdict.dataset.title;
    document.title = `${title} · ocrwatch`;
    by("icon").href = `/icon.svg?grade=${verdict.dataset.grade}`;
    if (isNew) by("said").textContent = title;
  };

  const link = by("link");
  let heard = by("as-of").textContent;
  const said = (state, text) => {
    link.className = `small ${state}`;
    write(link, text);
  };

  /* Listens for what changes, and again whenever it was cut off. */
  let known = words.known, again = 0;
  const listen = () => {
    const query = new URLSearchParams({ lang: words.lang, period: words.period, last: known });
    if (words.code) query.set("code", words.code);
    const events = new EventSource(`/api/v1/events?${query}`);
    events.onopen = () => said("live", words.wLive);
    events.addEventListener("board", (event) => {
      known = event.lastEventId;
      for (const [name, html] of Object.entries(JSON.parse(event.data))) {
        const part = by(`part-${name}`), came = document.createElement("template");
        if (!part) continue;
        came.innerHTML = html;
        morph(part, came.content);
      }
      said("live", words.wLive);
      head(true);
      tick();
    });
    events.addEventListener("trouble", (event) => said("off", JSON.parse(event.data)));
    events.onerror = () => {
      if (link.classList.contains("live")) heard = new Date().toLocaleTimeString();
      said("off", `${words.wOff} ${heard}`);
      if (events.readyState !== EventSource.CLOSED) return;
      clearTimeout(again);
      again = setTimeout(listen, 5000);
    };
  };

  /* Asks the run for a change; gives what is wrong, or nothing. */
  const ask = async (method, path, value) => {
    try {
      const headers = value ? { "Content-Type": "application/json" } : {};
      const answer = await fetch(path, { method, headers, body: value && JSON.stringify(value) });
      if (answer.ok) return "";
      const { error } = await answer.json();
      const wrong = error.problems || [error];
      return wrong.map((one) => one.what + (one.hint ? ` (${one.hint})` : "")).join("; ");
    } catch (error) {
      return String(error);
    }
  };

  const dialog = by("silence"), form = by("silence-form");
  const author = { get: () => "", set: () => {} };
  try {
    author.get = () => localStorage.getItem("author") || "";
    author.set = (name) => localStorage.setItem("author", name);
    author.get();
  } catch {
    author.get = () => "";
    author.set = () => {};
  }
  if (form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const match = {};
      for (const line of by("s-match").value.split("\n").filter((line) => line.trim())) {
        const [name, ...rest] = line.split("=");
        match[name.trim()] = rest.join("=").trim();
      }
      const silence = { match, author: by("s-author").value, reason: by("s-reason").value };
      if (by("s-for").value) silence.for = by("s-for").value;
      else silence.until_resolved = true;
      author.set(silence.author);
      const wrong = await ask("POST", "/api/v1/silences", silence);
      by("s-wrong").textContent = wrong;
      if (wrong) return;
      dialog.close();
      by("s-reason").value = "";
      by("answer").textContent = words.wDone;
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { silence, expire, copy, close } = button.dataset;
    if (silence !== undefined && dialog) {
      by("s-match").value = silence;
      by("s-author").value = by("s-author").value || author.get();
      by("s-wrong").textContent = "";
      dialog.showModal();
      (silence.trim().endsWith("=") ? by("s-match") : by("s-author").value ? by("s-reason") : by("s-author")).focus();
    } else if (expire !== undefined) {
      button.disabled = true;
      const wrong = await ask("DELETE", `/api/v1/silences/${encodeURIComponent(expire)}`);
      button.disabled = false;
      by("answer").textContent = wrong || words.wDone;
    } else if (copy !== undefined) {
      await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
      by("said").textContent = words.wCopied;
      button.textContent = words.wCopied;
    } else if (close !== undefined) {
      dialog.close();
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    by("code").focus();
    by("code").select();
  });

  ahead = Date.parse(by("as-of").dateTime) - Date.now();
  if (Math.abs(ahead) < 60000) ahead = 0;
  head(false);
  tick();
  setInterval(tick, 1000);
  listen();
})();
