// Numbers as text, the same on every machine: no locale decides on commas or points. A figure keeps about three
// significant digits; more would pretend.

/** 12,345 · 123 · 12.3 · 1.23 · 0. */
export function formatCount(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "n/a" : value > 0 ? "∞" : "−∞";
  const digits = magnitude >= 100 || Number.isInteger(value) ? 0 : magnitude >= 10 ? 1 : 2;
  return minus(group(value.toFixed(digits)));
}

/** +1.20 · −0.30 · 0: for differences. */
export function formatSigned(value: number): string {
  const text = formatCount(value);
  return value > 0 && !/^[0.]+$/.test(text) ? `+${text}` : /^−[0.]+$/.test(text) ? text.slice(1) : text;
}

/** 95 % · 62.5 % · 0.4 %, of a ratio. */
export function formatPercent(ratio: number, digits?: number): string {
  const percent = ratio * 100;
  const wanted = digits ?? (Math.abs(percent) >= 10 || Number.isInteger(percent) ? 0 : 1);
  return `${minus(percent.toFixed(wanted))} %`;
}

/** −62 % · +5 %. */
export function formatChange(ratio: number | null): string {
  if (ratio === null) return "";
  return `${ratio > 0 ? "+" : ""}${formatPercent(ratio, 0)}`;
}

/** 812 B · 88.2 KiB · 1.4 MiB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit === 0 ? formatCount(Math.round(value)) : minus(value.toFixed(Math.abs(value) >= 100 ? 0 : 1));
  return `${text} ${units[unit]}`;
}

/** 0 µs · 210 µs · 1.2 ms · 1.01 s. */
export function formatMicros(micros: number): string {
  const magnitude = Math.abs(micros);
  if (magnitude >= 1e6) return `${minus((micros / 1e6).toFixed(2))} s`;
  if (magnitude >= 1e3) return `${minus((micros / 1e3).toFixed(magnitude >= 1e5 ? 0 : 1))} ms`;
  return `${formatCount(micros)} µs`;
}

/** A moment of virtual time: 4 min 05.5 s. */
export function formatMoment(micros: number): string {
  const tenths = Math.round(micros / 1e5); // rounded first: 59.97 s is 1 min 00.0 s
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths - minutes * 600) / 10).toFixed(1);
  return minutes === 0 ? `${rest} s` : `${minutes} min ${rest.padStart(4, "0")} s`;
}

/** Wall-clock time for progress: 8 s · 2 min 10 s. */
export function formatWallSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Virtual seconds: 10 min · 1 h · 90 s. */
export function formatDuration(seconds: number): string {
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${formatCount(seconds)} s`;
}

/** Seeds as a reader takes them in: "seed 7", "seeds 1..5". */
export function formatSeeds(seeds: readonly number[]): string {
  if (seeds.length === 1) return `seed ${seeds[0]}`;
  const isRun = seeds.every((seed, i) => seed === seeds[0]! + i);
  return isRun ? `seeds ${seeds[0]}..${seeds.at(-1)}` : `seeds ${seeds.join(",")}`;
}

/** A number as METRIC lines have it: 6 significant digits or tenths, a point, no grouping, no exponent. */
export function formatMetric(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100_000) return value.toFixed(1).replace(/\.0$/, "");
  const text = value.toPrecision(6);
  const plain = text.includes("e") ? Number(text).toFixed(12) : text;
  return plain.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

function group(text: string): string {
  const [whole, fraction] = text.split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function minus(text: string): string {
  return /^-[0.]+$/.test(text) ? text.slice(1) : text.replace(/^-/, "−");
}
