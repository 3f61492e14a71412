"use strict";

// The page of a run: the charts and the table of the group that is chosen.

const CONTEST = { value: "seconds_per_step", place: "batch_size" };
state.batch = null;
state.follow = true;
const timed = rows.filter((row) => field(row, "status") === "ok");

// What a tooltip shows first: name, kind, and the columns of the value and its interval.
const MAIN = [
  ["time per step", "seconds", "seconds_per_step", "step_low", "step_high"],
  ["ratio to NumPy", "ratio", "ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"],
  ["gradient over value", "ratio", "gradient_over_value", "gradient_over_value_ci_low", "gradient_over_value_ci_high"],
];

function titleOf(row) {
  return `${field(row, "backend")} at batch ${field(row, "batch_size").toLocaleString("en-US")}`;
}

function describe(datum) {
  if (datum.text !== undefined) return { title: datum.text, main: [] };
  if (datum.row === undefined) return null;
  const known = MAIN.filter(([, , column]) => field(datum.row, column) != null);
  const main = known.map(([name, kind, ...columns]) => {
    const [value, low, high] = columns.map((column) => written(field(datum.row, column), kind));
    return [name, `${value} [${low}, ${high}]`];
  });
  const inMain = MAIN.flatMap(([, , ...columns]) => columns);
  return { title: titleOf(datum.row), main, rest: fieldsOf(datum.row).filter(([name]) => !inMain.includes(name)) };
}

// Return the groups that a panel draws: the chosen group, or the same group of the operator that the figure is measured for.
function chosenGroups(operator) {
  if (!operator) return new Set([state.group]);
  const wanted = page.groups[state.group];
  const same = (group) => Object.keys(wanted).every((name) => ["operator", "steps"].includes(name) || group[name] === wanted[name]);
  return new Set(page.groups.flatMap((group, index) => (group.operator === operator && same(group) ? [index] : [])));
}

function visible(row, groups) {
  return groups.has(field(row, "group")) && !state.hidden.has(field(row, "backend"));
}

// Show the text in place of the chart; an empty text shows the chart. Return the text.
function replaceChart(panel, text) {
  const section = byId(panel.id);
  section.querySelector(".chart").hidden = Boolean(text);
  const empty = section.querySelector(".empty");
  empty.hidden = !text;
  empty.textContent = text;
  return text;
}

// Return what the chart draws of each row, the smallest batch first.
function curveData(panel, drawn) {
  const cases = drawn.map((row) => ({
    row,
    backend: field(row, "backend"),
    batch_size: field(row, "batch_size"),
    [panel.column]: field(row, panel.column),
    ...(panel.low && { [panel.low]: field(row, panel.low), [panel.high]: field(row, panel.high) }),
    colour: colour(field(row, "backend")),
    shape: page.looks[field(row, "backend")][2],
  }));
  return cases.sort((left, right) => left.batch_size - right.batch_size);
}

async function drawCurves(panel, drawn) {
  const cases = curveData(panel, drawn);
  const columns = [panel.column, panel.low, panel.high];
  const values = cases.flatMap((point) => columns.map((column) => point[column])).filter((value) => value != null);
  const y = ends(panel.line ? [...values, panel.line] : values, state.log);
  const sizes = [...new Set(cases.map((point) => point.batch_size))];
  const lines = new Set(cases.map((point) => point.backend)).size;
  const maxTicks = narrow.matches ? 4 : 9;
  const x = ends(sizes, state.log, maxTicks);
  if (state.log && sizes.length <= maxTicks) x.ticks = sizes;
  const marks = panel.column === "ratio_to_numpy" ? crossings(cases) : [];
  const spec = { ...scaled(panel.spec, { log: state.log, x, y }), height: Math.max(narrow.matches ? 300 : 380, (narrow.matches ? 0 : 15) * lines) };
  const labels = narrow.matches ? [] : names(panel, cases, y, spec.height);
  await draw(byId(panel.id).querySelector(".chart"), spec, { cases, labels, marks }, describe);
}

// Return the backends' names at the ends of their curves.
function names(panel, cases, y, height) {
  const last = new Map(cases.map((point) => [point.backend, point]));
  const points = [...last.values()].map((point) => ({ ...point, row: undefined, value: point[panel.column] }));
  return apart(points, y, state.log, height).map((point) => ({ ...point, [panel.column]: point.value }));
}

function crossings(cases) {
  const drawn = new Set(cases.map((point) => point.backend));
  const found = (page.crossings[state.group] ?? []).filter(({ backend }) => drawn.has(backend));
  return found.map(({ backend, batch_size, about, ahead }) => ({
    batch_size,
    ratio_to_numpy: 1,
    colour: colour(backend),
    name: narrow.matches || !state.log || drawn.size > MANY ? "" : `${backend} ≈ ${about}`,
    text: `${backend} ${ahead ? "passes" : "falls behind"} NumPy at a batch of about ${about}`,
  }));
}

// The parts of a bar, with their opacity. Runs of older schemas have no start-up.
const PARTS = [["startup_seconds", 1], ["compile_seconds", 0.75], ["first_call_seconds", 0.5], ["seconds_per_step", 0.25]]
  .filter(([name]) => timed.some((row) => field(row, name) != null));

async function drawStart(panel, drawn) {
  const sizes = [...new Set(drawn.map((row) => field(row, "batch_size")))].sort((left, right) => left - right);
  if (!sizes.includes(state.batch)) state.batch = sizes.includes(10000) ? 10000 : sizes.at(-1);
  options(byId("batch"), sizes.map((size) => [size, size.toLocaleString("en-US")]), state.batch);
  const total = (row) => PARTS.reduce((sum, [name]) => sum + (field(row, name) ?? 0), 0);
  const ofBatch = drawn.filter((row) => field(row, "batch_size") === state.batch);
  ofBatch.sort((left, right) => total(left) - total(right));
  const cases = ofBatch.flatMap((row) => PARTS.map(([name, opacity], order) => ({
    row, backend: field(row, "backend"), seconds: field(row, name) ?? 0, opacity, order, colour: colour(field(row, "backend")),
  })));
  const labels = ofBatch.map((row) => ({
    backend: field(row, "backend"),
    seconds: total(row),
    text: narrow.matches ? seconds(total(row)) : PARTS.map(([name]) => written(field(row, name), "seconds")).join(" + "),
  }));
  const room = narrow.matches ? 1.3 : 1.25; // for the text after the longest bar
  const x = { domain: [0, room * Math.max(...ofBatch.map(total))], ticks: undefined };
  const ofBar = (datum) => (datum.row === undefined ? null : describe(datum));
  const spec = { ...scaled(panel.spec, { log: false, x }), height: 26 * ofBatch.length };
  await draw(byId(panel.id).querySelector(".chart"), spec, { cases, labels }, ofBar);
}

async function drawPanel(panel) {
  if (panel.id === "loss") return drawLoss(panel);
  if (replaceChart(panel, panel.missing && `Nothing to draw: ${panel.missing}.`)) return;
  const groups = chosenGroups(panel.operator);
  const withTime = timed.filter((row) => groups.has(field(row, "group")));
  const withFigure = withTime.filter((row) => !panel.column || field(row, panel.column) != null);
  const drawn = withFigure.filter((row) => visible(row, groups));
  const missing = `no case of this choice has ${withTime.length ? panel.column : "a time"}`;
  const why = withFigure.length ? "all of its backends are switched off" : missing;
  if (replaceChart(panel, drawn.length ? "" : `Nothing to draw: ${why}.`)) return;
  await (panel.column ? drawCurves : drawStart)(panel, drawn);
}

const table = new SortedTable(byId("table"), page.shown, rows, {
  value: field,
  fields: fieldsOf,
  title: titleOf,
  decorate: (line, row) => line.classList.toggle("untimed", field(row, "status") !== "ok"),
});

// Build the switch between the rows that are chosen above and all rows.
function buildFollow() {
  const label = make("label");
  const box = make("input", { type: "checkbox", id: "follow", checked: true });
  box.addEventListener("change", () => { state.follow = box.checked; updateTable(); });
  label.append(box, " only what is chosen above");
  table.count.before(label);
}

function updateTable() {
  const groups = new Set([state.group]);
  const chosen = (row) => (state.leading ? groups.has(field(row, "group")) : visible(row, groups)); // what the page hid is in it
  table.show(state.follow ? rows.filter(chosen) : rows);
}

function update() {
  for (const answer of document.querySelectorAll(".answer")) answer.hidden = Number(answer.dataset.group) !== state.group;
  for (const table of document.querySelectorAll(".machines")) table.hidden = !table.dataset.groups.split(" ").includes(String(state.group));
  updateChoices();
  updateTable();
  return Promise.all(page.panels.map(drawPanel));
}

buildChoices();
buildLegend();
buildFollow();
buildLoss();
byId("batch").addEventListener("change", (event) => { state.batch = Number(event.target.value); update(); });
dark.addEventListener("change", () => { buildLegend(); update(); });
narrow.addEventListener("change", update);
update().then(() => { document.documentElement.dataset.ready = "true"; });
