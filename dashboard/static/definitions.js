// What the numbers mean and that they add up: sums that can be checked by eye, one hundred contacts counted in eight ways,
// and one card per metric. `kit` holds the drawing helpers of floorboard.js.

function term(found, { h, led }) {
  return h("li", { class: "term", "data-zero": found.value === "0" ? "true" : null, title: found.tip || null },
    found.sign ? h("span", { class: "sign" }, found.sign) : null, h("b", { class: "figure" }, led(found, found.value)), h("small", {}, found.label));
}

export function equations(data, kit) {
  const { h, status } = kit;
  return h("section", { class: "sums", "aria-label": data.label }, data.lines.map((line) => h("div", { class: "sum", key: line.label, "data-tone": line.status.tone },
    h("h3", {}, line.label), h("ol", { class: "plain terms" }, line.terms.map((found) => term(found, kit))), status(line.status))));
}

function hundred(found, { h }) {
  const cell = (kind, place) => {
    const x = (place % 20) * 10, y = Math.floor(place / 20) * 10;
    return kind === "x" ? h("circle", { cx: x + 5, cy: y + 5, r: 1.3, class: "out" }) : h("rect", { x: x + 1, y: y + 1, width: 8, height: 8, rx: 1.5, class: kind === "n" ? "met" : "base" });
  };
  return h("svg", { viewBox: "0 0 200 50", role: "img", "aria-label": found.aria }, [...found.cells].map(cell));
}

export function formulas(data, kit) {
  const { h, led } = kit;
  return h("section", { class: "formulas", "aria-label": data.title },
    h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead),
      h("div", { class: "legend" }, data.legend.map((item) => h("span", {}, h("i", { class: "cell-" + item.kind }), item.word)))),
    h("div", { class: "eight" }, data.formulas.map((found) => h("article", { class: "formula", key: found.key, "data-usual": found.usual ? "true" : null, "aria-label": found.label },
      h("h3", {}, h("a", { href: found.here, target: "_self", class: "here" }, found.label), found.usual ? h("small", {}, found.usual) : null),
      h("div", { class: "result" }, h("b", {}, found.value), h("span", {}, found.counts)),
      hundred(found, kit),
      h("p", { class: "known" }, found.known),
      h("p", { class: "own" }, h("span", {}, data.own_label), " ", h("b", { class: "figure" }, led(found.own, found.own.text)), found.own.more ? h("small", {}, " " + found.own.more) : null)))));
}

function side(terms, h) {
  return terms.map((found) => h("span", { class: "part", title: found.name }, found.sign ? h("i", {}, found.sign + " ") : null, found.label));
}

function meaning(found, kit) {
  const { h, led } = kit;
  return h("article", { class: "meaning", id: found.key, key: found.key, "data-chosen": found.is_chosen ? "true" : null, "aria-label": found.label },
    h("header", {}, h("h3", {}, h("a", { href: found.here, target: "_self", class: "here" }, found.label)), h("span", { class: "way" }, found.way)),
    h("p", {}, found.meaning),
    found.fraction
      ? h("div", { class: "fraction", role: "math", "aria-label": found.formula }, found.fraction.scale ? h("span", { class: "scale" }, found.fraction.scale) : null,
          h("div", {}, h("div", { class: "above" }, side(found.fraction.above, h)), h("div", { class: "below" }, side(found.fraction.below, h))),
          h("span", { class: "worked" }, h("small", {}, found.example.label), found.example.text))
      : h("p", { class: "fraction" }, found.formula),
    h("details", { open: found.is_open ? "" : null }, h("summary", {}, found.more),
      h("p", { class: "counted" }, found.counted), h("code", { class: "columns" }, found.columns),
      h("dl", {}, found.facts.map((fact) => h("div", { key: fact.label }, h("dt", {}, fact.label), h("dd", {}, fact.links ? fact.links.map((link, place) => [place ? ", " : null, led(link, link.text)]) : fact.value))))));
}

/** A group of definitions behind its heading; what a search has found, and a group that was chosen, stands open. */
export function meanings(data, kit) {
  const { h } = kit;
  const heading = h("div", { class: "section" }, h("h2", {}, data.title), data.lead && h("p", { class: "muted" }, data.lead));
  const cards = () => h("div", { class: "pages" }, data.cards.map((found) => meaning(found, kit)));
  return h("section", { class: "meanings", "aria-label": data.title }, data.is_folded === null ? [heading, cards()]
    : h("details", { class: "group", open: data.is_folded ? null : "" }, h("summary", {}, heading), cards()));
}
