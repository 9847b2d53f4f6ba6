// The demo's filters page: writing a filter, trying it, and delivering by it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Demo, LIMIT, mailbox, put, row, title } from "./support/demo.mjs";

const SCRIPT = 'require ["fileinto", "mailbox", "imap4flags"];\nif header :contains "Subject" "robot" {\n  addflag "\\\\Flagged";\n  fileinto :create "Robots/Friendly";\n}\n';
const message = (subject) => `From: r2@example.org\nTo: demo@example.org\nSubject: ${subject}\n\nBeep.\n`;

let demo;

before(async () => { demo = await Demo.start(); }, LIMIT);
after(() => demo?.close(), LIMIT);

const said = (page) => page.locator(".tester-said");
const edit = (page) => page.getByRole("textbox", { name: "Script" });
const act = (page, name) => page.locator(".filter-edit").getByRole("button", { name, exact: true });
const attempt = (page, name) => page.locator(".tester").getByRole("button", { name, exact: true });
const pasted = (page) => page.getByRole("textbox", { name: "A message, with its header" });

test("a filter is written, its faults shown where they are, saved, made active, and delivers into a folder", LIMIT, async () => {
  const page = await demo.empty("filters");
  await page.locator("#list").focus();
  await page.keyboard.press("f");
  await page.getByRole("heading", { name: "Filters", level: 1 }).waitFor();

  await edit(page).fill(SCRIPT.replace("addflag", "adflag"));
  await page.locator(".filter-fault.wrong", { hasText: "Line 3, column 3" }).waitFor();
  assert.equal(await page.locator(".editor-numbers .wrong").textContent(), "3");
  await page.locator(".filter-fault button").click();
  assert.equal(await edit(page).evaluate((area) => area.value.slice(area.selectionStart, area.selectionStart + 6)), "adflag");
  await act(page, "Save").click();
  assert.equal(await page.locator("dialog").count(), 0, "what does not compile is not saved");

  await edit(page).fill(SCRIPT);
  await page.locator(".filter-fault", { hasText: "It compiles" }).waitFor();
  await pasted(page).fill(message("A robot writes"));
  await attempt(page, "Test").click();
  await said(page).filter({ hasText: "File it into Robots / Friendly (created where it is missing), with \\Flagged" }).waitFor();
  await pasted(page).fill(message("A person writes"));
  await attempt(page, "Test").click();
  await said(page).filter({ hasText: "Keep it in the inbox" }).waitFor();
  assert.equal(await mailbox(page, "Robots/Friendly").count(), 0, "a test stores nothing");

  await act(page, "Save").click();
  await page.locator("dialog input").fill("Robots aside");
  await page.keyboard.press("Enter");
  await page.locator(".filter-item", { hasText: "Robots aside" }).waitFor();
  await pasted(page).fill(message("A robot writes"));
  await attempt(page, "Deliver").click();
  await said(page).filter({ hasText: "none is active" }).filter({ hasText: "Stored in Inbox as message 1" }).waitFor();
  await act(page, "Activate").click();
  await page.locator(".filter-item", { hasText: "Active" }).waitFor();
  await attempt(page, "Deliver").click();
  await said(page).filter({ hasText: "By “Robots aside”" }).filter({ hasText: "Stored in Robots / Friendly as message 1" }).waitFor();
  await said(page).getByRole("button").click();
  await page.locator(".row.starred:not([hidden])", { hasText: "A robot writes" }).waitFor();
  assert.equal(await page.locator("#filters").isHidden(), true);
  await page.close();
});

test("the open message is tried, filters are renamed, deactivated and deleted, and survive a reload", LIMIT, async () => {
  const page = await demo.open("?owner=filters@example.org&empty");
  await put(page, message("Ask the robot").replaceAll("\n", "\r\n"));
  await row(page, "Ask the robot").locator(".row-who").click();
  await title(page).filter({ hasText: "Ask the robot" }).waitFor();
  await page.getByRole("button", { name: "Try a filter on it" }).click();
  await page.locator(".filter-title", { hasText: "Robots aside" }).waitFor();
  assert.equal(await edit(page).inputValue(), SCRIPT);
  assert.equal(await page.getByRole("radio", { name: "“Ask the robot”" }).isChecked(), true);
  await attempt(page, "Test").click();
  await said(page).filter({ hasText: "File it into Robots / Friendly" }).waitFor();

  assert.equal(await act(page, "Delete…").isDisabled(), true, "the active one stays");
  await act(page, "Rename…").click();
  await page.locator("dialog input").fill("Machines");
  await page.keyboard.press("Enter");
  await page.locator(".filter-item", { hasText: "Machines" }).filter({ hasText: "Active" }).waitFor();
  await page.reload();
  await page.locator("#app[data-state=ready]").waitFor();
  await page.locator("#open-filters").click();
  await page.locator(".filter-title", { hasText: "Machines" }).waitFor();
  await act(page, "Deactivate").click();
  await page.locator(".filter-about", { hasText: "No filter is active" }).waitFor();
  await act(page, "Delete…").click();
  await page.locator("dialog button", { hasText: "Delete" }).click();
  await page.locator(".filter-none").waitFor();

  // A sample of those offered compiles.
  for (const name of ["Sort my mail", "Keep spam away", "On holiday", "Empty"]) {
    await page.getByRole("button", { name: "New filter" }).click();
    await page.getByRole("menuitem", { name }).click();
    await page.locator(".filter-fault:not(.wrong)", { hasText: "It compiles" }).waitFor();
  }
  await page.keyboard.press("Escape");
  await page.close();
});

test("no page complained: no console errors, no policy violations, no request elsewhere", () => {
  assert.deepEqual(demo.complaints, []);
});
