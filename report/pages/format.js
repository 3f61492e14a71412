"use strict";

// Numbers as people read them, with three digits and a unit that fits: as report/write/units.py writes them. Bytes have
// decimal units here, as on the charts' axes.

const UNITS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

function digits(value) {
  const rounded = Number(value.toPrecision(3));
  const size = rounded === 0 ? 0 : Math.floor(Math.log10(Math.abs(rounded)));
  const decimals = Math.min(20, Math.max(0, 2 - size));
  return rounded.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function seconds(value) {
  const [scale, unit] = UNITS.find(([scale]) => Number((value / scale).toPrecision(3)) >= 1) ?? UNITS[3];
  return `${digits(value / scale)} ${unit}`;
}

function bytes(value) {
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
  return `${digits(value / 1000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

const WRITTEN = {
  text: String,
  count: (value) => value.toLocaleString("en-US"),
  number: (value) => (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) ? value.toExponential(1) : digits(value)),
  seconds,
  bytes,
  factor: (value) => (value >= 0.1 && value < 9.9995 ? value.toFixed(3) : digits(value)),
  ratio: (value) => `×${digits(value)}`,
};

// Return a value as text, a dash for a value that is missing.
function written(value, kind) {
  return value === null || value === undefined || value === "" ? "–" : WRITTEN[kind](value);
}

// Return the kind of a column's values, by the name of the column.
function kindOf(name, value) {
  if (typeof value !== "number") return "text";
  if (/per_second|roofline|relative|flops/.test(name)) return "number";
  if (/seconds|^step_(low|high)$/.test(name)) return "seconds";
  if (/bytes/.test(name)) return "bytes";
  if (/^ratio|over_value/.test(name)) return "ratio";
  return "count";
}
