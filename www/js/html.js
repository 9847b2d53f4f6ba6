// Shows a message's HTML in a frame that runs no script and loads nothing unasked: the frame is
// sandboxed without `allow-scripts`, its document has a policy of its own, and what is put into it
// was cleaned by DOMPurify first. Any one of the three would do; hostile mail meets all.

import createDOMPurify from "../vendor/dompurify/purify.es.mjs";

const CONFIG = {
  WHOLE_DOCUMENT: true,
  RETURN_DOM: true,
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["area", "audio", "button", "canvas", "dialog", "fieldset", "form", "input", "map", "meter", "option", "picture", "progress", "select", "source", "template", "textarea", "title", "track", "video"],
  // What would load something, take a name the page looks for, or take part in its keyboard order.
  FORBID_ATTR: ["accesskey", "action", "autofocus", "background", "cite", "contenteditable", "draggable", "id", "longdesc", "name", "popover", "poster", "srcset", "tabindex", "usemap"],
  // The colour of a body's text; its background's is known to DOMPurify.
  ADD_ATTR: ["text"],
  ALLOW_DATA_ATTR: false,
  // DOMPurify asks this of every attribute's value: what is no address passes, too.
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};
const SAFE_LINK = /^(?:https?:\/\/|mailto:|tel:)/i;

/** CSS that would load something, or reach out of its place. */
function tameCss(css) {
  return css
    .replace(/<!--|-->/g, " ")
    .replace(/\\[0-9a-f]{1,6}\s?|\\./gi, "")
    // By a space: what is left and right of it must not join to another.
    .replace(/@(import|font-face|namespace|charset)[^;{]*(;|\{[^}]*\})?/gi, " ")
    .replace(/(url|image|image-set|src|expression)\s*\([^)]*\)?/gi, "none")
    .replace(/position\s*:\s*(fixed|sticky)/gi, "position: static");
}

/**
 * Cleans hostile HTML without running or loading anything.
 * @param {Window} view the window whose parser is used: its policy is the one that inline styles meet
 * @returns `body`, its `img` elements without addresses; `styles`; and by kind of address the images:
 *   `embedded`, `inline` (by content id) and `remote`, pairs of element and address
 */
function clean(html, view) {
  // Handlers never run in a parsed document, but each would be reported as a policy violation, as
  // would a base; and a document of frames would have no body. Security is DOMPurify's business.
  const quiet = html
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/([\s"'/])on([a-z]+\s*=)/gi, "$1data-was-on$2"))
    .replace(/<(meta|base|frameset|noframes)\b/gi, "<data-was-$1 ");
  const purify = createDOMPurify(view);
  // Word wraps its styles in comments, for which they would be taken out as a whole.
  purify.addHook("uponSanitizeElement", (node, { tagName }) => {
    if (tagName === "style") node.textContent = tameCss(node.textContent);
  });
  const root = purify.sanitize(quiet, CONFIG);
  const body = root.querySelector("body") ?? view.document.createElement("body");
  const styles = Array.from(root.querySelectorAll("style"), (style) => {
    style.remove();
    return tameCss(style.textContent);
  });
  const images = { embedded: [], inline: [], remote: [] };
  for (const image of body.querySelectorAll("img")) {
    const source = (image.getAttribute("src") ?? "").trim();
    image.removeAttribute("src");
    if (/^data:image\/(png|jpe?g|gif|webp|bmp|avif)[;,]/i.test(source)) images.embedded.push([image, source]);
    else if (/^cid:/i.test(source)) images.inline.push([image, contentId(source.slice(4))]);
    else if (/^(https?:)?\/\//i.test(source)) images.remote.push([image, source.startsWith("//") ? `https:${source}` : source]);
  }
  for (const element of [body, ...body.querySelectorAll("[style]")]) {
    if (element.hasAttribute("style")) element.setAttribute("style", tameCss(element.getAttribute("style")));
  }
  for (const link of body.querySelectorAll("[href]")) {
    // One without a host would lead to a page of ours.
    if (!SAFE_LINK.test(link.getAttribute("href").trim())) {
      link.removeAttribute("href");
      continue;
    }
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
    link.setAttribute("title", link.getAttribute("href"));
  }
  return { body, styles, images };
}

function contentId(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign; take it as it is.
    return text;
  }
}

const BASE = `
  html { font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
  body { margin: 20px 28px 32px; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  img.remote-image { min-width: 24px; min-height: 18px; background: #8a92a022; outline: 1px dashed #8a92a066; }
  table { max-width: 100%; }
  pre { white-space: pre-wrap; }
  blockquote { margin: 0 0 0 4px; padding-left: 12px; border-left: 3px solid #cfd3db; color: #646c7a; }
  a[href] { color: #3550c4; }
  @media (max-width: 760px) { body { margin: 16px 18px; } }
`;
const PAPER = "html { color: #1c2027; }";
/** For mail that has no colours of its own: it follows the page into the dark. */
const FOLLOWING = `
  html { color-scheme: light dark; color: #1c2027; }
  @media (prefers-color-scheme: dark) {
    html { color: #e6e8ec; }
    blockquote { border-left-color: #3a404b; color: #9aa2b0; }
    a[href] { color: #9cb0ff; }
  }
`;
const COLOURED = /\b(?:bgcolor|background|color)\b\s*[=:]|background-color\s*:|<font\b/i;

/**
 * A frame that shows the HTML.
 * @param options `images`: whether remote images are loaded; `picture(contentId)`: resolves with the
 *   address of an inline picture; `shown({ remote })` is told how many remote images there are.
 */
export function htmlFrame(html, { images: remoteToo, picture, shown }) {
  const frame = document.createElement("iframe");
  const address = remoteToo ? "/message-images.html" : "/message.html";
  const following = !COLOURED.test(html);
  frame.className = following ? "reader-frame following" : "reader-frame";
  frame.title = "Message";
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.referrerPolicy = "no-referrer";
  frame.src = address;
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    // Somewhere else than our empty document: show nothing rather than that.
    if (!inside || frame.contentWindow.location.pathname !== address) return frame.remove();
    const { body, styles, images } = clean(html, frame.contentWindow);
    for (const css of [BASE, following ? FOLLOWING : PAPER, ...styles]) {
      const style = inside.createElement("style");
      style.textContent = css;
      inside.head.append(style);
    }
    const fit = fitter(frame, inside);
    const show = (image, source) => {
      image.addEventListener("load", fit);
      image.addEventListener("error", fit);
      image.setAttribute("src", source);
    };
    inside.body.replaceWith(inside.adoptNode(body));
    for (const [image, source] of images.embedded) show(image, source);
    const asked = new Map();
    for (const [image, id] of images.inline) {
      if (!asked.has(id)) asked.set(id, Promise.resolve(picture(id)).catch(() => undefined));
      asked.get(id).then((source) => source && show(image, source));
    }
    for (const [image, source] of images.remote) {
      if (remoteToo) show(image, source);
      else image.classList.add("remote-image");
    }
    fit();
    let width = frame.clientWidth;
    new ResizeObserver(() => {
      if (frame.clientWidth !== width) fit();
      width = frame.clientWidth;
    }).observe(frame);
    // The page's keys work while the message has the focus.
    inside.addEventListener("keydown", (event) => {
      const again = new KeyboardEvent("keydown", { key: event.key, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey, shiftKey: event.shiftKey, bubbles: true, cancelable: true });
      if (!frame.dispatchEvent(again)) event.preventDefault();
    });
    shown({ remote: images.remote.length });
  }, { once: true });
  return frame;
}

/** Makes the frame as high as what is in it. */
function fitter(frame, inside) {
  return () => {
    if (!inside.body) return;
    // Mail made for a wide window is shown smaller in a narrow one.
    inside.body.style.zoom = "";
    const { clientWidth, scrollWidth } = inside.documentElement;
    if (clientWidth > 0 && scrollWidth > clientWidth + 1) inside.body.style.zoom = String(Math.max(0.45, clientWidth / scrollWidth));
    frame.style.height = "0px";
    frame.style.height = `${Math.min(inside.documentElement.scrollHeight + 2, 200_000)}px`;
  };
}
