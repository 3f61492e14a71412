"use strict";

// The panel of the loss over time: a line for each optimizer in a backend, at one batch size.

const LOSS = { batch: null, first: true };

function buildLoss() {
  if (!byId("loss")) return;
  const of = byId("loss-of");
  options(of, [["first", "the first backend of each optimizer"], ["all", "the backends above"]], "first");
  of.addEventListener("change", () => { LOSS.first = of.value === "first"; update(); });
  byId("loss-batch").addEventListener("change", (event) => { LOSS.batch = Number(event.target.value); update(); });
}

// Return the curves of the chosen group and of its other optimizers. What the page itself has hidden may be among the first.
function chosenCurves() {
  const all = LOSS.first && state.leading;
  return page.curves.filter(({ race, backend }) => race === page.races[state.group] && (all || !state.hidden.has(backend)));
}

// Return of each optimizer the curve of the backend that reaches the target first.
function firstCurves(curves) {
  const rank = (curve) => [curve.target ?? Infinity, curve.points.at(-1)[0]];
  const best = new Map();
  for (const curve of curves) {
    const [[target, end], other] = [rank(curve), best.get(curve.optimizer)];
    if (!other || target < rank(other)[0] || (target === rank(other)[0] && end < rank(other)[1])) best.set(curve.optimizer, curve);
  }
  return [...best.values()];
}

function lossPoints(curve) {
  const line = `${curve.optimizer}, ${curve.backend}`;
  const look = { line, optimizer: curve.optimizer, colour: colour(curve.backend), shape: page.looks[curve.backend][2] };
  const drawable = curve.points.filter(([time, left]) => !state.log || (time > 0 && left > 0));
  return drawable.map(([time, left], order) => ({
    ...look, order, seconds: time, left, text: `${line}: ${digits(100 * left)} % left after ${seconds(time)}`,
  }));
}

async function drawLoss(panel) {
  const chosen = chosenCurves();
  const why = "no case of this choice has a loss over time, or all of its backends are switched off";
  if (replaceChart(panel, chosen.length ? "" : `Nothing to draw: ${why}.`)) return;
  const sizes = [...new Set(chosen.map((curve) => curve.batch_size))].sort((left, right) => left - right);
  if (!sizes.includes(LOSS.batch)) LOSS.batch = sizes.includes(10000) ? 10000 : sizes.at(-1);
  options(byId("loss-batch"), sizes.map((size) => [size, size.toLocaleString("en-US")]), LOSS.batch);
  const ofBatch = chosen.filter((curve) => curve.batch_size === LOSS.batch);
  const lines = (LOSS.first ? firstCurves(ofBatch) : ofBatch).map(lossPoints).filter((points) => points.length);
  const cases = lines.flat();
  const x = ends(cases.map((point) => point.seconds), state.log, narrow.matches ? 4 : 9);
  const y = ends([page.target, ...cases.map((point) => point.left)], state.log);
  const spec = { ...scaled(panel.spec, { log: state.log, x, y }), height: Math.max(narrow.matches ? 300 : 380, 14 * lines.length) };
  const last = lines.map((points) => ({ ...points.at(-1), text: undefined, value: points.at(-1).left }));
  const labels = narrow.matches || lines.length > MANY ? [] : apart(last, y, state.log, spec.height).map((point) => ({ ...point, left: point.value }));
  await draw(byId(panel.id).querySelector(".chart"), spec, { cases, labels }, describe);
}
