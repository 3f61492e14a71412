"use strict";

// Charts: the data of the page, the theme of its light or dark side, tooltips, scales, and the names at the ends of lines.

const page = JSON.parse(document.getElementById("data").textContent);
const rows = Array.from({ length: page.count }, (_, index) => index);
const views = new Map(); // the Vega view in each element

// Return the value of a column in a row, a number from 0.
function field(row, name) {
  const value = name in page.same ? page.same[name] : page.columns[name]?.[row];
  return name in page.words ? page.words[name][value] : value;
}

const byId = (id) => document.getElementById(id);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const narrow = window.matchMedia("(max-width: 640px)");
const MAX_SVG_MARKS = 3000; // more marks are too slow as SVG
// Return the columns of a row that have a value, as [name, text].
function fieldsOf(row) {
  const names = page.order.filter((name) => name !== "group" && (field(row, name) ?? "") !== "");
  return names.map((name) => [name, written(field(row, name), kindOf(name, field(row, name)))]);
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function theme() {
  const [ink, quiet, line] = ["ink", "quiet", "line"].map(token);
  const text = { labelColor: ink, titleColor: quiet, gridColor: line, domainColor: quiet, tickColor: quiet };
  return {
    background: null,
    padding: { left: 2, top: 5, right: 16, bottom: 5 },
    font: "system-ui, DejaVu Sans, sans-serif",
    axis: { ...text, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelFlush: false },
    view: { stroke: line },
    rule: { color: ink },
    text: { color: ink },
  };
}

// Draw a specification with its data into the element. `describe(datum)` returns the `title` of a tooltip, its `main`
// fields, and the `rest` of them.
async function draw(element, spec, datasets, describe) {
  views.get(element)?.finalize();
  const marks = Object.values(datasets).reduce((sum, rows) => sum + rows.length, 0);
  const options = {
    actions: false,
    renderer: marks > MAX_SVG_MARKS ? "canvas" : "svg",
    tooltip: (handler, event, item) => tip(event, item?.datum, describe),
  };
  const layer = spec.layer.filter(({ data }) => datasets[data.name]?.length !== 0); // Vega cannot scale an empty layer
  views.set(element, await vegaEmbed(element, { ...spec, layer, datasets, config: theme() }, options));
}

function tip(event, datum, describe) {
  const box = document.getElementById("tip");
  const words = datum && describe(datum);
  box.hidden = !words;
  if (!words) return;
  const main = make("dl", { className: "main" });
  main.append(...list(words.main));
  const rest = make("dl");
  rest.append(...list(words.rest ?? []));
  box.replaceChildren(make("b", { textContent: words.title }), main, rest);
  const { width, height } = box.getBoundingClientRect();
  const [x, y] = [event.clientX, event.clientY];
  box.style.left = `${Math.max(4, x + 16 + width < innerWidth ? x + 16 : x - width - 16)}px`;
  box.style.top = `${Math.max(4, Math.min(y + 12, innerHeight - height - 6))}px`;
}

addEventListener("scroll", () => { document.getElementById("tip").hidden = true; }, { passive: true });

// Return the specification with the type and the domains of its scales, and with their ticks.
function scaled(spec, { log, x, y }) {
  const copy = structuredClone(spec);
  for (const layer of copy.layer) {
    for (const [channel, ends] of [["x", x], ["y", y]]) {
      const encoding = layer.encoding?.[channel];
      if (!encoding || !ends) continue;
      encoding.scale = { type: log ? "log" : "linear", domain: ends.domain, nice: false };
      if (encoding.axis) encoding.axis = { ...encoding.axis, values: ends.ticks };
    }
  }
  return copy;
}

// Return the domain of an axis around the values, and its ticks: powers of ten on a log axis, or 1, 2 and 5 times these.
function ends(values, log, most = 9) {
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (!log) return { domain: [0, high * 1.05 || 1], ticks: undefined };
  const room = Math.max(1.15, (high / low) ** 0.05);
  return { domain: [low / room, high * room], ticks: logTicks(low / room, high * room, most) };
}

function logTicks(low, high, most) {
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) powers.push(power);
  const within = (ticks) => ticks.filter((tick) => tick >= low && tick <= high);
  const decades = within(powers.map((power) => 10 ** power));
  if (decades.length > 2) return decades.filter((_, index) => index % Math.ceil(decades.length / most) === 0);
  const between = within(powers.flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)));
  if (between.length > 2) return between;
  return within(evenTicks(low, high, most));
}

// Return ticks at even distances, which are 1, 2 or 5 times a power of ten.
function evenTicks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= raw);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

// Return the points with their values moved apart, so that the names written at them do not overlap.
function apart(points, { domain }, log, height, gap = 13) {
  const project = log ? Math.log : (value) => value;
  const [low, high] = domain.map(project);
  const placed = points.map((point) => ({ point, y: (height * (project(point.value) - low)) / (high - low) }));
  placed.sort((left, right) => left.y - right.y);
  for (let pass = 0; pass < 60; pass += 1) {
    if (placed.length) placed[0].y = Math.max(placed[0].y, gap / 2); // above the axis
    for (let index = 1; index < placed.length; index += 1) {
      const overlap = gap - (placed[index].y - placed[index - 1].y);
      if (overlap > 0) { placed[index].y += overlap / 2; placed[index - 1].y -= overlap / 2; }
    }
  }
  const back = log ? Math.exp : (value) => value;
  return placed.map(({ point, y }) => ({ ...point, value: back(low + (y * (high - low)) / height) }));
}

// The shapes of report/write/palette.py, as paths in a square of 14 by 14.
const SHAPES = {
  circle: "M12 7A5 5 0 1 1 2 7A5 5 0 1 1 12 7Z",
  square: "M2.5 2.5H11.5V11.5H2.5Z",
  "triangle-up": "M7 1.5L13 12.5H1Z",
  "triangle-down": "M7 12.5L1 1.5H13Z",
  "triangle-right": "M12.5 7L1.5 13V1Z",
  "triangle-left": "M1.5 7L12.5 13V1Z",
  diamond: "M7 0.5L12 7L7 13.5L2 7Z",
  cross: "M5 1H9V5H13V9H9V13H5V9H1V5H5Z",
};

function swatch(shape, colour) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 14 14");
  icon.setAttribute("class", "swatch");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[shape]);
  path.setAttribute("fill", colour);
  icon.append(path);
  return icon;
}
