// The requests that wait, in order of arrival. Parallel columns, since a request is in here for a moment only and there are
// few at a time; removal keeps the order.

export class WaitingRoom {
  count = 0;
  /** Row of the demand. */
  row = new Int32Array(64);
  arrivalMicros = new Float64Array(64);
  deadlineMicros = new Float64Array(64);
  /** 1: the limiter, the watchdog or a busy compactor stood in the way at some moment. */
  wasHindered = new Uint8Array(64);
  /** 1: a run that began for it after its arrival has ended. */
  wasTried = new Uint8Array(64);
  /** 1: its lifetime ended while it waited; when it is placed it is freed at once. */
  isAbandoned = new Uint8Array(64);
  /** How many retries it has left in the closed-loop variant. */
  retriesLeft = new Uint8Array(64);
  /** 1: not the first time (closed loop): counted apart. */
  isRetry = new Uint8Array(64);

  /** Adds a request at the end; returns its index. */
  add(row: number, arrivalMicros: number, deadlineMicros: number, retriesLeft: number, isRetry: number): number {
    if (this.count === this.row.length) this.#grow();
    const w = this.count++;
    this.row[w] = row;
    this.arrivalMicros[w] = arrivalMicros;
    this.deadlineMicros[w] = deadlineMicros;
    this.wasHindered[w] = 0;
    this.wasTried[w] = 0;
    this.isAbandoned[w] = 0;
    this.retriesLeft[w] = retriesLeft;
    this.isRetry[w] = isRetry;
    return w;
  }

  /** Takes out the request at index w; those behind move up. */
  remove(w: number): void {
    const last = --this.count;
    if (w === last) return;
    for (const column of [this.row, this.arrivalMicros, this.deadlineMicros]) column.copyWithin(w, w + 1, last + 1);
    for (const column of [this.wasHindered, this.wasTried, this.isAbandoned, this.retriesLeft, this.isRetry]) {
      column.copyWithin(w, w + 1, last + 1);
    }
  }

  /** The earliest deadline, Infinity when nobody waits. */
  earliestDeadlineMicros(): number {
    let earliest = Infinity;
    for (let w = 0; w < this.count; w++) if (this.deadlineMicros[w]! < earliest) earliest = this.deadlineMicros[w]!;
    return earliest;
  }

  #grow(): void {
    const size = this.row.length * 2;
    const wider = (old: Uint8Array): Uint8Array<ArrayBuffer> => {
      const grown = new Uint8Array(size);
      grown.set(old);
      return grown;
    };
    const row = new Int32Array(size);
    row.set(this.row);
    this.row = row;
    for (const name of ["arrivalMicros", "deadlineMicros"] as const) {
      const grown = new Float64Array(size);
      grown.set(this[name]);
      this[name] = grown;
    }
    this.wasHindered = wider(this.wasHindered);
    this.wasTried = wider(this.wasTried);
    this.isAbandoned = wider(this.isAbandoned);
    this.retriesLeft = wider(this.retriesLeft);
    this.isRetry = wider(this.isRetry);
  }
}
