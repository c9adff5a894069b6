// What is looked at in a page, by functions that run in it and need nothing of this file.

/** What is cut off, or leaves the window. */
export function cut() {
  const faults = [];
  const edge = window.innerWidth + 0.5;
  if (document.documentElement.scrollWidth > window.innerWidth) faults.push("the page scrolls sideways");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const owner = text.parentElement;
    if (!text.data.trim() || !owner.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const frame = owner.closest("button, .button, .problem, .warning, details, main, footer, header").getBoundingClientRect();
    for (const box of range.getClientRects()) {
      const inside = box.left >= frame.left - 0.5 && box.right <= frame.right + 0.5 && box.top >= frame.top - 0.5 && box.bottom <= frame.bottom + 0.5;
      if (!inside || box.left < -0.5 || box.right > edge) faults.push(`text leaves its frame: ${text.data.trim()}`);
    }
  }
  for (const element of document.body.querySelectorAll("*:not(svg *)")) {
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility() || box.width === 0) continue;
    const name = `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 40)}`;
    if (box.left < -0.5 || box.right > edge) faults.push(`outside the window: ${name}`);
    const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (element.type === "checkbox" && box.width > 2 * letter) faults.push(`a box to tick that is ${box.width} wide`);
    // A field scrolls its text by itself.
    if (element.tagName === "INPUT" || getComputedStyle(element).overflow === "visible") continue;
    const more = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    if (more && element !== document.scrollingElement) faults.push(`cut: ${name}`);
  }
  return faults;
}

/** The names of all that can be used, in the order of the document; numbers them for `stop`. */
export function marked() {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, textarea")];
  const usable = all.filter((element) => element.type !== "hidden" && element.checkVisibility());
  usable.forEach((element, index) => {
    element.dataset.stop = index;
  });
  document.activeElement?.scrollIntoView({ block: "nearest" });
  return usable.map((element) => (element.innerText || element.id).trim().replace(/\s+/g, " "));
}

/** Where the focus is, and what is wrong with how it shows. */
export function stop() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const element = document.activeElement;
  if (element?.dataset.stop === undefined) return undefined;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const faults = [];
  if (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 2) faults.push(`outline: ${outlineStyle} ${outlineWidth}`);
  else if (contrast(outlineColor, behind(element)) < 3) faults.push(`${outlineColor} on ${behind(element)} is not seen`);
  if (box.bottom < 1 || box.top > window.innerHeight - 1) faults.push("out of sight");
  return { index: Number(element.dataset.stop), name: (element.innerText || element.id).trim(), faults };
}

/** Buttons and fields that nothing sets apart where the page's own colours are not shown. */
export function outlines() {
  const faults = [];
  for (const element of document.querySelectorAll("button, .button, input, .problem, .warning")) {
    // The system draws boxes to tick.
    if (["hidden", "checkbox"].includes(element.type) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const edged = Number.parseFloat(style.borderLeftWidth) >= 1 && style.borderLeftStyle !== "none" && style.borderLeftColor !== style.backgroundColor;
    const underlined = style.textDecorationLine.includes("underline");
    if (!edged && !underlined) faults.push(`${element.tagName} ${element.className}: ${element.textContent.trim()}`);
  }
  for (const icon of document.querySelectorAll("svg")) {
    const { stroke, color } = getComputedStyle(icon);
    if (icon.checkVisibility() && stroke !== color) faults.push(`an icon is drawn in ${stroke}, not in ${color}`);
  }
  return faults;
}
