// The live floor: tiles over all queues, one card per queue, one line per agent. Order never changes by itself.
// `kit` holds the drawing helpers of floorboard.js.

function queueCard(queue, words, { h, mark, status, bullet, ticking, led }) {
  const to = (name, text) => led({ here: queue.leads && queue.leads[name] }, text);
  const now = (label, value, extra) => h("div", { class: extra }, h("dd", {}, value), h("dt", {}, label));
  return h("article", { class: "card", key: "q" + queue.id, "data-tone": queue.status.tone, "data-queue": queue.name, "aria-label": queue.name },
    h("header", {}, h("h3", {}, queue.name, queue.group && h("small", {}, queue.group)), status(queue.status)),
    h("dl", { class: "now" },
      now(words.waiting, to("waiting", queue.waiting), queue.is_idle ? "idle" : ""),
      now(queue.is_late ? queue.past_threshold : words.oldest_wait, queue.oldest ? [queue.is_late ? mark("square") : null, ticking(queue.oldest.at, queue.oldest.text)] : queue.oldest_none, queue.is_late ? "late" : queue.oldest ? "" : "idle"),
      now(words.in_progress, to("in_progress", queue.in_progress), "")),
    h("div", {},
      h("div", { class: "level" }, h("span", {}, words.service_level, " ", h("span", { class: "muted" }, queue.basis)), h("b", {}, to("level", queue.level))),
      queue.share === null ? h("div", { class: "bullet", role: "img", "aria-label": queue.aria }) : bullet(queue),
      h("div", { class: "day" }, h("span", {}, queue.target))),
    h("dl", { class: "facts" }, queue.facts.map((fact) => h("div", {}, h("dt", {}, fact.label), h("dd", {}, led(fact, fact.value), fact.n && h("small", {}, fact.n))))),
    h("div", { class: "crew" }, queue.crew.map(status)));
}

function person(agent, { h, ticking }) {
  return h("li", { class: "person", key: "a" + agent.id, "data-agent": agent.name },
    h("span", { class: "name", title: agent.name }, agent.name), h("span", { class: "time" }, ticking(agent.at, agent.text)),
    h("span", { class: "what", title: agent.what }, agent.what), h("span", { class: "done" }, agent.handled));
}

export function floor(data, kit) {
  const { h, mark, tiles } = kit;
  const words = data.words;
  return h("div", { class: "floor" },
    tiles(data.tiles),
    h("section", { "aria-label": words.queues },
      h("div", { class: "section" }, h("h2", {}, words.queues), h("p", { class: "muted" }, data.queues_lead), h("p", { class: "status", "data-tone": "off", "data-late-word": "1", role: "status" })),
      data.queues.length ? h("div", { class: "cards" }, data.queues.map((queue) => queueCard(queue, words, kit))) : h("p", { class: "quiet" }, data.queues_none)),
    data.has_persons === false ? null : h("section", { "aria-label": words.agents },
      h("div", { class: "section" }, h("h2", {}, words.agents), h("p", { class: "muted" }, data.agents_lead)),
      data.groups.length ? h("div", { class: "people" }, data.groups.map((group) => h("section", { class: "group", key: "g" + group.state, "data-state": group.state },
        h("h3", {}, mark(group.shape), group.title), h("ul", {}, group.agents.map((agent) => person(agent, kit)))))) : h("p", { class: "quiet" }, data.agents_none)));
}
