// Where the server is: the portal's page is <root>/app, whatever folder a proxy
// serves it under.
export function rootOf(pathname: string): string {
  return pathname.replace(/(?:\/app)?\/?$/, "");
}

export const root = rootOf(window.location.pathname);

// at gives the address of a path such as /api/tasks, for links to files.
export function at(path: string): string {
  return root + path;
}
