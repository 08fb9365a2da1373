// People's time to scale: one lane per agent with each state by colour, height and word, the schedule as a ghost above it, calls
// as marks, and a hand that tells who was where at an instant. `kit` holds the drawing helpers of floorboard.js.

/** A small bar of parts that together are a whole, with their numbers as text beside or in the tooltip. */
export function stack(found, { h }) {
  return h("span", { class: "stack", role: "img", "aria-label": found.parts.map((part) => part.text).join(", ") },
    found.parts.filter((part) => part.share > 0).map((part) => h("i", { "data-state": part.state, style: "width:" + part.share * 100 + "%", title: part.text })));
}

const place = (part) => "left:" + part.left + "%;width:" + part.width + "%";

function lane(row, { h }) {
  return h("li", { class: "person-lane", key: row.key },
    h("div", { class: "whose" }, row.here ? h("a", { href: row.here, target: "_self", class: "here" }, row.label) : h("b", {}, row.label), h("small", {}, row.note), h("output", { class: "at", "aria-live": "off" })),
    h("div", { class: "track" },
      row.ghosts.length ? h("div", { class: "ghosts", role: "img", "aria-label": row.ghost_text }, row.ghosts.map((part) => h("i", { "data-kind": part.kind, style: place(part), title: part.text }, h("span", {}, part.word)))) : null,
      h("div", { class: "states", role: "img", "aria-label": row.spoken }, row.parts.map((part) => h("i", { "data-state": part.state, "data-from": part.from, "data-to": part.to, "data-word": part.word, style: place(part), title: part.text }))),
      row.marks.length ? h("div", { class: "marks" }, row.marks.map((mark) => h(mark.here ? "a" : "span", { class: "call", href: mark.here, target: mark.here ? "_self" : null, "data-direction": mark.direction, style: place(mark), title: mark.text, "aria-label": mark.text }))) : null));
}

export function lanes(data, kit) {
  const { h, status } = kit;
  return h("section", { class: "lanes", "aria-label": data.title },
    h("div", { class: "section" }, h("h2", {}, data.title), h("p", { class: "muted" }, data.lead), h("div", { class: "legend" }, data.legend.map((item) => (item.kind ? h("span", { class: "ghost-key" }, h("i", { "data-kind": item.kind }), item.word) : h("span", { class: "state-key" }, h("i", { "data-state": item.state }), item.word))))),
    data.rows.length
      ? h("div", { class: "sheet-of-lanes" },
          h("div", { class: "scale" }, h("label", { class: "hand" }, h("span", {}, data.hand_label), h("output", { class: "time" }, data.hand_text),
            h("input", { type: "range", min: "0", max: String(data.span_seconds), step: String(data.step_seconds), "data-start": String(data.start_seconds), "data-nobody": data.nobody, "data-fold": data.fold_seconds === null ? null : String(data.fold_seconds), "data-shift": String(data.shift_seconds) })),
            h("div", { class: "ticks", "aria-hidden": "true" }, data.ticks.map((tick, number) => h("span", { style: "left:" + tick.left + "%", "data-place": number % 2 ? "odd" : "even", "data-edge": tick.left < 4 ? "first" : tick.left > 96 ? "last" : null }, tick.label)))),
          h("ul", { class: "people-lanes" }, data.rows.map((row) => lane(row, kit))),
          h("div", { class: "lines", "aria-hidden": "true" }, h("div", { class: "field" }, data.ticks.map((tick) => h("i", { style: "left:" + tick.left + "%" })), data.midnight === null ? null : h("i", { class: "midnight", style: "left:" + data.midnight + "%" }, h("span", {}, data.midnight_word)), data.present === null ? null : h("i", { class: "present", style: "left:" + data.present + "%" }), h("i", { class: "hand-line", hidden: "" }))))
      : h("p", { class: "quiet" }, data.nothing));
}

const two = (value) => String(value).padStart(2, "0");

/** Lets the hand go over the lanes: beside each agent stands what he did at that instant. */
export function follow(root) {
  root.addEventListener("input", (event) => {
    const hand = event.target;
    if (!hand.matches || !hand.matches(".hand input")) return;
    const section = hand.closest(".lanes");
    const at = Number(hand.value);
    const folded = hand.dataset.fold !== undefined && at >= Number(hand.dataset.fold) ? Number(hand.dataset.shift) : 0;
    const clock = (((Number(hand.dataset.start) + at + folded) % 86400) + 86400) % 86400;
    const time = two(Math.floor(clock / 3600)) + ":" + two(Math.floor((clock % 3600) / 60));
    section.querySelector(".hand .time").textContent = time;
    hand.setAttribute("aria-valuetext", time);
    const line = section.querySelector(".hand-line");
    line.hidden = false;
    line.style.left = (at / Number(hand.max)) * 100 + "%";
    for (const row of section.querySelectorAll(".person-lane")) {
      const found = [...row.querySelectorAll(".states i")].find((part) => Number(part.dataset.from) <= at && at < Number(part.dataset.to));
      const word = row.querySelector(".at");
      word.textContent = found ? found.dataset.word : hand.dataset.nobody;
      if (found) word.dataset.state = found.dataset.state;
      else delete word.dataset.state;
    }
  });
}
