/* Light conveniences; every page and the report say all they have to say without this file. */
(() => {
  "use strict";
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("ringfence-theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("ringfence-theme", theme); } catch { /* a file has no storage */ } };
  const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  if (stored()) root.dataset.theme = stored();

  const actions = {
    theme: () => {
      const now = root.dataset.theme || (dark() ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      store(root.dataset.theme);
    },
    print: () => window.print(),
    copy: async (button) => {
      const said = button.textContent;
      try { await navigator.clipboard.writeText(button.dataset.text); button.textContent = "Copied"; } catch { button.textContent = "The browser does not allow it"; }
      setTimeout(() => { button.textContent = said; }, 1600);
    },
  };

  const start = () => {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.hidden = button.dataset.action === "copy" && !navigator.clipboard;
      button.addEventListener("click", () => actions[button.dataset.action](button));
    }

    /* says in words that a table is wider than its box; the shade at the edge says it without a script */
    const sizes = new ResizeObserver((entries) => { for (const { target } of entries) tell(target.closest(".scroller")); });
    const tell = (box) => { box.previousElementSibling.hidden = box.scrollWidth <= box.clientWidth + 1; };
    const watch = (within) => {
      for (const box of within.querySelectorAll(".scroller")) { sizes.observe(box); if (box.firstElementChild) sizes.observe(box.firstElementChild); }
    };
    watch(document);
    document.addEventListener("htmx:afterSwap", (event) => watch(event.target));

    const tip = document.getElementById("tip");
    const lit = (event) => event.target instanceof Element && event.target.closest("[data-tip]");
    document.addEventListener("pointermove", (event) => {
      const mark = lit(event);
      tip.hidden = !mark;
      if (!mark) return;
      tip.textContent = mark.getAttribute("data-tip");
      const box = tip.getBoundingClientRect();
      const x = Math.min(event.clientX + 14, innerWidth - box.width - 8);
      const y = event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 18;
      tip.style.transform = `translate(${Math.max(x, 8)}px, ${y}px)`;
    });
    document.addEventListener("pointerleave", () => { tip.hidden = true; });

    for (const network of document.querySelectorAll("svg.network")) {
      const parts = [...network.querySelectorAll("[data-f]")];
      const flows = new Map(parts.map((part) => [part, new Set(part.getAttribute("data-f").split(" "))]));
      network.addEventListener("pointerover", (event) => {
        const mark = event.target.closest("[data-f]");
        network.classList.toggle("tracing", Boolean(mark));
        if (!mark) return;
        const wanted = flows.get(mark);
        for (const part of parts) {
          let shared = false;
          for (const flow of flows.get(part)) if (wanted.has(flow)) { shared = true; break; }
          part.classList.toggle("lit", shared);
        }
      });
      network.addEventListener("pointerleave", () => network.classList.remove("tracing"));
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
