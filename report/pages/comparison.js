"use strict";

// The page of a comparison: the forest of ratios, worst first, and the table of all cases.

const hidden = new Set();
const shown = () => rows.filter((row) => !hidden.has(field(row, "verdict")));

function colour(verdict) {
  return page.looks[verdict][dark.matches ? 1 : 0];
}

function describe(datum) {
  if (datum.row === undefined) return null;
  return { title: datum.name, main: fieldsOf(datum.row).filter(([name]) => name !== "name") };
}

async function drawForest() {
  const drawn = shown().filter((row) => field(row, "ratio") != null).slice(0, page.most);
  const chart = byId("forest");
  const empty = chart.nextElementSibling;
  chart.hidden = drawn.length === 0;
  empty.hidden = drawn.length > 0;
  empty.textContent = "Nothing to draw: none of the cases shown has a time on both sides.";
  if (!drawn.length) return;
  const band = page.threshold === null ? [] : [{ low: 1 / (1 + page.threshold), high: 1 + page.threshold }];
  const cases = drawn.map((row) => ({
    row, name: field(row, "name"), ratio: field(row, "ratio"),
    low: field(row, "low") ?? field(row, "ratio"), high: field(row, "high") ?? field(row, "ratio"),
    colour: colour(field(row, "verdict")), shape: page.looks[field(row, "verdict")][2],
  }));
  const limits = [...band, ...cases].flatMap(({ low, high }) => [low, high]);
  const values = [...limits, ...limits.map((value) => 1 / value)]; // so that 1 is in the middle
  const spec = { ...scaled(page.spec, { log: true, x: ends(values, true) }), height: Math.max(60, 22 * cases.length) };
  await draw(chart, spec, { cases, marks: band }, describe);
}

function buildLegend() {
  const verdicts = [...new Set(rows.map((row) => field(row, "verdict")))];
  const labels = verdicts.map((verdict) => {
    const label = make("label");
    const box = make("input", { type: "checkbox", checked: !hidden.has(verdict), value: verdict });
    box.addEventListener("change", () => { box.checked ? hidden.delete(verdict) : hidden.add(verdict); update(); });
    const count = rows.filter((row) => field(row, "verdict") === verdict).length;
    label.append(box, swatch(page.looks[verdict][2], colour(verdict)), `${verdict} (${count.toLocaleString("en-US")})`);
    return label;
  });
  byId("legend").replaceChildren(byId("legend").querySelector("legend"), ...labels);
}

const table = new SortedTable(byId("table"), page.shown, rows, {
  value: field,
  fields: fieldsOf,
  title: (row) => field(row, "name"),
  decorate: (line, row) => line.querySelector(".verdict").classList.add(field(row, "verdict")),
});

function update() {
  table.show(shown());
  return drawForest();
}

buildLegend();
dark.addEventListener("change", () => { buildLegend(); update(); });
update().then(() => { document.documentElement.dataset.ready = "true"; });
