// Goals with their paths, and alerts that fire. `kit` holds the drawing helpers of floorboard.js.

const WIDE = 640, HIGH = 200;

function place(point) {
  return (point.x * WIDE).toFixed(1) + "," + ((1 - point.y) * HIGH).toFixed(1);
}

function path(card, { h }) {
  const found = card.picture;
  const judged = found.points.filter((point) => !point.is_few);
  const [start, end] = found.path;
  return h("div", { class: "path" }, h("div", { class: "plot" },
    h("svg", { viewBox: "-8 -8 " + (WIDE + 16) + " " + (HIGH + 16), role: "img", "aria-label": card.spoken, preserveAspectRatio: "none" },
      h("line", { class: "aim", x1: 0, x2: WIDE, y1: (1 - found.target) * HIGH, y2: (1 - found.target) * HIGH }),
      h("line", { class: "straight", x1: 0, y1: (1 - start) * HIGH, x2: WIDE, y2: (1 - end) * HIGH }),
      found.today === null ? null : h("line", { class: "today", x1: found.today * WIDE, x2: found.today * WIDE, y1: -8, y2: HIGH + 8 }),
      judged.length > 1 ? h("polyline", { class: "went", points: judged.map(place).join(" ") }) : null),
    found.points.map((point, at) => (point.is_few || at === found.points.length - 1 || found.points.length < 15
      ? h("i", { class: point.is_few ? "dot few" : "dot", style: "left:" + ((point.x * WIDE + 8) / (WIDE + 16)) * 100 + "%;top:" + (((1 - point.y) * HIGH + 8) / (HIGH + 16)) * 100 + "%" }) : null))),
    h("div", { class: "ends" }, h("span", {}, card.first_text, h("small", {}, card.from_text)), h("span", {}, card.last_text, h("small", {}, card.to_text))));
}

function goalCard(card, kit) {
  const { h, status, led } = kit;
  return h("article", { class: "card goal", key: card.key, "data-tone": card.status.tone, "data-goal": card.key, "aria-label": card.name },
    h("header", {}, h("h3", {}, led({ here: card.here }, card.name), h("small", {}, card.what)), status(card.status)),
    h("div", { class: "now-value" }, h("b", {}, led({ here: card.value_here || "" }, card.value)), h("span", {}, card.value_label, h("small", {}, card.due))),
    path(card, kit),
    h("dl", { class: "facts" }, card.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, fact.value)))),
    h("p", { class: "account" }, card.meaning));
}

export function goals(data, kit) {
  return kit.h("section", { class: "cards goals" + (data.is_single ? " single" : ""), "aria-label": data.label }, data.cards.map((card) => goalCard(card, kit)));
}

export function alerts(data, { h, status, led }) {
  const item = (found) => h("li", { class: "alert", key: found.key, "data-tone": found.tone },
    status(found.severity),
    h("div", { class: "what" }, h("b", {}, found.title), h("span", {}, found.scope)),
    h("div", { class: "much" }, h("b", {}, found.value), h("small", {}, found.limit)),
    h("div", { class: "since", "aria-live": "off" }, h("span", {}, found.since), h("small", {}, found.n)),
    found.note ? h("p", { class: "note" }, found.note) : null);
  return h("section", { class: "alerts", role: data.is_band ? "status" : null, "data-band": String(data.is_band), "aria-label": data.label },
    data.items.length ? h("ul", {}, data.items.map(item)) : null, data.more ? h("p", { class: "all" }, led(data.more, data.more.text)) : null);
}
