"use strict";

// The page of a run: what is chosen, and what is drawn of it.

state.batch = null;
state.follow = true;
const timed = rows.filter((row) => field(row, "status") === "ok");

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
  const main = MAIN.flatMap(([name, kind, ...columns]) => {
    const [value, low, high] = columns.map((column) => written(field(datum.row, column), kind));
    return value === "–" ? [] : [[name, `${value} [${low}, ${high}]`]];
  });
  const told = MAIN.flatMap(([, , ...columns]) => columns);
  return { title: titleOf(datum.row), main, rest: fieldsOf(datum.row).filter(([name]) => !told.includes(name)) };
}

// The rows of a panel: of the chosen group, or of its like with the operator that the figure is measured for.
function chosenGroups(operator) {
  if (!operator) return new Set([state.group]);
  const wanted = page.groups[state.group];
  const alike = (group) => Object.keys(wanted).every((name) => ["operator", "steps"].includes(name) || group[name] === wanted[name]);
  return new Set(page.groups.flatMap((group, index) => (group.operator === operator && alike(group) ? [index] : [])));
}

function visible(row, groups) {
  return groups.has(field(row, "group")) && !state.hidden.has(field(row, "backend"));
}

function say(panel, text) {
  const section = byId(panel.id);
  section.querySelector(".chart").hidden = Boolean(text);
  const empty = section.querySelector(".empty");
  empty.hidden = !text;
  empty.textContent = text;
  return text;
}

function curveData(panel, found) {
  const cases = found.map((row) => ({
    row,
    backend: field(row, "backend"),
    batch_size: field(row, "batch_size"),
    [panel.column]: field(row, panel.column),
    ...(panel.low && { [panel.low]: field(row, panel.low), [panel.high]: field(row, panel.high) }),
    colour: colour(field(row, "backend")),
    shape: page.looks[field(row, "backend")][2],
  }));
  return cases.sort((one, other) => one.batch_size - other.batch_size);
}

async function drawCurves(panel, found) {
  const cases = curveData(panel, found);
  const values = cases.flatMap((one) => [one[panel.column], one[panel.low], one[panel.high]]).filter((value) => value != null);
  const y = ends(panel.line ? [...values, panel.line] : values, state.log);
  const sizes = [...new Set(cases.map((one) => one.batch_size))];
  const x = ends(sizes, state.log, narrow.matches ? 4 : 9);
  if (state.log && sizes.length <= (narrow.matches ? 4 : 9)) x.ticks = sizes;
  const marks = panel.column === "ratio_to_numpy" ? crossings(cases) : [];
  const spec = { ...scaled(panel.spec, { log: state.log, x, y }), height: narrow.matches ? 300 : 380 };
  const labels = narrow.matches ? [] : names(panel, cases, y, spec.height);
  await draw(byId(panel.id).querySelector(".chart"), spec, { cases, labels, marks }, describe);
}

function names(panel, cases, y, height) {
  const last = new Map(cases.map((one) => [one.backend, one]));
  const points = [...last.values()].map((one) => ({ ...one, row: undefined, value: one[panel.column] }));
  return apart(points, y, state.log, height).map((one) => ({ ...one, [panel.column]: one.value }));
}

function crossings(cases) {
  const shown = new Set(cases.map((one) => one.backend));
  const found = (page.crossings[state.group] ?? []).filter((one) => shown.has(one.backend));
  return found.map((one) => ({
    batch_size: one.batch_size,
    ratio_to_numpy: 1,
    colour: colour(one.backend),
    name: narrow.matches || !state.log ? "" : `${one.backend} ≈ ${one.about}`,
    text: `${one.backend} ${one.ahead ? "passes" : "falls behind"} NumPy at a batch of about ${one.about}`,
  }));
}

const PARTS = [["compile_seconds", 1], ["first_call_seconds", 0.6], ["seconds_per_step", 0.3]];

async function drawStack(panel, found) {
  const sizes = [...new Set(found.map((row) => field(row, "batch_size")))].sort((one, other) => one - other);
  if (!sizes.includes(state.batch)) state.batch = sizes.includes(10000) ? 10000 : sizes.at(-1);
  options(byId("batch"), sizes.map((size) => [size, size.toLocaleString("en-US")]), state.batch);
  const total = (row) => PARTS.reduce((sum, [name]) => sum + (field(row, name) ?? 0), 0);
  const here = found.filter((row) => field(row, "batch_size") === state.batch).sort((one, other) => total(one) - total(other));
  const cases = here.flatMap((row) => PARTS.map(([name, opacity], order) => ({
    row, backend: field(row, "backend"), seconds: field(row, name) ?? 0, opacity, order, colour: colour(field(row, "backend")),
  })));
  const labels = here.map((row) => ({
    backend: field(row, "backend"),
    seconds: total(row),
    text: narrow.matches ? seconds(total(row)) : PARTS.map(([name]) => written(field(row, name), "seconds")).join(" + "),
  }));
  const room = narrow.matches ? 1.3 : 1.25; // for the figures beside the longest bar
  const x = { domain: [0, room * Math.max(...here.map(total))], ticks: undefined };
  const bars = (datum) => (datum.row === undefined ? null : describe(datum));
  const spec = { ...scaled(panel.spec, { log: false, x }), height: 26 * here.length };
  await draw(byId(panel.id).querySelector(".chart"), spec, { cases, labels }, bars);
}

async function drawPanel(panel) {
  if (say(panel, panel.missing && `Nothing to draw: ${panel.missing}.`)) return;
  const groups = chosenGroups(panel.operator);
  const withTime = timed.filter((row) => groups.has(field(row, "group")));
  const ofPanel = withTime.filter((row) => !panel.column || field(row, panel.column) != null);
  const found = ofPanel.filter((row) => visible(row, groups));
  const lacking = `no cell of this choice has ${withTime.length ? panel.column : "a time"}`;
  const why = ofPanel.length ? "all of its backends are switched off" : lacking;
  if (say(panel, found.length ? "" : `Nothing to draw: ${why}.`)) return;
  await (panel.column ? drawCurves : drawStack)(panel, found);
}

const table = new SortedTable(byId("table"), page.shown, rows, {
  cell: field,
  fields: fieldsOf,
  title: titleOf,
  decorate: (line, row) => line.classList.toggle("untimed", field(row, "status") !== "ok"),
});

function buildFollow() {
  const label = make("label");
  const box = make("input", { type: "checkbox", id: "follow", checked: true });
  box.addEventListener("change", () => { state.follow = box.checked; updateTable(); });
  label.append(box, " only what is chosen above");
  table.count.before(label);
}

function updateTable() {
  const groups = new Set([state.group]);
  table.show(state.follow ? rows.filter((row) => visible(row, groups)) : rows);
}

function update() {
  for (const answer of document.querySelectorAll(".answer")) answer.hidden = Number(answer.dataset.group) !== state.group;
  updateChoices();
  updateTable();
  return Promise.all(page.panels.map(drawPanel));
}

buildChoices();
buildLegend();
buildFollow();
byId("batch").addEventListener("change", (event) => { state.batch = Number(event.target.value); update(); });
dark.addEventListener("change", () => { buildLegend(); update(); });
narrow.addEventListener("change", update);
update().then(() => { document.documentElement.dataset.ready = "true"; });
