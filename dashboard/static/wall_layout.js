// Where everything on a wall stands: one unit for every size of screen, the places of the tiles, and how large a number can
// be beside the words that belong to it. All lengths are in units (u). Written for browsers as old as Chromium 90.

export const WIDE = 12;
const TALL = 6;
const NARROW_PX = 760;
const LINE = 1.1; // of its letters' size
const TEXT = 2.7;
const FINE = 2;
const LEAST = 3.4;
const LARGEST = 13;
const ROOMY = 6.4; // a number at least as large may give way to what else there is to say
const OTHER_ROW = 3.2;
const NUMBER_HEIGHTS = { low: 10.2, tall: 13.4 }; // of a tile of two rows, and of more: its words are below the number

/** The unit and the shape of a wall of that size: the same letters on a screen upright or lying, fixed ones on a phone. */
export function measure(width, height, isPreview) {
  if (isPreview) return { u: Math.min(width / 100, height / 56.25), shape: "wide", columns: WIDE };
  if (width < NARROW_PX) return { u: Math.max(6.4, Math.min(9, width / 56)), shape: "narrow", columns: 1 };
  const u = Math.min(Math.max(width, height) / 100, Math.min(width, height) / 56.25);
  // twelve columns keep the proportions of a wide screen, also on one that is nearly square, such as half of one
  return width / u < 75 ? { u, shape: "tall", columns: TALL } : { u: Math.min(u, width / 100), shape: "wide", columns: WIDE };
}

function turned(tile) {
  const width = tile.width <= 2 ? 2 : tile.width <= 4 ? 3 : TALL;
  return { width, height: Math.max(tile.kind === "number" && tile.height > 2 ? 3 : 2, Math.round((tile.width * tile.height) / width)) };
}

/** The places of the tiles in reading order, and how the rows share `height`: where numbers stand they keep theirs. */
export function places(tiles, columns, height) {
  if (columns === 1) return { at: tiles.map(() => ({ style: "" })), rows: "" };
  const taken = [];
  const cells = (at) => Array.from({ length: at.height * at.width }, (_, place) => [at.row + Math.floor(place / at.width), at.column + (place % at.width)]);
  const isFree = (at) => at.column + at.width <= columns && cells(at).every(([row, column]) => !(taken[row] || [])[column]);
  const take = (at) => cells(at).forEach(([row, column]) => {
    taken[row] = taken[row] || [];
    taken[row][column] = at;
  });
  const found = tiles.map((tile) => {
    const size = columns === WIDE ? { width: Math.min(WIDE, tile.width), height: tile.height } : turned(tile);
    const at = { ...size, row: 0, column: 0, isNumber: tile.kind === "number" };
    while (!isFree(at)) {
      at.column += 1;
      if (at.column + at.width > columns) [at.row, at.column] = [at.row + 1, 0];
    }
    take(at);
    return at;
  });
  if (columns !== WIDE) found.forEach((at) => filled(at, taken.length, isFree, take));
  const least = taken.map((line) => {
    const heights = line.filter((at) => at && at.isNumber).map((at) => at.height);
    return Math.max(OTHER_ROW, ...heights.map((rows) => ((rows > 2 ? NUMBER_HEIGHTS.tall : NUMBER_HEIGHTS.low) - (rows - 1)) / rows));
  });
  const free = (height || 44) - (taken.length - 1);
  const scale = Math.min(1, free / least.reduce((sum, one) => sum + one, 0));
  const rows = least.map((one) => "minmax(calc(" + (one * scale).toFixed(3) + " * var(--u)),1fr)");
  return { at: found.map((at) => ({ style: "grid-area:" + [at.row + 1, at.column + 1, "span " + at.height, "span " + at.width].join("/") })), rows: rows.join(" ") };
}

/** A tile that was turned for an upright screen takes what stays free beside and below it. */
function filled(at, rows, isFree, take) {
  while (isFree({ ...at, column: at.column + at.width, width: 1 })) at.width += 1;
  while (at.row + at.height < rows && isFree({ ...at, row: at.row + at.height, height: 1 })) at.height += 1;
  take(at);
}

const widths = new Map();
let brush = null;

/** How wide a text is, in its own size (em). */
export function widthOf(text, weight) {
  const name = weight + text.replace(/\d/g, "8");
  if (!widths.has(name)) {
    if (widths.size > 800) widths.clear();
    brush = brush || document.createElement("canvas").getContext("2d");
    brush.font = weight + " 100px Inter, sans-serif";
    widths.set(name, brush.measureText(text.replace(/\d/g, "8")).width / 100 - (weight < 550 ? 0.025 : weight < 650 ? 0.015 : 0) * text.length);
  }
  return widths.get(name);
}

/** Widths are measured anew once the letters have come. */
export function forgetWidths() {
  widths.clear();
}

function lines(text, weight, size, width) {
  return text ? Math.max(1, Math.ceil((widthOf(text, weight) * size) / Math.max(1, width))) : 0;
}

/** The ways in which a number and its words can stand: words beside it or below it, the last ones for a tile that is too small. */
function ways(tile, width) {
  const size = (text, weight, letters) => (text ? widthOf(text, weight) * letters * 1.03 : 0);
  const status = tile.word ? size(tile.word, 600, TEXT) + TEXT * 1.15 : 0;
  const target = size(tile.target, 500, TEXT);
  const rows = lines(tile.target, 500, TEXT, width);
  const found = [
    { name: "status", besideWidth: status, besideLines: status ? 1 : 0, below: rows > 2 ? 99 : rows },
    { name: "line", besideWidth: 0, besideLines: 0, below: status && target && status + target + 1.6 > width ? 99 : status || target ? 1 : 0 },
    { name: "below", besideWidth: 0, besideLines: 0, below: status > width || rows > 2 ? 99 : (status ? 1 : 0) + rows },
    { name: "both", besideWidth: Math.max(status, target), besideLines: (status ? 1 : 0) + (target ? 1 : 0), below: 0 },
  ];
  return { good: found, tight: [{ name: "status", besideWidth: status, besideLines: status ? 1 : 0, below: 0.8 }, { name: "below", besideWidth: 0, besideLines: 0, below: (status ? 1 : 0) + 0.8 }, { name: "none", besideWidth: 0, besideLines: 0, below: status ? 1 : 0 }] };
}

/** How large a number stands on a tile of that inner size, and where its words are: as they leave it largest. */
export function plan(tile, width, height) {
  const value = Math.max(0.1, widthOf(tile.value + (tile.unit ? " " + tile.unit : ""), 750) * 0.98);
  const line = TEXT * LINE;
  const labelRows = lines(tile.label, 600, TEXT, width);
  const sizeOf = (way, room) => {
    const free = room - way.below * line;
    if (way.besideLines * line > free) return 0;
    const across = way.besideWidth ? (width - way.besideWidth - 1.6) / value : width / value;
    return Math.min(LARGEST, across, free / 1.08);
  };
  const best = (list, room) => list.reduce((found, way) => (sizeOf(way, room) > found.size + 0.05 ? { way, size: sizeOf(way, room) } : found), { way: null, size: 0 });
  const { good, tight } = ways(tile, width);
  let labelLines = labelRows > 1 ? 2 : 1;
  let isTight = false;
  let found = best(good, height - labelLines * line);
  if (found.size < LEAST && labelLines > 1) {
    labelLines = 1;
    found = best(good, height - line);
  }
  if (found.size < LEAST) {
    isTight = true;
    found = best(tight.slice(0, 2), height - line);
    if (found.size < LEAST) found = { way: tight[2], size: LEAST };
  }
  const room = height - labelLines * line;
  let extra = 0;
  const fits = (needed, least) => {
    const size = sizeOf(found.way, room - extra - needed);
    if (isTight || (size < (least || ROOMY) && size < sizeOf(found.way, room - extra) - 0.01)) return false;
    extra += needed;
    return true;
  };
  const more = tile.why || tile.more;
  const hasBar = typeof tile.share === "number" && fits(1.8);
  const hasSince = Boolean(tile.since && !tile.since.is_value) && fits(line);
  const hasMore = Boolean(more) && fits(FINE * LINE * Math.min(2, lines(more, 450, FINE, width)), tile.why ? LEAST : ROOMY);
  // Of how many it is a ratio stands there however small the tile is, as long as the number can be read from afar.
  const told = tile.more || "";
  const fallback = typeof tile.n === "number" && told.replace(/\D/g, "").indexOf(String(tile.n)) >= 0 ? "n = " + tile.n : "";
  const counted = hasMore ? "" : told.split(" \u00b7 ").filter((one) => /\d/.test(one)).concat(fallback).filter((one) => one && widthOf(one, 450) * FINE <= width)[0] || "";
  const isCounted = Boolean(counted) && counts(sizeOf, found.way, room - extra);
  if (isCounted) extra += FINE * LINE;
  return { size: Math.max(LEAST, Math.floor(sizeOf(found.way, room - extra) * 10) / 10), way: found.way.name, labelLines, isTight, hasBar, hasSince, hasMore, brief: isCounted ? counted : "" };
}

function counts(sizeOf, way, room) {
  return sizeOf(way, room - FINE * LINE) >= Math.min(4, sizeOf(way, room));
}

/** What of a table has a place: its columns, bars, words; the first column keeps enough for its names. */
export function columnsFor(columns, rows, width) {
  const text = (cell) => (cell !== null && typeof cell === "object" ? String(cell.text === undefined || cell.text === null ? "" : cell.text) : String(cell));
  const plainWidth = (cell) => widthOf(text(cell), 650) * TEXT + (cell && cell.shape ? TEXT * 1.15 : 0);
  const wordWidth = (cell) => (cell && cell.word && cell.word !== cell.text ? (widthOf(cell.word, 600) + 0.5) * TEXT : 0);
  const shown = rows.slice(0, 60);
  const most = (place, measured) => Math.max(0, ...shown.map((row) => measured(row.cells[place])));
  const widths = columns.map((column, place) => {
    const bar = shown.some((row) => row.cells[place] && typeof row.cells[place].share === "number") ? 10.2 : 0;
    return { head: widthOf(column.label, 550) * 2.2, plain: most(place, plainWidth), word: most(place, wordWidth), bar };
  });
  const least = Math.min(widths[0].plain + 0.4, 19, width * 0.42);
  const all = columns.map((_, place) => place);
  const narrow = all.filter((place) => !columns[place].wide);
  const fits = ({ kept, hasBars, hasWords }) => kept.reduce((sum, place) => sum + (place ? 1.7 + Math.max(widths[place].head, widths[place].plain + (hasBars ? widths[place].bar : 0) + (hasWords ? widths[place].word : 0)) : least), 0) <= width;
  const tries = [all, narrow].map((kept) => ({ kept, hasBars: true, hasWords: true }));
  tries.push({ kept: narrow, hasBars: false, hasWords: true }, { kept: narrow, hasBars: true, hasWords: false }, { kept: narrow, hasBars: false, hasWords: false });
  for (let count = narrow.length - 1; count > 1; count -= 1) tries.push({ kept: narrow.slice(0, count), hasBars: false, hasWords: false });
  return tries.filter(fits)[0] || { kept: narrow.slice(0, 2), hasBars: false, hasWords: false };
}

/** How many lines of that height fit, at least one. */
export function capacity(height, line) {
  return Math.max(1, Math.floor((height + 0.05) / line));
}
