// Refused is an answer that is no success, in the server's words. Status is 0 when
// there was none.
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// api asks the control plane.
export async function api(method, path, body) {
  let response, said;
  try {
    response = await fetch(`api/${path}`, { method, body: body && JSON.stringify(body) });
    said = await response.json();
  } catch {
    throw new Refused(0, "The control plane does not answer. Instances go on without it.");
  }
  if (!response.ok) throw new Refused(response.status, said.error ?? `It answered ${response.status}.`);
  return said;
}
