// The cards of the page Walls: each holds a picture of a wall, drawn by the same program as the wall itself and scaled to
// its place, with its title, its ways and its address. Texts arrive written; they are placed as text only.

const version = new URL(import.meta.url).search;
const from = (file) => new URL("./" + file + version, import.meta.url).href;
const { h, mark, patch } = await import(from("patch.js"));
const { preview } = await import(from("wall_preview.js"));

const sheets = Promise.all(["floorboard.css", "walls.css"].map(async (file) => new CSSStyleSheet().replace(await (await fetch(from(file))).text())));

/** A place beside this page as a whole address, which can be typed into another screen. */
function whole(address) {
  return new URL(address, location.href.split(/[?#]/)[0].replace(/[^/]*$/, "")).href;
}

function way(link) {
  const isOut = Boolean(link.is_new);
  return h("a", { key: link.text, class: link.is_first ? "way first" : "way", href: whole(link.here), target: isOut ? "_blank" : "_self", rel: isOut ? "noopener" : null }, link.text);
}

function about(card, words) {
  return [
    h("div", { class: "title" }, h("h3", {}, card.title), card.audience && h("span", { class: "audience" }, card.audience)),
    card.lead && h("p", { class: "muted" }, card.lead),
    card.status && h("p", { class: "status", "data-tone": card.status.tone }, mark(card.status.shape), card.status.word),
    card.links.length ? h("p", { class: "ways" }, card.links.map(way)) : null,
    card.address && h("p", { class: "address" },
      h("input", { type: "text", readonly: "", value: whole(card.address), "aria-label": words.address + ": " + card.title }),
      h("button", { type: "button", "data-copy": "", "aria-label": words.copy + ": " + card.title }, words.copy)),
  ];
}

function copied(event, state) {
  const button = event.target.closest ? event.target.closest("button[data-copy]") : null;
  if (!button) return;
  const field = button.parentElement.querySelector("input");
  field.select();
  if (navigator.clipboard) navigator.clipboard.writeText(field.value);
  else document.execCommand("copy"); // a site without https has no other way
  button.textContent = state.data.words.copied;
  setTimeout(() => { button.textContent = state.data.words.copy; }, 2000);
}

function make(card) {
  const place = document.createElement("article");
  const screen = document.createElement("div");
  const text = document.createElement("div");
  screen.className = "screen";
  text.className = "about";
  place.append(screen, text);
  screen.inert = true; // it is a picture: what can be pressed on a wall is pressed there
  const apart = document.createElement("div"); // a wall has its own styles, and none of the page's
  apart.style.cssText = "position:absolute;inset:0";
  screen.attachShadow({ mode: "open" }).append(apart);
  return { place, text, picture: preview(apart) };
}

function draw(state) {
  const { data, cards, root } = state;
  root.dataset.layout = data.layout;
  root.setAttribute("aria-label", data.label);
  const shown = new Set(data.cards.map((card) => card.key));
  for (const [key, one] of cards) {
    if (shown.has(key)) continue;
    one.picture.close();
    one.place.remove();
    cards.delete(key);
  }
  data.cards.forEach((card, number) => {
    if (!cards.has(card.key)) cards.set(card.key, make(card));
    const one = cards.get(card.key);
    if (root.children[number] !== one.place) root.insertBefore(one.place, root.children[number] || null);
    one.place.setAttribute("aria-label", card.title);
    one.place.dataset.key = card.key;
    patch(one.text, about(card, data.words).filter(Boolean));
    if (card.payload) one.picture.show(card.payload);
    else one.picture.say(card.why || "");
  });
}

function isDark(element) {
  const colour = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const digits = /^#([0-9a-f]{6})/i.exec(colour);
  const [red, green, blue] = digits ? [0, 2, 4].map((at) => parseInt(digits[1].slice(at, at + 2), 16)) : (colour.match(/\d+/g) || [255, 255, 255]).map(Number);
  return red * 0.299 + green * 0.587 + blue * 0.114 < 128;
}

const galleries = new WeakMap();

export default async function mount({ data, parentElement }) {
  const loaded = await sheets;
  let state = galleries.get(parentElement);
  if (!state) {
    const outer = document.createElement("div");
    const root = document.createElement("section");
    outer.className = "fb walls";
    root.className = "cards";
    outer.append(root);
    parentElement.appendChild(outer);
    if (parentElement.adoptedStyleSheets) parentElement.adoptedStyleSheets = loaded;
    state = { outer, root, cards: new Map() };
    root.addEventListener("click", (event) => copied(event, state));
    galleries.set(parentElement, state);
  }
  state.data = data;
  state.outer.dataset.theme = isDark(state.outer) ? "dark" : "light";
  state.outer.lang = data.language;
  draw(state);
  return () => {
    for (const one of state.cards.values()) one.picture.close();
    state.outer.remove();
    galleries.delete(parentElement);
  };
}
