// A wall as a picture within a page: drawn by the same program as the wall itself, of boards that the page gives it. Written for
// browsers as old as Chromium 90.

const version = new URL(import.meta.url).search;
const loaded = import(new URL("./wall.js" + version, import.meta.url).href);

/** A picture in `root`: `show(payload)` draws a board, `say(text)` says why there is none, `close()` ends it. */
export function preview(root) {
  let tell = null;
  let end = null;
  let isClosed = false;
  let latest = null;
  const feed = (told) => {
    tell = told;
    if (latest) tell(...latest);
    return () => {
      tell = null;
    };
  };
  function pass(...message) {
    latest = message;
    if (tell) tell(...message);
  }
  loaded.then(({ mount }) => {
    if (!isClosed) end = mount(root, { options: { isPreview: true, feed } });
  });
  return {
    show: (payload) => pass("board", payload),
    say: (sentence) => pass("trouble", { sentence }),
    close() {
      isClosed = true;
      if (end) end();
    },
  };
}
