// Small messages for tests.

export const mail = (subject, body = "Hello.\r\n", headers = "") =>
  `From: Grace Hopper <grace@example.org>\r\nTo: ada@example.org\r\nSubject: ${subject}\r\n${headers}\r\n${body}`;

let last = 0;

/** What a suite runs on. */
export const backend = process.env.OFFLINE_MAILBOX_TEST_BACKEND ?? "memory";

/** The options of a database that no other test has. */
export function fresh(options = {}) {
  last += 1;
  return { owner: "ada@example.org", backend, database: `test-${process.pid}-${last}`, ...options };
}

/** Resolves with the promise, or fails after `ms`: a wait that hangs is then named. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
