// The tests of the API once more, with the engine in a worker thread.

process.env.OFFLINE_MAILBOX_TEST_WORKER = "thread";
for (const suite of ["session", "arguments", "feeds", "search", "sort", "filters", "fetch"]) await import(`./${suite}.test.mjs`);
