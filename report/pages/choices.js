"use strict";

// The choice of a group of cases, by the values of its columns, and of the backends that are drawn. Each page defines
// `update`, which shows what is chosen, and `CONTEST`: the column whose lowest value wins, and where, such as at a batch size.

const MANY = 12; // more lines than these are too many to see at once
const LEADERS = "fastest of each framework";
const backends = Object.keys(page.looks);
const frameworkOf = (backend) => backend.split("-")[0];

// While `leading`, the backends that are hidden are all but the leaders of the chosen group.
const state = { group: page.first ?? 0, hidden: new Set(), leading: backends.length > MANY, log: true };

function colour(backend) {
  return page.looks[backend][dark.matches ? 1 : 0];
}

function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([name, text]) => make("option", { value: name, textContent: text, selected: name === value })));
}

// Choose the group that has this value, and shares the most values with the group chosen before.
function choose(name, value) {
  const wanted = { ...page.groups[state.group], [name]: value };
  const shared = (group) => Object.keys(wanted).filter((column) => group[column] === wanted[column]).length;
  const candidates = page.groups.flatMap((group, index) => (group[name] === value ? [index] : []));
  state.group = candidates.reduce((best, index) => (shared(page.groups[index]) > shared(page.groups[best]) ? index : best));
  update();
}

function buildChoices() {
  const parts = page.choices.map((name) => {
    const values = [...new Set(page.groups.map((group) => group[name]))];
    const label = make("label", { textContent: `${name} ` });
    if (values.length === 1) label.append(make("b", { textContent: values[0] }));
    else label.append(choice(name, values));
    return label;
  });
  const label = make("label", { textContent: "axes " });
  const axes = make("select", { id: "axes" });
  options(axes, [["log", "logarithmic"], ["linear", "linear"]], "log");
  axes.addEventListener("change", () => { state.log = axes.value === "log"; update(); });
  label.append(axes);
  byId("choices").replaceChildren(...parts, label);
}

function choice(name, values) {
  const select = make("select", { id: `choose-${name}` });
  options(select, values.map((value) => [value, value || "(none)"]), page.groups[state.group][name]);
  select.addEventListener("change", () => choose(name, select.value));
  return select;
}

// Return the backends that are the fastest of their framework anywhere in the chosen group, and the reference.
function leaders() {
  const best = new Map();
  for (const row of rows) {
    const [backend, value] = [field(row, "backend"), field(row, CONTEST.value)];
    if (field(row, "group") !== state.group || value == null) continue;
    const place = `${frameworkOf(backend)} ${field(row, CONTEST.place)}`;
    if (!(best.get(place)?.value <= value)) best.set(place, { backend, value });
  }
  return new Set(["numpy", ...[...best.values()].map(({ backend }) => backend)]);
}

// Hide all but the leaders of the chosen group, unless the reader has chosen backends.
function lead() {
  if (!state.leading) return;
  const shown = leaders();
  state.hidden = new Set(backends.filter((name) => !shown.has(name)));
  buildLegend();
}

// Build the legend: a family for each framework, whose name switches all of its modes.
function buildLegend() {
  const families = [...new Set(backends.map(frameworkOf))].map((framework) => {
    const family = make("span", { className: "family" });
    const modes = backends.filter((name) => frameworkOf(name) === framework);
    if (modes.length > 1) family.append(familyButton(framework, modes));
    family.append(...modes.map((name) => legendLabel(name, modes.length > 1 && name !== framework)));
    return family;
  });
  const buttons = [hideButton("all", () => []), hideButton("none", () => backends)];
  if (families.length < backends.length) buttons.unshift(hideButton(LEADERS, () => [], true));
  byId("legend").replaceChildren(byId("legend").querySelector("legend"), ...families, ...buttons);
}

function legendLabel(name, short) {
  const label = make("label", { title: name });
  const box = make("input", { type: "checkbox", checked: !state.hidden.has(name), value: name });
  box.setAttribute("aria-label", name);
  box.addEventListener("change", () => {
    state.leading = false;
    box.checked ? state.hidden.delete(name) : state.hidden.add(name);
    update();
  });
  label.append(box, swatch(page.looks[name][2], colour(name)), short ? name.slice(name.indexOf("-") + 1) : name);
  return label;
}

// Return a button that hides all modes of a framework, or shows them if any is hidden.
function familyButton(framework, modes) {
  const others = () => [...state.hidden].filter((name) => !modes.includes(name));
  return hideButton(framework, () => (modes.some((name) => state.hidden.has(name)) ? others() : [...others(), ...modes]));
}

// Return a button that hides the backends that `hidden` returns, or all but the leaders.
function hideButton(text, hidden, leading = false) {
  const button = make("button", { type: "button", textContent: text });
  if (leading) button.setAttribute("aria-pressed", state.leading);
  button.addEventListener("click", () => {
    state.leading = leading;
    state.hidden = new Set(hidden());
    buildLegend();
    update();
    // The legend has new buttons now: keep the focus on the same button.
    [...byId("legend").querySelectorAll("button")].find((other) => other.textContent === text).focus();
  });
  return button;
}

function updateChoices() {
  lead();
  for (const name of page.choices) {
    const select = byId(`choose-${name}`);
    if (select) select.value = page.groups[state.group][name];
  }
}
