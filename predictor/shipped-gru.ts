export function gruParameters(): Int32Array {
  return new Int32Array(3913);
}
