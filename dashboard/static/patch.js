// What every block and every wall is drawn with: nodes as data, marks whose shape tells a state, and a patch that changes
// a page in place, so that what did not change is not touched. Written for browsers as old as Chromium 90.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  circle: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z",
  triangle: "M8 1 15.5 14.5H.5Z",
  square: "M1.5 1.5h13v13h-13Z",
  dash: "M1 6.5h14v3H1Z",
  ring: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm0 3.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  half: "M8 1a7 7 0 0 0 0 14Zm1 0v2a5 5 0 0 1 0 10v2a7 7 0 0 0 0-14Z",
  bars: "M2.5 1.5h4v13h-4Zm7 0h4v13h-4Z",
  diamond: "M8 .5 15.5 8 8 15.5.5 8Z",
};

/** A node as data: tag, attributes, children (nodes, texts, or nothing). */
export function h(tag, attrs, ...children) {
  return { tag, attrs: attrs || {}, children: children.flat(9).filter((child) => child !== null && child !== undefined && child !== false) };
}

export function mark(shape) {
  return h("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, h("path", { d: PATHS[shape] || PATHS.dash, "fill-rule": "evenodd" }));
}

/** A duration that goes on by itself: counted from an instant of the floor's clock. */
export function ticking(startedMs, text) {
  return h("span", { "data-since": String(startedMs), role: "timer", "aria-live": "off" }, text);
}

function make(node, inSvg) {
  const svg = inSvg || node.tag === "svg";
  const element = svg ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  element.fbKey = node.attrs.key;
  attributes(element, node.attrs);
  for (const child of node.children) element.appendChild(typeof child === "object" ? make(child, svg) : document.createTextNode(String(child)));
  return element;
}

function attributes(element, attrs) {
  const keepsOpen = element.localName === "details" && element.fbOpen === Boolean(attrs.open === ""); // as the reader left it
  if (element.localName === "details") element.fbOpen = attrs.open === "";
  for (const name of element.getAttributeNames()) if ((attrs[name] === undefined || attrs[name] === null) && !(keepsOpen && name === "open")) element.removeAttribute(name);
  for (const [name, value] of Object.entries(attrs)) {
    if (name === "key" || (keepsOpen && name === "open") || value === undefined || value === null) continue;
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
}

function fits(element, node) {
  if (typeof node !== "object") return element.nodeType === 3;
  return element.nodeType === 1 && element.localName === node.tag.toLowerCase() && element.fbKey === node.attrs.key;
}

/** Makes the children of `parent` equal to `nodes`, keeping every element that can stay (and so its focus and scroll). */
export function patch(parent, nodes) {
  const wanted = new Set(nodes.map((node) => (typeof node === "object" ? node.attrs.key : undefined)));
  const keyed = new Map();
  for (const child of [...parent.childNodes]) {
    if (child.fbKey === undefined) continue;
    if (wanted.has(child.fbKey)) keyed.set(child.fbKey, child);
    else child.remove(); // first of all, so that what stays need not be moved
  }
  let place = parent.firstChild;
  for (const node of nodes) {
    const key = typeof node === "object" ? node.attrs.key : undefined;
    let element = key !== undefined ? keyed.get(key) : place;
    if (!element || !fits(element, node)) element = null;
    if (!element) {
      element = typeof node === "object" ? make(node, parent.namespaceURI === SVG) : document.createTextNode(String(node));
      parent.insertBefore(element, place);
    } else {
      if (element !== place) parent.insertBefore(element, place);
      else place = place.nextSibling;
      if (typeof node !== "object") {
        if (element.data !== String(node)) element.data = String(node);
      } else {
        attributes(element, node.attrs);
        patch(element, node.children);
      }
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** Whole seconds as people read them: "42 s", "4:12", "1:02:05"; never a minus. */
export function runningDuration(seconds, words) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return words.seconds.replace("{seconds}", String(whole));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = two(whole % 60);
  return hours ? hours + ":" + two(Math.floor((whole % 3600) / 60)) + ":" + rest : Math.floor(whole / 60) + ":" + rest;
}
