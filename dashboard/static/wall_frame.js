// What stands around the tiles: the head with the age of the data, alerts, the message to all, the turn, the past and its
// controls, and what is said when nothing comes. Written for browsers as old as Chromium 90.

export const SPEEDS = [1, 10, 60, 600];
export const STEP_MS = 60000;

/** What the browser says by itself where the server has not sent its own words for it. */
export const WORDS = {
  seconds: "{seconds} s", no_data: "No data for {age}", since_then: "These figures are of {time}. The screen tries again by itself.", opening: "Opening the wall",
  age: "Data {age} old", next: "Next: {board}", next_in: "in {age}", of: "{place} of {count}", pinned: "Pinned", pinned_until: "until {time}", paused: "Held",
  past: "Replay", past_band: "The past", live: "Now", play: "Play", pause: "Pause", back: "One minute back", ahead: "One minute ahead", speed: "Speed", when: "Show", show: "Show",
  acknowledge: "Seen", more_alerts: "{count} more", sound_blocked: "Sound is switched on; press any key to allow it.", keys: "Keys", full_screen: "Full screen", next_board: "Next or previous board", hold: "Hold this board, or go on", close: "Close", over: "This screen may not look any longer.",
};

/** A text of the wall with its places filled. */
export function said(words, name, values) {
  return Object.keys(values || {}).reduce((text, key) => text.replace("{" + key + "}", String(values[key])), words[name] || WORDS[name]);
}

/** The title of the board, the age of the data, and the time. */
export function head(data, look) {
  const { h, mark, ticking, words, clock } = look;
  const age = data.age || {};
  return h("header", { class: "head", key: "head" },
    h("div", { class: "title" }, h(look.isPage ? "h1" : "h2", { class: "matters" }, data.part || data.board.title), h("p", { class: "site" }, data.part ? data.board.title : data.site)),
    h("div", { class: "facts" },
      h("p", { class: "age matters", "data-tone": age.tone || "none", role: "status" }, mark(age.shape), h("span", { class: "age-word" }, age.word || ""),
        typeof age.newest_ms === "number" && !data.is_past ? h("span", { class: "newest" }, h("span", {}, said(words, "age", { age: "\n" }).split("\n")[0]), ticking(age.newest_ms, ""), h("span", {}, said(words, "age", { age: "\n" }).split("\n")[1] || "")) : null),
      h("p", { class: "clock matters", role: "timer", "aria-live": "off", "data-clock": "1" }, clock.time)));
}

/** The alerts that nobody has seen yet: on a wall the gravest, with how many more there are. */
export function banner(data, look) {
  const { h, mark, ticking, words, shape } = look;
  const found = data.banner || [];
  if (!found.length) return null;
  const shown = found.slice(0, shape === "narrow" ? 3 : 1);
  return h("section", { class: "banner", key: "banner", role: "alert" }, shown.map((one) => h("article", { key: one.key, "data-tone": one.tone || "off" },
    h("b", { class: "what matters" }, mark(one.shape), h("span", {}, (one.word ? one.word + ": " : "") + one.title)), h("span", { class: "much matters" }, one.text),
    typeof one.since_ms === "number" ? h("span", { class: "for matters" }, ticking(one.since_ms, "")) : null,
    found.length > shown.length && one === shown[shown.length - 1] ? h("span", { class: "others matters", "aria-label": said(words, "more_alerts", { count: found.length - shown.length }) }, "+" + (found.length - shown.length)) : null,
    one.may_acknowledge && look.canAct ? h("button", { type: "button", class: "act", "data-act": "acknowledge", "data-alert": one.key, "aria-keyshortcuts": "a" }, said(words, "acknowledge")) : null)));
}

/** What somebody says to the whole floor: over everything else, beside the numbers and not on them. */
export function message(data, { h, mark, clock }) {
  const found = data.message;
  const shape = { good: "circle", near: "triangle", off: "square" };
  return found ? h("section", { class: "message", key: "message", role: "alert", "data-tone": found.tone || "off", "data-long": String(found.text.length > 90) }, mark(shape[found.tone] || "square"), h("p", { class: "matters" }, found.text), typeof found.since_ms === "number" ? h("span", { class: "at matters" }, clock.timeOf(found.since_ms)) : null) : null;
}

export function trouble(sentence, { h, mark }) {
  return sentence ? h("section", { class: "trouble", key: "trouble", role: "alert", "data-tone": "off" }, mark("square"), h("p", { class: "matters" }, sentence)) : null;
}

/** Which board of how many is on, and when the next one comes. */
export function foot(data, look) {
  const { h, mark, words, clock, held, note } = look;
  const turn = data.turn || { place: 0, count: 1, names: [] };
  const titles = turn.titles || turn.names || [];
  const next = titles[(turn.place + 1) % Math.max(1, turn.count)] || "";
  const parts = [];
  if (held) parts.push(h("span", { class: "held" }, mark("bars"), said(words, "paused")));
  else if (turn.is_pinned) parts.push(h("span", { class: "held" }, mark("diamond"), said(words, "pinned") + (turn.ends_ms ? " " + said(words, "pinned_until", { time: clock.timeOf(turn.ends_ms) }) : "")));
  else if (turn.count > 1) parts.push(h("span", { class: "next" }, said(words, "next", { board: next }), turn.ends_ms ? h("span", { "data-until": String(turn.ends_ms) }, look.until(turn.ends_ms)) : null));
  const isEmpty = !note && !parts.length && turn.count < 2; // one board has the room to itself
  return h("footer", { class: "foot", key: "foot", "data-empty": String(isEmpty) },
    h("p", { class: "note" }, note || ""),
    turn.count > 1 && (!turn.board_names || turn.board_names.indexOf(data.board.name) >= 0) ? h("div", { class: "turn", role: "group", "aria-label": said(words, "of", { place: turn.place + 1, count: turn.count }) }, parts, h("span", { class: "of" }, said(words, "of", { place: turn.place + 1, count: turn.count })),
      h("span", { class: "dots", "aria-hidden": "true" }, Array.from({ length: turn.count }, (_, place) => h("i", { key: String(place), "data-on": String(place === turn.place) })))) : parts.length ? h("div", { class: "turn" }, parts) : null);
}

/** The band over the past, never to be taken for now, with its controls. */
export function past(data, look) {
  const { h, mark, words, replay, clock } = look;
  if (!data.is_past) return null;
  const button = (act, word, inside, more) => h("button", { type: "button", class: "act", "data-act": act, "aria-label": word, title: word, ...more }, inside);
  return h("section", { class: "past", key: "past", role: "status" },
    h("b", { class: "band matters" }, said(words, "past_band")),
    h("span", { class: "when matters", "data-clock": "day" }, clock.whole),
    look.canAct && h("div", { class: "controls" },
      button("back", said(words, "back"), "−1 min"),
      button(replay.isPaused ? "play" : "pause", said(words, replay.isPaused ? "play" : "pause"), replay.isPaused ? h("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: "M3 1.5 14 8 3 14.5Z" })) : mark("bars")),
      button("ahead", said(words, "ahead"), "+1 min"),
      h("span", { class: "speeds", role: "group", "aria-label": said(words, "speed") }, SPEEDS.map((speed) => button("speed", said(words, "speed") + " " + speed, speed + "×", { key: String(speed), "data-speed": String(speed), "aria-pressed": String(speed === replay.speed) }))),
      h("input", { type: "datetime-local", class: "field", "aria-label": said(words, "when"), "data-field": "at" }), button("show", said(words, "show"), said(words, "show")),
      button("live", said(words, "live"), said(words, "live"))));
}

/** Said large, over what was known last. */
export function silence(data, look) {
  const { h, words, silent } = look;
  return silent && h("section", { class: "silence", key: "silence", role: "alert" }, h("p", { class: "much matters", "data-silent": "1" }, silent.text), h("p", { class: "matters" }, data ? said(words, "since_then", { time: silent.time }) : said(words, "opening")));
}

export function celebration(found, { h }) {
  return found && h("section", { class: "celebration", key: "celebration-" + found.key, role: "status" }, h("span", { class: "shapes", "aria-hidden": "true" }, Array.from({ length: 14 }, (_, place) => h("i", { key: String(place) }))),
    h("b", { class: "matters" }, found.title), h("p", { class: "matters" }, found.text));
}

export function help({ h, words }) {
  const keys = [["← →", "next_board"], ["␣", "hold"], ["F", "full_screen"], ["A", "acknowledge"], ["Esc", "close"]];
  return h("section", { class: "help", key: "help", role: "dialog", "aria-label": said(words, "keys") }, h("h2", {}, said(words, "keys")), h("dl", {}, keys.map(([key, name]) => h("div", { key: name }, h("dt", {}, key), h("dd", {}, said(words, name))))));
}
