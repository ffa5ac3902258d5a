// Tables as Parquet, for notebooks and databases: text columns, and numbers of 64 bits in which NaN becomes a null.

import { parquetWriteBuffer } from "hyparquet-writer";
import type { TableColumn } from "../sim/recording/tables.ts";

export function toParquet(table: readonly TableColumn[]): Uint8Array {
  const columnData = table.map(({ name, values }) => {
    if (!(values instanceof Float64Array)) return { name, data: [...values], type: "STRING" as const };
    const data = Array.from(values, (value) => (Number.isNaN(value) ? null : value));
    return { name, data, type: "DOUBLE" as const, nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
