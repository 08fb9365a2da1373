// How a wall hears its server: one stream of messages, watched from this side, opened again whenever it is silent, and
// asked for by single requests where streams do not come through. Written for browsers as old as Chromium 90.

const NAMES = ["board", "beat", "reload", "over", "trouble"];
export const TIMES = { connect: 4000, silence: 6000, again: 700, longest: 4000, poll: 2000, retry: 20000, watch: 500, leap: 4000 };
const FAILS = 3;

/** Listens until `close`; `told(name, data)` hears every message. The addresses are asked for each time: a replay goes on. */
export function listen({ streamUrl, snapshotUrl, told, times }) {
  const wait = { ...TIMES, ...times };
  let source = null;
  let openedAt = 0;
  let heardAt = 0;
  let hasSpoken = false;
  let fails = 0;
  let again = null;
  let asking = null;
  let pollTimer = null;
  let isClosed = false;
  let watchedAt = performance.now();
  let lead = Date.now() - watchedAt;

  function shut() {
    if (source) source.close();
    source = null;
    clearTimeout(again);
    again = null;
  }

  function open() {
    shut();
    if (isClosed) return;
    if (typeof EventSource !== "function") return poll();
    const mine = new EventSource(streamUrl());
    source = mine;
    openedAt = performance.now();
    hasSpoken = false;
    for (const name of NAMES) {
      mine.addEventListener(name, (event) => {
        if (mine !== source) return;
        hasSpoken = true;
        fails = 0;
        quiet();
        pass(name, event.data);
      });
    }
    mine.onerror = () => {
      if (mine === source) lost(mine.readyState === 2 && !hasSpoken);
    };
  }

  function pass(name, text) {
    let data;
    try {
      data = text ? JSON.parse(text) : {};
    } catch (error) {
      if (error instanceof SyntaxError) return; // half a message, cut off on its way
      throw error;
    }
    heardAt = performance.now();
    if (name === "over") close();
    told(name, data);
  }

  /** The stream ended or said nothing: open it again soon, not all screens of a site in the same instant. */
  function lost(isRefused) {
    shut();
    fails += 1;
    if (fails >= FAILS || isRefused) poll();
    const isServed = fails >= FAILS && performance.now() - heardAt < wait.silence; // by single requests
    const pause = isServed ? wait.retry : Math.min(wait.longest, wait.again * fails) * (0.7 + 0.3 * Math.random());
    again = setTimeout(open, pause);
  }

  function quiet() {
    clearTimeout(pollTimer);
    pollTimer = null;
    if (asking) asking.abort();
    asking = null;
  }

  function poll() {
    if (pollTimer !== null || isClosed) return;
    pollTimer = setTimeout(() => {
      pollTimer = null;
      if (!isClosed && (fails || !source)) poll();
    }, wait.poll);
    if (!asking) ask();
  }

  async function ask() {
    const mine = new AbortController();
    asking = mine;
    const limit = setTimeout(() => mine.abort(), wait.connect);
    try {
      const answer = await fetch(snapshotUrl(), { cache: "no-store", credentials: "same-origin", signal: mine.signal });
      const text = await answer.text();
      if (isClosed || asking !== mine) return;
      // whoever may look no longer opens the wall anew: its door leads a person to sign in, and a display to its code
      if (answer.status === 401) pass("over", JSON.stringify({ sentence: sentenceOf(text), way: "wall/show" + location.search }));
      else if (answer.ok) pass("board", text);
      else if (answer.status < 500 || answer.status === 503) told("trouble", { sentence: sentenceOf(text) });
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== "AbortError") throw error; // no way there: the wall says how long already
    } finally {
      clearTimeout(limit);
      if (asking === mine) asking = null;
    }
  }

  function watch() {
    const now = performance.now();
    const ahead = Date.now() - now;
    const leapt = now - watchedAt > wait.leap || Math.abs(ahead - lead) > wait.leap; // slept, or was not let run
    watchedAt = now;
    lead = ahead;
    if (leapt) return open();
    if (!source) return undefined;
    const silent = now - Math.max(openedAt, hasSpoken ? heardAt : 0);
    if (silent > (hasSpoken ? wait.silence : wait.connect)) lost(false);
    return undefined;
  }

  function seen() {
    if (document.visibilityState === "visible" && performance.now() - heardAt > wait.connect) open();
  }

  function close() {
    isClosed = true;
    clearInterval(watching);
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", open);
    shut();
    quiet();
  }

  const watching = setInterval(watch, wait.watch);
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", open);
  open();
  return { close };
}

/** What a refusal says, as one line. */
function sentenceOf(text) {
  try {
    const found = JSON.parse(text);
    return String(found.sentence || found.error || found.detail || "").slice(0, 300);
  } catch (error) {
    if (error instanceof SyntaxError) return /^\s*</.test(text) ? "" : text.replace(/\s+/g, " ").trim().slice(0, 300); // a page says nothing here
    throw error;
  }
}
