"use strict";

// The page of a history: the series of one group over time, their changes, and the table of all series.

const CONTEST = { value: "value", place: "started_utc" };

const MEASURES = {
  ratio_to_numpy: ["Time as a ratio to hand-derived NumPy, by the paired rounds. Lower is faster.", "ratio"],
  seconds_per_step: ["Time per step, because not every run has a ratio to NumPy. Lower is faster.", "seconds"],
};

function describe(datum) {
  if (datum.ratio) {
    const main = [["after / before", datum.ratio], ["what else changed", datum.differences || "nothing that a run records"]];
    return { title: `${datum.backend}: ${datum.direction} since ${datum.since}`, main };
  }
  if (datum.row === undefined) return null;
  const main = fieldsOf(datum.row).filter(([name]) => name !== "series");
  return { title: `${field(datum.row, "backend")}, ${field(datum.row, "started_utc").slice(0, 10)}`, main };
}

// Return the point that is drawn of a run. Where there are many points, they are small.
function point(row, _, all) {
  const backend = field(row, "backend");
  return {
    row, backend, date: field(row, "started_utc"), value: field(row, "value"), low: field(row, "low"), high: field(row, "high"),
    colour: colour(backend), shape: page.looks[backend][2], size: all.length > 500 ? 8 : 30,
  };
}

async function drawTime() {
  const drawn = rows.filter((row) => field(row, "group") === state.group && !state.hidden.has(field(row, "backend")));
  const chart = document.querySelector("#time .chart");
  const empty = document.querySelector("#time .empty");
  chart.hidden = drawn.length === 0;
  empty.hidden = drawn.length > 0;
  empty.textContent = "Nothing to draw: all of its backends are switched off.";
  if (!drawn.length) return;
  const measures = new Set(drawn.map((row) => field(row, "measure")));
  const measure = measures.size === 1 ? [...measures][0] : "ratio_to_numpy";
  byId("measure").textContent = MEASURES[measure][0];
  const cases = drawn.filter((row) => field(row, "measure") === measure).map(point);
  const visible = ({ group, backend }) => group === state.group && !state.hidden.has(backend);
  const marks = page.changes.filter(visible).map((change) => ({
    ...change, colour: colour(change.backend), name: `×${digits(change.factor)}`,
  }));
  const labels = page.levels.filter(visible).map((level) => ({ ...level, colour: colour(level.backend) }));
  const y = ends(cases.flatMap(({ value, low, high }) => [value, low, high]).filter((value) => value != null), state.log);
  await draw(chart, labelled(scaled(page.spec, { log: state.log, y }), measure), { cases, labels, marks }, describe);
}

// Return the specification with seconds on its axis, where the measure is seconds.
function labelled(spec, measure) {
  if (measure === "ratio_to_numpy") return spec;
  for (const { encoding } of spec.layer) if (encoding.y?.axis) encoding.y.axis.labelExpr = page.seconds;
  return spec;
}

const table = new SortedTable(byId("table"), page.shown, page.series, {
  value: (series, name) => series[name],
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
