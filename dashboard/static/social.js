// What people give each other and win: thanks, contests, the shelf of the store, the employee of the month. Texts arrive
// written; `kit` holds the drawing helpers of floorboard.js.

const version = new URL(import.meta.url).search;
export const socialSheet = new CSSStyleSheet();
export const socialLoaded = fetch(new URL("./social.css" + version, import.meta.url)).then((answer) => answer.text()).then((text) => socialSheet.replace(text));

const GLYPHS = {
  help: "M12 20s-7-4.6-9-9a5 5 0 0 1 9-4 5 5 0 0 1 9 4c-2 4.4-9 9-9 9z",
  customer: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 14c1.2 2.4 6.8 2.4 8 0M9 9.2v.6M15 9.2v.6",
  teaching: "M4 5c3-1 5.5 0 8 2 2.5-2 5-3 8-2v13c-3-1-5.5 0-8 2-2.5-2-5-3-8-2zM12 7v13",
  idea: "M9 18h6M10 21h4M12 3a6 6 0 0 1 4 10.5c-.8.8-1 1.5-1 2.5H9c0-1-.2-1.7-1-2.5A6 6 0 0 1 12 3z",
  calm: "M3 9c3-3.5 6 3.5 9 0s6 3.5 9 0M3 16c3-3.5 6 3.5 9 0s6 3.5 9 0",
  welcome: "M10 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 21c0-4 3-7 7-7s7 3 7 7M19 7v6M16 10h6",
  coin: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-2-4-6-4-5-1 .5 1 3 1 5 1zM12 7c2-4 6-4 5-1-.5 1-3 1-5 1z",
  medal: "M12 3a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM8.5 14 7 22l5-3 5 3-1.5-8",
  cup: "M7 4h10v6a5 5 0 0 1-10 0zM7 5H4c0 4 1.5 5 3 5M17 5h3c0 4-1.5 5-3 5M12 15v4M8 21h8",
};

function glyph(name, { h }) {
  return h("svg", { class: "glyph", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, h("path", { d: GLYPHS[name] || GLYPHS.medal }));
}

function medal(found, kit) {
  const { h } = kit;
  return h("span", { class: "medal", "data-tier": found.tier }, glyph("medal", kit), h("span", {}, h("b", {}, found.word), " ", found.text));
}

/** Thanks, the newest first: what for, the words, and between whom. */
function thanks(data, kit) {
  const { h, led } = kit;
  const card = (one) => h("article", { class: "thanks", key: one.key, "data-kind": one.kind, "data-state": one.state, "aria-label": one.spoken },
    h("p", { class: "what" }, glyph(one.kind, kit), one.word, one.mark ? h("em", {}, one.mark) : null),
    h("blockquote", {}, one.message),
    h("p", { class: "who" }, h("b", {}, one.to), " ", h("span", {}, one.by)),
    h("p", { class: "when" }, one.when, one.contact ? [" · ", led({ here: one.contact_here }, one.contact)] : null, one.note ? [" · ", one.note] : null));
  return h("section", { class: "feed", "aria-label": data.label }, data.cards.map(card));
}

/** Contests as cards: how far each is, what can be won, who may read on. */
function contests(data, kit) {
  const { h, led, status } = kit;
  const card = (one) => h("article", { class: "card contest", key: one.key, "data-state": one.state, "aria-label": one.spoken },
    h("header", {}, h("h3", {}, led({ here: one.here }, one.name), h("small", {}, one.what)), status(one.status)),
    one.about ? h("p", { class: "about" }, one.about) : null,
    h("div", { class: "span", role: "img", "aria-label": one.span_text }, h("i", { style: "width:" + Math.max(0, Math.min(1, one.share)) * 100 + "%" })),
    h("p", { class: "ends" }, h("span", {}, one.first_text), h("b", {}, one.left_text), h("span", {}, one.last_text)),
    h("div", { class: "prizes" }, one.prizes.map((prize) => medal(prize, kit))),
    h("dl", { class: "facts" }, one.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, fact.value)))));
  return h("section", { class: "cards contests" + (data.is_single ? " single" : ""), "aria-label": data.label }, data.cards.map(card));
}

/** One place after the other, as bars against the best; whoever looks finds themselves. */
function places(data, kit) {
  const { h } = kit;
  const row = (one) => h("li", { key: one.key, "data-me": String(Boolean(one.is_me)), "data-tier": one.tier || null },
    h("span", { class: "place" }, one.place), h("span", { class: "who" }, h("b", {}, one.name), one.more ? h("small", {}, one.more) : null),
    h("span", { class: "bar", "aria-hidden": "true" }, h("i", { style: "width:" + Math.max(0, Math.min(1, one.share)) * 100 + "%" })),
    h("span", { class: "much" }, h("b", {}, one.value), h("small", {}, one.n)), one.prize ? medal(one.prize, kit) : h("span", {}));
  return h("section", { class: "places", "aria-label": data.label }, h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead)),
    h("ol", { class: "plain" }, data.rows.map(row)), data.rest ? h("p", { class: "muted" }, data.rest) : null);
}

/** One thing of the store. */
function shelf(data, kit) {
  const { h } = kit;
  return h("article", { class: "thing", "data-can": String(Boolean(data.can)), "aria-label": data.spoken },
    h("div", { class: "price" }, glyph("coin", kit), h("b", {}, data.price), h("small", {}, data.unit)),
    h("h3", {}, data.name), data.about ? h("p", {}, data.about) : null,
    data.share === null ? null : h("div", { class: "meter", role: "img", "aria-label": data.share_text }, h("i", { style: "width:" + Math.max(0, Math.min(1, data.share)) * 100 + "%" })),
    h("p", { class: "muted" }, data.facts.map((fact, place) => [place ? " · " : "", fact])));
}

/** A wallet: what is in it, and where it came from. */
function wallet(data, kit) {
  const { h } = kit;
  return h("section", { class: "wallet", "aria-label": data.label }, h("div", { class: "purse" }, glyph("coin", kit), h("div", {}, h("p", {}, data.label), h("b", {}, data.value), " ", h("small", {}, data.unit))),
    h("dl", {}, data.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, fact.value)))), h("p", { class: "muted" }, data.lead));
}

/** Those whom the rule proposes, each with the places that they likely have. */
function proposed(data, kit) {
  const { h, status } = kit;
  const card = (one) => h("article", { class: "card nominee", key: one.key, "data-chosen": String(Boolean(one.is_chosen)), "aria-label": one.spoken },
    h("header", {}, h("h3", {}, one.name, h("small", {}, one.team)), one.status ? status(one.status) : null),
    h("p", { class: "rate" }, h("b", {}, one.value), " ", h("small", {}, one.unit)),
    h("div", { class: "band", role: "img", "aria-label": one.band_text }, h("i", { style: "left:" + one.band_start * 100 + "%;width:" + one.band_width * 100 + "%" })),
    h("p", { class: "muted" }, one.band_text),
    h("dl", { class: "facts" }, one.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, fact.value)))));
  return h("section", { class: "cards nominees", "aria-label": data.label }, data.cards.map(card));
}

/** The archive: month by month, with the name where its owner lets it stand. */
function archive(data, kit) {
  const { h } = kit;
  return h("section", { class: "archive", "aria-label": data.label }, data.cards.map((one) => h("article", { key: one.key, "data-named": String(Boolean(one.is_named)) },
    h("p", { class: "month" }, one.month), h("div", { class: "name" }, glyph("cup", kit), h("h3", {}, one.name, one.team ? h("small", {}, one.team) : null)), h("p", {}, one.reason), one.mark ? h("p", { class: "muted" }, one.mark) : null)));
}

export function socialViews(kit) {
  return { thanks: (data) => thanks(data, kit), contests: (data) => contests(data, kit), places: (data) => places(data, kit), shelf: (data) => shelf(data, kit), wallet: (data) => wallet(data, kit), proposed: (data) => proposed(data, kit), archive: (data) => archive(data, kit) };
}
