/* The live feed: verdicts as they fall. What they hold comes from strangers, and is written as text alone. */
(() => {
  "use strict";
  const MOST = 200;
  const start = () => {
    const body = document.getElementById("live"), state = document.getElementById("live-state");
    /* as display.clean does: what turns text around or hides in it is shown as U+FFFD */
    const clean = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "\ufffd");
    const cell = (row, text, css) => {
      const made = row.insertCell();
      made.textContent = clean(text || "–");
      if (css) made.className = css;
      return made;
    };
    const stops = { block: "tier tier-likely", divert: "tier tier-likely", withhold: "tier tier-possible", label: "tier tier-possible" };
    const verdict = (row, call) => {
      const made = row.insertCell(), badge = document.createElement("span");
      const shadow = call.action !== call.would;
      badge.className = shadow ? "tier tier-possible" : stops[call.would] || "tier tier-other";
      badge.textContent = shadow ? `would ${call.would}` : call.action;
      made.append(badge);
    };
    const show = (call) => {
      const row = body.insertRow(0);
      cell(row, String(call.time).slice(11, 23), "nowrap");
      verdict(row, call);
      cell(row, String(call.caller || "").replaceAll("_", " "), "phone nowrap");
      cell(row, call.called, "phone nowrap");
      cell(row, call.trunk);
      cell(row, call.rule);
      cell(row, (call.signals || []).map((name) => name.replaceAll("_", " ")).join(", "), "why");
      while (body.rows.length > MOST) body.deleteRow(-1);
    };
    /* at most some rows a drawing, so that a flood does not stop the page */
    const waiting = [];
    let drawing = false;
    const draw = () => {
      drawing = false;
      for (const call of waiting.splice(0).slice(-MOST)) show(call);
    };
    const connect = () => {
      const feed = new EventSource("/v1/live");
      feed.onopen = () => { state.textContent = "Connected"; };
      feed.onerror = () => {
        state.textContent = "Away; trying again";
        /* the browser tries again by itself, unless it was answered with an error */
        if (feed.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
      };
      feed.onmessage = (event) => {
        waiting.push(JSON.parse(event.data));
        if (waiting.length > 2 * MOST) waiting.splice(0, MOST);
        if (!drawing) { drawing = true; setTimeout(draw, 250); }
      };
    };
    connect();

    /* figures are replaced under the reader: what is focused and scrolled stays so, what is marked is left */
    const figures = document.getElementById("figures");
    const boxes = () => [...figures.querySelectorAll(".scroller")];
    const label = (box) => box.getAttribute("aria-label");
    let places = new Map(), focused = null;
    document.addEventListener("htmx:beforeSwap", (event) => {
      const marked = getSelection();
      if (!marked.isCollapsed && marked.containsNode(figures, true)) event.detail.shouldSwap = false;
      places = new Map(boxes().map((box) => [label(box), box.scrollLeft]));
      focused = boxes().find((box) => box === document.activeElement);
    });
    document.addEventListener("htmx:afterSwap", () => {
      for (const box of boxes()) {
        box.scrollLeft = places.get(label(box)) || 0;
        if (focused && label(box) === label(focused)) box.focus({ preventScroll: true });
      }
    });
  };
  document.addEventListener("DOMContentLoaded", start);
})();
