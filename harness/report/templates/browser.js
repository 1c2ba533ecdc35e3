// The trace browser: one entry a question, its inverters as tabs. Text that a model wrote is set with textContent and never as
// markup.
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
  const SORTS = {
    __proto__: null,
    "": null,
    least: (a, b) => share(a) - share(b),
    most: (a, b) => share(b) - share(a),
    short: (a, b) => a.hidden - b.hidden,
    long: (a, b) => b.hidden - a.hidden,
  };
  const FIELDS = ["task", "outcome", "run", "sort", "text"];
  const fields = Object.fromEntries(FIELDS.map((name) => [name, byId(`filter-${name}`)]));
  if (!byId("browser")) {
    document.documentElement.dataset.ready = "yes";
    return;
  }
  let entries;
  try {
    entries = JSON.parse(await unpack(byId("payload").textContent)).map(makeEntry);
  } catch (error) {
    byId("problem").textContent = `This browser cannot unpack the traces (${error}).`;
    byId("problem").hidden = false;
    return;
  }
  const runs = [...new Set(entries.flatMap((entry) => entry.attempts.map((attempt) => attempt.run)))];
  let shown = entries, at = 0, tab = "";

  let timer;
  fields.text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(change, 120);
  });
  for (const name of ["task", "outcome", "run", "sort"]) fields[name].addEventListener("change", change);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("previous").addEventListener("click", () => go(at - 1));
  byId("next").addEventListener("click", () => go(at + 1));
  byId("random").addEventListener("click", () => go(Math.floor(Math.random() * shown.length)));
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => openFromAddress());
  byId("browser").hidden = false;
  fillAll();
  if (!openFromAddress()) render();
  document.documentElement.dataset.ready = "yes";

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function makeEntry(entry) {
    const attempts = entry.attempts.map(([run, outcome, truthMarks, text, marks, steps, words]) => {
      const matched = [...truthMarks].filter((mark) => mark & MATCHED).length;
      return { run, outcome, truthMarks, text, marks, steps, words, share: truthMarks ? matched / truthMarks.length : 0 };
    });
    return { ...entry, attempts, hidden: entry.truth.length, all: null };
  }

  // The tab that is open for an entry: the inverter of the filter, else one with the outcome of the filter, else the last one read.
  function attemptOf(entry) {
    const { attempts } = entry;
    const named = (run) => attempts.find((attempt) => attempt.run === run);
    if (fields.run.value) return named(fields.run.value);
    const wanted = fields.outcome.value;
    const open = named(tab);
    if (wanted && open?.outcome !== wanted) return attempts.find((attempt) => attempt.outcome === wanted) || attempts[0];
    return open || attempts[0];
  }

  function share(entry) {
    return attemptOf(entry)?.share ?? 0;
  }

  function matches(entry, values) {
    const fits = (attempt) => (!values.run || attempt.run === values.run) && (!values.outcome || attempt.outcome === values.outcome);
    return (!values.task || entry.kind === values.task) && entry.attempts.some(fits) && (!values.text || textOf(entry).includes(values.text));
  }

  function textOf(entry) {
    const texts = [entry.id, entry.question, entry.answer, entry.summary || "", entry.truth, ...entry.attempts.map((one) => one.text)];
    return (entry.all ??= texts.join("\n").toLowerCase());
  }

  function valuesNow() {
    const values = Object.fromEntries(FIELDS.map((name) => [name, fields[name].value]));
    return { ...values, text: values.text.trim().toLowerCase() };
  }

  function change() {
    const current = shown[at];
    select();
    at = Math.max(0, shown.indexOf(current));
    remember();
    render();
  }

  function select() {
    const values = valuesNow();
    shown = entries.filter((entry) => matches(entry, values));
    if (SORTS[values.sort]) shown = [...shown].sort(SORTS[values.sort]);
    fillAll();
  }

  // Each list of options counts what the other filters leave.
  function fillAll() {
    const values = valuesNow();
    const tasks = [...new Set(entries.map((entry) => entry.kind))];
    const options = { task: tasks, outcome: Object.keys(OUTCOMES), run: runs };
    for (const [name, known] of Object.entries(options)) {
      const counted = known.map((value) => [value, entries.filter((entry) => matches(entry, { ...values, [name]: value })).length]);
      const kept = counted.filter(([value, count]) => count || value === values[name]);
      fields[name].replaceChildren(option("", "all"), ...kept.map(([value, count]) => option(value, `${OUTCOMES[value] || value} (${count.toLocaleString("en")})`)));
      fields[name].value = values[name];
    }
  }

  function option(value, text) {
    return make("option", text, { value });
  }

  function go(to) {
    if (to < 0 || to >= shown.length) return;
    at = to;
    remember();
    render();
  }

  function addressOf(entry) {
    const attempt = attemptOf(entry);
    const kept = new URLSearchParams(FIELDS.filter((name) => fields[name].value).map((name) => [name, fields[name].value]));
    const query = kept.size ? `?${kept}` : "";
    return `#trace/${encodeURIComponent(attempt ? attempt.run : "")}/${encodeURIComponent(entry.id)}${query}`;
  }

  function remember() {
    if (shown[at]) history.replaceState(null, "", addressOf(shown[at]));
  }

  function openFromAddress() {
    const found = /^#trace\/([^/?]*)\/([^?]*)(?:\?(.*))?$/.exec(location.hash);
    if (!found) return false;
    let run, id;
    try {
      [run, id] = [decodeURIComponent(found[1]), decodeURIComponent(found[2])];
    } catch {
      return false;
    }
    const entry = entries.find((one) => one.id === id && one.attempts.some((attempt) => attempt.run === run));
    if (!entry) return false;
    const kept = new URLSearchParams(found[3] || "");
    for (const name of FIELDS) fields[name].value = kept.get(name) || "";
    for (const name of FIELDS) if (fields[name].selectedIndex === -1) fields[name].value = "";
    tab = run;
    select();
    if (!shown.includes(entry)) {
      FIELDS.forEach((name) => (fields[name].value = ""));
      select();
    }
    at = shown.indexOf(entry);
    render();
    byId("browser").scrollIntoView({ block: "start" });
    return true;
  }

  function onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("[role=tablist]")) return turnTab(event, step);
    if (event.target.closest("input, select, textarea, .scroll")) return;
    const { top, bottom } = byId("browser").getBoundingClientRect();
    if (bottom < 0 || top > window.innerHeight) return;
    event.preventDefault();
    go(at + step);
  }

  function turnTab(event, step) {
    const tabs = [...event.target.closest("[role=tablist]").children];
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    event.preventDefault();
    next.click();
  }

  function openTab(run) {
    tab = run;
    fields.run.value = fields.run.value && run;
    select();
    remember();
    render();
    byId("item").querySelector("[role=tab][aria-selected=true]")?.focus();
  }

  function render() {
    const entry = shown[at];
    byId("previous").disabled = at <= 0;
    byId("next").disabled = at >= shown.length - 1;
    byId("random").disabled = shown.length < 2;
    byId("position").textContent = entry
      ? `${(at + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`
      : "No trace matches.";
    renderList();
    byId("item").replaceChildren(...(entry ? renderEntry(entry, attemptOf(entry)) : []));
  }

  function renderList() {
    const first = Math.max(0, Math.min(at - AROUND, shown.length - 2 * AROUND - 1));
    const list = byId("list");
    list.start = first + 1;
    list.replaceChildren(
      ...shown.slice(first, first + 2 * AROUND + 1).map((entry, number) => {
        const attempt = attemptOf(entry);
        const link = make("a", "", { href: addressOf(entry) });
        link.append(make("span", attempt.outcome, { className: `badge ${attempt.outcome}` }), " ", make("span", entry.id));
        const row = make("li");
        if (first + number === at) {
          link.setAttribute("aria-current", "true");
          requestAnimationFrame(() => (list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 2));
        }
        row.append(link, make("small", `${entry.kind} · ${Math.round(100 * attempt.share)}% of the lines recovered`));
        return row;
      }),
    );
  }

  function renderEntry(entry, attempt) {
    const head = make("header");
    head.append(
      make("h3", entry.id),
      make("span", attempt.outcome, { className: `badge ${attempt.outcome}` }),
      make("a", "Link to this item", { href: addressOf(entry), className: "permalink" }),
      make("p", `${entry.kind} · ${attempt.run} · ${OUTCOMES[attempt.outcome]}`, { className: "which" }),
    );
    const facts = make("dl", "", { className: "facts" });
    facts.append(
      ...fact("Question", entry.question),
      ...fact("Disclosed summary", entry.summary ?? "none"),
      ...fact("Disclosed answer, which students are taught", entry.answer),
      ...(entry.surrogateAnswer === null ? [] : fact("The surrogate's answer, with nothing disclosed", entry.surrogateAnswer)),
    );
    return [head, facts, tabs(entry, attempt), make("p", tally(attempt), { className: "tally" }), sideways(), comparison(entry, attempt)];
  }

  function tabs(entry, open) {
    const list = make("div", "", { className: "tabs" });
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Inverters");
    const named = entry.attempts.map((attempt) => {
      const one = make("button", attempt.run, { type: "button", tabIndex: attempt === open ? 0 : -1 });
      one.setAttribute("role", "tab");
      one.setAttribute("aria-selected", attempt === open);
      one.setAttribute("aria-controls", "lines");
      one.addEventListener("click", () => openTab(attempt.run));
      return one;
    });
    list.append(...named);
    return list;
  }

  function sideways() {
    return make("p", "The traces stand side by side: they scroll sideways.", { className: "scrolls narrowly" });
  }

  function fact(name, text) {
    return [make("dt", name), make("dd", text)];
  }

  // The lines of the hidden trace stand one a row, with what the others have in their place; lines of the others alone lie between.
  function comparison(entry, attempt) {
    const hidden = linesOf(entry.truth, attempt.truthMarks);
    const sides = [{ title: "Inverted trace", ...sideOf(attempt.text, attempt.marks, attempt.steps, attempt.words, hidden) }];
    const [text, marks, steps, words] = entry.surrogate;
    if (marks) sides.push({ title: "Surrogate's trace, nothing disclosed", ...sideOf(text, marks, steps, words, hidden) });
    const table = make("table", "", { className: "lines" });
    const head = make("tr");
    head.append(...["Hidden trace of the target", ...sides.map((side) => side.title)].map((title) => make("th", title, { scope: "col" })));
    const top = make("thead");
    top.append(head);
    const body = make("tbody");
    for (let line = 0; line <= hidden.length; line++) {
      const between = sides.map((side) => side.before[line] || []);
      for (let extra = 0; extra < Math.max(...between.map((lines) => lines.length)); extra++) {
        body.append(row([null, ...between.map((lines) => lines[extra] ?? null)]));
      }
      if (line < hidden.length) body.append(row([{ ...hidden[line], spans: sides[0].changed[line] }, ...sides.map((side) => side.paired[line] ?? null)]));
    }
    table.append(top, body);
    const part = make("div", "", { className: "scroll compared", tabIndex: 0, id: "lines" });
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-label", `Lines of ${attempt.run}`);
    part.append(table);
    if (!marks.length && !attempt.marks.length) part.append(make("p", "This inverter wrote no trace.", { className: "missing" }));
    return part;
  }

  function linesOf(text, marks) {
    return marks ? text.split("\n").map((line, number) => ({ line, marks: Number(marks[number] || 0) })) : [];
  }

  // Follow the steps of an alignment (`=` equal, `~` changed, `-` hidden alone, `+` this side alone).
  function sideOf(text, marks, steps, words, hidden) {
    const lines = linesOf(text, marks);
    const paired = {}, before = {}, changed = {};
    let ours = 0, theirs = 0, pair = 0;
    for (const step of steps) {
      if (step === "+") (before[ours] ??= []).push(lines[theirs++]);
      else if (step === "-") ours++;
      else {
        const [first, second] = step === "~" ? words[pair++] : [[], []];
        paired[ours] = { ...lines[theirs++], spans: second };
        changed[ours++] = first;
      }
    }
    return { paired, before, changed };
  }

  function row(cells) {
    const line = make("tr");
    line.append(...cells.map((cell) => (cell ? filled(cell) : make("td", "", { className: "empty" }))));
    return line;
  }

  function filled({ line, marks, spans = [] }) {
    const matched = marks & MATCHED, known = marks & DISCLOSED, wrong = marks & FALSE;
    const cell = make("td", "", { className: [known ? "disclosed" : matched ? "matched" : "", wrong ? "false" : ""].join(" ").trim() });
    const said = [wrong && "false", matched && "in both", known && "disclosed"].filter(Boolean).join(", ");
    const sign = wrong ? "✗" : known ? "s" : matched ? "=" : "·";
    const mark = make("span", sign, { className: "sign", title: said });
    mark.setAttribute("aria-hidden", "true");
    cell.append(mark);
    if (said) cell.append(make("span", `${said}: `, { className: "sr" }));
    cell.append(withSpans(line, spans));
    return cell;
  }

  function withSpans(line, spans) {
    const text = make("span", "", { className: "text" });
    let end = 0;
    for (const [from, to] of spans) {
      text.append(line.slice(end, from), make("mark", line.slice(from, to)));
      end = to;
    }
    text.append(line.slice(end));
    return text;
  }

  function tally({ truthMarks, marks, outcome }) {
    const count = (all, test) => [...all].filter((mark) => test(Number(mark))).length;
    const matched = count(truthMarks, (mark) => mark & MATCHED);
    const shownToo = count(truthMarks, (mark) => mark & MATCHED && mark & DISCLOSED);
    const wrong = count(marks, (mark) => mark & FALSE);
    const recovered = `${matched} of ${truthMarks.length} hidden lines recovered, ${shownToo} of them shown by the summary`;
    const judged = outcome === "unjudged" ? "" : `; ${wrong} of ${marks.length} inverted lines false`;
    return `${recovered}${judged}.`;
  }

  function make(tag, text = "", properties = {}) {
    const element = document.createElement(tag);
    if (text !== "") element.textContent = text;
    return Object.assign(element, properties);
  }
})();
