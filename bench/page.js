// The page of one engine's origin: starts workers, asks them, hands answers on to the harness.

const workers = new Map();
let last = 0;

globalThis.bench = {
  /** A new worker under this name. */
  start(name) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(`/bench/worker.js?${encodeURIComponent(name)}`, { type: "module", name });
      const waiting = new Map();
      workers.set(name, { worker, waiting });
      worker.onerror = (event) => {
        const error = new Error(`the worker failed: ${event.message} (${event.filename}:${event.lineno})`);
        reject(error);
        for (const call of waiting.values()) call.reject(error);
        waiting.clear();
      };
      worker.onmessage = ({ data }) => {
        if (data.ready) return resolve();
        const call = waiting.get(data.id);
        waiting.delete(data.id);
        if (!call) return;
        if (data.error) call.reject(new Error(data.error));
        else call.resolve(data.value);
      };
    });
  },

  call(name, op, args) {
    const { worker, waiting } = workers.get(name);
    return new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, op, args });
    });
  },

  stop(name) {
    workers.get(name)?.worker.terminate();
    workers.delete(name);
  },

  /** Octets of JavaScript (and wasm) memory of this origin's workers, where the browser can say. */
  async heap() {
    if (!performance.measureUserAgentSpecificMemory) return undefined;
    const { breakdown } = await performance.measureUserAgentSpecificMemory();
    const octets = {};
    for (const { bytes, attribution } of breakdown) {
      for (const { url } of attribution) {
        const name = decodeURIComponent(/worker\.js\?(.*)$/.exec(url)?.[1] ?? "");
        if (name) octets[name] = (octets[name] ?? 0) + bytes;
      }
    }
    return octets;
  },
};
globalThis.benchReady = true;
