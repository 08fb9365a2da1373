// What time it is on the wall: the server's clock, running on in the browser between two messages, and never back.
// Written for browsers as old as Chromium 90.

const DRIFT_MS = 1500;
const SET_BACK_MS = 60000;
const BEHIND_TIMES = 5;

/** A clock told by messages: `told(now_ms, speed)`, `now()`. A late message does not set it back, as long as `reset` is not called. */
export function clock(perf) {
  let anchor = null;
  let anchored = 0;
  let speed = 1;
  let shown = -Infinity;
  let behind = 0;
  const running = () => anchor + (perf() - anchored) * speed;
  function set(nowMs, to) {
    anchor = nowMs;
    anchored = perf();
    speed = to;
    behind = 0;
  }
  return {
    isSet: () => anchor !== null,
    told(nowMs, to) {
      if (anchor === null || to !== speed) return set(nowMs, to);
      const late = running() - nowMs;
      if (late <= -DRIFT_MS * Math.max(1, speed) || (late < 0 && speed === 1)) return set(nowMs, speed);
      behind = late > DRIFT_MS * Math.max(1, speed) ? behind + 1 : 0;
      if (behind < BEHIND_TIMES) return undefined;
      if (late > SET_BACK_MS * Math.max(1, speed)) shown = -Infinity; // the site's clock itself was put right
      return set(nowMs, speed);
    },
    /** The next message begins a new time, as another instant of the past does. */
    reset() {
      anchor = null;
      shown = -Infinity;
    },
    now() {
      if (anchor === null) return null;
      shown = Math.max(shown, running());
      return shown;
    },
  };
}

const kept = new Map();

function format(named, zone, shape) {
  const lang = named === "en" ? "en-GB" : named;
  const name = lang + " " + zone + " " + JSON.stringify(shape);
  if (!kept.has(name)) {
    let made;
    for (const [tongue, place] of [[lang, zone], ["en-GB", zone], ["en-GB", "UTC"]]) {
      try {
        made = made || new Intl.DateTimeFormat(tongue.replace("_", "-"), { timeZone: place, hourCycle: "h23", ...shape });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error; // a zone or language that this browser has never heard of
      }
    }
    kept.set(name, made);
  }
  return kept.get(name);
}

/** "14:05", or "14:05:09". */
export function timeText(ms, lang, zone, hasSeconds) {
  return format(lang, zone, { hour: "2-digit", minute: "2-digit", ...(hasSeconds ? { second: "2-digit" } : {}) }).format(ms);
}

/** "Monday, 23 November". */
export function dayText(ms, lang, zone) {
  return format(lang, zone, { weekday: "long", day: "numeric", month: "long" }).format(ms);
}

function local(ms, zone) {
  const parts = {};
  const shape = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  for (const part of format("en-GB", zone, shape).formatToParts(ms)) parts[part.type] = part.value;
  return parts;
}

/** An instant as a field for date and time holds it: "2026-11-17T10:32", in the wall's zone. */
export function fieldText(ms, zone) {
  const at = local(ms, zone);
  return at.year + "-" + at.month + "-" + at.day + "T" + at.hour + ":" + at.minute;
}

/** The instant that a field names in the wall's zone; of an hour that comes twice the first one, null where it names none. */
export function instantOf(text, zone) {
  const wanted = Date.parse((text.length === 16 ? text + ":00" : text) + "Z");
  if (isNaN(wanted)) return null;
  const offset = (ms) => {
    const at = local(ms, zone);
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - ms;
  };
  const before = wanted - offset(wanted - 86400000);
  return before + offset(before) === wanted ? before : wanted - offset(wanted - offset(wanted));
}
