// What typedoc has no option for: guides are listed by their headings, not by their files' names; and
// pages fit a strict Content-Security-Policy: the script that stands within each becomes a file.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PageEvent, RendererEvent } from "typedoc";

export function load(app) {
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const guide of project.documents ?? []) {
      const heading = /^# (.+)$/m.exec(guide.content.map(({ text }) => text).join(""));
      if (heading) guide.name = heading[1];
    }
  });
  const scripts = new Map();
  app.renderer.on(PageEvent.END, (page) => {
    const up = "../".repeat(page.url.split("/").length - 1);
    page.contents = page.contents?.replace(/<script>([^<]+)<\/script>/g, (_, code) => {
      if (!scripts.has(code)) scripts.set(code, `assets/page-${scripts.size + 1}.js`);
      return `<script src="${up}${scripts.get(code)}"></script>`;
    });
  });
  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => {
    mkdirSync(path.join(outputDirectory, "assets"), { recursive: true });
    for (const [code, file] of scripts) writeFileSync(path.join(outputDirectory, file), `${code}\n`);
  });
}
