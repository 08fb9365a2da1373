// The tiles of a wall, drawn from data: one way of drawing per kind. Every text arrives written and formatted and is placed as
// text. Written for browsers as old as Chromium 90.

const ROW = 4.1;
const TABLE_ROW = 3.9;
const HEAD_ROW = 3.6;
const BAR_ROW = 3.7;
const BAR_STACKED = 5.3;
const ITEM_ROW = 4;
const ITEM_TALL = 6.2;
const PERSON_ROW = 3.7;

/** One tile; `look` knows its inner size in units, its page, and how to draw marks and running clocks. */
export function tileOf(tile, place, look) {
  const { h } = look;
  const draw = KINDS[tile.kind] || text;
  const inside = draw(tile, look);
  return h("section", { class: "tile", key: look.board + "/" + tile.key, "data-kind": tile.kind, "data-key": tile.key, "data-tone": tile.tone || "none", style: place.style, "aria-label": tile.label || "" },
    tile.label && tile.kind !== "clock" && h("header", { class: "top" }, h("h2", { class: "label matters", "data-lines": String(inside.labelLines || 1) }, tile.label), inside.beside), inside.body);
}

function status(found, { h, mark }) {
  return found.word ? h("span", { class: "status matters", "data-tone": found.tone || "none" }, mark(found.shape), h("span", {}, found.word)) : null;
}

function bar(share, goal, { h }) {
  const percent = (value) => Math.max(0, Math.min(1, value)) * 100;
  return h("div", { class: "bar", "aria-hidden": "true" },
    typeof share === "number" && h("i", { class: "fill", style: "width:" + percent(share).toFixed(2) + "%" }),
    typeof goal === "number" && h("i", { class: "goal", style: "left:" + percent(goal).toFixed(2) + "%" }));
}

function since(found, { h, ticking }) {
  return h("p", { class: "since matters" }, found.before ? found.before + " " : "", ticking(found.at_ms, found.text));
}

function number(tile, look) {
  const { h, ticking } = look;
  const drawn = look.plan(tile);
  const runs = tile.since && tile.since.is_value;
  const figure = h("p", { class: "value matters", style: "font-size:calc(" + drawn.size + " * var(--u))" },
    h("span", { class: "figure" }, runs ? ticking(tile.since.at_ms, tile.value) : tile.value), tile.unit && h("small", {}, " " + tile.unit));
  const mark = status(tile, look);
  const target = tile.target && h("p", { class: drawn.isTight ? "target tight" : "target matters" }, tile.target.replace(/ (\S{1,3})$/, "\u00a0$1")); // a unit stays with its number
  const beside = { status: [mark], both: [mark, target] }[drawn.way] || [];
  const below = { status: [target], line: [mark, target], below: [mark, target], none: [mark] }[drawn.way] || [];
  return { labelLines: drawn.labelLines, body: h("div", { class: "number", "data-way": drawn.way },
    h("div", { class: "main" }, figure, beside.some(Boolean) && h("div", { class: "beside" }, beside)),
    drawn.hasBar && bar(tile.share, tile.goal, look),
    below.some(Boolean) && h("div", { class: "below" }, below),
    drawn.hasSince && since(tile.since, look),
    drawn.hasMore ? h("p", { class: "more" }, tile.why || tile.more) : drawn.brief && h("p", { class: "more brief" }, drawn.brief)) };
}

/** The part of a list that is on now, and which part of how many it is. */
function page(list, line, extra, look) {
  const most = look.capacity(line, extra);
  if (list.length <= most) return { shown: list, beside: null };
  const count = Math.ceil(list.length / most);
  const each = Math.ceil(list.length / count); // pages as full as each other
  const first = (look.page % count) * each;
  const shown = list.slice(first, first + each);
  const last = first + shown.length;
  return { shown, beside: look.h("span", { class: "part" }, (shown.length > 1 ? first + 1 + "–" + last : String(last)) + " / " + list.length) };
}

/** A style that keeps a text within the lines for which there is room. */
function clamped(look, size, taken) {
  return "-webkit-line-clamp:" + Math.max(1, Math.floor((look.height - (taken || 0)) / (size * 1.3)));
}

function nothing(tile, look) {
  const { h } = look;
  const value = tile.value && look.height > 10;
  return h("div", { class: "nothing" }, value && h("p", { class: "value matters none" }, tile.value), h("p", { class: "clamped", style: clamped(look, 2.7, value ? 6.6 : 0) }, tile.nothing || tile.why || tile.text || ""));
}

function states(tile, look) {
  const { h, mark, ticking } = look;
  const items = tile.items || [];
  const people = tile.people || [];
  if (!items.length && !people.length) return { body: nothing(tile, look) };
  const total = items.reduce((sum, item) => sum + amount(item.count), 0);
  const each = look.width / Math.max(1, items.length);
  const way = look.shape === "narrow" || each < 17 ? "list" : each >= 22 ? "line" : "across";
  const taken = items.length ? { list: items.length * ROW, line: 4.2, across: 9.6 }[way] + 2 : 0;
  const hasMore = tile.more && look.height - (items.length ? taken : PERSON_ROW * people.length) > 5;
  const list = page(people, PERSON_ROW, taken + (hasMore ? 5 : 1.2), look);
  const some = way !== "list" ? { shown: items, beside: null } : page(items, ROW, 2.2, look);
  return { beside: [tile.value && items.length ? h("span", { class: "sum matters" }, tile.value) : null, some.beside, list.beside], body: h("div", { class: "states", "data-way": way },
    total > 0 && (way === "list" || look.height > 5.8) && h("div", { class: "share", "aria-hidden": "true" }, items.map((item) => h("i", { key: item.state, "data-state": item.state, style: "flex-grow:" + amount(item.count) }))),
    items.length ? h("ul", { class: "items" }, some.shown.map((item) => h("li", { key: item.state, "data-state": item.state },
      h("b", { class: "count matters" }, String(item.count)), h("span", { class: "word matters" }, mark(item.shape), h("span", {}, item.word)),
      item.long ? h("em", { class: "long matters" }, mark("square"), String(item.long_text || item.long)) : null))) : null,
    people.length ? h("ul", { class: "people" }, list.shown.map((one) => h("li", { key: one.key || one.name, "data-state": one.state, "data-tone": one.tone || "none" },
      h("span", { class: "name matters" }, one.shape ? mark(one.shape) : null, one.name), look.width >= 34 ? h("span", { class: "word matters" }, one.word) : null, one.since_ms !== undefined && one.since_ms !== null ? h("span", { class: "for matters" }, ticking(one.since_ms, one.text || "")) : null))) : null,
    hasMore && h("p", { class: "more" }, tile.more)) };
}

/** A count as a number, for the length of its part of a bar. */
function amount(count) {
  const found = Number(String(count).replace(/[^\d]/g, ""));
  return isNaN(found) ? 0 : found;
}

function cell(found, column, place, look, { hasBars, hasWords }) {
  const { h, mark, ticking } = look;
  const one = found !== null && typeof found === "object" ? found : { text: found };
  const shown = one.since_ms !== undefined && one.since_ms !== null ? ticking(one.since_ms, one.text || "") : String(one.text === undefined || one.text === null ? "" : one.text);
  const tone = one.tone || "none";
  const inside = [one.shape ? mark(one.shape) : null, h("span", { class: "text" }, shown), hasWords && one.word && one.word !== one.text ? h("span", { class: "word" }, one.word) : null, hasBars && typeof one.share === "number" ? bar(one.share, one.goal, look) : null];
  return h(place ? "td" : "th", { class: "matters", scope: place ? null : "row", "data-tone": tone, "data-kind": column.kind || (place ? "end" : "") }, inside);
}

function rows(tile, look) {
  const { h } = look;
  const list = tile.rows || [];
  if (!list.length) return { body: nothing(tile, look) };
  const columns = (tile.columns || []).map((one) => (typeof one === "string" ? { label: one } : one));
  const found = page(list, TABLE_ROW, HEAD_ROW, look);
  const { kept, hasBars, hasWords } = look.columnsFor(columns, list);
  return { beside: found.beside, body: h("table", { class: "rows", style: "--row:" + Math.max(TABLE_ROW, Math.min(5.2, (look.height - HEAD_ROW) / Math.max(1, found.shown.length))).toFixed(2) },
    h("thead", {}, h("tr", {}, kept.map((place) => h("th", { scope: "col", "data-kind": columns[place].kind || (place ? "end" : "") }, columns[place].label)))),
    h("tbody", {}, found.shown.map((row) => h("tr", { key: row.key, "data-tone": row.tone || "none" }, kept.map((place) => cell(row.cells[place], columns[place], place, look, { hasBars, hasWords })))))) };
}

/** How a row of bars stands: with its word in full size, in small letters, or on a second line. */
function barWay(list, { width, widthOf, shape }) {
  if (shape === "narrow") return "stacked";
  const widest = (name, weight) => Math.max(0, ...list.map((row) => widthOf(row[name] || "", weight)));
  const taken = 12 + 9 + 3 + 4.5 + widest("text", 720) * 2.7;
  return taken + widest("word", 600) * 2.7 <= width ? "full" : taken + widest("word", 600) * 2 <= width ? "small" : "stacked";
}

function bars(tile, look) {
  const { h, mark } = look;
  const list = tile.rows || [];
  if (!list.length) return { body: nothing(tile, look) };
  const way = barWay(list, look);
  const least = way === "stacked" ? BAR_STACKED : BAR_ROW;
  const found = page(list, least, 0, look);
  const row = look.shape === "narrow" ? 6.4 : Math.max(least, Math.min(least + 1.2, look.height / found.shown.length));
  return { beside: found.beside, body: h("ol", { class: "bars", "data-way": way, style: "--row:" + row.toFixed(2) }, found.shown.map((one) => h("li", { key: one.key, "data-tone": one.tone || "none" },
    h("span", { class: "name matters" }, one.shape ? mark(one.shape) : null, h("span", {}, one.name)),
    way === "stacked" ? h("b", { class: "much matters" }, one.text) : null, bar(one.share, one.goal, look),
    way === "stacked" ? null : h("b", { class: "much matters" }, one.text), one.word ? h("span", { class: way === "full" ? "word matters" : "word small" }, one.word) : null))) };
}

function line(tile, look) {
  const { h } = look;
  const drawn = (points) => points.map(([x, y], place) => (place ? "L" : "M") + (x * 1000).toFixed(1) + " " + ((1 - y) * 1000).toFixed(1)).join("");
  // At even distances, `count` of them across, points are sent as their heights alone, in thousandths; null where none is known.
  const across = (place) => (place + 0.5) / tile.count;
  const placed = (heights) => heights.map((one, place) => [across(place), one]).filter((point) => point[1] !== null).map((point) => [point[0], point[1] / 1000]);
  const actual = tile.count ? placed(tile.actual) : tile.actual || [];
  const expected = tile.count ? placed(tile.expected) : tile.expected || [];
  if (!actual.length && !expected.length) return { body: nothing(tile, look) };
  const band = tile.count ? tile.band[0].map((low, place) => [across(place), low / 1000, tile.band[1][place] / 1000]).filter((point, place) => tile.band[0][place] !== null) : tile.band || [];
  const edge = (place) => band.map((point) => [point[0], point[place]]);
  const around = band.length ? drawn(edge(1)) + drawn(edge(2).reverse()).replace("M", "L") + "Z" : "";
  const all = tile.labels || [];
  const step = Math.max(1, Math.ceil((all.length * 8) / Math.max(1, look.width)));
  const labels = all.filter((_, place) => place % step === 0);
  const last = actual[actual.length - 1];
  return { beside: tile.value && h("span", { class: "sum matters" }, tile.value, status(tile, look)), body: h("figure", { class: "line", "aria-label": tile.aria || tile.label },
    h("div", { class: "plot" },
      h("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
        around && h("path", { class: "around", d: around }),
        typeof tile.now_x === "number" && h("line", { class: "now", x1: tile.now_x * 1000, x2: tile.now_x * 1000, y1: 0, y2: 1000 }),
        expected.length ? h("path", { class: "expected", d: drawn(expected) }) : null, actual.length ? h("path", { class: "actual", d: drawn(actual) }) : null),
      last && h("i", { class: "dot", style: "left:" + (last[0] * 100).toFixed(2) + "%;top:" + ((1 - last[1]) * 100).toFixed(2) + "%" }),
      tile.top_text && look.height > 8 && h("span", { class: "top-text" }, tile.top_text)),
    labels.length && look.height > 6 ? h("div", { class: "axis" }, labels.map((one, place) => {
      const at = Array.isArray(one) ? { x: one[0], text: one[1] } : typeof one === "string" ? { x: labels.length > 1 ? (place * step) / (all.length - 1) : 0, text: one } : one;
      const side = at.x < 0.04 ? "0" : at.x > 0.96 ? "-100%" : "-50%";
      return h("span", { key: String(place), style: "left:" + (at.x * 100).toFixed(2) + "%;transform:translateX(" + side + ")" }, at.text);
    })) : null,
    look.height > 11 && h("figcaption", {}, tile.actual_word && h("span", {}, h("i", { class: "key actual" }), tile.actual_word), tile.expected_word && h("span", {}, h("i", { class: "key expected" }), tile.expected_word), tile.more && h("span", { class: "more" }, tile.more))) };
}

function list(tile, look) {
  const { h, mark } = look;
  const items = tile.items || [];
  if (!items.length) return { body: nothing(tile, look) };
  const found = page(items, items.some((one) => one.text) ? ITEM_TALL : ITEM_ROW, 0, look);
  const room = look.height / found.shown.length;
  const lines = look.shape === "narrow" ? 3 : room > 15 ? 3 : room > 11.8 ? 2 : room > 9.4 ? 1.5 : 1; // where few stand, nothing of them is cut off
  return { beside: found.beside, body: h("ul", { class: "list", "data-lines": String(lines), style: "--row:" + (look.shape === "narrow" ? 6.2 : Math.min({ 1: 7.2, 1.5: 9.6, 2: 12.4, 3: 16 }[lines], room)).toFixed(2) }, found.shown.map((one) => h("li", { key: one.key, "data-tone": one.tone || "none" },
    one.art ? h("img", { class: "art", src: one.art, alt: "" }) : mark(one.shape), h("div", {}, h("b", { class: "title matters" }, one.title), one.text && h("p", { class: "text" }, one.text)), one.much ? h("span", { class: "much matters" }, one.much) : null))) };
}

function clockTile(tile, { h, clock, height, width, widthOf }) {
  const days = Math.max(1, Math.ceil((widthOf(clock.day, 500) * 2.7 * 1.02) / width)) * 3.3;
  const hasDay = (height - days) / 1.08 >= 3.4;
  const size = Math.max(3.4, Math.min(13, (height - (hasDay ? days : 0)) / 1.08, (width / widthOf(clock.time || "88:88:88", 750)) * 0.98));
  return { body: h("div", { class: "clock-tile" }, h("p", { class: "value matters", "data-clock": "1", style: "font-size:calc(" + (Math.floor(size * 10) / 10).toFixed(1) + " * var(--u))" }, clock.time), hasDay && h("p", { class: "day matters" }, clock.day)) };
}

function text(tile, look) {
  const { h } = look;
  const steps = tile.steps || [];
  const value = tile.value && look.height > 10;
  return { body: h("div", { class: "words" }, value && h("p", { class: "value matters none" }, tile.value), h("p", { class: "matters clamped", style: steps.length ? "" : clamped(look, 2.7, value ? 7.6 : 0) }, tile.text || tile.why || ""), steps.length ? h("ol", {}, steps.map((step) => h("li", { class: "matters" }, step))) : null) };
}

const KINDS = { number, states, rows, bars, line, list, clock: clockTile, text };
