// Keeps the page itself for when there is no network. The network goes first, so that a new version
// shows at once; mail is not its business (that is in IndexedDB).

const CACHE = "page-2";
/** What a page does not load by itself, but needs when a message is opened. */
const LATER = ["/", "/message.html", "/message-images.html"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepAll(LATER));
});

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

// The page tells what it had loaded before this worker could see it.
self.addEventListener("message", (event) => {
  if (!Array.isArray(event.data?.loaded)) return;
  const port = event.ports[0];
  event.waitUntil(keepAll(event.data.loaded.filter((url) => new URL(url, self.location).origin === self.location.origin)).then(() => port?.postMessage("kept")));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answer(event, request));
});

async function answer(event, request) {
  try {
    const response = await fetch(request);
    // Keeping it neither delays the answer nor, where there is no room, spoils it.
    if (response.status === 200) event.waitUntil(keep(request, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
    if (kept) return kept;
    throw error;
  }
}

async function keep(request, response) {
  const cache = await caches.open(CACHE);
  await cache.put(request, response);
}

/** Fetches and keeps those that are not kept yet; one that fails does not stop the others. */
async function keepAll(urls) {
  const cache = await caches.open(CACHE);
  await Promise.allSettled(urls.map(async (url) => {
    if (!(await cache.match(url))) await cache.add(url);
  }));
}
