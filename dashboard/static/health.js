// Data health: one card per source, and the timeline of outages and catch-ups. `kit` holds the drawing helpers of floorboard.js.

function sourceCard(card, { h, mark, status, tip }) {
  return h("article", { class: "card source", key: card.key, "data-tone": card.status.tone, "data-source": card.name, "aria-label": card.name },
    h("header", {}, h("h3", {}, card.name), status(card.status)),
    h("div", { class: "lag" }, h("b", {}, card.value), h("span", {}, card.unit, h("small", {}, card.limit)), tip(card.tip, card.name)),
    h("dl", { class: "facts" }, card.facts.map((fact) => h("div", { "data-tone": fact.tone }, h("dt", {}, fact.label), h("dd", {}, fact.value)))),
    h("p", { class: "account" }, card.account),
    h("div", { class: "nights" }, h("span", {}, card.night_text),
      card.nights.length ? h("ol", { class: "plain", "aria-label": card.nights_label }, card.nights.map((night) => h("li", { "data-tone": night.tone, title: night.text }, mark(night.shape), h("span", { class: "hidden" }, night.text)))) : null));
}

export function sources(data, kit) {
  return kit.h("section", { class: "cards sources", "aria-label": data.label }, data.cards.map((card) => sourceCard(card, kit)));
}

function band(found, { h, status }) {
  const spoken = found.parts.map((part) => part.text).slice(-40).join("; ");
  return h("div", { class: "band", key: found.key, "data-band": found.label },
    h("div", { class: "whose" }, h("h3", {}, found.label), status(found.status), h("span", { class: "outages", "data-outage": String(found.has_outage) }, found.summary)),
    h("div", { class: "lane", role: "img", "aria-label": found.label + ": " + spoken }, found.parts.map((part) => h("i", { "data-state": part.state, title: part.text, style: "left:" + part.left + "%;width:" + part.width + "%" }))));
}

export function timeline(data, kit) {
  const { h } = kit;
  return h("section", { class: "timeline", "aria-label": data.title },
    h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead),
      h("div", { class: "legend" }, data.legend.map((item) => h("span", {}, h("i", { class: "swatch", "data-state": item.state }), item.word)))),
    data.bands.length
      ? h("div", { class: "bands" }, data.bands.map((found) => band(found, kit)),
          h("div", { class: "axis", "aria-hidden": "true" }, h("div", { class: "scale" }, data.ticks.filter((tick) => tick.left < 92).map((tick, place) => h("span", { style: "left:" + tick.left + "%", "data-place": place % 2 ? "odd" : "even", "data-edge": tick.left < 8 || tick.left > 82 ? "1" : null }, tick.label)), h("span", { class: "present", style: "left:100%" }, data.now))))
      : h("p", { class: "quiet" }, data.nothing));
}
