// One contact from first to last, each part to scale, and a line of ways on from a list. `kit` holds the drawing helpers
// of floorboard.js; a way back is an ordinary link until the reader has somewhere to go back to.

function pairs(list, extra, { h }) {
  return h("dl", { class: extra }, list.map((pair) => h("div", {}, h("dt", {}, pair.label), h("dd", {}, pair.value))));
}

function leg(part, data, kit) {
  const { h, mark, status, led } = kit;
  return h("li", { class: "leg", key: part.key, "data-what": part.what },
    part.gap && h("p", { class: "gap" }, part.gap),
    h("article", { class: "card", "data-tone": part.status && part.status.tone ? part.status.tone : "none" },
      h("header", {}, h("h3", {}, part.title, h("small", {}, part.what + " · " + part.when)), part.status && part.status.word ? status(part.status) : part.status),
      part.bar.length ? h("div", { class: "stretch", role: "img", "aria-label": part.aria + ": " + part.bar.map((piece) => piece.word).join(", ") },
        part.bar.map((piece) => h("i", { "data-state": piece.state, style: "width:" + Math.max(0, Math.min(1, piece.share)) * 100 + "%" }))) : null,
      part.bar.length ? h("div", { class: "strip" }, part.bar.map((piece) => h("span", { class: "status", "data-state": piece.state }, mark(piece.shape), piece.word))) : null,
      part.facts.length ? pairs(part.facts, "known", kit) : null,
      h("section", { class: "origin", "aria-label": part.origin_label }, h("h4", {}, part.origin_label), pairs(part.origin, "", kit)),
      part.link ? h("p", {}, led(part.link, part.link.text || part.link)) : null));
}

export function journey(data, kit) {
  const { h } = kit;
  return h("div", {}, h("ol", { class: "journey plain", "aria-label": data.label }, data.legs.map((part) => leg(part, data, kit))), data.scale && h("p", { class: "muted" }, data.scale));
}

/** The number whose rows are listed, in large, with its meaning and what it is made of. */
export function number(data, kit) {
  const { h } = kit;
  return h("section", { class: "answer", "aria-label": data.label }, h("p", { class: "much" }, data.value),
    h("div", { class: "what" }, h("h2", {}, data.label), data.meaning && h("p", {}, data.meaning), h("p", { class: "muted" }, data.more)), pairs(data.parts, "", kit));
}

export function trail(data, { h }) {
  return h("nav", { class: "trail", "aria-label": data.label }, data.items.map((item) => h("a", { key: item.text, href: item.here, target: "_self", "data-back": item.is_back ? "1" : null }, item.is_back ? h("span", { "aria-hidden": "true" }, "← ") : null, item.text)));
}

/** A way back goes to where the reader came from; the link's own address stands where the tab has no past. */
export function followBack(event) {
  const link = event.target.closest ? event.target.closest("a[data-back]") : null;
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (window.history.length > 1) {
    event.preventDefault();
    window.history.back();
  }
}
