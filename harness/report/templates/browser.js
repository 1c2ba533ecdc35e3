"use strict";
// The trace browser. Text that a model wrote is set with textContent and never as markup.
(async () => {
  const byId = (id) => document.getElementById(id);
  const MATCHED = 1, FALSE = 2, DISCLOSED = 4;
  const AROUND = 20;
  const OUTCOMES = {
    __proto__: null,
    right: "right: every line is true",
    wrong: "wrong: a line is false",
    unjudged: "not judged line by line",
    unfinished: "unfinished: no complete trace",
  };

  showTips();
  if (!byId("browser")) return;
  let cases;
  try {
    cases = JSON.parse(await unpack(byId("payload").textContent));
  } catch (error) {
    byId("problem").textContent = `This browser cannot unpack the traces (${error}).`;
    byId("problem").hidden = false;
    return;
  }
  const items = cases.flatMap((entry) => entry.attempts.map((attempt) => makeItem(entry, attempt)));
  let shown = items, at = 0;

  const filters = { task: byId("filter-task"), outcome: byId("filter-outcome"), run: byId("filter-run") };
  for (const [name, select] of Object.entries(filters)) fillOptions(select, items.map((item) => item[name]));
  Object.values(filters).forEach((select) => select.addEventListener("change", applyFilters));
  let timer;
  byId("filter-text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(applyFilters, 120);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("previous").addEventListener("click", () => go(at - 1));
  byId("next").addEventListener("click", () => go(at + 1));
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => openFromAddress());
  byId("browser").hidden = false;
  if (!openFromAddress()) render();
  document.documentElement.dataset.ready = "yes";

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function makeItem(entry, [run, outcome, truthMarks, inverted, invertedMarks]) {
    const address = `#trace/${encodeURIComponent(run)}/${encodeURIComponent(entry.id)}`;
    return { entry, run, outcome, truthMarks, inverted, invertedMarks, address, task: entry.kind, text: null };
  }

  function fillOptions(select, values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    for (const [value, count] of counts) {
      const option = make("option", `${OUTCOMES[value] || value} (${count.toLocaleString("en")})`);
      option.value = value;
      select.append(option);
    }
  }

  function applyFilters() {
    const current = shown[at];
    const wanted = byId("filter-text").value.trim().toLowerCase();
    shown = items.filter(
      (item) =>
        Object.entries(filters).every(([name, select]) => !select.value || item[name] === select.value) &&
        (!wanted || textOf(item).includes(wanted)),
    );
    at = Math.max(0, shown.indexOf(current));
    render();
  }

  function textOf(item) {
    const { entry } = item;
    item.text ??= [entry.id, entry.question, entry.answer, entry.summary || "", entry.truth, item.inverted].join("\n").toLowerCase();
    return item.text;
  }

  function go(to) {
    if (to < 0 || to >= shown.length) return;
    at = to;
    history.replaceState(null, "", shown[at].address);
    render();
  }

  function openFromAddress() {
    if (!location.hash.startsWith("#trace/")) return false;
    let place = shown.findIndex((item) => item.address === location.hash);
    if (place < 0) {
      place = items.findIndex((item) => item.address === location.hash);
      if (place < 0) return false;
      Object.values(filters).forEach((select) => (select.value = ""));
      byId("filter-text").value = "";
      shown = items;
    }
    at = place;
    render();
    byId("browser").scrollIntoView({ block: "start" });
    return true;
  }

  function onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, .scroll, .trace")) return;
    const { top, bottom } = byId("browser").getBoundingClientRect();
    if (bottom < 0 || top > window.innerHeight) return;
    event.preventDefault();
    go(at + step);
  }

  function render() {
    const item = shown[at];
    byId("previous").disabled = at <= 0;
    byId("next").disabled = at >= shown.length - 1;
    byId("position").textContent = item
      ? `${(at + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`
      : "No trace matches.";
    renderList();
    byId("item").replaceChildren(...(item ? renderItem(item) : []));
  }

  function renderList() {
    const first = Math.max(0, Math.min(at - AROUND, shown.length - 2 * AROUND - 1));
    const list = byId("list");
    list.start = first + 1;
    list.replaceChildren(
      ...shown.slice(first, first + 2 * AROUND + 1).map((item, number) => {
        const link = make("a", "", { href: item.address });
        link.append(make("span", item.outcome, { className: `badge ${item.outcome}` }), " ", make("span", item.entry.id));
        const row = make("li");
        if (first + number === at) {
          link.setAttribute("aria-current", "true");
          requestAnimationFrame(() => (list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 2));
        }
        row.append(link, make("small", item.run));
        return row;
      }),
    );
  }

  function renderItem(item) {
    const { entry } = item;
    const head = make("header");
    head.append(
      make("span", item.outcome, { className: `badge ${item.outcome}` }),
      make("h3", entry.id),
      make("p", `${entry.kind} · ${item.run} · ${OUTCOMES[item.outcome]}`, { className: "which" }),
      make("a", "Link to this item", { href: item.address, className: "permalink" }),
    );
    const facts = make("dl", "", { className: "facts" });
    facts.append(
      ...fact("Question", entry.question),
      ...fact("Disclosed summary", entry.summary ?? "none"),
      ...fact("Disclosed answer", entry.answer),
    );
    const sides = make("div", "", { className: "sides" });
    sides.append(
      side("Hidden trace of the target", entry.truth, item.truthMarks),
      side("Inverted trace", item.inverted, item.invertedMarks),
    );
    return [head, facts, make("p", tally(item), { className: "tally" }), sides];
  }

  function fact(name, text) {
    return [make("dt", name), make("dd", text)];
  }

  function side(title, text, marks) {
    const part = make("section");
    part.append(make("h4", title));
    if (!marks.length) {
      part.append(make("p", "There is none.", { className: "missing" }));
      return part;
    }
    const lines = text.split("\n");
    const list = make("ol", "", { className: "trace", tabIndex: 0 });
    list.setAttribute("aria-label", title);
    list.append(...lines.map((line, number) => traceLine(line, Number(marks[number] || 0))));
    part.append(list);
    return part;
  }

  function traceLine(line, marks) {
    const matched = marks & MATCHED, known = matched && marks & DISCLOSED, wrong = marks & FALSE;
    const row = make("li", "", { className: [known ? "disclosed" : matched ? "matched" : "", wrong ? "false" : ""].join(" ") });
    const said = [wrong && "false", known ? "in both, disclosed" : matched && "in both"].filter(Boolean).join(", ");
    const sign = wrong ? "✗" : known ? "s" : matched ? "=" : "·";
    const mark = make("span", sign, { className: "sign", title: said });
    mark.setAttribute("aria-hidden", "true");
    row.append(mark);
    if (said) row.append(make("span", `${said}: `, { className: "sr" }));
    row.append(make("span", line, { className: "text" }));
    return row;
  }

  function tally(item) {
    const count = (marks, test) => [...marks].filter((mark) => test(Number(mark))).length;
    const matched = count(item.truthMarks, (mark) => mark & MATCHED);
    const shownToo = count(item.truthMarks, (mark) => mark & MATCHED && mark & DISCLOSED);
    const wrong = count(item.invertedMarks, (mark) => mark & FALSE);
    const recovered = `${matched} of ${item.truthMarks.length} hidden lines recovered, ${shownToo} of them shown by the summary`;
    const judged = item.outcome === "unjudged" ? "" : `; ${wrong} of ${item.invertedMarks.length} inverted lines false`;
    return `${recovered}${judged}.`;
  }

  function make(tag, text = "", properties = {}) {
    const element = document.createElement(tag);
    if (text !== "") element.textContent = text;
    return Object.assign(element, properties);
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
