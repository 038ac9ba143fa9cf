import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { act, cleanup, render, screen } from "@testing-library/react";
import { useEffect, useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Page } from "./Page";

afterEach(cleanup);

// Late is a page that first reads what it shows; come lets that be there.
let come = () => {};
function Late() {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    come = () => setReady(true);
  }, []);
  return ready ? <Page title="Late">late</Page> : <p>reading</p>;
}

async function show() {
  const root = createRootRoute({
    component: () => (
      <>
        <input aria-label="Above" />
        <main>
          <Outlet />
        </main>
        <section role="dialog">
          <input aria-label="Question" />
        </section>
      </>
    ),
  });
  const at = (path: string, component: () => React.JSX.Element) =>
    createRoute({ getParentRoute: () => root, path, component });
  const router = createRouter({
    routeTree: root.addChildren([
      at("/first", () => <Page title="First">first</Page>),
      at("/late", Late),
      at("/form", () => (
        <Page title="Form">
          {/* biome-ignore lint/a11y/noAutofocus: as forms have it */}
          <input aria-label="Name" autoFocus />
        </Page>
      )),
    ]),
    history: createMemoryHistory({ initialEntries: ["/first"] }),
  });
  render(<RouterProvider router={router as never} />);
  await screen.findByRole("heading", { name: "First" });
  return async (path: string) => {
    await act(() => router.navigate({ to: path as never }));
  };
}

test("the first page leaves the focus alone; one that is gone to has it on its heading when it is there", async () => {
  const go = await show();
  expect(document.activeElement).toBe(document.body);
  screen.getByLabelText("Above").focus();
  await go("/late");
  expect(document.activeElement).toBe(screen.getByLabelText("Above"));
  act(come);
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Late" }));
  await go("/first");
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "First" }));
});

test.each([
  ["an open dialog", "Question", "First", "/first"],
  ["a field of the page", "Name", "Form", "/form"],
])("a page that comes leaves the focus in %s", async (_, label, title, path) => {
  const go = await show();
  await go("/late");
  screen.queryByLabelText(label)?.focus(); // the page's own has it as it comes
  await go(path);
  await screen.findByRole("heading", { name: title });
  expect(document.activeElement).toBe(screen.getByLabelText(label));
});
