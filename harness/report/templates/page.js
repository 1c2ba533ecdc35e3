"use strict";
// Tooltips of plots, tables that scroll, and downloads of plots and tables. Files are made here, so nothing is fetched.
(() => {
  const byId = (id) => document.getElementById(id);
  showTips();
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-save]");
    if (!button) return;
    const part = button.closest(".saves").parentElement;
    if (button.dataset.save === "svg") save(`${button.dataset.name}.svg`, "image/svg+xml", svgOf(part));
    else save(`${button.dataset.name}.csv`, "text/csv", csvOf(part.querySelector("table")));
  });
  document.querySelectorAll(".saves").forEach((part) => (part.hidden = false));
  document.querySelectorAll(".scroll").forEach((part) => new ResizeObserver(() => sayScrolls(part)).observe(part));

  function svgOf(part) {
    const drawings = [...part.querySelectorAll(".drawing")];
    const drawn = drawings.find((drawing) => drawing.offsetParent !== null) || drawings[0];
    const page = getComputedStyle(document.documentElement);
    const copy = drawn.querySelector("svg").cloneNode(true);
    copy.removeAttribute("aria-hidden");
    const text = new XMLSerializer().serializeToString(copy).replace("<svg ", '<svg style="background: var(--paper); font-family: Arial" ');
    return text.replace(/var\((--[\w-]+)\)/g, (_, name) => page.getPropertyValue(name).trim());
  }

  function csvOf(table) {
    const rows = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(cell.textContent)).join(","));
    return `${rows.join("\r\n")}\r\n`;
  }

  // A spreadsheet must not run a cell that another person wrote as a formula; a signed number is none.
  function quoted(text) {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  function sayScrolls(part) {
    const scrolls = part.scrollWidth > part.clientWidth + 1;
    const hint = part.previousElementSibling;
    if (hint?.classList.contains("scrolls")) hint.hidden = !scrolls;
  }

  function showTips() {
    const tip = byId("tip");
    document.addEventListener("pointerover", (event) => {
      const mark = event.target.closest?.(".drawing .role-mark [aria-label]");
      tip.hidden = !mark;
      if (!mark) return;
      tip.textContent = mark.getAttribute("aria-label");
      const box = mark.getBoundingClientRect();
      const left = Math.min(box.left + box.width / 2, document.documentElement.clientWidth - tip.offsetWidth - 8);
      tip.style.left = `${Math.max(8, left)}px`;
      tip.style.top = `${Math.max(8, box.top - tip.offsetHeight - 8)}px`;
    });
  }
})();
