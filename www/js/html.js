// Shows a message's HTML in a frame that runs no script and loads nothing: the frame is sandboxed
// without `allow-scripts`, its document (/message.html) has a policy of its own, and what is put
// into it was parsed apart and stripped first. Any one of the three would do; hostile mail meets all.

const DROP = "script, noscript, object, embed, applet, iframe, frame, frameset, base, link, meta, form, input, textarea, select, option, button, audio, video, source, track, canvas, svg, math, template, slot, portal, dialog, title, area, bgsound, param";
const SAFE_LINK = /^(https?:|mailto:|tel:)/i;
const LOADING = ["src", "srcset", "background", "poster", "data", "longdesc", "lowsrc", "dynsrc", "cite", "action", "formaction", "ping", "attributionsrc", "xlink:href", "autofocus", "manifest", "usemap", "id", "name", "tabindex", "accesskey", "contenteditable", "draggable", "popover"];

/** CSS that would load something, or reach out of its place. */
function tameCss(css) {
  return css
    .replace(/\\[0-9a-f]{1,6}\s?|\\./gi, "")
    // By a space: what is left and right of it must not join to another.
    .replace(/@(import|font-face|namespace|charset)[^;{]*(;|\{[^}]*\})?/gi, " ")
    .replace(/(url|image|image-set|src|expression)\s*\([^)]*\)?/gi, "none")
    .replace(/position\s*:\s*(fixed|sticky)/gi, "position: static");
}

/**
 * Parses hostile HTML without running or loading anything, and takes out what could.
 * Returns the body, how many remote images were left out, and the styles.
 */
export function cleanHtml(html, Parser, imageUrl) {
  // Handlers never run in a parsed document, but each would be reported as a policy violation, as
  // would a base; and a document of frames would have no body.
  const quiet = html
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/([\s"'/])on([a-z]+\s*=)/gi, "$1data-was-on$2"))
    .replace(/<(meta|base|frameset|noframes)\b/gi, "<data-was-$1 ");
  const parsed = new Parser().parseFromString(quiet, "text/html");
  let remote = 0;
  const styles = Array.from(parsed.querySelectorAll("style"), (style) => {
    style.remove();
    return tameCss(style.textContent);
  });
  for (const element of parsed.querySelectorAll(DROP)) element.remove();
  for (const element of [parsed.body, ...parsed.body.querySelectorAll("*")]) {
    if (element.localName === "img") {
      const source = element.getAttribute("src") ?? "";
      element.removeAttribute("src");
      const inline = /^data:image\/(png|jpe?g|gif|webp|bmp|avif)[;,]/i.test(source)
        ? source
        : /^cid:/i.test(source) ? imageUrl(source.slice(4)) : undefined;
      if (inline) element.setAttribute("data-source", inline);
      else if (/^\s*(https?:)?\/\//i.test(source)) {
        remote += 1;
        element.setAttribute("class", "remote-image");
      }
    }
    for (const { name, value } of [...element.attributes]) {
      if (name === "data-source") continue;
      const lower = name.toLowerCase();
      if (lower.startsWith("on") || lower.startsWith("data-was-") || LOADING.includes(lower)) element.removeAttribute(name);
      else if (lower === "style") element.setAttribute("style", tameCss(value));
      else if (lower === "href" && !SAFE_LINK.test(value.trim())) element.removeAttribute(name);
    }
    if (element.localName === "a" && element.hasAttribute("href")) {
      element.setAttribute("target", "_blank");
      element.setAttribute("rel", "noopener noreferrer");
      element.setAttribute("title", element.getAttribute("href"));
    }
    if (element.hasAttribute("data-source")) {
      element.setAttribute("src", element.getAttribute("data-source"));
      element.removeAttribute("data-source");
    }
  }
  return { body: parsed.body, styles, remote };
}

const BASE = `
  html { color: #1c2027; font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
  body { margin: 20px 28px 32px; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  img.remote-image { min-width: 24px; min-height: 18px; background: #eef0f4; outline: 1px dashed #cfd3db; }
  table { max-width: 100%; }
  pre { white-space: pre-wrap; }
  blockquote { margin: 0 0 0 4px; padding-left: 12px; border-left: 3px solid #cfd3db; color: #646c7a; }
  a { color: #3550c4; }
  @media (max-width: 760px) { body { margin: 16px 18px; } }
`;

/**
 * A frame that shows the HTML. `onshown` is told how many remote images were left out.
 * @param {Map<string, {type: string, octets(): Uint8Array}>} images inline images by content id
 */
export function htmlFrame(html, images, onshown) {
  const frame = document.createElement("iframe");
  frame.className = "reader-frame";
  frame.title = "Message";
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.referrerPolicy = "no-referrer";
  frame.src = "/message.html";
  const imageUrl = (id) => {
    let key = id;
    try {
      key = decodeURIComponent(id);
    } catch {
      // A stray percent sign; take it as it is.
    }
    const image = images.get(key) ?? images.get(id);
    return image && /^image\/(png|jpe?g|gif|webp|bmp|avif)$/.test(image.type) ? dataUrl(image) : undefined;
  };
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    // Somewhere else than our empty document: show nothing rather than that.
    if (!inside || frame.contentWindow.location.pathname !== "/message.html") return frame.remove();
    const { body, styles, remote } = cleanHtml(html, frame.contentWindow.DOMParser, imageUrl);
    for (const css of [BASE, ...styles]) {
      const style = inside.createElement("style");
      style.textContent = css;
      inside.head.append(style);
    }
    inside.body.replaceWith(inside.adoptNode(body));
    const fit = () => {
      // Mail made for a wide window is shown smaller in a narrow one.
      inside.body.style.zoom = "";
      const { clientWidth, scrollWidth } = inside.documentElement;
      if (clientWidth > 0 && scrollWidth > clientWidth + 1) inside.body.style.zoom = String(Math.max(0.45, clientWidth / scrollWidth));
      frame.style.height = "0px";
      frame.style.height = `${Math.min(inside.documentElement.scrollHeight + 2, 200_000)}px`;
    };
    fit();
    for (const image of inside.images) image.addEventListener("load", fit);
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
    onshown(remote);
  }, { once: true });
  return frame;
}

function dataUrl({ type, octets }) {
  let text = "";
  const bytes = octets();
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(at, at + 0x8000));
  return `data:${type};base64,${btoa(text)}`;
}
