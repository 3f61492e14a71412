"use strict";

// A table that sorts by its headings and filters by words.
//
// `columns` are [name, heading, kind]. `value(row, name)` returns a value of a row, `title(row)` its title, and
// `fields(row)` what the dialog of the row shows, as [name, text]. `decorate(line, row)` may style the line of a row.

const ROWS_AT_FIRST = 100;

class SortedTable {
  constructor(parent, columns, rows, { value, fields, title, decorate = () => {} }) {
    Object.assign(this, { columns, rows, value, fields, title, decorate });
    this.sorted = { name: null, down: false };
    this.most = ROWS_AT_FIRST;
    this.texts = new Map();
    this.build(parent);
    this.show(rows);
  }

  // Return the text that a row is filtered by. Making it for thousands of rows takes a while, so each is kept.
  text(row) {
    if (!this.texts.has(row)) this.texts.set(row, this.makeText(row));
    return this.texts.get(row);
  }

  makeText(row) {
    const values = this.columns.map(([name, , kind]) => `${this.value(row, name) ?? ""} ${written(this.value(row, name), kind)}`);
    return values.join(" ").toLowerCase();
  }

  build(parent) {
    const tools = make("div", { className: "tools" });
    const label = make("label", { textContent: "Filter " });
    this.filter = make("input", { type: "search", placeholder: "words that a row must have" });
    this.filter.setAttribute("aria-label", "Filter the rows by words");
    this.filter.addEventListener("input", () => this.update());
    this.count = make("span", { className: "quiet" });
    this.count.setAttribute("aria-live", "polite");
    tools.append(label, this.filter, this.count);
    const table = make("table");
    this.head = table.createTHead().insertRow();
    this.body = table.createTBody();
    const scroll = make("div", { className: "scroll" });
    scroll.append(table);
    this.more = make("button", { type: "button" });
    this.more.addEventListener("click", () => { this.most = Infinity; this.update(); });
    parent.append(tools, scroll, this.more);
    this.buildHeadings();
  }

  buildHeadings() {
    this.head.append(make("th", { textContent: "" }));
    this.headings = this.columns.map(([name, heading, kind]) => {
      const cell = make("th", { scope: "col", className: kind === "text" ? "" : "n" });
      const button = make("button", { type: "button", textContent: heading, title: name });
      button.addEventListener("click", () => this.sort(name));
      cell.append(button);
      this.head.append(cell);
      return { name, heading, cell, button };
    });
  }

  sort(name) {
    this.sorted = { name, down: this.sorted.name === name && !this.sorted.down };
    for (const { name: column, heading, cell, button } of this.headings) {
      const sorted = column === name;
      button.textContent = sorted ? `${heading} ${this.sorted.down ? "▼" : "▲"}` : heading;
      if (sorted) cell.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.update();
  }

  // Show these rows: those that the rest of the page has chosen.
  show(rows) {
    this.chosen = rows;
    this.update();
  }

  // Return the chosen rows that have all words of the filter, in order.
  matching() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.chosen.filter((row) => words.every((word) => this.text(row).includes(word)));
    const { name, down } = this.sorted;
    return name === null ? rows : rows.sort((left, right) => this.compare(left, right, name, down ? -1 : 1));
  }

  // Missing values come last in both directions.
  compare(left, right, name, sign) {
    const [a, b] = [this.value(left, name) ?? "", this.value(right, name) ?? ""];
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
  }

  update() {
    const rows = this.matching();
    const shown = rows.slice(0, this.most);
    this.count.textContent = `${rows.length.toLocaleString("en-US")} of ${this.rows.length.toLocaleString("en-US")} rows`;
    if (rows.length === 0 && this.chosen.length < this.rows.length) this.count.textContent += "; the choices above hide the others";
    this.body.replaceChildren(...shown.map((row) => this.line(row)));
    this.more.hidden = shown.length === rows.length;
    this.more.textContent = `Show all ${rows.length.toLocaleString("en-US")}`;
  }

  line(row) {
    const line = make("tr");
    const open = make("button", { type: "button", textContent: "⋯" });
    open.setAttribute("aria-label", `All columns of ${this.title(row)}`);
    open.addEventListener("click", () => openRow(this.title(row), this.fields(row)));
    const first = make("td");
    first.append(open);
    line.append(first);
    for (const [name, , kind] of this.columns) {
      const text = written(this.value(row, name), kind);
      line.append(make("td", { textContent: text, className: kind === "text" ? name : "figure" }));
    }
    this.decorate(line, row);
    return line;
  }
}

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

// Return the elements of a list of [name, text].
function list(fields) {
  return fields.flatMap(([name, text]) => [make("dt", { textContent: name }), make("dd", { textContent: text })]);
}

function openRow(title, fields) {
  document.getElementById("row-title").textContent = title;
  document.getElementById("row-fields").replaceChildren(...list(fields));
  document.getElementById("row").showModal();
}
