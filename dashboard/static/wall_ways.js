// What a wall does beside showing: it follows keys, keeps the screen awake, hides the pointer, sounds when it may, fetches
// itself anew after an upgrade, and leaves when it may not look. Written for browsers as old as Chromium 90.

const IDLE_MS = 3000;
const RENEW_AGAIN_MS = 3600000;
const PROBE_MS = 5000;

/** Calls `acts[name]` for the keys of a wall; gives back what ends it. */
export function keys(acts) {
  const names = { ArrowRight: "next", ArrowLeft: "previous", " ": "hold", f: "fullScreen", "?": "help", Escape: "close", a: "acknowledge" };
  function pressed(event) {
    const at = event.target;
    if (event.ctrlKey || event.altKey || event.metaKey || (at && at.closest && at.closest("input, select, textarea"))) return;
    if (event.key === " " && at && at.closest && at.closest("button")) return;
    const name = names[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name) return;
    event.preventDefault();
    acts[name]();
  }
  window.addEventListener("keydown", pressed);
  return () => window.removeEventListener("keydown", pressed);
}

/** Hides the pointer after three seconds without a movement; gives back what ends it. */
export function pointer(frame) {
  let timer = null;
  function moved() {
    if (frame.dataset.idle !== "false") frame.dataset.idle = "false";
    clearTimeout(timer);
    timer = setTimeout(() => {
      frame.dataset.idle = "true";
    }, IDLE_MS);
  }
  moved();
  window.addEventListener("pointermove", moved);
  return () => {
    clearTimeout(timer);
    window.removeEventListener("pointermove", moved);
  };
}

/** Keeps the screen awake where the browser can; gives back what ends it. */
export function awake() {
  let lock = null;
  let isOver = false;
  async function take() {
    if (!navigator.wakeLock || isOver || document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (isOver) lock.release();
    } catch (error) {
      if (error.name !== "NotAllowedError") throw error; // the browser saves power just now, and is asked again when it is looked at
    }
  }
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", take);
    if (lock) lock.release();
  };
}

/** Two soft tones; `isBlocked` until somebody has touched a key or the screen, as browsers ask for. */
export function sound(changed) {
  let context = null;
  function allow() {
    if (context && context.state === "suspended") context.resume().then(changed);
  }
  window.addEventListener("keydown", allow);
  window.addEventListener("pointerdown", allow);
  return {
    isBlocked() {
      const Kind = window.AudioContext || window.webkitAudioContext;
      if (!Kind) return false;
      context = context || new Kind();
      return context.state === "suspended";
    },
    play(pitches) {
      if (!context || context.state !== "running") return;
      pitches.forEach((pitch, place) => {
        const at = context.currentTime + place * 0.22;
        const tone = context.createOscillator();
        const level = context.createGain();
        tone.frequency.value = pitch;
        level.gain.setValueAtTime(0, at);
        level.gain.linearRampToValueAtTime(0.2, at + 0.02);
        level.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
        tone.connect(level);
        level.connect(context.destination);
        tone.start(at);
        tone.stop(at + 0.55);
      });
    },
    end() {
      window.removeEventListener("keydown", allow);
      window.removeEventListener("pointerdown", allow);
      if (context) context.close();
      context = null;
    },
  };
}

export function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => undefined); // refused without a touch
}

/** Loads the page again once the server has another one; the same files are asked for at most once an hour. */
export function renew(asset) {
  const before = (history.state && history.state.renewed) || {};
  if (before.asset === asset && Date.now() - before.at < RENEW_AGAIN_MS) return false;
  async function probe() {
    let isThere = false;
    try {
      isThere = (await fetch(location.href, { cache: "no-store", credentials: "same-origin" })).ok;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the server starts anew just now
    }
    if (!isThere) return setTimeout(probe, PROBE_MS);
    history.replaceState({ ...history.state, renewed: { asset, at: Date.now() } }, "");
    return location.reload();
  }
  probe();
  return true;
}

/** Goes where a screen goes that may not look any longer. */
export function leave(way) {
  const path = (way === undefined || way === null ? "/wall" : String(way)).replace(/^\/+/, "");
  location.replace(new URL("../" + path, location.href).href);
}

/** Says that somebody has seen an alert; gives back a sentence where it did not work. */
export async function acknowledge(url, alert) {
  try {
    const body = JSON.stringify({ rule_id: alert.rule_id, scope_id: alert.scope_id, firing_number: alert.firing_number });
    const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body });
    if (answer.ok) return "";
    const text = await answer.text();
    try {
      return String(JSON.parse(text).sentence || "") || answer.statusText;
    } catch (error) {
      if (error instanceof SyntaxError) return text.slice(0, 200) || answer.statusText;
      throw error;
    }
  } catch (error) {
    if (error instanceof TypeError) return String(error.message);
    throw error;
  }
}
