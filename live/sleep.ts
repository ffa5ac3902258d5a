// Waiting, by the global timer, so that tests with a clock of their own rule it.

/** Resolves to true after `millis`. @returns rejects with the signal's reason when it is aborted before */
export function sleep(millis: number, signal: AbortSignal): Promise<true> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const leave = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve(true);
    }, millis);
    signal.addEventListener("abort", leave, { once: true });
  });
}

/** Whether the work ended within `millis`. Its failure is passed on. */
export async function within(millis: number, work: Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const late = sleep(millis, stop.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    stop.abort();
  }
}
