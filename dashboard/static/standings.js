// The boards of the game: standings with likely places and benchmark lines, and the reader's own place above them.
// `kit` holds the drawing helpers of floorboard.js. A place is told by number and word, never by colour alone.

const version = new URL(import.meta.url).search;
export const standingSheet = new CSSStyleSheet();
export const standingLoaded = fetch(new URL("./standings.css" + version, import.meta.url)).then((answer) => answer.text()).then((text) => standingSheet.replace(text));

const percent = (share) => (Math.max(0, Math.min(1, share)) * 100).toFixed(2) + "%";

function band(found, { h }) {
  return h("span", { class: "likely-band" },
    h("span", { class: "all-places", "aria-hidden": "true" }, h("i", { style: "left:" + percent(found.from) + ";width:" + percent(found.to - found.from) })),
    found.text ? h("span", { class: "of-all" }, found.text) : null);
}

function bar(row, lines, { h }) {
  return h("span", { class: "track", "aria-hidden": "true" },
    row.share === null || row.share === undefined ? null : h("i", { style: "width:" + percent(row.share) }),
    lines.map((line) => h("b", { key: line.key, style: "left:" + percent(line.share) })));
}

function standing(row, lines, kit) {
  const { h, status } = kit;
  if (row.kind === "gap") return h("li", { key: row.key, class: "gap", "aria-hidden": "true" }, "⋮");
  return h("li", { key: row.key, "data-kind": row.kind, "data-own": String(Boolean(row.own)) },
    h("span", { class: "place", "data-medal": row.medal ? String(row.medal) : null }, row.place),
    h("span", { class: "who" }, h("strong", {}, row.name), row.tag ? h("em", {}, row.tag) : null, row.note ? h("small", {}, row.note) : null),
    row.kind === "named" ? bar(row, lines, kit) : null,
    h("span", { class: "amount" }, row.value),
    row.band || row.status ? h("span", { class: "likely" }, row.status ? status(row.status) : null, row.band ? band(row.band, kit) : null) : null);
}

function standings(data, kit) {
  const { h } = kit;
  const lines = data.benchmarks;
  return h("section", { class: "standings", "aria-label": data.title, "data-places": String(data.has_places !== false) },
    h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead)),
    lines.length ? h("ul", { class: "lines" }, lines.map((line) => h("li", { key: line.key }, h("i", { "aria-hidden": "true" }), line.label + " ", h("b", {}, line.value)))) : null,
    h("ol", {}, data.rows.map((row) => standing(row, lines, kit))),
    data.note ? h("p", { class: "note" }, data.note) : null);
}

function ownPlace(data, kit) {
  const { h, status } = kit;
  return h("section", { class: "own-place", "aria-label": data.label },
    h("div", { class: "head" }, h("h2", {}, data.label), status(data.status)),
    h("p", { class: "big" }, h("b", {}, data.value), data.unit ? [" ", h("small", {}, data.unit)] : null),
    data.band ? band({ ...data.band, text: "" }, kit) : null,
    h("ul", {}, data.lines.map((line) => h("li", { key: line }, line))));
}

export function standingViews(kit) {
  return { standings: (data) => standings(data, kit), own_place: (data) => ownPlace(data, kit) };
}
