// The page around the blocks, which another program draws: it is told here where the reader stands in the menu, it gets a way
// past the menu for the keyboard, and its controls stay off the paper. The styles are in frame.css.

const { who } = await import(new URL("./who.js" + new URL(import.meta.url).search, import.meta.url).href);

let told = null;
let watching = null;

/** Marks the menu that the present page is in; the menus come and go with the width of the window. */
function mark() {
  for (const button of document.querySelectorAll("[data-testid=stTopNavSection]")) {
    const isHere = Boolean(told) && button.textContent.trim() === told.section;
    if (isHere === (button.dataset.here === "true")) continue;
    if (isHere) {
      button.dataset.here = "true";
      button.setAttribute("aria-current", "true");
    } else {
      delete button.dataset.here;
      button.removeAttribute("aria-current");
    }
  }
}

/** The first thing that the Tab key reaches: it leads past the menu, to what the page shows. */
function skip() {
  let link = document.querySelector("a.fb-skip");
  if (!link) {
    link = document.createElement("a");
    link.className = "fb-skip";
    link.href = "#";
    link.addEventListener("click", (event) => {
      const main = document.querySelector("[data-testid=stMain]");
      event.preventDefault();
      if (!main) return;
      main.tabIndex = -1;
      main.focus();
    });
    document.body.prepend(link);
  }
  if (link.textContent !== told.skip) link.textContent = told.skip;
}

/** Says to a reader who hears the page which alert a button acknowledges; the button comes a moment after its block. */
export function nameButton(found, tries = 20) {
  const button = document.querySelector(".st-key-" + CSS.escape(found.key.replace(/[^a-zA-Z0-9_-]/g, "-")) + " button");
  if (button) button.setAttribute("aria-label", found.label);
  else if (tries) setTimeout(nameButton, 250, found, tries - 1);
}

/** What is chosen, in one line; on a phone it opens and shuts the controls, which frame.css keeps behind it. */
export function fold(data, { h }) {
  return h("button", { type: "button", class: "fold", "aria-expanded": String(document.documentElement.dataset.filters === "open"), "aria-label": data.label + ": " + data.text }, h("span", {}, data.text), h("b", { "aria-hidden": "true" }, data.label));
}

export function turnFold(event) {
  const button = event.target.closest ? event.target.closest("button.fold") : null;
  if (!button) return;
  const isOpen = document.documentElement.dataset.filters !== "open";
  document.documentElement.dataset.filters = isOpen ? "open" : "shut";
  button.setAttribute("aria-expanded", String(isOpen));
}

/** Hides the place of this block in the page, which shows nothing itself, and brings the styles, once. */
export function frame(data, host, version) {
  told = data;
  const place = host.getRootNode().host && host.getRootNode().host.closest("[data-testid=stElementContainer]");
  if (place) place.style.display = "none";
  for (const [name, of] of [["--fb-accent", "--st-primary-color"], ["--fb-paper", "--st-background-color"], ["--fb-card", "--st-secondary-background-color"], ["--fb-ink", "--st-text-color"], ["--fb-line", "--st-border-color"]]) {
    const colour = getComputedStyle(host).getPropertyValue(of).trim();
    if (colour) document.documentElement.style.setProperty(name, colour);
  }
  if (!document.querySelector("link.fb-frame")) {
    const link = document.createElement("link");
    link.className = "fb-frame";
    link.rel = "stylesheet";
    link.href = new URL("./frame.css" + version, import.meta.url).href;
    document.head.append(link);
  }
  document.documentElement.dataset.paper = host.dataset.theme;
  skip();
  who(data.who);
  mark();
  const header = document.querySelector("[data-testid=stApp]") && document.querySelector("[data-testid=stHeader]");
  if (header && watching !== header) {
    watching = header;
    new MutationObserver(mark).observe(header, { childList: true, subtree: true });
  }
}
