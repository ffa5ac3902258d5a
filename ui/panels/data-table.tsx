// The table behind a chart: the same figures for whoever does not see it. Its rows are made when it is opened.

import { useSignal } from "@preact/signals";
import { Scroll } from "./scroll.tsx";

export interface DataTableProps {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: () => readonly (readonly (string | number)[])[];
}

export function DataTable({ caption, head, rows }: DataTableProps) {
  const isOpen = useSignal(false);
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>Table: {caption}</summary>
      {isOpen.value && (
        <Scroll label={caption}>
          <table>
            <thead>
              <tr>
                {head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row, i) => (
                <tr key={i}>
                  {row.map((value, at) => (
                    <td key={head[at]}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </details>
  );
}
