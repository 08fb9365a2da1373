// Who looks at the pages, in their head: the name and the way out; in the demo, everybody as whom it can be seen.
// Built here and not in a block: it stands in the head of the window, which belongs to another program.

let drawn = "";

/** A node of the document; texts are placed as text, never as markup. */
function node(tag, attrs, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) if (value !== null) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const here = () => location.pathname.replace(/[^/]*$/, "");

/** Where a persona's link leads: to the page that is open, if it stands in that menu, with all that is chosen there. */
function address(item) {
  const next = item.stays ? location.pathname + location.search : here();
  return here() + "persona?" + new URLSearchParams({ as: item.as, next });
}

function choice(item) {
  const link = node("a", { href: address(item), "aria-current": item.is_here ? "true" : null, "data-as": item.as }, node("b", {}, item.label), node("span", {}, item.more));
  link.addEventListener("click", () => { link.href = address(item); });
  return node("li", {}, link);
}

function wayOut(word) {
  return node("form", { method: "post", action: here() + "sign-out" }, node("button", { type: "submit" }, word));
}

function turn(box, isOpen, { isFocused = false } = {}) {
  const button = box.querySelector("button");
  box.querySelector(".panel").hidden = !isOpen;
  button.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen && isFocused) button.focus();
  if (isOpen) (box.querySelector("[aria-current]") || box.querySelector(".panel a, .panel button")).focus({ preventScroll: true });
}

function keys(box, event) {
  const isOpen = !box.querySelector(".panel").hidden;
  if (event.key === "Escape" && isOpen) return turn(box, false, { isFocused: true });
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  if (!isOpen) return turn(box, true);
  const all = [...box.querySelectorAll(".panel a, .panel button")];
  const at = all.indexOf(document.activeElement);
  all[Math.max(0, Math.min(all.length - 1, at + step))].focus();
}

/** Draws it anew where it has changed; nothing where nobody signs in, and on a wall. */
export function who(data) {
  const text = JSON.stringify(data || null);
  const before = document.querySelector(".fb-who");
  if (text === drawn && Boolean(before) === Boolean(data)) return;
  drawn = text;
  if (before) before.remove();
  if (!data) return;
  const name = node("span", { class: "name" }, node("small", {}, data.role), node("b", {}, data.name));
  const button = node("button", { type: "button", "aria-expanded": "false", "aria-controls": "fb-who-panel", "aria-label": data.label, title: data.label }, node("i", { "aria-hidden": "true" }), name);
  const list = data.items ? node("ul", {}, ...data.items.map(choice)) : node("div", { class: "self" }, node("b", {}, data.name), node("span", {}, data.role));
  const panel = node("div", { class: "panel", id: "fb-who-panel", hidden: "" }, data.items ? null : list, node("p", {}, data.lead), data.items ? list : null, data.out ? wayOut(data.out) : null);
  const box = node("div", { class: "fb-who", role: "group", "aria-label": data.role }, button, panel);
  button.addEventListener("click", () => turn(box, panel.hidden, { isFocused: true }));
  box.addEventListener("keydown", (event) => keys(box, event));
  box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) turn(box, false); });
  document.addEventListener("pointerdown", (event) => { if (box.isConnected && !box.contains(event.target) && !panel.hidden) turn(box, false); });
  const skip = document.querySelector("a.fb-skip");
  if (skip) skip.after(box); else document.body.prepend(box);
}
