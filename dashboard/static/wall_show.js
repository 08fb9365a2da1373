// The page of a wall: it gives the whole window to one wall, of the same address. Written for browsers as old as Chromium 90.

const version = new URL(import.meta.url).search;
const root = document.getElementById("wall");

import(new URL("./wall.js" + version, import.meta.url).href).then(({ mount }) => {
  mount(root, { streamUrl: root.dataset.stream + location.search, options: { isPage: true, ...root.dataset } });
});
