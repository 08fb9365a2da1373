// One wall in the browser: what the server tells is drawn in place, clocks run on by themselves, and what is old says so.
// `mount(root, {streamUrl, options})` draws into `root` and gives back what ends it; options: isPage (the wall has the window
// to itself), isPreview, asset (the version of these files), feed (who tells the data in place of the stream), times (for tests).
// Written for browsers as old as Chromium 90: no newer syntax or styles in wall*.js, wall.css and patch.js.

const version = new URL(import.meta.url).search;
const PARTS = ["patch", "wall_clock", "wall_stream", "wall_layout", "wall_tiles", "wall_frame", "wall_ways"];
const PAGE_SECONDS = 10;
const LATE_SECONDS = 8;
const HELD_MS = 600000;
const LONGEST_CELEBRATION_MS = 7000;
const REMEMBERED = 50;
const FONT_MS = 1500;
const AGAIN_MS = 4000;
const PHONE_HEIGHT = 19;

async function load(attempt) {
  const again = attempt ? (version ? "&" : "?") + "again=" + attempt : "";
  const found = await Promise.all(PARTS.map((name) => import(new URL("./" + name + ".js" + version + again, import.meta.url).href)));
  return Object.assign({}, ...found);
}

function styled(root) {
  const home = root.getRootNode() === document ? document.head : root.getRootNode();
  const before = home.querySelector("link.fb-wall");
  if (before) return Promise.resolve();
  return new Promise((done) => {
    const link = document.createElement("link");
    link.className = "fb-wall";
    link.rel = "stylesheet";
    link.href = new URL("./wall.css" + version, import.meta.url).href;
    link.onload = link.onerror = done;
    home.appendChild(link);
  });
}

function lettered() {
  if (!document.fonts || !document.fonts.load) return Promise.resolve();
  const wanted = ["500 20px Inter", "650 20px Inter", "750 20px Inter"].map((name) => document.fonts.load(name));
  return Promise.race([Promise.all(wanted), new Promise((done) => setTimeout(done, FONT_MS))]).catch(() => undefined); // any letters are better than none
}

/** Draws the wall that `streamUrl` tells of into `root`, and goes on until the function that it gives back is called. */
export function mount(root, given) {
  const options = given.options || {};
  const url = new URL(given.streamUrl || "", location.href);
  let ends = [];
  let isOver = false;
  async function begin(attempt) {
    let parts;
    try {
      [parts] = await Promise.all([load(attempt), styled(root), lettered()]);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a part did not come through: the network is away
      if (!isOver) setTimeout(begin, AGAIN_MS, attempt + 1);
      return;
    }
    if (isOver) return;
    while (root.firstChild) root.firstChild.remove();
    if (url.searchParams.get("beside") !== "now") {
      ends = [screen(root, url, options, parts)];
      return;
    }
    root.classList.add("wall-pair");
    const [then, now] = [new URL(url), new URL(url)];
    then.searchParams.delete("beside");
    for (const name of ["beside", "at", "speed"]) now.searchParams.delete(name);
    ends = [[then, options], [now, { ...options, isPage: false, isBeside: true }]].map(([one, how]) => {
      const half = document.createElement("div");
      half.className = "wall-half";
      root.appendChild(half);
      return screen(half, one, how, parts);
    });
    ends.push(() => root.classList.remove("wall-pair"));
  }
  begin(0);
  return () => {
    isOver = true;
    for (const end of ends) end();
    while (root.firstChild) root.firstChild.remove();
  };
}

/** One wall of one address. */
function screen(root, url, options, parts) {
  const frame = document.createElement("div");
  frame.className = "wall";
  frame.dataset.preview = String(Boolean(options.isPreview));
  root.appendChild(frame);
  const s = {
    root, frame, url, options, parts, clock: parts.clock(() => performance.now()), data: null, heardAt: performance.now(), troubledAt: null, trouble: "", silent: null, lastMs: null, tickMs: null, dataMs: null,
    held: null, page: 0, boxes: new Map(), signature: "", celebration: null, celebrated: [], alerts: null, isHelp: false, error: "", ends: [], replay: { isPaused: false, speed: Number(url.searchParams.get("speed") || 1) },
  };
  s.sound = parts.sound(() => draw(s));
  sized(s);
  const watching = new ResizeObserver(() => sized(s) && draw(s));
  watching.observe(root);
  const clicked = (event) => act(s, event.target.closest ? event.target.closest("[data-act]") : null);
  frame.addEventListener("click", clicked);
  s.ends.push(() => watching.disconnect(), () => s.sound.end(), () => s.listening && s.listening.close());
  if (options.isPage) s.ends.push(parts.keys(acts(s)), parts.pointer(frame), parts.awake());
  open(s);
  draw(s);
  ticking(s);
  return () => {
    s.isOver = true;
    clearTimeout(s.timer);
    clearTimeout(s.heldTimer);
    clearTimeout(s.celebrationTimer);
    for (const end of s.ends) end();
    frame.remove();
  };
}

function sized(s) {
  const box = s.root.getBoundingClientRect();
  const found = s.parts.measure(Math.max(1, box.width), Math.max(1, box.height), s.options.isPreview);
  const isOther = !s.layout || s.layout.u !== found.u || s.layout.shape !== found.shape || s.width !== box.width || s.height !== box.height;
  [s.layout, s.width, s.height] = [found, box.width, box.height];
  s.frame.style.setProperty("--u", found.u.toFixed(4) + "px");
  setData(s.frame, "shape", found.shape);
  return isOther;
}

function setData(element, name, value) {
  if (element.dataset[name] !== String(value)) element.dataset[name] = String(value);
}

/* ---- what the server tells ---- */

function open(s) {
  if (s.listening) s.listening.close();
  const heard = (name, data) => !s.isOver && told(s, name, data);
  if (s.options.feed) {
    s.listening = { close: s.options.feed(heard) }; // a page that brings the boards itself
    return;
  }
  s.comeToMs = null;
  const asked = (from) => {
    const found = new URL(from);
    found.search = s.url.search;
    if (s.comeToMs !== null) found.searchParams.set("at", atText(s.comeToMs)); // a replay goes on where its line broke
    return found.href;
  };
  s.listening = s.parts.listen({ streamUrl: () => asked(s.url), snapshotUrl: () => asked(beside(s, "snapshot")), told: heard, times: s.options.times });
}

/** Another address of the same server. */
function beside(s, name) {
  return new URL(s.options[name] || s.url.pathname.replace(/stream$/, name), s.url);
}

function told(s, name, data) {
  s.heardAt = performance.now();
  if (name === "over") return over(s, data);
  if (name === "reload") return renewed(s, data.asset);
  if (name === "trouble") {
    if (s.troubledAt === null) s.troubledAt = performance.now();
    s.trouble = (data.sentence || "").replace(/`/g, "");
    return draw(s);
  }
  if (typeof data.now_ms !== "number") return undefined;
  s.lastMs = data.now_ms;
  if ((name === "board" ? data : s.data || {}).is_past) s.comeToMs = data.now_ms;
  s.clock.told(data.now_ms, name === "board" ? data.speed || 1 : (s.data && s.data.speed) || 1);
  if (name === "beat") {
    if (!s.data || !data.age || JSON.stringify(data.age) === JSON.stringify(s.data.age)) return settle(s);
    s.data = { ...s.data, age: data.age };
    return settle(s) || draw(s);
  }
  [s.trouble, s.troubledAt] = ["", null];
  const isFirst = s.data === null;
  s.data = data;
  if (data.is_past) s.replay.speed = data.speed || 1;
  noticed(s, isFirst);
  settle(s);
  draw(s);
  return renewed(s, data.asset);
}

/** After a silence everything is drawn as of now again; whether it was. */
function settle(s) {
  const wasUnset = s.tickMs === null || s.silent !== null;
  if (wasUnset) tick(s);
  return wasUnset;
}

function over(s, data) {
  s.trouble = data.sentence || s.parts.said(words(s), "over");
  s.troubledAt = s.troubledAt === null ? performance.now() : s.troubledAt;
  draw(s);
  if (s.options.isPage) s.parts.leave(data.way);
}

function renewed(s, asset) {
  const own = s.options.asset || new URLSearchParams(version).get("v");
  if (!asset || !own || asset === own || !s.options.isPage || s.isRenewing) return;
  s.isRenewing = s.parts.renew(asset);
}

/** What is new since the last board: a sound for an alert, and what there is to celebrate. */
function noticed(s, isFirst) {
  const { data } = s;
  const before = s.alerts;
  s.alerts = (data.banner || []).map((one) => one.key);
  const hasNew = before !== null && s.alerts.some((key) => before.indexOf(key) < 0);
  const found = data.celebration;
  const isNew = found && !data.is_quiet && !data.is_past && s.celebrated.indexOf(found.key) < 0;
  if (found) s.celebrated = s.celebrated.filter((key) => key !== found.key).concat(found.key).slice(-REMEMBERED);
  if (isNew) {
    s.celebration = found;
    clearTimeout(s.celebrationTimer);
    s.celebrationTimer = setTimeout(() => {
      s.celebration = null;
      draw(s);
    }, Math.min(LONGEST_CELEBRATION_MS, found.lasts_ms || LONGEST_CELEBRATION_MS));
  }
  const isHeard = data.has_sound && !data.is_quiet && !data.is_past && !isFirst && s.options.isPage;
  if (isHeard && hasNew) s.sound.play([659, 523]);
  else if (isHeard && isNew) s.sound.play([523, 659, 784]);
}

/* ---- drawing ---- */

function words(s) {
  return (s.data && s.data.words) || {};
}

function looks(s) {
  const { parts, data, layout } = s;
  const lang = (data && data.lang) || "en-GB";
  const zone = (data && data.zone) || "UTC";
  const running = { ...parts.WORDS, ...words(s) };
  const duration = (fromMs) => parts.runningDuration((s.dataMs - fromMs) / 1000, running);
  const time = s.tickMs === null ? "" : parts.timeText(s.tickMs, lang, zone, true);
  const day = s.tickMs === null ? "" : parts.dayText(s.tickMs, lang, zone);
  return {
    h: parts.h, mark: parts.mark, words: running, shape: layout.shape, board: data ? data.board.name : "", page: s.page, replay: s.replay, silent: s.silent, held: s.held,
    canAct: !s.options.isPreview && !s.options.isBeside, isPage: !s.options.isPreview,
    clock: { time, day, whole: day + ", " + time, timeOf: (ms) => parts.timeText(ms, lang, zone, false) },
    note: s.error || (data && data.has_sound && s.options.isPage && s.sound.isBlocked() ? parts.said(running, "sound_blocked") : ""),
    until: (ms) => (s.tickMs === null ? "" : " " + parts.said(running, "next_in", { age: parts.runningDuration((ms - s.tickMs) / 1000, running) })),
    ticking: (fromMs, text) => parts.h("span", { class: "ticking", "data-since": String(fromMs), role: "timer", "aria-live": "off" }, s.dataMs === null ? text : duration(fromMs)),
  };
}

function tileLook(s, look, tile) {
  const { parts, layout } = s;
  const box = s.boxes.get(tile.key) || { width: (tile.width * 96) / 12 - 3, height: tile.height * 5.7 - 2.4 };
  const isFree = layout.shape === "narrow";
  const height = isFree ? 99 : box.height;
  const label = tile.label ? 3.3 : 0;
  return {
    ...look, widthOf: parts.widthOf, width: box.width, height: height - label,
    plan: (one) => parts.plan(one, box.width, isFree ? PHONE_HEIGHT : height),
    columnsFor: (columns, rows) => parts.columnsFor(columns, rows, box.width),
    capacity: (line, extra) => (isFree ? 99 : parts.capacity(height - label - extra, line)),
  };
}

function draw(s) {
  if (s.isOver) return;
  const { parts, data, frame, layout } = s;
  const look = looks(s);
  const nodes = [];
  if (data) {
    const found = parts.places(data.tiles, layout.columns, s.gridHeight);
    const grid = parts.h("div", { class: "grid", key: "grid/" + data.board.name, "data-board": data.board.name, style: layout.columns === 1 ? "" : "grid-template-columns:repeat(" + layout.columns + ",minmax(0,1fr));grid-template-rows:" + found.rows },
      data.tiles.map((tile, place) => parts.tileOf(tile, found.at[place], tileLook(s, look, tile))));
    nodes.push(parts.past(data, look), parts.head(data, look), parts.message(data, look), parts.trouble(s.trouble, look), s.trouble || (data.message && layout.shape !== "narrow") ? null : parts.banner(data, look), grid, parts.foot(data, look));
  } else nodes.push(parts.trouble(s.trouble, look), parts.h("div", { class: "grid opening", key: "opening" }, parts.h("p", {}, parts.said(look.words, "opening"))));
  nodes.push(parts.silence(data, look), parts.celebration(s.celebration, look), s.isHelp ? parts.help(look) : null);
  setData(frame, "theme", (data && data.theme) || "auto");
  setData(frame, "past", Boolean(data && data.is_past));
  setData(frame, "late", s.silent !== null);
  setData(frame, "message", Boolean(data && data.message));
  if (data && frame.lang !== data.lang) frame.lang = data.lang.replace("_", "-");
  parts.patch(frame, nodes.filter(Boolean));
  fitted(s);
}

/** Measures the tiles where their places have changed, and draws once more with what then fits. */
function fitted(s) {
  const grid = s.frame.querySelector(".grid[data-board]");
  if (!grid || s.layout.shape === "narrow" || s.isFitting) {
    if (grid && s.layout.shape === "narrow") s.boxes = new Map(s.data.tiles.map((tile) => [tile.key, { width: s.width / s.layout.u - 5.4, height: 24 }]));
    return;
  }
  const sizes = s.data.tiles.map((tile) => tile.key + tile.width + tile.height + tile.kind);
  const signature = [s.data.board.name, grid.clientWidth, grid.clientHeight, ...sizes].join();
  if (signature === s.signature) return;
  s.signature = signature;
  const { u } = s.layout;
  const isOther = Math.abs((s.gridHeight || 44) - grid.clientHeight / u) > 0.05;
  s.gridHeight = grid.clientHeight / u;
  if (isOther) {
    s.isFitting = true;
    draw(s); // the rows share another height, and the tiles are measured after that
  }
  s.boxes = new Map([...grid.children].map((tile) => [tile.dataset.key, { width: tile.clientWidth / u - 2.6, height: tile.clientHeight / u - 1 }]));
  s.isFitting = true;
  draw(s);
  s.isFitting = false;
}

/* ---- clocks between two messages ---- */

function ticking(s) {
  if (s.isOver) return;
  tick(s);
  s.timer = setTimeout(ticking, 1005 - ((s.tickMs === null ? Date.now() : s.tickMs) % 1000), s);
}

function tick(s) {
  const { parts, frame } = s;
  const now = s.replay.isPaused ? s.tickMs : s.clock.now();
  const late = ((s.data && s.data.late_seconds) || LATE_SECONDS) * 1000;
  const quiet = performance.now() - (s.troubledAt === null ? s.heardAt : s.troubledAt);
  const isLate = quiet > late && !s.replay.isPaused && !s.options.isPreview;
  s.tickMs = now;
  if (!isLate) s.dataMs = now;
  const look = looks(s);
  const page = now === null || isLate ? s.page : Math.floor(now / 1000 / PAGE_SECONDS / Math.max(1, (s.data && s.data.speed) || 1));
  const isOther = isLate !== (s.silent !== null) || (page !== s.page && frame.querySelector(".part"));
  s.page = page;
  s.silent = isLate ? { text: parts.said(look.words, "no_data", { age: parts.runningDuration(quiet / 1000, look.words) }), time: s.lastMs === null ? "" : parts.timeText(s.lastMs, s.data ? s.data.lang : "en-GB", s.data ? s.data.zone : "UTC", true) } : null;
  if (isOther) return draw(s);
  if (isLate) setText(frame.querySelector("[data-silent]"), s.silent.text);
  if (now === null) return undefined;
  for (const element of frame.querySelectorAll("[data-since]")) setText(element, parts.runningDuration((s.dataMs - Number(element.dataset.since)) / 1000, look.words));
  for (const element of frame.querySelectorAll("[data-clock]")) setText(element, element.dataset.clock === "day" ? look.clock.whole : look.clock.time);
  for (const element of frame.querySelectorAll("[data-until]")) setText(element, look.until(Number(element.dataset.until)));
  return undefined;
}

function setText(element, text) {
  if (!element) return;
  if (!element.firstChild) element.appendChild(document.createTextNode(text));
  else if (element.firstChild.data !== text) element.firstChild.data = text;
}

/* ---- what people do ---- */

function acts(s) {
  return {
    next: () => turn(s, 1), previous: () => turn(s, -1), fullScreen: s.parts.fullScreen,
    hold: () => (s.data && s.data.is_past ? run(s, !s.replay.isPaused) : s.held ? release(s) : hold(s, s.data && s.data.board.name)),
    help: () => show(s, !s.isHelp), close: () => (s.isHelp ? show(s, false) : s.held && release(s)),
    acknowledge: () => acknowledged(s, (s.data && s.data.banner ? s.data.banner : []).filter((one) => one.may_acknowledge)[0]),
  };
}

function show(s, isHelp) {
  s.isHelp = isHelp;
  draw(s);
}

function turn(s, step) {
  if (s.data && s.data.is_past) return seek(s, step * s.parts.STEP_MS);
  const found = s.data && s.data.turn;
  if (!found || found.count < 2) return undefined;
  return hold(s, (found.board_names || [])[(found.place + step + found.count) % found.count]);
}

/** One board stays on, for ten minutes at most: a key that somebody has leant on stops no wall for ever. */
function hold(s, name) {
  if (!name) return;
  s.held = name;
  clearTimeout(s.heldTimer);
  s.heldTimer = setTimeout(release, HELD_MS, s);
  readdress(s, { hold: name });
}

function release(s) {
  s.held = null;
  clearTimeout(s.heldTimer);
  readdress(s, { hold: null });
}

function readdress(s, changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) s.url.searchParams.delete(name);
    else s.url.searchParams.set(name, value);
  }
  if (s.options.isPage && ("at" in changes || "speed" in changes)) {
    const shown = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) shown.searchParams.delete(name);
      else shown.searchParams.set(name, value);
    }
    history.replaceState(history.state, "", shown.pathname + shown.search.replace(/%3A/g, ":"));
  }
  s.heardAt = performance.now();
  open(s);
  draw(s);
}

function atText(ms) {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Goes through the past from another instant on. */
function seek(s, byMs, toMs) {
  const from = toMs === undefined ? (s.tickMs === null ? s.lastMs : s.tickMs) + byMs : toMs;
  s.clock.reset();
  s.replay.isPaused = false;
  readdress(s, { at: atText(from), speed: s.replay.speed === 1 ? null : String(s.replay.speed) });
}

function run(s, isPaused) {
  if (isPaused) {
    s.replay.isPaused = true;
    s.listening.close();
    draw(s);
  } else seek(s, 0);
}

async function acknowledged(s, alert) {
  if (!alert || s.isSending) return;
  s.isSending = true;
  s.error = await s.parts.acknowledge(beside(s, "acknowledge").href, alert);
  s.isSending = false;
  draw(s);
}

function act(s, button) {
  if (!button) return;
  const name = button.dataset.act;
  if (name === "acknowledge") acknowledged(s, s.data.banner.filter((one) => one.key === button.dataset.alert)[0]);
  if (name === "back") seek(s, -s.parts.STEP_MS);
  if (name === "ahead") seek(s, s.parts.STEP_MS);
  if (name === "pause" || name === "play") run(s, name === "pause");
  if (name === "speed") {
    s.replay.speed = Number(button.dataset.speed);
    seek(s, 0);
  }
  if (name === "show") {
    const at = s.parts.instantOf(s.frame.querySelector("[data-field=at]").value, s.data.zone);
    if (at !== null) seek(s, 0, at);
  }
  if (name === "live") {
    s.clock.reset();
    s.replay = { isPaused: false, speed: 1 };
    readdress(s, { at: null, speed: null });
  }
}
