// The blocks of the dashboard, drawn from data and changed in place. Texts arrive written and formatted; this file
// only places them (always as text, never as markup) and lets clocks run between two updates.

const version = new URL(import.meta.url).search;
const sheet = new CSSStyleSheet();
const loaded = fetch(new URL("./floorboard.css" + version, import.meta.url)).then((answer) => answer.text()).then((text) => sheet.replace(text));
const { h, mark, patch, runningDuration, ticking } = await import(new URL("./patch.js" + version, import.meta.url).href);
const { floor } = await import(new URL("./floor.js" + version, import.meta.url).href);
const { sources, timeline } = await import(new URL("./health.js" + version, import.meta.url).href);
const { goals, alerts } = await import(new URL("./goals.js" + version, import.meta.url).href);
const { equations, formulas, meanings } = await import(new URL("./definitions.js" + version, import.meta.url).href);
const { lanes, stack, follow } = await import(new URL("./lanes.js" + version, import.meta.url).href);
const { journey, number, trail, followBack } = await import(new URL("./journey.js" + version, import.meta.url).href);
const { gameLoaded, gameSheet, gameViews } = await import(new URL("./game.js" + version, import.meta.url).href);
const { standingLoaded, standingSheet, standingViews } = await import(new URL("./standings.js" + version, import.meta.url).href);
const { socialLoaded, socialSheet, socialViews } = await import(new URL("./social.js" + version, import.meta.url).href);

const { head, followHead } = await import(new URL("./head.js" + version, import.meta.url).href);
const { frame, fold, nameButton, turnFold } = await import(new URL("./frame.js" + version, import.meta.url).href);

function status(found) {
  return found && h("span", { class: "status", "data-tone": found.tone, "data-state": found.state }, mark(found.shape), led(found, found.word));
}

function tip(text, about) {
  return text && h("span", { class: "tip" }, h("button", { type: "button", "aria-label": about + ": " + text }, h("span", { "aria-hidden": "true" }, "?")), h("span", { class: "bubble", "aria-hidden": "true" }, text));
}

function tiles(list) {
  const units = list.reduce((sum, tile) => sum + (tile.units || 0), 0);
  return h("div", { class: "tiles", "data-units": units ? String(units) : null }, list.map((tile) => h("section", { class: "tile", key: tile.key, "data-units": tile.units ? String(tile.units) : null, "data-tone": tile.status ? tile.status.tone : "none", "data-key": tile.key, "aria-label": tile.label },
    h("div", { class: "top" }, h("h3", { class: "label" }, tile.label), tip(tile.tip, tile.about || tile.label)),
    h("div", { class: "value" }, h("span", { class: "figure" }, led(tile, tile.value)), tile.unit && h("small", {}, tile.unit), status(tile.status)),
    h("div", { class: "rest" },
      tile.share !== undefined && tile.share !== null && bullet(tile),
      tile.strip && h("div", { class: "strip" }, tile.strip.map(status)),
      tile.since ? h("div", { class: "more" }, tile.since.before + " ", ticking(tile.since.at, tile.since.text)) : null,
      tile.more && h("div", { class: "more" }, Array.isArray(tile.more) ? tile.more.map((part, place) => [place ? " · " : "", typeof part === "string" ? part : led(part, part.text)]) : tile.more)),
  )));
}

function bullet(found) {
  const width = Math.max(0, Math.min(1, found.share)) * 100;
  return h("div", { class: "bullet", role: "img", "aria-label": found.aria, "data-tone": found.status ? found.status.tone : "none" },
    h("div", { class: "fill", style: "width:" + width + "%" }),
    found.goal !== null && found.goal !== undefined && h("div", { class: "goal", style: "left:" + Math.min(1, found.goal) * 100 + "%" }));
}

function art() {
  const board = (x, y, width, colour) => h("rect", { x, y, width, height: 22, rx: 4, fill: colour });
  return h("svg", { class: "art", viewBox: "0 0 260 120", "aria-hidden": "true" },
    board(0, 8, 150, "var(--track)"), board(160, 8, 100, "var(--good)"), board(0, 38, 84, "var(--near)"), board(94, 38, 166, "var(--track)"),
    board(0, 68, 190, "var(--track)"), board(200, 68, 60, "var(--available)"), board(0, 98, 46, "var(--off)"), board(56, 98, 204, "var(--track)"));
}

function notice(data) {
  const words = (text) => text.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));
  if (!data.page) {
    return h("section", { class: "notice", "data-tone": data.tone, role: "status" }, mark(data.shape), h("h2", {}, data.title), h("p", {}, words(data.body)));
  }
  return h("section", { class: "notice page", "data-tone": data.tone }, art(), h("h2", {}, data.title), h("p", {}, words(data.body)),
    data.steps.length ? h("ol", {}, data.steps.map((step) => h("li", {}, words(step)))) : null,
    data.way ? h("p", {}, h("a", { class: "way", href: data.way.here, target: "_self" }, data.way.text)) : null);
}

/** The band over a page of the past: never to be taken for live. */
function past(data) {
  return h("section", { class: "past", role: "status", "aria-label": data.title }, h("p", { class: "word" }, data.word), h("h2", {}, data.title), h("p", { class: "ago" }, data.ago), h("p", { class: "muted" }, data.body));
}

function section(data) {
  return h("div", { class: "section" }, h("h2", {}, data.title), data.lead && h("p", { class: "muted" }, data.lead),
    data.legend && h("div", { class: "legend" }, data.legend.map((item) => (item.line ? h("span", {}, h("i", { class: item.line }), item.word) : status(item)))));
}

/** What a table leaves out, behind a line that says how much it is. */
function folded(found) {
  return found && h("details", { class: "folded" }, h("summary", {}, found.label), h("ul", {}, found.items.map((item) => h("li", { key: item.key }, led(item, item.text), item.more ? h("small", {}, " " + item.more) : null))));
}

/** A text too long for its cell: a few lines of it; with the focus (a tap, a click, the Tab key) all of it. */
function clamped(text) {
  return typeof text === "string" && text.length > 240 ? h("div", { class: "clamp", tabindex: "0", title: text.slice(0, 1000) }, text) : text;
}

/** A text that leads on: out to its source (or through the door to a recording) in a new tab, or within the board (`here`: "?day=..." or "contacts?of=..."). */
function led(found, text) {
  if (found.href && /^(?:https?:\/\/|recording\?)/i.test(found.href)) return h("a", { href: found.href, target: "_blank", rel: "noopener noreferrer" }, text);
  return found.here && /^(?:[a-z-]+)?\?/.test(found.here) ? h("a", { href: found.here, target: "_self", class: "here" }, text) : text;
}

/** A text in a cell that leads on, or that a small bar weighs. */
function weighed(found) {
  const text = led(found, found.text);
  if (found.parts) return h("span", { class: "stacked" }, text, stack(found, { h }));
  if (found.share === undefined || found.share === null) return text;
  return h("span", { class: "amount", "data-tone": found.tone || "none" }, h("span", {}, text), h("i", { style: "width:" + Math.max(0, Math.min(1, found.share)) * 100 + "%" }));
}

function table(data) {
  const cell = (column, row, place) => {
    const found = row.cells[place];
    const kind = [column.kind, column.wide ? "wide" : ""].join(" ").trim();
    const inside = found && found.word ? status(found) : found && found.text !== undefined ? weighed(found) : clamped(found);
    return place === 0 ? h("th", { scope: "row", class: kind }, inside) : h("td", { class: kind }, inside);
  };
  return h("div", {}, data.title && section(data), h("div", { class: "sheet", tabindex: "0", role: "region", "aria-label": data.label },
    h("table", {}, h("caption", { class: "hidden" }, data.label),
      h("thead", {}, h("tr", {}, data.columns.map((column) => h("th", { scope: "col", class: [column.kind, column.wide ? "wide" : ""].join(" ").trim() }, column.label)))),
      h("tbody", {}, data.rows.length
        ? data.rows.map((row) => h("tr", { key: row.key, "data-tone": row.tone || "none" }, data.columns.map((column, place) => cell(column, row, place))))
        : h("tr", {}, h("td", { class: "nothing", colspan: String(data.columns.length) }, h("span", {}, data.nothing)))))), folded(data.folded));
}

const VIEWS = { ...gameViews({ h, mark, status, led }), ...standingViews({ h, status }), ...socialViews({ h, status, led }), fold: (data) => fold(data, { h }), journey: (data) => journey(data, { h, mark, status, led }), trail: (data) => trail(data, { h }), head: (data) => head(data, { h, mark }), number: (data) => number(data, { h }), goals: (data) => goals(data, { h, status, led }), alerts: (data) => alerts(data, { h, status, led }), equations: (data) => equations(data, { h, status, led }), formulas: (data) => formulas(data, { h, led }), meanings: (data) => meanings(data, { h, led }), past, tiles: (data) => tiles(data.tiles), notice, section, table, floor: (data) => floor(data, { h, mark, status, tiles, bullet, ticking, led }), sources: (data) => sources(data, { h, mark, status, tip }), timeline: (data) => timeline(data, { h, mark, status }), lanes: (data) => lanes(data, { h, mark, status }) };

/* ---- clocks between two updates ---- */

function tick(state) {
  const wall = performance.now();
  const quiet = state.data.turn_seconds ? Math.max(0, wall - state.turned - state.data.turn_seconds * 1000) : 0;
  const silent = Math.max(wall - state.received, quiet);
  const late = silent > state.data.late_seconds * 1000;
  if (state.root.dataset.late !== String(late)) state.root.dataset.late = String(late);
  const word = state.root.querySelector("[data-late-word]");
  if (word) word.textContent = late ? state.data.words.late.replace("{seconds}", String(Math.floor(silent / 1000))) : "";
  if (late || state.data.clock_ms === undefined) return;
  const now = state.anchor + (wall - state.anchored) * state.data.speed;
  for (const element of state.root.querySelectorAll("[data-since]")) {
    const text = runningDuration((now - Number(element.dataset.since)) / 1000, state.data.words);
    if (element.firstChild && element.firstChild.data !== text) element.firstChild.data = text;
  }
}

/** The floor's clock runs on in the browser; it is set again only when it has drifted, so that no second jumps back. */
function setClock(state, data) {
  const wall = performance.now();
  state.received = wall;
  if (data.clock_ms === undefined) return;
  const expected = state.anchor === undefined ? NaN : state.anchor + (wall - state.anchored) * data.speed;
  if (!(Math.abs(expected - data.clock_ms) < 1500 * Math.max(1, data.speed))) {
    state.anchor = data.clock_ms;
    state.anchored = wall;
  }
}

function isDark(element) {
  const colour = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const digits = /^#([0-9a-f]{6})/i.exec(colour);
  const [red, green, blue] = digits ? [0, 2, 4].map((at) => parseInt(digits[1].slice(at, at + 2), 16)) : (colour.match(/\d+/g) || [255, 255, 255]).map(Number);
  return red * 0.299 + green * 0.587 + blue * 0.114 < 128;
}

const boards = new WeakMap();

export default async function mount({ data, parentElement, setTriggerValue }) {
  await loaded;
  await gameLoaded;
  await standingLoaded;
  await socialLoaded;
  let state = boards.get(parentElement);
  if (!state) {
    const root = document.createElement("div");
    root.className = "fb";
    parentElement.appendChild(root);
    if (parentElement.adoptedStyleSheets) parentElement.adoptedStyleSheets = [sheet, gameSheet, standingSheet, socialSheet];
    state = { root };
    follow(root);
    if (data.kind !== "frame") state.timer = setInterval(() => tick(state), 1000);
    root.addEventListener("click", followBack);
    root.addEventListener("click", turnFold);
    boards.set(parentElement, state);
  }
  state.data = data;
  state.root.dataset.theme = isDark(state.root) ? "dark" : "light";
  state.root.dataset.stale = String(Boolean(data.is_stale));
  state.root.dataset.past = String(Boolean(data.is_past));
  state.root.lang = data.language;
  if (data.kind === "frame") {
    frame(data, state.root, version);
  } else {
    setClock(state, data);
    state.turned = state.received;
    patch(state.root, [VIEWS[data.kind](data)]);
    tick(state);
    if (data.href) followHead(state, (block) => {
      state.received = performance.now();
      patch(state.root, [head({ ...state.data, ...block }, { h, mark })]);
      tick(state);
    }, () => setTriggerValue("turn", Date.now()));
    if (data.button) nameButton(data.button);
  }
  return () => {
    clearInterval(state.timer);
    clearInterval(state.following);
    state.root.remove();
    boards.delete(parentElement);
  };
}
