/* Whether the server is there, and what goes wrong on the way to it: Dash tells nobody of a request that fails, nor of an answer that is
   none of its own, such as a proxy's. */

export const PATIENCE = 60_000; // ms until a question counts as lost
export const LONG_PATIENCE = 600_000; // the same, of methods that take many passes
export const PULSE = 3_000; // ms between two looks whether the server is still there
const BREATH = 10_000; // ms that such a look may take

export const GONE = "The server can't be reached. Check the connection and try again.";
export const LATE = "The server did not answer in time. Try again.";

/* A connection that hangs is none. */
export const alive = () => fetch(new URL("../../healthz", import.meta.url), { signal: AbortSignal.timeout(BREATH) })
  .then((answer) => answer.ok, () => false);

const sentence = (status) => {
  if (status === 0) return GONE;
  if (status === 413) return "This photo is larger than the server takes. Choose a smaller one.";
  return `The server could not answer (${status}). Try again.`;
};

/* Have a question that failed told, as a sentence and its status, 0 where the server was not reached. `since` says when what is waited
   for was asked, or nothing while nothing is. */
export const noteFailures = (since, tell) => new PerformanceObserver((requests) => {
  for (const { name, startTime, responseStatus: status } of requests.getEntries()) {
    if (!since() || startTime < since() || !name.includes("_dash-update-component")) continue;
    if (status === 0 || status >= 400) tell(sentence(status), status);
  }
}).observe({ type: "resource" });

const unreached = ({ name }) => { throw new Error(name === "TimeoutError" ? LATE : GONE); };

/* Ask another address than Dash's for a file. `body` makes what is posted from the photo's digest, or from none where the server has forgotten the
   photo; `tell` says why it takes longer. */
export async function request(address, body, digest, tell) {
  const answer = await fetch(new URL(`../../${address}`, import.meta.url), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body(digest)),
    signal: AbortSignal.timeout(LONG_PATIENCE),
  }).catch(unreached);
  if (answer.ok) return answer.blob().catch(unreached);
  if (answer.status === 409 && digest) return request(address, body, null, tell);
  const { error, again } = await answer.json().catch(() => ({ error: sentence(answer.status) }));
  if (!again) throw new Error(error);
  tell(error);
  await new Promise((done) => setTimeout(done, 1000 * again));
  return request(address, body, digest, tell);
}
