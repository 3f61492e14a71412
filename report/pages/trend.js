"use strict";

// The page of a history: one group of series over time, the changes in it, and the table of every series.

const MEASURES = {
  ratio_to_numpy: ["Time over that of NumPy by hand, paired round by round; lower is faster.", "ratio"],
  seconds_per_step: ["Time per step, since not every run has a ratio to NumPy; lower is faster.", "seconds"],
};

function describe(datum) {
  if (datum.ratio) {
    const main = [["after / before", datum.ratio], ["what else changed", datum.differences || "nothing that a run records"]];
    return { title: `${datum.backend}: ${datum.way} since ${datum.since}`, main };
  }
  if (datum.row === undefined) return null;
  const main = fieldsOf(datum.row).filter(([name]) => name !== "series");
  return { title: `${field(datum.row, "backend")}, ${field(datum.row, "started_utc").slice(0, 10)}`, main };
}

// Return what is drawn of a run: smaller where there are many.
function point(row, _, all) {
  const backend = field(row, "backend");
  return {
    row, backend, date: field(row, "started_utc"), value: field(row, "value"), low: field(row, "low"), high: field(row, "high"),
    colour: colour(backend), shape: page.looks[backend][2], size: all.length > 500 ? 8 : 30,
  };
}

async function drawTime() {
  const found = rows.filter((row) => field(row, "group") === state.group && !state.hidden.has(field(row, "backend")));
  const chart = document.querySelector("#time .chart");
  const empty = document.querySelector("#time .empty");
  chart.hidden = found.length === 0;
  empty.hidden = found.length > 0;
  empty.textContent = "Nothing to draw: all of its backends are switched off.";
  if (!found.length) return;
  const measures = new Set(found.map((row) => field(row, "measure")));
  const measure = measures.size === 1 ? [...measures][0] : "ratio_to_numpy";
  byId("measure").textContent = MEASURES[measure][0];
  const cases = found.filter((row) => field(row, "measure") === measure).map(point);
  const shown = (one) => one.group === state.group && !state.hidden.has(one.backend);
  const marks = page.changes.filter(shown).map((one) => ({ ...one, colour: colour(one.backend), name: `×${digits(one.factor)}` }));
  const y = ends(cases.flatMap((one) => [one.value, one.low, one.high]).filter((value) => value != null), state.log);
  const labels = page.levels.filter(shown).map((one) => ({ ...one, colour: colour(one.backend) }));
  await draw(chart, labelled(scaled(page.spec, { log: state.log, y }), measure), { cases, labels, marks }, describe);
}

// Return the specification with the axis of seconds, where these are drawn.
function labelled(spec, measure) {
  if (measure === "ratio_to_numpy") return spec;
  for (const { encoding } of spec.layer) if (encoding.y?.axis) encoding.y.axis.labelExpr = page.seconds;
  return spec;
}

const table = new SortedTable(byId("table"), page.shown, page.series, {
  cell: (series, name) => series[name],
  fields: (series) => Object.entries(series).filter(([name]) => name !== "group").map(([name, value]) => [name, String(value)]),
  title: (series) => series.title,
});

for (const button of document.querySelectorAll("#changes button")) {
  button.addEventListener("click", () => {
    state.group = Number(button.dataset.group);
    update();
    byId("time").scrollIntoView();
  });
}

function update() {
  updateChoices();
  return drawTime();
}

buildChoices();
buildLegend();
dark.addEventListener("change", () => { buildLegend(); update(); });
update().then(() => { document.documentElement.dataset.ready = "true"; });
