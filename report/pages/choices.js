"use strict";

// The choice of a group of cases, by the values of its columns, and of the backends that are drawn. Each page defines
// `update`, which shows what is chosen.

const state = { group: page.first ?? 0, hidden: new Set(), log: true };

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

function buildLegend() {
  const labels = Object.keys(page.looks).map((name) => {
    const label = make("label");
    const box = make("input", { type: "checkbox", checked: !state.hidden.has(name), value: name });
    box.addEventListener("change", () => { box.checked ? state.hidden.delete(name) : state.hidden.add(name); update(); });
    label.append(box, swatch(page.looks[name][2], colour(name)), name);
    return label;
  });
  const buttons = [hideButton("all", []), hideButton("none", Object.keys(page.looks))];
  byId("legend").replaceChildren(byId("legend").querySelector("legend"), ...labels, ...buttons);
}

// Return a button that hides exactly these backends.
function hideButton(text, hidden) {
  const button = make("button", { type: "button", textContent: text });
  button.addEventListener("click", () => {
    state.hidden = new Set(hidden);
    buildLegend();
    // The legend has new buttons now: keep the focus on the same button.
    [...byId("legend").querySelectorAll("button")].find((other) => other.textContent === text).focus();
    update();
  });
  return button;
}

function updateChoices() {
  for (const name of page.choices) {
    const select = byId(`choose-${name}`);
    if (select) select.value = page.groups[state.group][name];
  }
}
