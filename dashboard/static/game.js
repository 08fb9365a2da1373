// The game's blocks: a day with its points, level, next badge and streak; good news, once; badges; how a number came about;
// weeks against one's own usual. `kit` holds the drawing helpers of floorboard.js. Nothing here makes a sound.

const version = new URL(import.meta.url).search;
export const gameSheet = new CSSStyleSheet();
export const gameLoaded = fetch(new URL("./game.css" + version, import.meta.url)).then((answer) => answer.text()).then((text) => gameSheet.replace(text));

const ROUND = 2 * Math.PI * 52;

function art(found, { h }) {
  return found.art ? h("img", { class: "art", src: found.art, alt: "", width: "96", height: "96" }) : null;
}

function meter(share, { h }, spoken) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return h("div", { class: "meter", role: "img", "aria-label": spoken || Math.round(width) + " %" }, h("i", { style: "width:" + width + "%" }));
}

function ring(level, { h }) {
  const share = Math.max(0, Math.min(1, level.share));
  return h("div", { class: "ring", role: "img", "aria-label": level.spoken },
    h("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" },
      h("circle", { class: "road", cx: 60, cy: 60, r: 52 }),
      h("circle", { class: "gone", cx: 60, cy: 60, r: 52, "stroke-dasharray": (share * ROUND).toFixed(1) + " " + ROUND.toFixed(1), "data-none": String(share === 0) })),
    h("span", { "aria-hidden": "true" }, h("b", {}, level.value), h("small", {}, level.of)));
}

function pointsCard(found, kit) {
  const { h, led, mark } = kit;
  return h("section", { class: "panel points", "aria-label": found.label },
    h("h3", {}, found.label),
    h("p", { class: "big" }, h("b", {}, found.value), " ", h("small", {}, found.unit)),
    h("p", { class: "muted" }, found.more),
    found.parts.length ? h("ul", { class: "parts" }, found.parts.map((part) => h("li", { key: part.key, "data-held": String(Boolean(part.held)) },
      h("span", { class: "name" }, led(part, part.name), part.held ? h("em", {}, mark("bars"), " ", part.held) : null),
      h("b", {}, part.value), meter(part.share, kit, part.spoken), part.more ? h("small", {}, part.more) : null))) : null);
}

function levelCard(found, kit) {
  const { h } = kit;
  return h("section", { class: "panel level", "aria-label": found.label }, h("h3", {}, found.label), ring(found, kit),
    found.name ? h("p", { class: "title" }, found.name) : null, h("p", { class: "muted" }, found.more));
}

function nextCard(found, kit) {
  const { h, led } = kit;
  return h("section", { class: "panel next", "aria-label": found.label }, h("h3", {}, found.label),
    found.name ? h("div", { class: "aim" }, art(found, kit), h("div", {}, h("p", { class: "title" }, led(found, found.name), found.tier ? h("small", {}, found.tier) : null),
      found.share === undefined || found.share === null ? null : meter(found.share, kit, found.more), h("p", {}, found.more))) : null,
    h("p", { class: "muted" }, found.lead));
}

function streakCard(found, kit) {
  const { h, mark } = kit;
  return h("section", { class: "panel streak", "aria-label": found.label }, h("h3", {}, found.label),
    h("p", { class: "big" }, h("b", {}, found.value), " ", h("small", {}, found.unit)),
    found.days.length ? h("ol", { class: "chain" }, found.days.map((day) => h("li", { key: day.key, "data-day": day.state, title: day.spoken },
      h("i", {}, mark(day.shape)), h("span", { "aria-hidden": "true" }, day.text), h("span", { class: "hidden" }, day.spoken)))) : null,
    h("p", { class: "muted" }, found.more), found.freezes ? h("p", { class: "freezes" }, mark("diamond"), " ", found.freezes) : null);
}

function today(data, kit) {
  const { h } = kit;
  return h("div", { class: "game-day" },
    h("header", {}, h("div", {}, h("h2", {}, data.greeting), h("p", {}, data.lead)), h("p", { class: "date" }, data.day)),
    h("div", { class: "panels", "data-panels": String(1 + [data.level, data.next, data.streak].filter(Boolean).length) },
      pointsCard(data.points, kit), data.level && levelCard(data.level, kit), data.next && nextCard(data.next, kit), data.streak && streakCard(data.streak, kit)));
}

/** Good news, told once; whoever asked for less motion sees it stand still. */
function moments(data, kit) {
  const { h, led } = kit;
  const pieces = Array.from({ length: 28 }, (_, place) => h("i", { style: "--at:" + ((place * 37) % 100) + "%;--turn:" + ((place * 73) % 360) + "deg;--wait:" + (place % 7) * 0.12 + "s", "data-hue": String(place % 5) }));
  return h("section", { class: "good-news", role: "status", "aria-label": data.label }, h("div", { class: "confetti", "aria-hidden": "true" }, pieces),
    h("ul", {}, data.moments.map((one) => h("li", { key: one.key }, art(one, kit), h("div", {}, h("p", { class: "word" }, one.word), h("h2", {}, led(one, one.name)), one.text ? h("p", {}, one.text) : null)))));
}

function badgeTile(tile, kit) {
  const { h, led, mark } = kit;
  return h("article", { class: "badge-tile", key: tile.key, "data-held": String(tile.held), "aria-label": tile.spoken },
    art(tile, kit),
    h("h3", {}, led(tile, tile.name)),
    h("p", { class: "tier" }, tile.steps ? h("span", { class: "steps", "aria-hidden": "true" }, tile.steps.map((step) => h("i", { "data-done": String(step) }))) : null, tile.tier),
    h("p", { class: "about" }, tile.about),
    tile.share === undefined || tile.share === null ? null : meter(tile.share, kit, tile.progress),
    tile.progress ? h("p", { class: "progress" }, tile.progress) : null,
    h("div", { class: "foot" }, tile.earned ? h("p", {}, mark("circle"), " ", tile.earned) : null, tile.rarity ? h("p", {}, tile.rarity) : null, tile.owner ? h("p", {}, tile.owner) : null,
      tile.take ? h("p", {}, h("a", { href: tile.take.href, download: "" }, tile.take.text)) : null));
}

function badges(data, kit) {
  const { h } = kit;
  return h("div", { class: "gallery" }, data.families.map((family) => h("section", { key: family.key, "aria-label": family.name },
    h("div", { class: "section" }, h("h2", {}, family.name), h("p", { class: "muted" }, family.lead)),
    h("div", { class: "badge-tiles" }, family.tiles.map((tile) => badgeTile(tile, kit))))));
}

/** How one number came about: each step with its arithmetic, the last with what was written. */
function workings(data, { h, led }) {
  return h("section", { class: "workings", "aria-label": data.label }, h("ol", {}, data.steps.map((step) => h("li", { key: step.key, "data-last": String(Boolean(step.last)) },
    h("div", {}, h("h3", {}, step.title), step.text ? h("p", {}, step.text) : null),
    h("p", { class: "arith" }, step.formula ? h("span", {}, step.formula) : null, h("b", {}, step.here ? led(step, step.result) : step.result))))));
}

const WIDE = 320, HIGH = 84;

function trendCard(card, { h, mark }) {
  const shown = card.points.filter((point) => point.y !== null);
  const place = (point) => (point.x * WIDE).toFixed(1) + "," + ((1 - point.y) * HIGH).toFixed(1);
  return h("article", { class: "panel trend", key: card.key, "aria-label": card.label }, h("h3", {}, card.label),
    h("p", { class: "big" }, h("b", {}, card.value), " ", h("small", {}, card.unit)),
    shown.length ? h("svg", { viewBox: "-6 -6 " + (WIDE + 12) + " " + (HIGH + 12), role: "img", "aria-label": card.spoken, preserveAspectRatio: "none" },
      card.usual === null ? null : h("line", { class: "usual", x1: 0, x2: WIDE, y1: (1 - card.usual) * HIGH, y2: (1 - card.usual) * HIGH }),
      h("polyline", { points: shown.map(place).join(" ") }),
      h("line", { class: "dot", x1: shown[shown.length - 1].x * WIDE, x2: shown[shown.length - 1].x * WIDE, y1: (1 - shown[shown.length - 1].y) * HIGH, y2: (1 - shown[shown.length - 1].y) * HIGH })) : null,
    h("p", { class: "beside", "data-tone": card.tone }, mark(card.shape), " ", card.word), h("p", { class: "muted" }, card.more));
}

function trends(data, kit) {
  const { h } = kit;
  return h("div", {}, h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead)), h("div", { class: "trends" }, data.cards.map((card) => trendCard(card, kit))));
}

/** Days with what was given for each of them, a fold for every day. */
function days(data, { h, led, mark }) {
  return h("div", {}, h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead)),
    data.days.length ? h("div", { class: "past-days" }, data.days.map((day) => h("details", { key: day.key, open: day.open ? "" : null },
      h("summary", {}, h("span", { class: "day" }, day.name), h("span", { class: "state" }, day.state), h("b", {}, day.value)),
      h("ul", {}, day.entries.map((one) => h("li", { key: one.key, "data-off": String(Boolean(one.off)) }, h("span", { class: "what" }, led(one, one.name), one.text ? h("small", {}, one.text) : null), one.flag ? h("span", { class: "status", "data-tone": one.flag.tone }, mark(one.flag.shape), one.flag.word) : null, h("b", {}, one.value))))))) : h("p", { class: "quiet" }, data.nothing));
}

export function gameViews(kit) {
  return {
    today: (data) => today(data, kit), moments: (data) => moments(data, kit), badges: (data) => badges(data, kit),
    workings: (data) => workings(data, kit), trends: (data) => trends(data, kit), days: (data) => days(data, kit),
  };
}
