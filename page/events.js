// @ts-check
// The server's messages, and the connection that brings them: it is made again when it breaks.

/** @typedef {{name: string, data: any}} Message */

const AGAIN_MS = [500, 1000, 2000, 5000];

/** Calls `take` with each message, and with "connection" when that opens or breaks; returns what ends it.
 * @param {string} url @param {(message: Message) => void} take */
export function listen(url, take) {
  let tries = 0;
  let ended = false;
  /** @type {EventSource} */
  let source;
  const connect = () => {
    source = new EventSource(url);
    for (const name of ["server", "snapshot", "edit", "metrics"]) {
      source.addEventListener(name, (event) =>
        take({name, data: JSON.parse(/** @type {MessageEvent} */ (event).data)}),
      );
    }
    source.onopen = () => {
      tries = 0;
      take({name: "connection", data: "open"});
    };
    source.onerror = () => {
      // A new connection begins with a snapshot, so nothing is missed.
      source.close();
      take({name: "connection", data: "lost"});
      if (!ended) setTimeout(connect, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
      tries += 1;
    };
  };
  connect();
  return () => {
    ended = true;
    source.close();
  };
}
