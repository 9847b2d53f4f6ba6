// Failures of the platform's database on demand, as the browsers were seen to fail, in any browser.

const swapped = [];

function swap(prototype, method, replacement) {
  const original = prototype[method];
  swapped.push([prototype, method, original]);
  prototype[method] = function (...given) {
    return replacement.call(this, () => original.apply(this, given));
  };
}

/** Everything works again. */
export function mend() {
  for (const [prototype, method, original] of swapped.splice(0).reverse()) prototype[method] = original;
}

/** The transaction ends as undone, and says why. */
function undo(transaction, error) {
  Object.defineProperty(transaction, "error", { configurable: true, get: () => error });
  transaction.abort();
}

/** Each: what fails, until `enough()`; `error()` is what it fails with. */
const FAULTS = {
  "open throws": (enough, error) =>
    swap(IDBFactory.prototype, "open", (work) => {
      if (enough()) return work();
      throw error();
    }),
  "open fails": (enough, error) =>
    swap(IDBFactory.prototype, "open", (work) => {
      const request = work();
      if (enough()) return request;
      let told = () => {};
      Object.defineProperties(request, {
        onsuccess: { set: () => {} },
        onerror: { set: (listener) => (told = listener ?? told) },
        error: { get: error },
      });
      request.addEventListener("success", () => {
        request.result.close();
        told(Object.defineProperty(new Event("error"), "target", { value: request }));
      });
      return request;
    }),
  "transaction throws": (enough, error) =>
    swap(IDBDatabase.prototype, "transaction", (work) => {
      if (enough()) return work();
      throw error();
    }),
  "the connection is closed": (enough) =>
    swap(IDBDatabase.prototype, "transaction", function (work) {
      if (!enough()) this.close();
      return work();
    }),
  "the connection says that it was closed": (enough) =>
    swap(IDBDatabase.prototype, "transaction", function (work) {
      if (!enough()) {
        this.close();
        this.dispatchEvent(new Event("close"));
      }
      return work();
    }),
  "get throws": (enough, error) =>
    swap(IDBObjectStore.prototype, "get", (work) => {
      if (enough()) return work();
      throw error();
    }),
  "get fails": (enough, error) =>
    swap(IDBObjectStore.prototype, "get", function (work) {
      const request = work();
      if (!enough()) undo(this.transaction, error());
      return request;
    }),
  "put throws": (enough, error) =>
    swap(IDBObjectStore.prototype, "put", (work) => {
      if (enough()) return work();
      throw error();
    }),
  // Among others that do not: all must be undone.
  "a request fails": (enough) =>
    swap(IDBObjectStore.prototype, "put", function (work) {
      if (!enough()) {
        this.add(0, [0]);
        this.add(0, [0]);
      }
      return work();
    }),
  "a commit is undone": (enough, error) =>
    swap(IDBTransaction.prototype, "commit", function (work) {
      if (enough()) return work();
      undo(this, error());
    }),
  "a commit's answer is lost": (enough, error) =>
    swap(IDBTransaction.prototype, "commit", function (work) {
      if (enough()) return work();
      const told = this.onabort;
      this.oncomplete = null;
      Object.defineProperty(this, "error", { get: error });
      this.addEventListener("complete", () => told(new Event("abort")));
      work();
    }),
};

export const NAMES = Object.keys(FAULTS).filter((name) => name !== "a request fails");
/** Those of which it stays unknown whether they were one; nothing else is done twice. */
export const WRITING = ["put throws", "a commit is undone", "a commit's answer is lost"];

/** Makes this fail so many times with a DOMException; returns what tells how often it did. */
export function fail(what, times, name, message) {
  let left = times;
  let failed = 0;
  const enough = () => {
    if (left <= 0) return true;
    left -= 1;
    failed += 1;
    return false;
  };
  FAULTS[what](enough, () => new DOMException(message, name));
  return () => failed;
}
