// The head of a page: its title, the clock and the age of the data. Between two drawings it asks by itself how these stand,
// and has the page draw its head anew when more than these has changed.

export function head(data, { h, mark }) {
  return h("div", { class: "head" },
    h("div", {}, h("p", { class: "site" }, data.site), h("h1", {}, data.title)),
    h("div", { class: "facts" }, data.fresh && h("span", { class: "pill", "data-tone": data.fresh.tone, role: "status" }, mark(data.fresh.shape), h("span", { class: "age" }, data.fresh.text), h("span", { "data-late-word": "1" })),
      data.clock && h("span", { class: "clock", role: "timer", "aria-label": data.clock_label }, data.clock)));
}

/** Asks every few seconds; a tab that nobody sees asks when it is seen again. told: a newer block; turn: draw the whole head. */
export function followHead(state, told, turn) {
  if (state.following) return;
  let isAsking = false;
  const ask = async () => {
    if (isAsking || document.hidden || !state.root.isConnected) return;
    isAsking = true;
    const { href, mark } = state.data;
    try {
      const answer = await fetch(new URL("../../" + href, import.meta.url), { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(state.data.every_seconds * 2000) });
      if (answer.status === 401 || answer.status === 403) turn();
      if (!answer.ok) return;
      const found = await answer.json();
      if (mark !== state.data.mark) return;
      if (found.mark === mark) told(found.block);
      else turn();
    } catch {
      // no answer: the head says by itself how long nothing has come
    } finally {
      isAsking = false;
    }
  };
  state.following = setInterval(ask, state.data.every_seconds * 1000);
  document.addEventListener("visibilitychange", ask);
}
